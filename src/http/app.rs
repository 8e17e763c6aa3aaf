//! What every handler holds: doors to the actors, and the snapshots that answer without asking anybody.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use metrics_exporter_prometheus::PrometheusHandle;

use super::entitlement::Entitlements;
use crate::actors::ask::Door;
use crate::actors::failure::Failure;
use crate::actors::supervisor::{Actors, Identity, Supervisor};
use crate::config::Config;
use crate::db::Store;
use crate::db::kv::KeyValue;
use crate::domain::clock::Clock;

/// Shared by all workers.
pub struct App {
    /// What the operator set, with the address that was really bound.
    pub config: Arc<Config>,
    /// For look-ups that only read.
    pub store: Store,
    /// For gauges.
    pub kv: KeyValue,
    /// The entitlement routes, if they are among the jobs.
    pub entitlements: Option<Entitlements>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Doors to the actors.
    pub actors: Actors,
    /// The door to whoever watches over them.
    pub supervisor: Door<Supervisor>,
    /// Renders the metrics.
    pub metrics: PrometheusHandle,
    /// Cleared when the server begins to stop, so that load balancers look elsewhere.
    pub accepting: AtomicBool,
}

impl App {
    /// The issuer.
    #[must_use]
    pub fn issuer(&self) -> &str {
        self.config.define.issuer.as_str()
    }

    /// What the job identity has published and answers; a server without it has no route that asks.
    ///
    /// # Errors
    /// [`Failure::Internal`] without the job.
    pub fn identity(&self) -> Result<&Identity, Failure> {
        let identity = self.actors.identity.as_ref();
        identity.ok_or_else(|| Failure::Internal("this server does not do the job identity".to_owned()))
    }

    /// Whether new work is welcome.
    #[must_use]
    pub fn is_accepting(&self) -> bool {
        self.accepting.load(Ordering::Relaxed)
    }

    /// Says to load balancers that the server is about to stop.
    pub fn stop_accepting(&self) {
        self.accepting.store(false, Ordering::Relaxed);
    }
}
