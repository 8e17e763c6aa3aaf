//! What it is compared with: a transaction for each request.

use std::path::Path;
use std::time::Instant;

use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod};
use tokio_postgres::NoTls;

use crate::cost::{Cost, Counted};

/// The statement of both sides.
const SQL: &str =
    "INSERT INTO revoked_tokens (jti, expires_at) VALUES ($1, $2) ON CONFLICT (jti) DO NOTHING RETURNING jti";

/// How a request writes.
#[derive(Clone, Copy)]
pub enum Way {
    /// BEGIN, the statement, COMMIT.
    Transaction,
    /// The statement alone.
    Autocommit,
}

/// A pool of eight connections, as a server without Writer would have it.
pub struct EachAlone(Pool);

impl EachAlone {
    /// Opens all connections.
    pub async fn on(url: &str) -> Self {
        let settings = ManagerConfig {
            recycling_method: RecyclingMethod::Fast,
        };
        let manager = Manager::from_config(url.parse().expect("a URL"), NoTls, settings);
        let pool = Pool::builder(manager).max_size(8).build().expect("a pool");
        drop(futures_util::future::join_all((0..8).map(|_| pool.get())).await);
        Self(pool)
    }

    /// One request.
    pub async fn write(&self, key: usize, way: Way) {
        let mut client = self.0.get().await.expect("a connection");
        let (key, expires) = (format!("{key:016x}"), 4_102_444_800_000_i64);
        match way {
            Way::Transaction => {
                let transaction = client.transaction().await.expect("begins");
                let statement = transaction.prepare_cached(SQL).await.expect("prepares");
                transaction
                    .query(&statement, &[&key, &expires])
                    .await
                    .expect("is written");
                transaction.commit().await.expect("commits");
            }
            Way::Autocommit => {
                let statement = client.prepare_cached(SQL).await.expect("prepares");
                client.query(&statement, &[&key, &expires]).await.expect("is written");
            }
        }
    }
}

/// SQLite with a commit for each write, on this thread; with one writer it makes no difference how many wait.
pub fn one_by_one(path: &Path, writes: usize, first: usize) -> Cost {
    let connection = rusqlite::Connection::open(path).expect("opens");
    connection
        .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
        .expect("sets");
    let mut statement = connection.prepare(SQL).expect("prepares");
    let (started, before) = (Instant::now(), own_cpu());
    for key in first..first + writes {
        let mut rows = statement
            .query((format!("{key:016x}"), 4_102_444_800_000_i64))
            .expect("is written");
        while rows.next().expect("a row").is_some() {}
    }
    let cpu = (own_cpu() - before) * 1e6 / writes as f64;
    Cost {
        cpu,
        own_cpu: cpu,
        counted: Counted {
            commits: Some(1.0),
            syncs: None,
        },
        rate: writes as f64 / started.elapsed().as_secs_f64(),
    }
}

/// CPU time of this thread in s, user and system.
fn own_cpu() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("proc(5)");
    let nanos: f64 = text.split(' ').next().expect("a field").parse().expect("a number");
    nanos / 1e9
}
