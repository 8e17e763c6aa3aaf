//! Taking an original's database over into an empty ledger, inside one transaction of whoever calls.

use std::collections::BTreeMap;

use super::convert::{self, Runtime, UnusableRow};
use super::place::Place;
use super::table::Table;
use super::{OriginalError, Piece, Snapshot};
use crate::db::entitlements::{import, notifications, payments, revocations, runtime, user_errors};
use crate::db::error::DbError;
use crate::db::statement::Statement;
use crate::db::transaction::Transaction;
use crate::db::value::Row;
use crate::domain::entitlement::payment::State;

/// Why nothing was taken over. Each message is one sentence with its mend.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The original's database.
    #[error(transparent)]
    Original(#[from] OriginalError),
    /// One of its rows.
    #[error(transparent)]
    Row(#[from] UnusableRow),
    /// Something is in the ledger already.
    #[error("this ledger is not empty: it has {0}; import into a new database, before anybody uses it")]
    NotEmpty(String),
    /// The original has no keys.
    #[error(
        "the original's database has {0} rows in table runtime instead of one; its server has never run, or it is damaged"
    )]
    NoRuntime(u64),
    /// Whoever called refuses the keys.
    #[error("{0}")]
    Keys(String),
}

/// How many rows of each table were taken over.
pub type Counts = BTreeMap<Table, u64>;

/// What whoever calls adds: it seals the original's keys, and may refuse them; and is told how far it has come.
pub trait Keeper {
    /// The statements that replace the proof key and the salt.
    ///
    /// # Errors
    /// A sentence that says why these keys are not taken.
    fn keep(&self, runtime: &Runtime) -> Result<Vec<Statement>, String>;

    /// So many rows there are, and so many are done.
    fn progress(&self, done: u64, total: u64);
}

/// Why the transaction has to be undone.
enum Stop {
    Import(ImportError),
    Db(DbError),
}

impl<E: Into<ImportError>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Import(error.into())
    }
}

impl From<DbError> for Stop {
    fn from(error: DbError) -> Self {
        Self::Db(error)
    }
}

/// Reads the whole of `place` and writes it. Where it answers an error, the caller rolls back.
///
/// # Errors
/// [`DbError`] as the database sees it; what the operator can mend is in the inner result.
pub async fn take_over(
    transaction: &mut Transaction<'_>,
    place: &Place,
    keeper: &impl Keeper,
) -> Result<Result<Counts, ImportError>, DbError> {
    match copy(transaction, place, keeper).await {
        Ok(counts) => Ok(Ok(counts)),
        Err(Stop::Import(error)) => Ok(Err(error)),
        Err(Stop::Db(error)) => Err(error),
    }
}

async fn copy(transaction: &mut Transaction<'_>, place: &Place, keeper: &impl Keeper) -> Result<Counts, Stop> {
    if let Some(found) = occupied(transaction).await? {
        return Err(ImportError::NotEmpty(found).into());
    }
    let snapshot = Snapshot::begin(place);
    let mut counts: Counts = Table::ALL.into_iter().map(|table| (table, 0)).collect();
    let (mut done, mut total) = (0_u64, 0_u64);
    let mut next_payment = 1_i64;
    loop {
        let (table, rows) = match snapshot.next_piece()? {
            Piece::Total(rows) => {
                total = rows;
                continue;
            }
            Piece::End => break,
            Piece::Rows(table, rows) => (table, rows),
        };
        let before = counts.get(&table).copied().unwrap_or(0);
        for (row, number) in rows.iter().zip(before + 1..) {
            let unusable = |what: String| UnusableRow::new(table, number, what);
            if table == Table::Runtime {
                if number > 1 {
                    return Err(ImportError::NoRuntime(total_of(&rows, before)).into());
                }
                let runtime = convert::runtime(row).map_err(unusable)?;
                take_runtime(transaction, &runtime, keeper).await?;
                continue;
            }
            if table == Table::Payments {
                let id = row.integer(0)?;
                next_payment = next_payment.max(id.saturating_add(1));
            }
            let statements = statements(table, row).map_err(unusable)?;
            for statement in &statements {
                if transaction.query_one(statement).await?.is_none() {
                    let what = "another row has the same ids".to_owned();
                    return Err(UnusableRow::new(table, number, what).into());
                }
            }
        }
        let taken = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        counts.insert(table, before.saturating_add(taken));
        done = done.saturating_add(taken);
        keeper.progress(done, total);
    }
    if counts.get(&Table::Runtime) != Some(&1) {
        return Err(ImportError::NoRuntime(0).into());
    }
    transaction.query(&import::set_next_payment(next_payment)).await?;
    Ok(counts)
}

fn total_of(rows: &[Row], before: u64) -> u64 {
    before.saturating_add(u64::try_from(rows.len()).unwrap_or(u64::MAX))
}

/// What is in the ledger, if anything is. Nothing in it changes until the end of the transaction.
async fn occupied(transaction: &mut Transaction<'_>) -> Result<Option<String>, DbError> {
    transaction
        .query(&runtime::insert(&runtime::Runtime::default()))
        .await?;
    let Some(row) = transaction.query_one(&runtime::lock()).await? else {
        return Err(DbError::Inconsistent("entitlement_runtime has no row".to_owned()));
    };
    let runtime = runtime::read(&row)?;
    let mut found = Vec::new();
    for table in import::Table::ALL {
        let row = transaction.query_one(&table.count()).await?;
        let count = row.map_or(Ok(0), |row| row.integer(0))?;
        if count > 0 {
            found.push(format!("{count} {}", table.name()));
        }
    }
    if found.is_empty() && (runtime.gen_index, runtime.revocation_ticket) != (0, 0) {
        found.push("handed out generations or tickets".to_owned());
    }
    Ok((!found.is_empty()).then(|| found.join(", ")))
}

async fn take_runtime(transaction: &mut Transaction<'_>, found: &Runtime, keeper: &impl Keeper) -> Result<(), Stop> {
    let statements = keeper.keep(found).map_err(ImportError::Keys)?;
    for statement in &statements {
        transaction.query(statement).await?;
    }
    let row = runtime::Runtime {
        gen_index: found.gen_index,
        revocation_ticket: found.revocation_ticket,
        payment_id: 1,
        expired_until: found.expired_until,
        apple_checkpoint_at: found.apple_checkpoint_at,
    };
    transaction.query(&import::replace_runtime(&row)).await?;
    Ok(())
}

/// What writes a row; each statement answers a row, or somebody else has the same ids.
fn statements(table: Table, row: &Row) -> Result<Vec<Statement>, String> {
    Ok(match table {
        Table::Runtime => Vec::new(),
        Table::Users => {
            let user = convert::user(row)?;
            vec![import::insert_user(&user)]
        }
        Table::Payments => {
            let payment = convert::payment(row)?;
            let from = State::Unredeemed.number();
            vec![
                payments::insert(payment.id, &payment.witnessed),
                payments::update(&payment, from),
            ]
        }
        Table::Revocations => vec![revocations::put(&convert::revocation(row)?)],
        Table::AppleHistory => {
            let (uuid, expires_at) = convert::apple(row)?;
            vec![notifications::insert_apple(&uuid, expires_at)]
        }
        Table::GoogleHistory => {
            let message = convert::google(row)?;
            let mut statements = vec![notifications::insert_google(
                &message.id,
                &message.payload,
                message.expires_at,
            )];
            if message.handled {
                statements.push(notifications::handle_google(&message.id));
            }
            statements
        }
        Table::UserErrors => {
            let (error, at) = convert::user_error(row)?;
            vec![user_errors::insert(&error, at)]
        }
    })
}
