//! Where log lines and panics go: standard error.

use std::io::IsTerminal as _;
use std::panic::PanicHookInfo;

use super::failure::{Failure, tell};
use crate::config::{Log, LogFormat};

/// Starts logging for a server; a panic becomes one event.
pub(super) fn start(log: Log) -> Result<(), Failure> {
    let logger = tracing_subscriber::fmt()
        .with_max_level(log.level)
        .with_writer(std::io::stderr);
    match log.format {
        LogFormat::Text => logger.with_ansi(std::io::stderr().is_terminal()).try_init(),
        LogFormat::Json => logger.json().try_init(),
    }
    .map_err(|error| Failure::fault(format!("logging cannot be started: {error}")))?;
    std::panic::set_hook(Box::new(|panic| tracing::error!("{}", describe(panic))));
    Ok(())
}

/// Makes a panic of a command one sentence, without a backtrace.
pub(super) fn report_panics() {
    std::panic::set_hook(Box::new(|panic| tell(&describe(panic))));
}

fn describe(panic: &PanicHookInfo<'_>) -> String {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    let what = panic.payload_as_str().unwrap_or("no message");
    format!("a fault of ours at {place}: {what}").replace('\n', " ")
}
