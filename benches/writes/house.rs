//! A database with its Writer on a thread of its own, as a server has it.

use std::path::Path;

use countersign::actors::ask::Door;
use countersign::actors::supervise::Alarm;
use countersign::actors::writer::{Deps, Writes};
use countersign::config::{Connections, DatabaseUrl, Mode};
use countersign::db::store::{Migrate, Store};
use countersign::db::{Row, Statement};
use countersign::domain::clock::Timestamp;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};

use crate::fill::read_url;

/// What a server holds of its database.
pub struct House {
    pub store: Store,
    writes: Writes,
    writing: actix_rt::Arbiter,
    /// Counts what Writer does.
    pub recorder: &'static PrometheusRecorder,
}

impl House {
    /// On a new PostgreSQL database.
    pub async fn on_postgres(url: &str) -> Self {
        Self::open(&read_url(url)).await
    }

    /// On a new SQLite file.
    pub async fn on_sqlite(path: &Path) -> Self {
        Self::open(&DatabaseUrl::SqliteFile(path.to_owned())).await
    }

    async fn open(url: &DatabaseUrl) -> Self {
        let recorder: &'static _ = Box::leak(Box::new(PrometheusBuilder::new().build_recorder()));
        let now = Timestamp::from_millis(0);
        let opened = Store::open(url, Connections::default(), Mode::Dev, Migrate::Up, now).await;
        let (store, connection) = opened.expect("the database opens");
        let writing = actix_rt::Arbiter::new();
        let (counted, counting) = std::sync::mpsc::channel();
        writing.spawn_fn(move || {
            // For as long as the thread lives.
            std::mem::forget(metrics::set_default_local_recorder(recorder));
            counted.send(()).expect("somebody waits");
        });
        counting.recv().expect("the thread has begun");
        let (alarm, _) = Alarm::new();
        let writes = Writes::new(Door::open(&writing.handle(), Deps::new(connection), alarm, 4096));
        Self {
            store,
            writes,
            writing,
            recorder,
        }
    }

    /// The way to Writer.
    pub fn writes(&self) -> Writes {
        self.writes.clone()
    }

    /// Writes through Writer.
    pub async fn execute(&self, statement: Statement) {
        self.writes.execute(statement).await.expect("is written");
    }

    /// Reads past it.
    pub async fn query(&self, statement: &Statement) -> Vec<Row> {
        self.store.query(statement).await.expect("reads")
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.writing.stop();
    }
}
