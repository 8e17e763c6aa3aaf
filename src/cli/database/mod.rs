//! `countersign db`: looking into the database.

mod info;
mod print;

use super::failure::Failure;

/// Tells how the database stands, and prints the tables of entitlements.
#[derive(clap::Subcommand, Debug)]
pub(super) enum Command {
    /// Tells schema, mode, and how much there is
    Info(info::Args),
    /// Prints the tables of entitlements, with personal data masked
    Print(print::Args),
}

/// Runs the command.
pub(super) fn run(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Info(args) => info::run(args),
        Command::Print(args) => print::run(args),
    }
}
