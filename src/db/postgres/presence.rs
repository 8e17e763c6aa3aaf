//! Servers at work on one database: some must be alone, because part of their state is in their own memory.
//!
//! A server holds an advisory lock, shared or exclusive, in a session of its own for as long as it runs. PostgreSQL lets
//! go of it by itself when the process ends, however it ends. A session that was lost is opened again and the lock taken
//! again; a server that finds its place taken by then has to end.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::connector::{Connector, Session};
use super::setup::{LOCKS, connect};
use super::trouble::Trouble;
use super::{HASTY, after, left};
use crate::db::error::OpenError;
use crate::db::store::Sharing;

/// The second number of the lock that servers hold.
const SERVER_LOCK: i32 = 2;

/// How often the session is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// How long one that starts waits for one that has just been killed to be noticed by PostgreSQL.
const GRACE: Duration = Duration::from_secs(3);

/// How long one that lost its session waits for its own lost session to be noticed: longer than the server's keepalives
/// take.
const GHOST: Duration = Duration::from_secs(30);

/// The place of one server. It is given up when this is dropped.
#[derive(Debug)]
pub struct Presence {
    keeper: JoinHandle<()>,
    lost: watch::Receiver<bool>,
}

impl Drop for Presence {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

impl Presence {
    /// Takes a place beside others, or alone.
    ///
    /// # Errors
    /// [`OpenError::NotAlone`] if the servers that are there and this one exclude each other.
    pub async fn take(connector: &Connector, sharing: Sharing) -> Result<Self, OpenError> {
        let session = connect(connector).await?;
        let deadline = after(GRACE);
        while !try_lock(&session, sharing)
            .await
            .map_err(|trouble| OpenError::Db(trouble.error()))?
        {
            if left(deadline).is_zero() {
                let database = connector.shown().to_owned();
                return Err(match sharing {
                    Sharing::Alone => OpenError::NotAlone(database),
                    Sharing::WithOthers => OpenError::OtherIsAlone(database),
                });
            }
            tokio::time::sleep(LOOK / 4).await;
        }
        let (tell, lost) = watch::channel(false);
        let connector = connector.clone();
        let keeper = tokio::spawn(async move {
            keep(&connector, session, sharing).await;
            let _ = tell.send(true);
        });
        Ok(Self { keeper, lost })
    }

    /// Resolves when the place was lost to another server.
    pub async fn lost(&mut self) {
        let _ = self.lost.wait_for(|lost| *lost).await;
    }
}

/// Keeps the lock through lost sessions; returns when somebody else has it.
async fn keep(connector: &Connector, mut session: Session, sharing: Sharing) {
    loop {
        tokio::time::sleep(LOOK).await;
        let alive = tokio::time::timeout(HASTY.flight, session.client.simple_query("")).await;
        if matches!(alive, Ok(Ok(_))) {
            continue;
        }
        let mut deadline = None;
        session = loop {
            tokio::time::sleep(LOOK).await;
            let Ok(again) = connector.open().await else { continue };
            match try_lock(&again, sharing).await {
                Ok(true) => break again,
                Ok(false) if left(*deadline.get_or_insert_with(|| after(GHOST))).is_zero() => return,
                Ok(false) | Err(_) => {}
            }
        };
    }
}

async fn try_lock(session: &Session, sharing: Sharing) -> Result<bool, Trouble> {
    let shared = match sharing {
        Sharing::Alone => "",
        Sharing::WithOthers => "_shared",
    };
    let sql = format!("SELECT pg_try_advisory_lock{shared}({LOCKS}, {SERVER_LOCK})");
    match tokio::time::timeout(HASTY.flight, session.client.query_one(&sql, &[])).await {
        Ok(row) => Ok(row?.try_get(0)?),
        Err(_) => Err(Trouble::late()),
    }
}
