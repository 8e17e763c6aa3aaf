//! The pool of sessions that read.

use deadpool_postgres::{
    ClientWrapper, Connect, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime, Timeouts,
};
use futures_util::future::BoxFuture;
use tokio::task::JoinHandle;

use super::connector::Connector;
use super::trouble::Trouble;
use super::{CONNECT_LIMIT, after, left, values};
use crate::db::error::{DbError, OpenError};
use crate::db::statement::Statement;
use crate::db::value::Row;

/// Sessions that read, opened when they are needed, at most so many.
#[derive(Clone, Debug)]
pub struct Readers {
    pool: Pool,
    connector: Connector,
}

/// Lets the pool open sessions as everybody else does.
struct ForPool(Connector);

impl Connect for ForPool {
    fn connect(
        &self,
        _: &tokio_postgres::Config,
    ) -> BoxFuture<'_, Result<(tokio_postgres::Client, JoinHandle<()>), tokio_postgres::Error>> {
        Box::pin(self.0.open_for_pool())
    }
}

impl Readers {
    /// A pool without sessions yet, which will have at most `most`.
    ///
    /// # Errors
    /// [`OpenError::Db`] if the pool cannot be made.
    pub fn new(connector: Connector, most: usize) -> Result<Self, OpenError> {
        let settings = ManagerConfig {
            recycling_method: RecyclingMethod::Fast,
        };
        let manager = Manager::from_connect(connector.client_config().clone(), ForPool(connector.clone()), settings);
        let limit = Some(CONNECT_LIMIT);
        let pool = Pool::builder(manager)
            .max_size(most)
            .runtime(Runtime::Tokio1)
            .timeouts(Timeouts {
                wait: limit,
                create: limit,
                recycle: limit,
            })
            .build()
            .map_err(|error| OpenError::Db(DbError::Inconsistent(error.to_string())))?;
        Ok(Self { pool, connector })
    }

    /// What opens sessions.
    pub(in crate::db) const fn connector(&self) -> &Connector {
        &self.connector
    }

    /// Runs a reading statement; once more if its session turns out to be gone, since reading twice harms nobody.
    ///
    /// # Errors
    /// [`DbError::Unavailable`] within seconds if the server cannot be reached, is silent, or has no session to
    /// spare; else as the server sees it.
    pub async fn query(&self, statement: &Statement) -> Result<Vec<Row>, DbError> {
        let limits = self.connector.limits();
        let deadline = after(limits.whole);
        let mut lost = None;
        for _ in 0..2 {
            let session = self.session().await?;
            let limit = left(deadline).min(limits.flight);
            let trouble = match tokio::time::timeout(limit, run(&session, statement)).await {
                Ok(Ok(rows)) => return Ok(rows),
                Ok(Err(trouble)) => trouble,
                Err(_) => {
                    drop(Object::take(session));
                    return Err(Trouble::late().error());
                }
            };
            match trouble {
                Trouble::Lost(error) => {
                    drop(Object::take(session));
                    lost = Some(error);
                }
                other => return Err(other.error()),
            }
        }
        Err(lost.unwrap_or_else(|| Trouble::late().error()))
    }

    async fn session(&self) -> Result<Object, DbError> {
        if self.connector.is_resting() && self.pool.status().available == 0 {
            return Err(DbError::Unavailable("PostgreSQL cannot be reached".to_owned()));
        }
        let unavailable = |what: &str| DbError::Unavailable(what.to_owned());
        match tokio::time::timeout(CONNECT_LIMIT, self.pool.get()).await {
            Ok(Ok(session)) => Ok(session),
            Ok(Err(PoolError::Backend(error))) => Err(unavailable(&Trouble::from(error).error().reason())),
            Ok(Err(PoolError::Timeout(_))) | Err(_) => Err(unavailable("no session to PostgreSQL is free")),
            Ok(Err(error)) => Err(unavailable(&error.to_string())),
        }
    }
}

async fn run(session: &ClientWrapper, statement: &Statement) -> Result<Vec<Row>, Trouble> {
    let prepared = session.prepare_cached(statement.sql).await?;
    values::run(session, &prepared, statement).await
}
