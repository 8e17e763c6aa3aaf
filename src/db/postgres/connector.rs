//! Opening sessions, with the settings that this server relies on.

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::ClientWrapper;
use parking_lot::Mutex;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_postgres::config::TargetSessionAttrs;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::trouble::Trouble;
use super::{CONNECT_LIMIT, HASTY, LOCK_LIMIT, Limits, PATIENT, after, left, tls};
use crate::config::{PostgresTls, PostgresUrl};
use crate::db::error::{DbError, OpenError};

/// The pause after the first failed try, which doubles up to [`LONGEST_REST`].
const FIRST_REST: Duration = Duration::from_millis(50);
/// See [`FIRST_REST`]. Much shorter than the time in which service has to be back.
const LONGEST_REST: Duration = Duration::from_secs(1);

/// Knows where the server is and how to open a session. Cheap to clone.
#[derive(Clone)]
pub struct Connector {
    server: Arc<Server>,
    limits: Limits,
}

struct Server {
    client: tokio_postgres::Config,
    tls: Option<MakeRustlsConnect>,
    shown: String,
    rest: Mutex<Rest>,
}

/// When sessions could not be opened lately.
#[derive(Default)]
struct Rest {
    failures: u32,
    until: Option<Instant>,
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Connector").field(&self.server.shown).finish()
    }
}

/// What a session has told of its server.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    /// The database cluster and its timeline. Transaction ids mean the same only where both are the same.
    pub(super) identity: String,
    /// When the server began and when it last began its statistics anew, which a crash makes it do: after one it gives out
    /// ids again that it had given to transactions of which nothing had reached the disk.
    pub(super) life: String,
    /// The server process behind this session.
    pub(super) pid: i32,
    /// `server_version_num`.
    pub(super) version: u32,
    /// `fsync`, `full_page_writes`, `synchronous_commit` as they are in force.
    pub(super) fsync: String,
    pub(super) full_page_writes: String,
    pub(super) synchronous_commit: String,
    /// `server_encoding`.
    pub(super) encoding: String,
}

/// An open session.
pub struct Session {
    pub(super) client: ClientWrapper,
    pub(super) facts: Facts,
    /// What its statements may take.
    pub(super) limits: Limits,
}

/// Why there is no session.
#[derive(Debug)]
pub(super) enum NoSession {
    /// The driver or the server said so.
    Refused(tokio_postgres::Error),
    /// It took too long.
    Late,
    /// The server answers, but not as this version expects.
    Odd(String),
}

impl From<NoSession> for DbError {
    fn from(error: NoSession) -> Self {
        match error {
            NoSession::Refused(error) => Self::Unavailable(Trouble::from(error).error().reason()),
            NoSession::Late => Self::Unavailable("PostgreSQL does not answer".to_owned()),
            NoSession::Odd(what) => Self::Unavailable(what),
        }
    }
}

impl Connector {
    /// Prepares for the server at `url`; nothing is opened yet.
    ///
    /// # Errors
    /// [`OpenError::Postgres`] if the file of certificates cannot be used.
    pub(in crate::db) fn new(url: &PostgresUrl) -> Result<Self, OpenError> {
        let tls = match url.tls() {
            PostgresTls::Off => None,
            PostgresTls::Verified { roots } => {
                Some(tls::connector(roots.as_deref()).map_err(|reason| OpenError::Postgres {
                    database: url.shown().to_owned(),
                    reason,
                    mend: "name a PEM file with the certificates of its authority in sslrootcert",
                })?)
            }
        };
        let mut client = url.client().clone();
        if client.get_application_name().is_none() {
            client.application_name("countersign");
        }
        if client.get_connect_timeout().is_none() {
            client.connect_timeout(CONNECT_LIMIT);
        }
        if client.get_target_session_attrs() == TargetSessionAttrs::Any {
            // Of several hosts the one that is not a standby.
            client.target_session_attrs(TargetSessionAttrs::ReadWrite);
        }
        client
            .keepalives_idle(Duration::from_secs(10))
            .keepalives_interval(Duration::from_secs(3))
            .keepalives_retries(3);
        let server = Server {
            client,
            tls,
            shown: url.shown().to_owned(),
            rest: Mutex::default(),
        };
        Ok(Self {
            server: Arc::new(server),
            limits: HASTY,
        })
    }

    /// The same for work that may take minutes.
    pub(super) fn patient(&self) -> Self {
        Self {
            server: Arc::clone(&self.server),
            limits: PATIENT,
        }
    }

    /// What statements and whole works may take.
    pub(super) const fn limits(&self) -> Limits {
        self.limits
    }

    /// The URL without its password, for messages.
    pub(in crate::db) fn shown(&self) -> &str {
        &self.server.shown
    }

    /// What the driver needs, for the pool.
    pub(super) fn client_config(&self) -> &tokio_postgres::Config {
        &self.server.client
    }

    /// Whether the last try failed so recently that another would be too early.
    pub(super) fn is_resting(&self) -> bool {
        self.server
            .rest
            .lock()
            .until
            .is_some_and(|until| !left(until).is_zero())
    }

