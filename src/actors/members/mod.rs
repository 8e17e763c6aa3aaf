//! Members: profiles, admission, and what administrators do to accounts.
//!
//! Rules over many rows (a membership number is one person's, an administrator is left) are decided inside the
//! transaction that writes.

pub mod admit;
pub mod edit_profile;
pub mod invitation;
pub mod invite;
pub mod set_active;
pub mod set_scope;
pub mod withdraw;

use std::sync::Arc;

use super::ask::Door;
use super::failure::Failure;
use super::key_ring::secrets::Secrets;
use super::mailer::letters::Letters;
use super::mailer::{Mailer, Wake};
use super::supervise::Role;
use super::writer::Writes;
use crate::config::Config;
use crate::domain::account::ProfileError;
use crate::domain::clock::Clock;
use crate::domain::random::Random;

/// What Members is made from.
#[derive(Clone)]
pub struct Deps {
    /// Writes what is decided.
    pub writes: Writes,
    /// Sends mail.
    pub mailer: Door<Mailer>,
    /// Identifies addresses, seals mail.
    pub secrets: Arc<Secrets>,
    /// Lifetimes, texts.
    pub config: Arc<Config>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Everything random.
    pub random: Arc<dyn Random>,
}

/// The role; it has no state but what it depends on.
pub struct Members {
    deps: Deps,
}

impl Role for Members {
    const NAME: &'static str = "members";
    type Deps = Deps;

    fn begin(deps: &Deps) -> Self {
        Self { deps: deps.clone() }
    }
}

/// Why something was not done; nothing was changed.
#[derive(Debug)]
pub enum MembersError {
    /// There is no such account or applicant (any more).
    NotFound,
    /// A rule forbids it: which, in words.
    Conflict(&'static str),
    /// Something that was said of a person does not fit.
    Profile(ProfileError),
    /// A failure of the server.
    Failure(Failure),
}

impl<E: Into<Failure>> From<E> for MembersError {
    fn from(error: E) -> Self {
        Self::Failure(error.into())
    }
}

/// Two people cannot have one membership number.
const NUMBER_TAKEN: &str = "somebody else has this membership number";

impl Deps {
    /// What writes mails.
    fn letters(&self) -> Letters {
        Letters {
            secrets: Arc::clone(&self.secrets),
            config: Arc::clone(&self.config),
            random: Arc::clone(&self.random),
        }
    }

    /// Tells the Mailer that a mail was queued.
    fn wake_mailer(&self) {
        self.mailer.tell(Wake);
    }
}
