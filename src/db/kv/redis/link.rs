//! The connection: one for the process, which all commands share, and which mends itself.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use bb8_redis::RedisConnectionManager;
use bb8_redis::bb8::{Pool, RunError};
use bb8_redis::redis::aio::MultiplexedConnection;
use bb8_redis::redis::{Cmd, ConnectionInfo, ErrorKind, FromRedisValue, RedisError, ServerErrorKind};

use crate::db::kv::KvError;

/// How long whoever asks waits for a connection where there is none.
const CONNECT: Duration = Duration::from_secs(1);

/// How long a command may take; a Redis that is slower than this is as good as away.
const ANSWER: Duration = Duration::from_millis(1500);

/// The way to one server.
pub(super) struct Link {
    /// Makes connections, one at a time, and tries a used one before it hands it out.
    pool: Pool<RedisConnectionManager>,
    /// The connection in use: commands of all threads go through it at once, so nobody checks one out.
    current: ArcSwapOption<MultiplexedConnection>,
}

impl Link {
    /// A way that no command has gone yet.
    pub(super) fn new(server: ConnectionInfo) -> Result<Self, RedisError> {
        let manager = RedisConnectionManager::new(server)?;
        let pool = Pool::builder()
            .max_size(1)
            .test_on_check_out(true)
            .connection_timeout(CONNECT)
            .max_lifetime(None)
            .idle_timeout(None)
            .build_unchecked(manager);
        Ok(Self {
            pool,
            current: ArcSwapOption::empty(),
        })
    }

    /// Sends a command and waits for its answer. One whose answer does not come is not sent again: it may have been done.
    pub(super) async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, KvError> {
        let connection = self.connection().await?;
        let mut way = MultiplexedConnection::clone(&connection);
        command.query_async(&mut way).await.map_err(|error| {
            if is_lost(&error) {
                self.current.compare_and_swap(&connection, None);
            }
            refused(&error)
        })
    }

    /// As [`Link::ask`] on a connection of its own, with Redis's own error: for whoever has to explain it.
    pub(super) async fn try_out(&self) -> Result<MultiplexedConnection, RedisError> {
        self.pool.dedicated_connection().await
    }

    async fn connection(&self) -> Result<Arc<MultiplexedConnection>, KvError> {
        if let Some(connection) = self.current.load_full() {
            return Ok(connection);
        }
        let pooled = self.pool.get().await.map_err(|error| match error {
            RunError::User(error) => refused(&error),
            RunError::TimedOut => KvError::Unavailable("Redis cannot be reached".to_owned()),
        })?;
        // Whoever got here first has put one there.
        if let Some(connection) = self.current.load_full() {
            return Ok(connection);
        }
        let mut connection = MultiplexedConnection::clone(&pooled);
        connection.set_response_timeout(ANSWER);
        let connection = Arc::new(connection);
        self.current.store(Some(Arc::clone(&connection)));
        Ok(connection)
    }
}

/// Whether the connection is of no more use: broken, silent, or to a server that is not the master any more.
fn is_lost(error: &RedisError) -> bool {
    let deposed = matches!(
        error.kind(),
        ErrorKind::Server(ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown)
    );
    error.is_io_error() || error.is_unrecoverable_error() || deposed
}

/// Redis's error in the store's own words.
fn refused(error: &RedisError) -> KvError {
    if error.code() == Some("OOM") {
        return KvError::OutOfMemory;
    }
    let told = match error.kind() {
        ErrorKind::Io if error.is_timeout() => "Redis does not answer in time".to_owned(),
        ErrorKind::Server(ServerErrorKind::BusyLoading) => "Redis is loading its data".to_owned(),
        _ => error.to_string(),
    };
    KvError::Unavailable(told)
}