    /// Opens a session.
    ///
    /// # Errors
    /// [`NoSession`].
    pub(super) async fn open(&self) -> Result<Session, NoSession> {
        match tokio::time::timeout(CONNECT_LIMIT, self.open_whole()).await {
            Ok(opened) => opened,
            Err(_) => Err(NoSession::Late),
        }
    }

    async fn open_whole(&self) -> Result<Session, NoSession> {
        let attempt = Attempt::of(self);
        let (client, driver) = self.connect().await.map_err(NoSession::Refused)?;
        let client = ClientWrapper::new(client, driver);
        let facts = settle_in(&client, self.limits).await?;
        attempt.succeed();
        Ok(Session {
            client,
            facts,
            limits: self.limits,
        })
    }

    /// Opens a session for the pool: as [`Connector::open`], but nobody asks what it has told.
    pub(super) async fn open_for_pool(&self) -> Result<(Client, JoinHandle<()>), tokio_postgres::Error> {
        let attempt = Attempt::of(self);
        let (client, driver) = self.connect().await?;
        client.simple_query(&settings(self.limits)).await?;
        attempt.succeed();
        Ok((client, driver))
    }

    async fn connect(&self) -> Result<(Client, JoinHandle<()>), tokio_postgres::Error> {
        let until = self.server.rest.lock().until;
        if let Some(until) = until {
            tokio::time::sleep_until(until).await;
        }
        // The task ends with the session; why it ended, whoever used the session is told.
        Ok(match &self.server.tls {
            None => {
                let (client, connection) = self.server.client.connect(NoTls).await?;
                (client, tokio::spawn(async { drop(connection.await) }))
            }
            Some(tls) => {
                let (client, connection) = self.server.client.connect(tls.clone()).await?;
                (client, tokio::spawn(async { drop(connection.await) }))
            }
        })
    }
}

/// Notes how a try ended; one that is dropped in the middle has failed.
struct Attempt<'c> {
    connector: &'c Connector,
    succeeded: bool,
}

impl<'c> Attempt<'c> {
    const fn of(connector: &'c Connector) -> Self {
        Self {
            connector,
            succeeded: false,
        }
    }

    fn succeed(mut self) {
        self.succeeded = true;
        metrics::counter!("countersign_database_sessions_opened_total").increment(1);
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        let mut rest = self.connector.server.rest.lock();
        if self.succeeded {
            *rest = Rest::default();
            return;
        }
        metrics::counter!("countersign_database_sessions_refused_total").increment(1);
        let pause = FIRST_REST.saturating_mul(1 << rest.failures.min(10)).min(LONGEST_REST);
        rest.failures = rest.failures.saturating_add(1);
        rest.until = Some(after(pause));
    }
}

/// Sets what must not depend on how the server or the role is configured, and asks for the rest, in one round trip. A
/// role whose commits do not wait for the disk is told to wait; stricter settings stay.
fn settings(limits: Limits) -> String {
    let set = [
        ("statement_timeout", limits.statement.as_millis().to_string()),
        ("lock_timeout", LOCK_LIMIT.as_millis().to_string()),
        // A session whose process was frozen in the middle must not hold its locks for longer.
        ("idle_in_transaction_session_timeout", "10000".to_owned()),
        ("default_transaction_isolation", "read committed".to_owned()),
        // The server notices soon that a machine is gone, and lets go of what its sessions hold.
        ("tcp_keepalives_idle", "5".to_owned()),
        ("tcp_keepalives_interval", "2".to_owned()),
        ("tcp_keepalives_count", "3".to_owned()),
    ];
    let set: Vec<String> = set
        .iter()
        .map(|(name, value)| format!("set_config('{name}', '{value}', false)"))
        .collect();
    format!(
        "SELECT CASE WHEN pg_is_in_recovery() THEN '' ELSE (SELECT system_identifier FROM pg_control_system()) || ':' \
         || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) END, pg_backend_pid(), \
         current_setting('server_version_num'), current_setting('fsync'), current_setting('full_page_writes'), \
         CASE current_setting('synchronous_commit') WHEN 'off' THEN set_config('synchronous_commit', 'on', false) \
         ELSE current_setting('synchronous_commit') END, current_setting('server_encoding'), \
         concat(EXTRACT(EPOCH FROM pg_postmaster_start_time()), ' ', \
         (SELECT EXTRACT(EPOCH FROM stats_reset) FROM pg_stat_bgwriter)), {}",
        set.join(", ")
    )
}

async fn settle_in(client: &Client, limits: Limits) -> Result<Facts, NoSession> {
    let told = client
        .simple_query(&settings(limits))
        .await
        .map_err(NoSession::Refused)?;
    let row = told.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    let text = |index: usize| row.and_then(|row| row.get(index)).unwrap_or_default().to_owned();
    let odd = |what: &str| NoSession::Odd(format!("PostgreSQL did not tell its {what}"));
    Ok(Facts {
        identity: text(0),
        pid: text(1).parse().map_err(|_| odd("process id"))?,
        version: text(2).parse().map_err(|_| odd("version"))?,
        fsync: text(3),
        full_page_writes: text(4),
        synchronous_commit: text(5),
        encoding: text(6),
        life: text(7),
    })
}
