//! `countersign serve`.

use std::path::PathBuf;

use super::failure::Failure;
use super::ready::ReadyLine;
use super::{deployment, output, ready};
use crate::app::Ready;

/// Runs the server.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example: countersign serve --config /etc/countersign.toml")]
pub(super) struct Args {
    /// Configuration file; also `COUNTERSIGN_CONFIG`. Without one, variables alone have to say what is needed
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The line that is printed when the server is ready is JSON anyway
    #[arg(long, hide = true)]
    json: bool,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let config = deployment::load(args.config.as_deref())?;
    ready::serve(config, async |ready: &Ready| {
        // Nobody reads any more, perhaps; the server goes on.
        let _ = output::json(&ReadyLine::of(ready));
        Ok(())
    })
}
