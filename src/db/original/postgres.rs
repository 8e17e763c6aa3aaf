//! The original's database on a PostgreSQL server.

use std::sync::Arc;

use futures_util::TryStreamExt as _;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config, IsolationLevel, NoTls, Transaction};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::place::{Place, PostgresUrl};
use super::table::{Kind, Table};
use super::{OriginalError, Outlet, Piece, SCHEMA, Stop};
use crate::db::value::Value;

pub(super) fn read(url: &PostgresUrl, out: &mut Outlet<'_>) -> Result<(), Stop> {
    let place = Place::Postgres(url.clone()).describe();
    let unreadable = |reason: String| {
        Stop::Error(OriginalError::Unreadable {
            place: place.clone(),
            reason,
        })
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| unreadable(error.to_string()))?;
    runtime.block_on(async {
        let mut client = connect(url).await.map_err(unreadable)?;
        // One snapshot, though the original may still be running.
        let transaction = client
            .build_transaction()
            .isolation_level(IsolationLevel::RepeatableRead)
            .read_only(true)
            .start()
            .await
            .map_err(|error| unreadable(told(&error)))?;
        check(&transaction, &place).await?;
        copy(&transaction, &place, out).await
    })
}

/// TLS where the URL asks for it (`sslmode=require`), and then with a certificate that the public roots vouch for.
async fn connect(url: &PostgresUrl) -> Result<Client, String> {
    let mut config: Config = url.expose().parse().map_err(|error| told(&error))?;
    if config.get_ssl_mode() == SslMode::Require {
        let roots = RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        };
        let tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let connected = config.connect(MakeRustlsConnect::new(tls)).await;
        let (client, connection) = connected.map_err(|error| told(&error))?;
        tokio::spawn(connection);
        return Ok(client);
    }
    config.ssl_mode(SslMode::Disable);
    let (client, connection) = config.connect(NoTls).await.map_err(|error| told(&error))?;
    tokio::spawn(connection);
    Ok(client)
}

async fn check(transaction: &Transaction<'_>, place: &str) -> Result<(), Stop> {
    let unreadable = |error: tokio_postgres::Error| unreadable(place, &error);
    for table in Table::ALL.map(Table::name).into_iter().chain(["schema_version"]) {
        let there: bool = transaction
            .query_one("SELECT to_regclass($1) IS NOT NULL", &[&table])
            .await
            .and_then(|row| row.try_get(0))
            .map_err(unreadable)?;
        if !there {
            return Err(OriginalError::Foreign(place.to_owned(), table).into());
        }
    }
    let found: i64 = transaction
        .query_one("SELECT CAST(MAX(version) AS BIGINT) FROM schema_version", &[])
        .await
        .and_then(|row| row.try_get::<_, Option<i64>>(0))
        .map_err(unreadable)?
        .unwrap_or(0);
    if found == SCHEMA {
        return Ok(());
    }
    Err(OriginalError::OtherSchema {
        place: place.to_owned(),
        found,
    }
    .into())
}

async fn copy(transaction: &Transaction<'_>, place: &str, out: &mut Outlet<'_>) -> Result<(), Stop> {
    let unreadable = |error: tokio_postgres::Error| unreadable(place, &error);
    let mut total = 0_u64;
    for table in Table::ALL {
        let sql = format!("SELECT COUNT(*) FROM {}", table.name());
        let row = transaction.query_one(&sql, &[]).await.map_err(unreadable)?;
        let count: i64 = row.try_get(0).map_err(unreadable)?;
        total = total.saturating_add(u64::try_from(count).unwrap_or(0));
    }
    out.send(Piece::Total(total))?;
    for table in Table::ALL {
        let none: [&str; 0] = [];
        let rows = transaction.query_raw(&table.select(), none).await.map_err(unreadable)?;
        let mut rows = std::pin::pin!(rows);
        while let Some(row) = rows.try_next().await.map_err(unreadable)? {
            let mut values = Vec::with_capacity(table.columns().len());
            for (index, (_, kind)) in table.columns().iter().enumerate() {
                values.push(value(&row, index, *kind).map_err(unreadable)?);
            }
            out.row(table, values)?;
        }
        out.end_of(table)?;
    }
    Ok(())
}

fn value(row: &tokio_postgres::Row, index: usize, kind: Kind) -> Result<Value, tokio_postgres::Error> {
    Ok(match kind {
        Kind::Integer | Kind::Flag => row.try_get::<_, Option<i64>>(index)?.into(),
        Kind::Text => row.try_get::<_, Option<String>>(index)?.into(),
        Kind::Bytes => row.try_get::<_, Option<Vec<u8>>>(index)?.into(),
    })
}

fn unreadable(place: &str, error: &tokio_postgres::Error) -> Stop {
    Stop::Error(OriginalError::Unreadable {
        place: place.to_owned(),
        reason: told(error),
    })
}

/// The driver's own word is "db error"; what the server said is behind it.
fn told(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(answer) => answer.message().to_owned(),
        None => {
            std::error::Error::source(error).map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
        }
    }
}
