//! The end of sessions, inside the transaction of whoever ends them.

use std::time::Duration;

use crate::db::{DbError, Row, Transaction, clients, codes, families, notices, sessions};
use crate::domain::clock::Timestamp;
use crate::domain::oauth::scope::{OFFLINE_ACCESS, ScopeSet};

/// How long it is tried to tell a client of the end of a session.
const TELL_FOR: Duration = Duration::from_hours(24);

/// Ends a session and what hangs on it: its unredeemed codes, and its families but for those with `offline_access`,
/// which is the permission to go on without the person (OIDC Core §11). Clients that want to be told are (OIDC Back-Channel
/// Logout §2.5).
///
/// # Errors
/// [`DbError`] as the database sees it.
pub async fn end_session(
    transaction: &mut Transaction<'_>,
    sid: &str,
    account_id: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    let ended = transaction.query_one(&sessions::end(sid, now)).await?.is_some();
    transaction.query(&codes::void_of_session(sid, account_id)).await?;
    for family in transaction.query(&families::of_session(sid)).await? {
        // One that ended before gave an ID token too; a session that ended before has been told of.
        if ended {
            tell(transaction, &family, account_id, now).await?;
        }
        let offline = ScopeSet::parse(family.text(3)?).is_ok_and(|scope| scope.contains(OFFLINE_ACCESS));
        if family.is_null(4) && !offline {
            transaction.query(&families::end(family.text(2)?, now)).await?;
        }
    }
    Ok(())
}

/// Ends all sessions of an account but for `session`, and everything that it was granted, offline or not.
///
/// # Errors
/// [`DbError`] as the database sees it.
pub async fn end_all_of_account(
    transaction: &mut Transaction<'_>,
    account_id: &str,
    session: Option<&str>,
    now: Timestamp,
) -> Result<(), DbError> {
    tell_of_account(transaction, account_id, session, now).await?;
    let end_sessions = match session {
        Some(session) => sessions::end_others(account_id, session, now),
        None => sessions::end_all(account_id, now),
    };
    for end in [
        end_sessions,
        families::end_of_account(account_id, now),
        codes::void_of_account(account_id),
    ] {
        transaction.query(&end).await?;
    }
    Ok(())
}

/// Queues the news that all sessions of an account but for `session` end: before they do, or the account goes.
///
/// # Errors
/// [`DbError`] as the database sees it.
pub async fn tell_of_account(
    transaction: &mut Transaction<'_>,
    account_id: &str,
    session: Option<&str>,
    now: Timestamp,
) -> Result<(), DbError> {
    for family in transaction.query(&families::of_sessions_of(account_id)).await? {
        if session.is_none_or(|kept| family.text(6).is_ok_and(|sid| sid != kept)) {
            tell(transaction, &family, account_id, now).await?;
        }
    }
    Ok(())
}

/// Queues the news for the client of a family, if it wants any.
async fn tell(
    transaction: &mut Transaction<'_>,
    family: &Row,
    account_id: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    let client = clients::read(family)?;
    if client.options.backchannel_logout_uri.is_some() {
        let notice = notices::insert(&client.id, family.text(5)?, account_id, now, now.plus(TELL_FOR));
        transaction.query(&notice).await?;
    }
    Ok(())
}
