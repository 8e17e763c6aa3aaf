//! A stand-in for the composition root, of the same signature: opens and binds as the server does, answers nothing.

use std::net::{SocketAddr, TcpListener};

use futures_util::FutureExt as _;

use crate::actors::key_ring::secrets;
use crate::config::{Config, DatabaseUrl, Mode};
use crate::db::{self, Store, store::Migrate};
use crate::domain::clock::Clock as _;
use crate::domain::vault::Vault;
use crate::system::{SystemClock, SystemRandom};

/// What is known once the server listens.
#[derive(Clone, Debug)]
pub struct Ready {
    /// The address bound.
    pub address: SocketAddr,
    /// The issuer in force.
    pub issuer: String,
}

/// Why the server does not run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Something that the operator must mend.
    #[error("{0}")]
    Operator(String),
    /// A fault of ours.
    #[error("{0}")]
    Fault(String),
}

/// Runs the server until it is told to stop.
///
/// # Errors
/// [`RunError`] in one sentence.
pub async fn run(mut config: Config, ready: impl FnOnce(&Ready) -> Result<(), String>) -> Result<(), RunError> {
    let operator = |error: &dyn std::fmt::Display| RunError::Operator(error.to_string());
    let url = match &config.database_url {
        DatabaseUrl::SqliteFile(path) => format!("sqlite:{}", path.display()),
        DatabaseUrl::SqliteMemory => "sqlite::memory:".to_owned(),
    };
    let mode = match config.mode {
        Mode::Dev => db::Mode::Dev,
        Mode::Production => db::Mode::Production,
    };
    let now = SystemClock::start().now();
    let (store, mut writer) = Store::open(&url, mode, Migrate::Up, now).map_err(|error| operator(&error))?;
    let _lock = store.lock_for_server().map_err(|error| operator(&error))?;
    let vault = Vault::new(config.master_key.expose());
    store
        .with_setup_lock(|| Ok(secrets::open(&store, &mut writer, &vault, &SystemRandom, now).now_or_never()))
        .map_err(|error| operator(&error))?
        .ok_or_else(|| RunError::Fault("waited".to_owned()))?
        .map_err(|error| operator(&error))?;
    let listener = TcpListener::bind(config.listen)
        .map_err(|error| RunError::Operator(format!("cannot listen on {}: {error}", config.listen)))?;
    let address = listener.local_addr().map_err(|error| operator(&error))?;
    config.bound_to(address);
    let issuer = config.define.issuer.to_string();
    ready(&Ready { address, issuer }).map_err(RunError::Fault)?;
    tokio::signal::ctrl_c()
        .await
        .map_err(|error| RunError::Fault(error.to_string()))
}
