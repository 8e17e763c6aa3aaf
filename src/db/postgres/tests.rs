//! Against a real server: opening and refusing, writing in both lanes, and what happens when the server goes.

mod disk;
mod faults;
mod opening;
mod people;
mod plans;
mod proxy;
mod requests;
mod statements;
mod tls;
mod writing;

use std::time::Duration;

use test_stores::Database;

use crate::actors::ask::Door;
use crate::actors::supervise::Alarm;
use crate::actors::writer::{self, Writes};
use crate::config::{Connections, DatabaseUrl, Mode};
use crate::db::error::OpenError;
use crate::db::statement::Statement;
use crate::db::store::{Migrate, Store, WriteConnection};
use crate::domain::clock::Timestamp;

const NOW: Timestamp = Timestamp::from_millis(1_000);

/// Why nothing was opened: one sentence with its mend.
async fn refusal(text: &str, migrate: Migrate) -> String {
    let error = open_at(text, Mode::Dev, migrate)
        .await
        .expect_err("is refused")
        .to_string();
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(error.contains("; "), "{error} has no mend");
    assert!(!error.contains(":secret"), "{error} holds the password");
    error
}

/// As the configuration reads it.
fn url(text: &str) -> DatabaseUrl {
    let config = crate::testing::config_with(&[("COUNTERSIGN_DATABASE_URL", text)]);
    config.database_url
}

async fn open_at(text: &str, mode: Mode, migrate: Migrate) -> Result<(Store, WriteConnection), OpenError> {
    let connections = Connections { readers: 4, writers: 4 };
    Store::open(&url(text), connections, mode, migrate, NOW).await
}

/// One server process's view of a database, with a Writer on the test's own thread.
struct House {
    store: Store,
    writes: Writes,
    /// Where it is nobody else's.
    _own: Option<Database>,
}

impl House {
    async fn fresh() -> Self {
        let database = Database::fresh();
        let house = Self::on(&database).await;
        Self {
            _own: Some(database),
            ..house
        }
    }

    async fn on(database: &Database) -> Self {
        Self::at(&database.url()).await
    }

    async fn at(text: &str) -> Self {
        let (store, connection) = open_at(text, Mode::Dev, Migrate::Up).await.expect("opens");
        let (alarm, _) = Alarm::new();
        let door = Door::open(
            &actix_rt::Arbiter::current(),
            writer::Deps::new(connection),
            alarm,
            4096,
        );
        Self {
            store,
            writes: Writes::new(door),
            _own: None,
        }
    }

    async fn text(&self, sql: &'static str) -> Vec<String> {
        let rows = self.store.query(&Statement::new(sql)).await.expect("reads");
        rows.iter().map(|row| row.text(0).expect("text").to_owned()).collect()
    }

    async fn number(&self, sql: &'static str) -> i64 {
        let row = self.store.query_one(&Statement::new(sql)).await.expect("reads");
        row.expect("a row").integer(0).expect("an integer")
    }

    /// The tokens that were revoked: the plainest table there is.
    async fn revoked(&self) -> Vec<String> {
        self.text("SELECT jti FROM revoked_tokens ORDER BY jti").await
    }
}

/// Refuses what is there already.
fn insert(jti: &str) -> Statement {
    Statement::new("INSERT INTO revoked_tokens (jti, expires_at) VALUES ($1, 0) RETURNING jti").bind(jti)
}

/// Waits until `done`, for at most five seconds: the time in which service has to be back.
async fn soon(what: &str, mut done: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !done().await {
            actix_rt::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), wait)
        .await
        .unwrap_or_else(|_| panic!("waited in vain until {what}"));
}
