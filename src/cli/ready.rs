//! The one machine-readable line that `dev` and `serve` print when they listen.

use serde::Serialize;

use super::failure::Failure;
use crate::app::{self, Ready};
use crate::config::Config;

/// The line. New members may join; none goes or changes its meaning.
#[derive(Serialize)]
pub(super) struct ReadyLine<'a> {
    /// Always true: no line is printed before.
    pub(super) ready: bool,
    /// IP address and port.
    pub(super) address: String,
    /// The public address.
    pub(super) issuer: &'a str,
}

impl<'a> ReadyLine<'a> {
    pub(super) fn of(ready: &'a Ready) -> Self {
        Self {
            ready: true,
            address: ready.address.to_string(),
            issuer: &ready.issuer,
        }
    }
}

/// Runs the server until it is told to stop; `ready` is called when it listens and before it answers.
pub(super) fn serve(config: Config, ready: impl AsyncFnOnce(&Ready) -> Result<(), String>) -> Result<(), Failure> {
    super::logging::start(config.log)?;
    Ok(actix_rt::System::new().block_on(app::run(config, ready))?)
}
