//! `countersign user`: accounts.

mod active;
mod add;
mod import;
mod list;
mod scope;

use clap::builder::ValueParser;

use super::failure::Failure;
use crate::db::{DbError, Transaction, accounts};
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
    Disable(active::Closing),
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
        Command::Disable(args) => active::disable(args),
        Command::Enable(args) => active::enable(args),
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

/// Whether an account is the only active administrator. Other decisions about administrators wait until this one is made.
async fn is_last_administrator(transaction: &mut Transaction<'_>, id: &str) -> Result<bool, DbError> {
    if transaction.query_one(&accounts::is_administrator(id)).await?.is_none() {
        return Ok(false);
    }
    transaction.query(&accounts::guard_administrators()).await?;
    let other = transaction.query_one(&accounts::other_administrator(id)).await?;
    Ok(other.is_none())
}

fn last_administrator(email: &Email) -> Failure {
    Failure::operator(format!(
        "{email} is the last administrator, and nothing was changed; make somebody else one before, with \
         `countersign user scope EMAIL --add admin`, or add --force"
    ))
}
