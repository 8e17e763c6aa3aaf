//! The ledger of a deployment, open.

use std::sync::Arc;

use crate::actors::ledger::book::Moment;
use crate::actors::ledger::setup::{self, LedgerKeys};
use crate::cli::deployment::{Opened, Target, now, wait};
use crate::cli::failure::Failure;
use crate::config::Mode;
use crate::system::SystemRandom;

/// An open deployment with the keys of its ledger, which are made now if no server has run yet.
pub(super) struct OpenLedger {
    /// Database and configuration.
    pub(super) opened: Opened,
    /// Proof key and salt.
    pub(super) keys: Arc<LedgerKeys>,
}

impl OpenLedger {
    /// Opens the deployment of `target`.
    pub(super) fn open(target: &Target) -> Result<Self, Failure> {
        let mut opened = Opened::open(target)?;
        let vault = opened.vault()?;
        let mode = opened.config.mode;
        let _setup = wait(opened.store.lock_for_setup())??;
        let writer = opened.writer.connection();
        let made = setup::open(&opened.store, writer, &vault, &SystemRandom, mode, now());
        let keys = wait(made)??;
        Ok(Self { opened, keys })
    }

    /// The time of this command, in this kind of deployment.
    pub(super) fn moment(&self) -> Moment {
        Moment {
            now: now(),
            dev: self.opened.config.mode == Mode::Dev && self.keys.proof.is_dev(),
        }
    }
}
