//! The book: what is read, decided and written in one transaction. A server's Ledger writes through it, and so do the
//! commands beside it.
//!
//! Whoever changes something takes the one row of `entitlement_runtime` first and holds it until COMMIT, so that changes
//! of any number of processes happen one after the other: what was read after that is still so when it is written, and
//! nobody waits for two rows in different orders.

mod claim;
mod refund;
mod renew;
mod revoke;
mod witness;

pub use claim::{Redeemed, claim, claimable};
pub use refund::request_refund;
pub use renew::renew;
pub use revoke::{Revoked, UnknownSubscription, revoke, revoke_grant};
pub use witness::{Granted, grant, mint, witness};

use crate::db::entitlements::runtime::Runtime;
use crate::db::entitlements::{payments, runtime, users};
use crate::db::{DbError, Row, Statement, Transaction};
use crate::domain::clock::Timestamp;
use crate::domain::entitlement::key::PublicKey;
use crate::domain::entitlement::payment::Payment;
use crate::domain::entitlement::standing::Best;

/// When a change happens, and in which kind of server.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Now.
    pub now: Timestamp,
    /// Whether this is a development server, which does not round.
    pub dev: bool,
}

/// Takes the ledger for this transaction.
///
/// # Errors
/// [`DbError`].
pub async fn take(transaction: &mut Transaction<'_>) -> Result<Runtime, DbError> {
    runtime::read(&one(transaction, &runtime::lock()).await?)
}

/// Says that `rows` revocations came, went or changed: the new ticket.
///
/// # Errors
/// [`DbError`].
pub async fn advance_ticket(transaction: &mut Transaction<'_>, rows: i64) -> Result<i64, DbError> {
    one(transaction, &runtime::advance_ticket(rows)).await?.integer(0)
}

/// What all payments of a person come to now.
async fn best(transaction: &mut Transaction<'_>, master: &PublicKey) -> Result<Best, DbError> {
    let heads = transaction.query(&payments::heads(master)).await?;
    Ok(Best::of(&payments::read_all(&heads)?))
}

/// Writes down what all payments of a person come to now: the generation, if the person is known.
async fn refresh(transaction: &mut Transaction<'_>, master: &PublicKey) -> Result<(Best, Option<i64>), DbError> {
    let best = best(transaction, master).await?;
    let row = transaction.query_one(&users::refresh(master, &best.standing)).await?;
    Ok((best, row.map(|row| row.integer(0)).transpose()?))
}

/// Gives a person the next generation and what all payments come to now. Proofs of the generation before run out.
async fn begin_generation(transaction: &mut Transaction<'_>, master: &PublicKey) -> Result<(i64, Best), DbError> {
    let gen_index = one(transaction, &runtime::next_generation()).await?.integer(0)?;
    let best = best(transaction, master).await?;
    transaction
        .query(&users::put(master, gen_index, &best.standing))
        .await?;
    Ok((gen_index, best))
}

/// Writes a payment as it is after its step from the state numbered `from`; whether it was still in that state.
async fn write(transaction: &mut Transaction<'_>, payment: &Payment, from: u8) -> Result<bool, DbError> {
    Ok(transaction.query_one(&payments::update(payment, from)).await?.is_some())
}

/// The row of a statement on the one row of the ledger.
async fn one(transaction: &mut Transaction<'_>, statement: &Statement) -> Result<Row, DbError> {
    let row = transaction.query_one(statement).await?;
    row.ok_or_else(|| DbError::Inconsistent("entitlement_runtime has no row".to_owned()))
}
