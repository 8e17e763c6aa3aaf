//! `countersign db`: looking into the database, and what it believes of the time.

mod accept_clock;
mod info;
mod print;

use super::failure::Failure;

/// Tells how the database stands, prints the tables of entitlements, and takes an operator's word for the time.
#[derive(clap::Subcommand, Debug)]
pub(super) enum Command {
    /// Tells schema, mode, and how much there is
    Info(info::Args),
    /// Prints the tables of entitlements, with personal data masked
    Print(print::Args),
    /// Says that the clock of this machine is right, after a very long pause
    AcceptClock(accept_clock::Args),
}

/// Runs the command.
pub(super) fn run(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Info(args) => info::run(args),
        Command::Print(args) => print::run(args),
        Command::AcceptClock(args) => accept_clock::run(args),
    }
}
