//! What tests of several modules share: a clock, a configuration, a store with its Writer, patience.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use parking_lot::Mutex;

use crate::actors::ask::Door;
use crate::actors::supervise::Alarm;
use crate::actors::writer::{self, Writes};
use crate::config::{Config, Connections, DatabaseUrl, Mode};
use crate::db::store::Migrate;
use crate::db::{Row, Statement, Store};
use crate::domain::clock::{Clock, Timestamp};

/// A clock that stands still until it is moved.
pub(crate) struct ManualClock(Mutex<(Timestamp, Duration)>);

impl ManualClock {
    /// A clock that shows `now`.
    pub(crate) fn new(now: Timestamp) -> Arc<Self> {
        Arc::new(Self(Mutex::new((now, Duration::from_secs(1)))))
    }

    /// Lets time pass.
    pub(crate) fn pass(&self, span: Duration) {
        let mut time = self.0.lock();
        *time = (time.0.plus(span), time.1 + span);
    }

    /// Sets the wall clock, as an operator or a broken battery does.
    pub(crate) fn set_wall(&self, now: Timestamp) {
        self.0.lock().0 = now;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.0.lock().0
    }

    fn monotonic(&self) -> Duration {
        self.0.lock().1
    }
}

/// A configuration for production with nothing but what is required, over which `env` is read.
pub(crate) fn config_with(env: &[(&str, &str)]) -> Config {
    let needed = [
        (
            "COUNTERSIGN_MASTER_KEY",
            "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
        ),
        ("COUNTERSIGN_DEFINE__ISSUER", "https://id.example.org"),
        ("COUNTERSIGN_MAIL__FROM", "Example App <no-reply@example.org>"),
        ("COUNTERSIGN_MAIL__URL", "smtps://mail.example.org"),
    ];
    let without = |name: &str| env.iter().all(|(other, _)| *other != name);
    let needed = needed.into_iter().filter(|(name, _)| without(name));
    Config::load(None, needed.chain(env.iter().copied())).expect("a configuration")
}

/// [`config_with`] nothing more.
pub(crate) fn config() -> Config {
    config_with(&[])
}

/// A database in a folder of its own, with a Writer on the test's own thread.
pub(crate) struct TestStore {
    pub(crate) store: Store,
    pub(crate) writes: Writes,
    pub(crate) url: DatabaseUrl,
    place: Place,
}

/// Where a database lies for as long as somebody uses it.
#[derive(Clone)]
enum Place {
    Folder(Arc<tempfile::TempDir>),
    Server(Arc<test_stores::Database>),
}

impl TestStore {
    /// A fresh database.
    pub(crate) fn new() -> Self {
        Self::open(Arc::new(tempfile::tempdir().expect("a folder")))
    }

    /// A fresh database in a PostgreSQL server.
    pub(crate) async fn on_postgres() -> Self {
        Self::open_at(Place::Server(Arc::new(test_stores::Database::fresh()))).await
    }

    /// Another process's view of the same database.
    pub(crate) fn again(&self) -> Self {
        let opened = Self::open_at(self.place.clone()).now_or_never();
        opened.expect("SQLite does not wait")
    }

    /// The same for any database.
    pub(crate) async fn another(&self) -> Self {
        Self::open_at(self.place.clone()).await
    }

    fn open(folder: Arc<tempfile::TempDir>) -> Self {
        let opened = Self::open_at(Place::Folder(folder)).now_or_never();
        opened.expect("SQLite does not wait")
    }

    async fn open_at(place: Place) -> Self {
        let url = match &place {
            Place::Folder(folder) => DatabaseUrl::SqliteFile(folder.path().join("countersign.db")),
            Place::Server(database) => {
                config_with(&[("COUNTERSIGN_DATABASE_URL", database.url().as_str())]).database_url
            }
        };
        let now = Timestamp::from_millis(0);
        let opened = Store::open(&url, Connections::default(), Mode::Dev, Migrate::Up, now).await;
        let (store, connection) = opened.expect("a store");
        let (alarm, _) = Alarm::new();
        let connection = writer::Deps::new(connection);
        let door = Door::open(&actix_rt::Arbiter::current(), connection, alarm, 1024);
        Self {
            store,
            writes: Writes::new(door),
            url,
            place,
        }
    }

    /// Every byte of the database as it lies on the disk.
    pub(crate) fn dump(&self) -> Vec<u8> {
        let Place::Folder(folder) = &self.place else {
            panic!("a server keeps its files to itself");
        };
        let files = std::fs::read_dir(folder.path()).expect("lists");
        files
            .flat_map(|file| std::fs::read(file.expect("a file").path()).expect("reads"))
            .collect()
    }

    /// Runs a reading statement.
    pub(crate) async fn rows(&self, sql: &'static str) -> Vec<Row> {
        self.store.query(&Statement::new(sql)).await.expect("reads")
    }
}

/// Waits until `done`; the time-out is only there to fail.
pub(crate) async fn until(what: &str, mut done: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !done().await {
            actix_rt::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), wait)
        .await
        .unwrap_or_else(|_| panic!("waited in vain until {what}"));
}
