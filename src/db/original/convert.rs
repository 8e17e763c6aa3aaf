//! Rows of the original in our own words. A row that no step of the original could have made ends the import.

use super::table::Table;
use crate::db::error::DbError;
use crate::db::value::Row;
use crate::domain::clock::Timestamp;
use crate::domain::entitlement::ids::{PaymentIds, Provider};
use crate::domain::entitlement::key::PublicKey;
use crate::domain::entitlement::payment::{Payment, Plan, Redemption, State, StoreAccount, Witnessed};
use crate::domain::entitlement::revocation::Revocation;
use crate::domain::entitlement::standing::{Standing, User, UserError};
use zeroize::Zeroizing;

/// A row that cannot be taken over. It names no personal data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "row {row} of table {table} cannot be taken over: {what}; mend it in a copy of the original's database, and import that"
)]
pub struct UnusableRow {
    /// The table of the original.
    pub table: &'static str,
    /// Which row, counted from 1 in the order of its first column.
    pub row: u64,
    /// What is wrong with it.
    pub what: String,
}

/// What is wrong with a row.
type What<T> = Result<T, String>;

fn told(error: DbError) -> String {
    match error {
        DbError::Inconsistent(what) => what,
        other => other.to_string(),
    }
}

/// The original's one row of keys and counters.
pub struct Runtime {
    /// The next generation.
    pub gen_index: i64,
    /// Hides generations.
    pub salt: Zeroizing<[u8; 16]>,
    /// The seed of the key that signs proofs.
    pub seed: Zeroizing<[u8; 32]>,
    /// The midnight of the last sweep.
    pub expired_until: Timestamp,
    /// Up to when Apple's notification history has been read.
    pub apple_checkpoint_at: Timestamp,
    /// The ticket of the list of revocations.
    pub revocation_ticket: i64,
}

pub(super) fn runtime(row: &Row) -> What<Runtime> {
    Ok(Runtime {
        gen_index: row.integer(0).map_err(told)?,
        salt: Zeroizing::new(row.bytes(1).map_err(told)?),
        seed: Zeroizing::new(row.bytes(2).map_err(told)?),
        expired_until: time(row, 3)?,
        apple_checkpoint_at: time(row, 4)?,
        revocation_ticket: row.integer(5).map_err(told)?,
    })
}

/// A person. The store accounts beside it follow from the key, and nothing looks them up.
pub(super) fn user(row: &Row) -> What<User> {
    Ok(User {
        master: PublicKey::from_bytes(row.bytes(0).map_err(told)?),
        gen_index: row.integer(1).map_err(told)?,
        standing: Standing {
            expires_at: time(row, 2)?,
            grace_ms: row.integer(3).map_err(told)?,
            auto_renewing: row.integer(4).map_err(told)? == 1,
            refund_requested_at: set_time(row, 5)?,
        },
        refund_asked_at: Timestamp::from_millis(0),
    })
}

pub(super) fn payment(row: &Row) -> What<Payment> {
    let provider = Provider::from_number(row.integer(4).map_err(told)?).ok_or("its provider is unknown")?;
    let plan = Plan::from_number(row.integer(3).map_err(told)?).ok_or("its plan is unknown")?;
    let (ids, account) = ids(provider, row)?;
    ids.check().map_err(|error| error.to_string())?;
    Ok(Payment {
        id: row.integer(0).map_err(told)?,
        witnessed: Witnessed {
            ids,
            plan,
            account,
            unredeemed_at: time(row, 6)?,
            expires_at: time(row, 8)?,
            refund_deadline_at: time(row, 10)?,
        },
        state: state(row)?,
        auto_renewing: row.integer(5).map_err(told)? == 1,
        grace_ms: row.optional_integer(9).map_err(told)?.unwrap_or(0),
        refund_requested_at: set_time(row, 18)?,
    })
}

