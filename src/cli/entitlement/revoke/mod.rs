//! `countersign entitlement revoke`.

mod delete;
mod list;
mod set;

use crate::actors::ledger::book;
use crate::cli::failure::Failure;
use crate::db::entitlements::users;
use crate::db::{DbError, Transaction};
use crate::domain::entitlement::key::PublicKey;
use crate::domain::entitlement::standing::User;

/// Lists, revokes and un-revokes what somebody is entitled to.
#[derive(clap::Subcommand, Debug)]
pub(in crate::cli) enum Command {
    /// Lists somebody's payments that have not ended, and the revocation if there is one
    List(list::Args),
    /// Revokes the proofs that somebody has
    #[command(alias = "timestamp")]
    Set(set::Args),
    /// Takes somebody's proofs off the list of revocations
    Delete(delete::Args),
}

/// Runs the command.
pub(super) fn run(command: &Command) -> Result<(), Failure> {
    match command {
        Command::List(args) => list::run(args),
        Command::Set(args) => set::run(args),
        Command::Delete(args) => delete::run(args),
    }
}

/// The person of a key, with the ledger taken: the generation stays until the end of the transaction.
async fn taken_user(transaction: &mut Transaction<'_>, master: &PublicKey) -> Result<Option<User>, DbError> {
    book::take(transaction).await?;
    let row = transaction.query_one(&users::by_master(master)).await?;
    row.as_ref().map(users::read).transpose()
}

fn unknown() -> Failure {
    Failure::operator(
        "nobody with this master key has redeemed anything; `countersign entitlement details` shows what is known of a key",
    )
}
