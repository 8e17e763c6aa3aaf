//! The end of a session, inside the transaction of whoever ends it.

use crate::db::{DbError, Transaction, codes, families, sessions};
use crate::domain::clock::Timestamp;
use crate::domain::oauth::scope::{OFFLINE_ACCESS, ScopeSet};

/// Ends a session and what hangs on it: its unredeemed codes, and its families but for those with `offline_access`,
/// which is the permission to go on without the person (OIDC Core §11).
///
/// # Errors
/// [`DbError`] as the database sees it.
pub async fn end_session(
    transaction: &mut Transaction<'_>,
    sid: &str,
    account_id: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    transaction.query(&sessions::end(sid, now)).await?;
    transaction.query(&codes::void_of_session(sid, account_id)).await?;
    for family in transaction.query(&families::of_session(sid)).await? {
        let offline = ScopeSet::parse(family.text(1)?).is_ok_and(|scope| scope.contains(OFFLINE_ACCESS));
        if !offline {
            transaction.query(&families::end(family.text(0)?, now)).await?;
        }
    }
    Ok(())
}
