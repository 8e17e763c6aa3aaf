//! `countersign keys`: signing and encryption keys, and the master key.

mod list;
mod reseal;
mod rotate;

use super::failure::Failure;

/// Lists, rotates and reseals keys.
#[derive(clap::Subcommand, Debug)]
pub(super) enum Command {
    /// Lists the keys that rotate
    List(list::Args),
    /// Begins a rotation before its time; a running server takes part within seconds
    Rotate(rotate::Args),
    /// Seals every secret in the database anew, under another master key
    Reseal(reseal::Args),
}

/// Runs the command.
pub(super) fn run(command: &Command) -> Result<(), Failure> {
    match command {
        Command::List(args) => list::run(args),
        Command::Rotate(args) => rotate::run(args),
        Command::Reseal(args) => reseal::run(args),
    }
}