fn ids(provider: Provider, row: &Row) -> What<(PaymentIds, StoreAccount)> {
    let text = |index: usize| -> What<String> {
        let text = row.optional_text(index).map_err(told)?;
        Ok(text.unwrap_or_default().to_owned())
    };
    Ok(match provider {
        Provider::Google => (
            PaymentIds::Google {
                token: text(15)?,
                order: text(16)?,
            },
            StoreAccount::Google(if row.is_null(19) {
                None
            } else {
                Some(row.bytes(19).map_err(told)?)
            }),
        ),
        Provider::Apple => (
            PaymentIds::Apple {
                original: text(12)?,
                tx: text(13)?,
                web_line: text(14)?,
            },
            StoreAccount::Apple(text(20)?),
        ),
        Provider::Rangeproof => (PaymentIds::Rangeproof { order: text(17)? }, StoreAccount::None),
    })
}

fn state(row: &Row) -> What<State> {
    let redemption = match (row.is_null(1), optional_time(row, 7)?) {
        (true, None) => None,
        (false, Some(at)) => Some(Redemption {
            owner: PublicKey::from_bytes(row.bytes(1).map_err(told)?),
            at,
        }),
        (true, Some(_)) => return Err("it was redeemed, and by nobody".to_owned()),
        (false, None) => return Err("it has an owner, and was never redeemed".to_owned()),
    };
    match (row.integer(2).map_err(told)?, redemption, optional_time(row, 11)?) {
        (1, None, None) => Ok(State::Unredeemed),
        (2, Some(redemption), None) => Ok(State::Redeemed(redemption)),
        (3, redemption, None) => Ok(State::Expired(redemption)),
        (4, redemption, Some(at)) => Ok(State::Revoked { redemption, at }),
        (status, ..) => Err(format!("status {status} does not go with its owner and its times")),
    }
}

pub(super) fn revocation(row: &Row) -> What<Revocation> {
    Ok(Revocation {
        gen_index: row.integer(0).map_err(told)?,
        created_at: time(row, 1)?,
        expires_at: time(row, 2)?,
    })
}

pub(super) fn apple(row: &Row) -> What<(String, Timestamp)> {
    Ok((text(row, 0)?, time(row, 1)?))
}

/// A message of Google Play. One that was handled has no payload.
pub(super) struct GoogleMessage {
    pub(super) id: String,
    pub(super) handled: bool,
    pub(super) payload: String,
    pub(super) expires_at: Timestamp,
}

pub(super) fn google(row: &Row) -> What<GoogleMessage> {
    let payload = if row.is_null(2) { String::new() } else { text(row, 2)? };
    Ok(GoogleMessage {
        id: row.integer(0).map_err(told)?.to_string(),
        handled: row.integer(1).map_err(told)? == 1,
        payload,
        expires_at: time(row, 3)?,
    })
}

pub(super) fn user_error(row: &Row) -> What<(UserError, Timestamp)> {
    let provider = Provider::from_number(row.integer(1).map_err(told)?).ok_or("its provider is unknown")?;
    let error = UserError {
        provider,
        payment_id: text(row, 0)?,
    };
    Ok((error, time(row, 2)?))
}

fn text(row: &Row, index: usize) -> What<String> {
    let text = row.text(index).map_err(told)?;
    if text.contains('\0') {
        return Err(format!("column {index} has a NUL in it"));
    }
    Ok(text.to_owned())
}

fn time(row: &Row, index: usize) -> What<Timestamp> {
    row.integer(index).map(Timestamp::from_millis).map_err(told)
}

fn optional_time(row: &Row, index: usize) -> What<Option<Timestamp>> {
    let millis = row.optional_integer(index).map_err(told)?;
    Ok(millis.map(Timestamp::from_millis))
}

/// A time for which the original writes 0 where there is none.
fn set_time(row: &Row, index: usize) -> What<Option<Timestamp>> {
    let millis = row.integer(index).map_err(told)?;
    Ok((millis != 0).then(|| Timestamp::from_millis(millis)))
}

impl UnusableRow {
    pub(super) fn new(table: Table, row: u64, what: String) -> Self {
        Self {
            table: table.name(),
            row,
            what,
        }
    }
}
