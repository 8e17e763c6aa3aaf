//! Is the database ours, of our mode and current? Migrations, and the lock that two processes at once need for them.

use tokio_postgres::SimpleQueryMessage;
use tokio_postgres::error::SqlState;

use super::connector::{Connector, Facts, NoSession, Session};
use super::lanes::Lanes;
use super::readers::Readers;
use super::trouble::{Trouble, chain};
use crate::config::{Connections, Mode, PostgresUrl};
use crate::db::error::OpenError;
use crate::db::migrate::{self, Deployment, Found, SCHEMA, Status};
use crate::db::store::Migrate;
use crate::domain::clock::Timestamp;

/// The oldest server that knows all that is asked of it, as `server_version_num`.
const OLDEST_SERVER: u32 = 130_000;

/// `CSGN` in ASCII: what our advisory locks have in common. The second number says which.
pub(super) const LOCKS: i32 = 0x4353_474E;
/// Held by whoever migrates or makes first keys.
const SETUP_LOCK: i32 = 1;

/// Opens the database at `url`, which must be ours and of this `mode`.
///
/// # Errors
/// [`OpenError`]: one sentence that says what is wrong and how to mend it.
pub async fn open(
    url: &PostgresUrl,
    connections: Connections,
    mode: Mode,
    migrate: Migrate,
    now: Timestamp,
) -> Result<(Readers, Lanes), OpenError> {
    let connector = Connector::new(url)?;
    let session = connect(&connector).await?;
    let mut found = look(&connector, &session).await?;
    if migrate == Migrate::Up {
        let mut setup = Setup::lock(&connector, session).await?;
        found = setup.up(&connector, mode, now).await?;
    }
    migrate::judge(&found, mode, SCHEMA)?;
    let readers = Readers::new(connector.clone(), connections.readers)?;
    Ok((readers, Lanes::new(connector, connections.writers)))
}

/// The schema of the database at `url` beside this binary's own.
///
/// # Errors
/// [`OpenError`] if it cannot be opened.
pub async fn status(url: &PostgresUrl) -> Result<Status, OpenError> {
    let connector = Connector::new(url)?;
    let session = connect(&connector).await?;
    let found = look(&connector, &session).await?;
    Ok(Status {
        found: found.schema,
        known: SCHEMA,
    })
}

/// A session that nobody else of the same database has at the same time. The lock ends with it.
pub struct Setup(Session);

impl Setup {
    /// Opens a session and waits for its turn.
    ///
    /// # Errors
    /// [`OpenError::Postgres`].
    pub async fn begin(connector: &Connector) -> Result<Self, OpenError> {
        let session = connect(connector).await?;
        Self::lock(connector, session).await
    }

    async fn lock(connector: &Connector, session: Session) -> Result<Self, OpenError> {
        // A migration may take longer than any request; what it waits for behind others is bounded all the same, because
        // others wait behind it.
        let sql = format!(
            "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; SET lock_timeout = '60s'; \
             SELECT pg_advisory_lock({LOCKS}, {SETUP_LOCK}); SET lock_timeout = '10s'"
        );
        match session.client.batch_execute(&sql).await {
            Ok(()) => Ok(Self(session)),
            Err(error) if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) => Err(refused(
                connector,
                "another process has been setting it up for a minute",
                "wait until it is done, or end it, and try again",
            )),
            Err(error) => Err(OpenError::Db(Trouble::from(error).error())),
        }
    }

    /// Brings the schema up to date and records the mode of a new database.
    async fn up(&mut self, connector: &Connector, mode: Mode, now: Timestamp) -> Result<Found, OpenError> {
        // Under the lock again: another process may have been here meanwhile.
        let found = look(connector, &self.0).await?;
        if found.schema > 0 {
            migrate::judge(&found, mode, found.schema.min(SCHEMA))?;
        }
        if found.schema < SCHEMA {
            let done = migrate::runner().run_async(&mut *self.0.client).await;
            done.map_err(|error| not_migrated(connector, &error))?;
        }
        let sql = "INSERT INTO deployment (id, application, mode, oldest_schema, created_at) \
                   VALUES (1, 'countersign', $1, 1, $2) ON CONFLICT (id) DO NOTHING";
        let done = self.0.client.execute(sql, &[&mode.as_str(), &now.as_millis()]).await;
        done.map_err(|error| OpenError::Db(Trouble::from(error).error()))?;
        look(connector, &self.0).await
    }
}

/// Where the server has no room to write.
const MAKE_ROOM: &str = "make room on the disk of the server, and try again";

fn not_migrated(connector: &Connector, error: &refinery::Error) -> OpenError {
    use std::error::Error as _;
    let told = error
        .source()
        .and_then(|cause| cause.downcast_ref::<tokio_postgres::Error>());
    match told {
        Some(told) if told.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE) => refused(
            connector,
            &chain(told),
            "let this user make tables: ALTER DATABASE … OWNER TO …, or GRANT CREATE ON SCHEMA …",
        ),
        Some(told) if told.code() == Some(&SqlState::DISK_FULL) => refused(connector, &chain(told), MAKE_ROOM),
        Some(told) => OpenError::Migration(chain(told)),
        None => OpenError::Migration(error.to_string()),
    }
}

/// Opens a session of the kind that is looked at before any server runs.
pub(super) async fn connect(connector: &Connector) -> Result<Session, OpenError> {
    let session = connector.open().await.map_err(|error| unreachable(connector, &error))?;
    fit(connector, &session.facts)?;
    Ok(session)
}

