//! One look at the key table: carry out what is due, publish what is there.

use zeroize::Zeroizing;

use super::Deps;
use crate::actors::writer::WriteError;
use crate::db::keys::{self, StoredKey};
use crate::db::{DbError, Decision, Store, Transaction, WriteConnection};
use crate::domain::clock::Timestamp;
use crate::domain::keys::keyset::{KeyMaterial, KeySet, KeySetError};
use crate::domain::keys::lifecycle::{IllegalStep, KeyRecord, Purpose};
use crate::domain::keys::refresh::{NotARefreshKey, RefreshKey};
use crate::domain::keys::rotation::{self, Change};
use crate::domain::keys::signing::{KeyError, SigningKey};
use crate::domain::random::Random;
use crate::domain::vault::{Vault, VaultError};

/// Why keys could not be read, made or rotated.
#[derive(Debug, thiserror::Error)]
pub enum TurnError {
    /// The table could not be read or written.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The change was not acknowledged.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A key at rest does not open.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// A key is not what it should be.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A refresh key is not what it should be.
    #[error(transparent)]
    RefreshKey(#[from] NotARefreshKey),
    /// The keys do not make a set that can sign.
    #[error(transparent)]
    Set(#[from] KeySetError),
    /// A key was to take a step that it cannot.
    #[error(transparent)]
    Step(#[from] IllegalStep),
}

/// Carries out what is due, and publishes the table if it changed since `published` was noted.
pub(super) async fn turn(deps: &Deps, published: &mut Vec<StoredKey>) -> Result<(), TurnError> {
    let now = deps.clock.now();
    let mut found = load(&deps.store).await?;
    let due = rotation::plan(&records(&found), &deps.policy, now)?;
    if !due.is_empty() {
        let step = prepare(&found, due, &deps.vault, deps.random.as_ref(), &|| deps.clock.now())?;
        // Another process may have been quicker; then its keys are the ones to publish.
        deps.writes
            .transact("rotate keys", async move |transaction| step.commit(transaction).await)
            .await?;
        found = load(&deps.store).await?;
    }
    if *published != found {
        deps.keys.0.store(std::sync::Arc::new(open(&found, &deps.vault)?));
        *published = found;
    }
    Ok(())
}

/// The first look, before any actor runs: makes the first keys and rotates what fell due while the server was down.
///
/// # Errors
/// [`TurnError`]; a key that does not open must end the start, or a wrong master key would make new keys.
pub async fn first(
    store: &Store,
    connection: &mut WriteConnection,
    vault: &Vault,
    policy: &rotation::RotationPolicy,
    random: &dyn Random,
    now: Timestamp,
) -> Result<KeySet, TurnError> {
    let found = load(store).await?;
    let due = rotation::plan(&records(&found), policy, now)?;
    apply(connection, &found, due, vault, random, &|| now).await?;
    open(&load(store).await?, vault)
}

/// Carries out changes decided by a command, on its own connection; `false` if another process was quicker. A new key is
/// published when it is made, which `now` is asked for then.
///
/// # Errors
/// [`TurnError`].
pub async fn apply(
    connection: &mut WriteConnection,
    found: &[StoredKey],
    changes: Vec<Change>,
    vault: &Vault,
    random: &dyn Random,
    now: &dyn Fn() -> Timestamp,
) -> Result<bool, TurnError> {
    if changes.is_empty() {
        return Ok(true);
    }
    let step = prepare(found, changes, vault, random, now)?;
    let done = connection.transact("rotate keys", async move |transaction| step.commit(transaction).await);
    Ok(done.await?)
}

/// Reads the key table.
///
/// # Errors
/// [`DbError`].
pub async fn load(store: &Store) -> Result<Vec<StoredKey>, DbError> {
    store.query(&keys::all()).await?.iter().map(keys::read).collect()
}

/// What is known of each key.
#[must_use]
pub fn records(found: &[StoredKey]) -> Vec<KeyRecord> {
    found.iter().map(|key| key.record.clone()).collect()
}

/// Opens all published keys.
fn open(found: &[StoredKey], vault: &Vault) -> Result<KeySet, TurnError> {
    let mut opened = Vec::with_capacity(found.len());
    for key in found.iter().filter(|key| key.record.state.is_published()) {
        let secret = vault.open(&keys::place_of_key(&key.record.kid), &key.sealed)?;
        opened.push((key.record.clone(), material(key.record.purpose, &secret)?));
    }
    Ok(KeySet::new(opened)?)
}

fn material(purpose: Purpose, secret: &[u8]) -> Result<KeyMaterial, TurnError> {
    Ok(match purpose {
        Purpose::Sign(algorithm) => KeyMaterial::Signing(SigningKey::from_secret(algorithm, secret)?),
        Purpose::Refresh => KeyMaterial::Refresh(RefreshKey::from_secret(secret)?),
    })
}

/// Changes with their keys made and sealed, ready to be written if nothing changed since.
struct Step {
    seen: Vec<StoredKey>,
    statements: Vec<crate::db::Statement>,
}

/// Makes the keys that `changes` ask for. RSA takes tens of milliseconds, and seconds on a busy machine, so this happens
/// outside the transaction, and only then is it known since when the keys are published.
fn prepare(
    found: &[StoredKey],
    changes: Vec<Change>,
    vault: &Vault,
    random: &dyn Random,
    now: &dyn Fn() -> Timestamp,
) -> Result<Step, TurnError> {
    let mut statements = Vec::with_capacity(changes.len());
    for change in changes {
        statements.push(match change {
            Change::Move { kid, to, .. } => keys::advance(&kid, to)?,
            Change::Create { purpose, state } => {
                let secret = make(purpose, random)?;
                let kid = match material(purpose, &secret)? {
                    KeyMaterial::Signing(key) => key.kid().to_owned(),
                    KeyMaterial::Refresh(key) => key.kid().to_owned(),
                };
                let sealed = vault.seal(random, &keys::place_of_key(&kid), &secret);
                let now = now();
                let state = state.ready(now);
                keys::insert(
                    &StoredKey {
                        record: KeyRecord { kid, purpose, state },
                        sealed,
                    },
                    now,
                )?
            }
        });
    }
    Ok(Step {
        seen: found.to_vec(),
        statements,
    })
}

fn make(purpose: Purpose, random: &dyn Random) -> Result<Zeroizing<Vec<u8>>, TurnError> {
    Ok(match purpose {
        Purpose::Sign(algorithm) => SigningKey::generate_secret(algorithm, random)?,
        Purpose::Refresh => RefreshKey::generate_secret(random),
    })
}

impl Step {
    /// Writes the changes, unless the table is no longer the one they were planned on.
    async fn commit(&self, transaction: &mut Transaction<'_>) -> Result<Decision<bool>, DbError> {
        let rows = transaction.query(&keys::all()).await?;
        let found = rows.iter().map(keys::read).collect::<Result<Vec<_>, _>>()?;
        if found != self.seen {
            return Ok(Decision::Rollback(false));
        }
        for statement in &self.statements {
            transaction.query(statement).await?;
        }
        Ok(Decision::Commit(true))
    }
}
