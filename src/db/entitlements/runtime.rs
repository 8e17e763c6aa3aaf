//! `entitlement_runtime`: the one row that whoever changes the ledger takes first.

use super::super::error::DbError;
use super::super::statement::Statement;
use super::super::value::Row;
use crate::domain::clock::Timestamp;

/// The row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Runtime {
    /// The next generation to hand out.
    pub gen_index: i64,
    /// The ticket of the list of revocations.
    pub revocation_ticket: i64,
    /// The next number of a payment.
    pub payment_id: i64,
    /// The midnight up to which everything that expires has been dealt with.
    pub expired_until: Timestamp,
    /// Up to when Apple's notification history has been read.
    pub apple_checkpoint_at: Timestamp,
}

impl Default for Runtime {
    /// Of a ledger in which nothing has happened.
    fn default() -> Self {
        Self {
            gen_index: 0,
            revocation_ticket: 0,
            payment_id: 1,
            expired_until: Timestamp::from_millis(0),
            apple_checkpoint_at: Timestamp::from_millis(0),
        }
    }
}

/// The row as it is.
#[must_use]
pub fn row() -> Statement {
    Statement::new(
        "SELECT gen_index, revocation_ticket, payment_id, expired_until, apple_checkpoint_at \
         FROM entitlement_runtime WHERE id = 1",
    )
}

/// The row, locked until the end of the transaction.
#[must_use]
pub fn lock() -> Statement {
    Statement::new(
        "UPDATE entitlement_runtime SET id = 1 WHERE id = 1 \
         RETURNING gen_index, revocation_ticket, payment_id, expired_until, apple_checkpoint_at",
    )
}

/// Reads a row of [`row`] or [`lock`].
///
/// # Errors
/// [`DbError::Inconsistent`] if the row is not one of ours.
pub fn read(row: &Row) -> Result<Runtime, DbError> {
    Ok(Runtime {
        gen_index: row.integer(0)?,
        revocation_ticket: row.integer(1)?,
        payment_id: row.integer(2)?,
        expired_until: super::time(row, 3)?,
        apple_checkpoint_at: super::time(row, 4)?,
    })
}

/// Makes the row of a new ledger; a row comes back if there was none.
#[must_use]
pub fn insert(runtime: &Runtime) -> Statement {
    Statement::new(
        "INSERT INTO entitlement_runtime \
         (id, gen_index, revocation_ticket, payment_id, expired_until, apple_checkpoint_at) \
         VALUES (1, $1, $2, $3, $4, $5) ON CONFLICT (id) DO NOTHING RETURNING gen_index",
    )
    .bind(runtime.gen_index)
    .bind(runtime.revocation_ticket)
    .bind(runtime.payment_id)
    .bind(runtime.expired_until.as_millis())
    .bind(runtime.apple_checkpoint_at.as_millis())
}

/// Hands out a generation: `gen_index`.
#[must_use]
pub fn next_generation() -> Statement {
    Statement::new("UPDATE entitlement_runtime SET gen_index = gen_index + 1 WHERE id = 1 RETURNING gen_index - 1")
}

/// Hands out the number of a payment: `payment_id`.
#[must_use]
pub fn next_payment() -> Statement {
    Statement::new("UPDATE entitlement_runtime SET payment_id = payment_id + 1 WHERE id = 1 RETURNING payment_id - 1")
}

/// Says that `rows` revocations came, went or changed: the new ticket.
#[must_use]
pub fn advance_ticket(rows: i64) -> Statement {
    Statement::new(
        "UPDATE entitlement_runtime SET revocation_ticket = revocation_ticket + $1 WHERE id = 1 \
         RETURNING revocation_ticket",
    )
    .bind(rows)
}

/// The ticket of the list of revocations.
#[must_use]
pub fn ticket() -> Statement {
    Statement::new("SELECT revocation_ticket FROM entitlement_runtime WHERE id = 1")
}

/// Notes that everything that expires has been dealt with up to `midnight`.
#[must_use]
pub fn expired_until(midnight: Timestamp) -> Statement {
    Statement::new("UPDATE entitlement_runtime SET expired_until = $1 WHERE id = 1").bind(midnight.as_millis())
}

/// Moves generation and ticket ahead, for whoever restored a backup: proofs given since it was made name generations
/// that the backup would hand out again, and clients hold tickets that it has not reached. A row unless either would
/// pass `most`.
#[must_use]
pub fn jump(by: i64, most: i64) -> Statement {
    Statement::new(
        "UPDATE entitlement_runtime SET gen_index = gen_index + $1, revocation_ticket = revocation_ticket + $1 \
         WHERE id = 1 AND gen_index + $1 <= $2 AND revocation_ticket + $1 <= $2 RETURNING gen_index, revocation_ticket",
    )
    .bind(by)
    .bind(most)
}
