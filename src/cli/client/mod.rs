//! `countersign client`: the applications that people sign in to.

mod add;
mod invite;
mod list;
mod remove;

use super::failure::Failure;

/// Registers, lists and removes clients.
#[derive(clap::Subcommand, Debug)]
pub(super) enum Command {
    /// Registers a client from options, or one or several from a file with RFC 7591 metadata
    Add(Box<add::Args>),
    /// Makes an initial access token, with which clients register themselves
    Invite(invite::Args),
    /// Lists all clients
    List(list::Args),
    /// Removes a client with every consent and grant it holds
    Remove(remove::Args),
}

/// Runs the command.
pub(super) fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Add(args) => add::run(&args),
        Command::Invite(args) => invite::run(&args),
        Command::List(args) => list::run(&args),
        Command::Remove(args) => remove::run(&args),
    }
}
