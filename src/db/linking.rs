//! `linked_master_keys` and `linking_challenges`: where accounts and entitlements meet.

use super::entitlements::{payments, users};
use super::error::DbError;
use super::sessions;
use super::statement::Statement;
use super::store::Store;
use super::transaction::Transaction;
use super::value::Row;
use crate::domain::clock::Timestamp;
use crate::domain::entitlement::key::PublicKey;
use crate::domain::linking::{Entitlements, Known};
use crate::domain::secret::TokenHash;

/// A challenge that waits for its signature.
#[derive(Clone, Debug)]
pub struct OpenChallenge {
    /// The key that has to sign.
    pub master: PublicKey,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// The account that is signed in with these cookies.
///
/// # Errors
/// [`DbError`] as the database sees it.
pub async fn signed_in(
    transaction: &mut Transaction<'_>,
    session: &TokenHash,
    browser: &TokenHash,
    now: Timestamp,
) -> Result<Option<String>, DbError> {
    let row = transaction.query_one(&sessions::live(session, now)).await?;
    let live = row.as_ref().map(sessions::read).transpose()?;
    let live = live.filter(|live| live.browser == *browser);
    Ok(live.map(|live| live.facts.account_id))
}

/// Puts a challenge in the place of an account's earlier one.
#[must_use]
pub fn put_challenge(account: &str, nonce: &TokenHash, master: &PublicKey, expires_at: Timestamp) -> Statement {
    Statement::new(
        "INSERT INTO linking_challenges (account_id, nonce_hash, master_pkey, expires_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (account_id) DO UPDATE SET nonce_hash = EXCLUDED.nonce_hash, \
         master_pkey = EXCLUDED.master_pkey, expires_at = EXCLUDED.expires_at",
    )
    .bind(account)
    .bind(nonce.as_bytes())
    .bind(master.as_bytes())
    .bind(expires_at.as_millis())
}

/// Takes a challenge out, whether it is over or not: one row, or none.
#[must_use]
pub fn take_challenge(account: &str, nonce: &TokenHash) -> Statement {
    Statement::new(
        "DELETE FROM linking_challenges WHERE account_id = $1 AND nonce_hash = $2 RETURNING master_pkey, expires_at",
    )
    .bind(account)
    .bind(nonce.as_bytes())
}

/// Reads a row of [`take_challenge`].
///
/// # Errors
/// [`DbError::Inconsistent`] if the row is not one of ours.
pub fn read_challenge(row: &Row) -> Result<OpenChallenge, DbError> {
    Ok(OpenChallenge {
        master: PublicKey::from_bytes(row.bytes(0)?),
        expires_at: Timestamp::from_millis(row.integer(1)?),
    })
}

/// Links a key to an account that has none; no row if another account has the key.
#[must_use]
pub fn link(account: &str, master: &PublicKey, now: Timestamp) -> Statement {
    Statement::new(
        "INSERT INTO linked_master_keys (account_id, master_pkey, linked_at) VALUES ($1, $2, $3) \
         ON CONFLICT (master_pkey) DO NOTHING RETURNING account_id",
    )
    .bind(account)
    .bind(master.as_bytes())
    .bind(now.as_millis())
}

/// Unlinks the key of an account.
#[must_use]
pub fn unlink(account: &str) -> Statement {
    Statement::new("DELETE FROM linked_master_keys WHERE account_id = $1").bind(account)
}

/// The key of an account: `master_pkey, linked_at`.
#[must_use]
pub fn of_account(account: &str) -> Statement {
    Statement::new("SELECT master_pkey, linked_at FROM linked_master_keys WHERE account_id = $1").bind(account)
}

/// The account of this id, and the key that is linked to it: `master_pkey`, which is `NULL` where none is.
#[must_use]
pub fn key_of(account: &str) -> Statement {
    Statement::new(
        "SELECT l.master_pkey FROM accounts a LEFT JOIN linked_master_keys l ON l.account_id = a.id WHERE a.id = $1",
    )
    .bind(account)
}

/// Reads a row of [`key_of`].
///
/// # Errors
/// [`DbError::Inconsistent`] if the row is not one of ours.
pub fn read_key(row: &Row) -> Result<Option<PublicKey>, DbError> {
    if row.is_null(0) {
        return Ok(None);
    }
    row.bytes(0).map(|bytes| Some(PublicKey::from_bytes(bytes)))
}

/// A key that is linked, and what is known of it.
#[derive(Clone, Debug)]
pub struct Link {
    /// The key.
    pub master: PublicKey,
    /// Since when.
    pub linked_at: Timestamp,
    /// What it is entitled to.
    pub known: Known,
}

/// The key of an account, if one is linked.
///
/// # Errors
/// [`DbError`] as the database sees it.
pub async fn read_link(store: &Store, account: &str) -> Result<Option<Link>, DbError> {
    let Some(row) = store.query_one(&of_account(account)).await? else {
        return Ok(None);
    };
    let master = PublicKey::from_bytes(row.bytes(0)?);
    Ok(Some(Link {
        master,
        linked_at: Timestamp::from_millis(row.integer(1)?),
        known: read_known(store, &master).await?,
    }))
}

/// What is known of a key, linked or not.
///
/// # Errors
/// [`DbError`] as the database sees it.
pub async fn read_known(store: &Store, master: &PublicKey) -> Result<Known, DbError> {
    let user = store.query_one(&users::with_revocation(master)).await?;
    let heads = match &user {
        Some(_) => store.query(&payments::heads(master)).await?,
        None => Vec::new(),
    };
    Ok(Known {
        is_revoked: user.as_ref().is_some_and(users::read_is_revoked),
        user: user.as_ref().map(users::read).transpose()?,
        heads: payments::read_all(&heads)?,
    })
}

/// The claim `entitlements` for an account; `None` where no key is linked.
///
/// # Errors
/// [`DbError`] as the database sees it.
pub async fn claim(store: &Store, account: &str, now: Timestamp) -> Result<Option<Entitlements>, DbError> {
    let link = read_link(store, account).await?;
    Ok(link.map(|link| link.known.entitlements(now)))
}
