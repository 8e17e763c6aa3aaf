//! `countersign user`: accounts.

mod active;
mod add;
mod import;
mod list;
mod scope;

use clap::builder::ValueParser;

use super::failure::Failure;
use crate::domain::email::Email;

/// Makes accounts, lists them, gives them scopes, closes and opens them.
#[derive(clap::Subcommand, Debug)]
pub(super) enum Command {
    /// Makes an account with a password from standard input
    Add(add::Args),
    /// Invites everybody in a table
    Import(import::Args),
    /// Lists accounts by address
    List(list::Args),
    /// Gives an account scopes and takes them away; without either, shows them
    Scope(scope::Args),
    /// Closes an account: it cannot be signed in to, and its sessions, tokens, codes and links end
    #[command(after_help = "Example: countersign user disable --config countersign.toml ann@example.org")]
    Disable(active::Args),
    /// Opens a closed account again; what had ended stays ended
    #[command(after_help = "Example: countersign user enable --config countersign.toml ann@example.org")]
    Enable(active::Args),
}

/// Runs the command.
pub(super) fn run(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Add(args) => add::run(args),
        Command::Import(args) => import::run(args),
        Command::List(args) => list::run(args),
        Command::Scope(args) => scope::run(args),
        Command::Disable(args) => active::run(args, false),
        Command::Enable(args) => active::run(args, true),
    }
}

/// Reads an address from an argument.
fn email() -> ValueParser {
    ValueParser::new(|text: &str| Email::parse(text).map_err(|error| error.to_string()))
}

fn no_account(email: &Email) -> Failure {
    Failure::operator(format!(
        "there is no account for {email}; `countersign user list` shows all there are"
    ))
}