/// Refuses a server on which what was acknowledged could be lost.
fn fit(connector: &Connector, facts: &Facts) -> Result<(), OpenError> {
    if facts.version < OLDEST_SERVER {
        return Err(refused(
            connector,
            &format!("its server is PostgreSQL {}", facts.version / 10_000),
            "upgrade the server to 13 or newer",
        ));
    }
    if facts.encoding != "UTF8" {
        return Err(refused(
            connector,
            &format!("its encoding is {}", facts.encoding),
            "make another with: createdb --encoding=UTF8 --locale=C --template=template0",
        ));
    }
    if facts.fsync != "on" {
        return Err(refused(
            connector,
            "fsync is off at its server, so that a crash would lose what was acknowledged",
            "set fsync = on in postgresql.conf and restart the server",
        ));
    }
    if facts.synchronous_commit == "off" {
        return Err(refused(
            connector,
            "synchronous_commit is off and cannot be switched on",
            "set synchronous_commit = on for this user",
        ));
    }
    if facts.full_page_writes != "on" {
        tracing::warn!(
            "full_page_writes is off at the PostgreSQL server: right only where the file system never tears a page"
        );
    }
    Ok(())
}

/// Finds out what the database says of itself.
async fn look(connector: &Connector, session: &Session) -> Result<Found, OpenError> {
    let first = "SELECT current_schema(), to_regclass('refinery_schema_history'), to_regclass('deployment'), \
                 (SELECT COUNT(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
                 WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') \
                 AND c.relname <> 'refinery_schema_history' \
                 AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e'))";
    let [schema, history, deployment, others] = ask(session, first).await?;
    if schema.is_none() {
        return Err(refused(
            connector,
            "it has no schema that this user finds",
            "create one, or name one in the search_path of the user",
        ));
    }
    let foreign = || {
        refused(
            connector,
            "it holds tables of another application",
            "give database_url a database of its own",
        )
    };
    if deployment.is_none() {
        if others.as_deref() == Some("0") {
            return Ok(Found::default());
        }
        let original = "SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = current_schema() \
                        AND table_name = 'runtime' AND column_name = 'gen_index_salt'";
        let [original] = ask(session, original).await?;
        return Err(if original.as_deref() == Some("0") {
            foreign()
        } else {
            refused(
                connector,
                "it is the database of the original server",
                "give database_url a database of its own, and take this one over with `countersign entitlement import`",
            )
        });
    }
    if history.is_none() {
        return Err(foreign());
    }
    let [version] = ask(session, "SELECT COALESCE(MAX(version), 0) FROM refinery_schema_history").await?;
    let [deployment] = ask(session, "SELECT CAST(to_regclass('deployment') AS TEXT)").await?;
    if deployment.is_none() {
        return Err(foreign());
    }
    let second = "SELECT application, mode, oldest_schema FROM deployment WHERE id = 1";
    let [application, mode, oldest] = ask(session, second).await?;
    if application.as_deref().is_some_and(|name| name != "countersign") {
        return Err(foreign());
    }
    let number = |text: Option<String>| text.and_then(|text| text.parse().ok()).unwrap_or_default();
    Ok(Found {
        schema: number(version),
        deployment: mode.map(|mode| Deployment {
            mode,
            oldest_schema: number(oldest),
        }),
    })
}

/// The columns of the first row, as text; all `None` if there is none.
async fn ask<const N: usize>(session: &Session, sql: &str) -> Result<[Option<String>; N], OpenError> {
    let told = session.client.simple_query(sql).await;
    let told = told.map_err(|error| OpenError::Db(Trouble::from(error).error()))?;
    let mut columns = [const { None }; N];
    for message in told {
        if let SimpleQueryMessage::Row(row) = message {
            for (index, column) in columns.iter_mut().enumerate() {
                *column = row.try_get(index).ok().flatten().map(str::to_owned);
            }
            break;
        }
    }
    Ok(columns)
}

fn refused(connector: &Connector, reason: &str, mend: &'static str) -> OpenError {
    OpenError::Postgres {
        database: connector.shown().to_owned(),
        reason: reason.to_owned(),
        mend,
    }
}

/// Why there is no session, with the mend.
fn unreachable(connector: &Connector, error: &NoSession) -> OpenError {
    let error = match error {
        NoSession::Refused(error) => error,
        NoSession::Late => {
            return refused(
                connector,
                "the server does not answer",
                "see that PostgreSQL runs there and that host and port in database_url are right",
            );
        }
        NoSession::Odd(what) => return refused(connector, what, "connect to PostgreSQL itself, or to another pooler"),
    };
    let text = chain(error);
    let code = error.code().map(SqlState::code).unwrap_or_default();
    let mend = match code {
        // The server's word for a session without TLS.
        "28000" if text.contains("no encryption") => {
            "write sslmode=require, and the certificates of the server's authority in sslrootcert"
        }
        "28P01" | "28000" => "mend user and password in database_url, or let the user in by pg_hba.conf",
        "3D000" => "make it with: createdb --encoding=UTF8 --locale=C --template=template0, or mend database_url",
        "53100" => MAKE_ROOM,
        // It has no code of its own for this one.
        _ if text.contains("could not write init file") => MAKE_ROOM,
        "53300" => "raise max_connections at the server, or lower readers and writers in [postgres]",
        "57P03" => "wait until the server has started, and try again",
        _ if text.contains("does not support TLS") => {
            "switch TLS on at the server, or write sslmode=disable where nobody else can listen"
        }
        _ if text.contains("certificate") => {
            "name the certificates of the server's authority in sslrootcert, and the server as its certificate does"
        }
        _ if text.contains("password") => "write user and password into database_url",
        _ => "see that PostgreSQL runs there and that host and port in database_url are right",
    };
    refused(connector, &text, mend)
}
