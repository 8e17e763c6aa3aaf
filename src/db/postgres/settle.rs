//! What became of a transaction whose COMMIT was not answered.

use std::time::Duration;

use tokio::time::Instant;

use super::connector::{Connector, Facts, Session};
use super::left;
use crate::db::error::DbError;

/// How long to wait before asking again.
const PAUSE: Duration = Duration::from_millis(50);

/// After so many looks at a transaction that has not ended, the server process behind it is told to end.
const PATIENCE: u32 = 6;

/// Finds out on another session whether the transaction `xid` was kept, until `deadline`.
///
/// # Errors
/// [`DbError::Unavailable`] if it certainly was not, [`DbError::Unknown`] if nobody can tell.
pub(super) async fn settle(
    connector: &Connector,
    facts: &Facts,
    xid: Option<&str>,
    deadline: Instant,
) -> Result<(), DbError> {
    let found = match xid {
        Some(xid) => tokio::time::timeout(left(deadline), find_out(connector, facts, xid))
            .await
            .unwrap_or_default(),
        None => None,
    };
    let outcome = match found {
        Some(true) => "kept",
        Some(false) => "undone",
        None => "unknown",
    };
    metrics::counter!("countersign_commits_unanswered_total", "outcome" => outcome).increment(1);
    tracing::warn!(outcome, "PostgreSQL did not answer a commit; its outcome was asked for");
    match found {
        Some(true) => Ok(()),
        Some(false) => Err(DbError::Unavailable(
            "the connection was lost and nothing was written".to_owned(),
        )),
        None => Err(DbError::Unknown),
    }
}

/// `Some` if it is certain.
async fn find_out(connector: &Connector, facts: &Facts, xid: &str) -> Option<bool> {
    let mut session: Option<Session> = None;
    let mut looks = 0;
    loop {
        let open = match session.take() {
            Some(session) => session,
            None => match connector.open().await {
                Ok(session) => session,
                Err(_) => {
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            },
        };
        // After a failover the same number may be another transaction's.
        if open.facts.identity.is_empty() || open.facts.identity != facts.identity {
            return None;
        }
        let is_another_life = open.facts.life != facts.life;
        let sql = "SELECT pg_xact_status(CAST(CAST($1 AS TEXT) AS xid8))";
        let Ok(row) = open.client.query_one(sql, &[&xid]).await else {
            continue;
        };
        match row.try_get::<_, Option<&str>>(0).ok().flatten() {
            // Perhaps another's, to whom the id was given after a crash that took ours along.
            Some("committed") if is_another_life => return None,
            // If ours had been kept, it would be committed, whoever else was to have its id.
            Some("aborted" | "in progress") if is_another_life => return Some(false),
            Some("committed") => return Some(true),
            Some("aborted") => return Some(false),
            Some("in progress") => {}
            _ => return None,
        }
        looks += 1;
        if looks == PATIENCE {
            // It waits for a COMMIT that will not come, and holds its locks meanwhile.
            let _ = open
                .client
                .execute("SELECT pg_terminate_backend($1)", &[&facts.pid])
                .await;
        }
        session = Some(open);
        tokio::time::sleep(PAUSE).await;
    }
}
