//! The key that signs proofs and the salt of generations: made once, when the ledger is, and read back at every start.

use std::sync::Arc;

use zeroize::Zeroizing;

use crate::config::Mode;
use crate::db::entitlements::runtime::{self, Runtime};
use crate::db::{DbError, Decision, Store, WriteConnection, keys};
use crate::domain::clock::Timestamp;
use crate::domain::entitlement::generation::GenerationSalt;
use crate::domain::entitlement::key::{DEV_SEED, ProofKey};
use crate::domain::random::Random;
use crate::domain::vault::{Vault, VaultError};

/// The names in the `secrets` table.
const PROOF_KEY: &str = "proof_key";
const GENERATION_SALT: &str = "generation_salt";

/// What the ledger signs and hides with. It does not print.
#[derive(Debug)]
pub struct LedgerKeys {
    /// Signs proofs. Another one would void every proof in the field.
    pub proof: ProofKey,
    /// Hides generations. Another one would void every revocation that clients know.
    pub salt: GenerationSalt,
}

/// Why the ledger cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// It could not be read or written.
    #[error(transparent)]
    Db(#[from] DbError),
    /// A secret at rest does not open.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The ledger is there, and a secret of it is gone.
    #[error("secrets/{0} is missing, and no proof can be signed without it; restore the database from a backup")]
    Missing(&'static str),
    /// A development server and a ledger of the real world.
    #[error(
        "this ledger has a key of its own, and a development server has the one that everybody knows; \
         run `countersign serve`, or give --data another folder"
    )]
    NotDev,
}

/// Makes the ledger if there is none, and opens its secrets. The caller holds the setup lock.
///
/// # Errors
/// [`SetupError`]: a start must end with it, or a wrong master key would make new keys.
pub async fn open(
    store: &Store,
    connection: &mut WriteConnection,
    vault: &Vault,
    random: &dyn Random,
    mode: Mode,
    now: Timestamp,
) -> Result<Arc<LedgerKeys>, SetupError> {
    if store.query_one(&runtime::row()).await?.is_none() {
        let seed = match mode {
            Mode::Dev => Zeroizing::new(DEV_SEED),
            Mode::Production => ProofKey::generate_seed(random),
        };
        make(connection, vault, random, &seed, &GenerationSalt::generate(random), now).await?;
    }
    let keys = read(store, vault).await?;
    if mode == Mode::Dev && !keys.proof.is_dev() {
        return Err(SetupError::NotDev);
    }
    Ok(Arc::new(keys))
}

/// Makes an empty ledger with this key and salt, unless there is one.
///
/// # Errors
/// [`DbError`].
pub async fn make(
    connection: &mut WriteConnection,
    vault: &Vault,
    random: &dyn Random,
    seed: &[u8; 32],
    salt: &[u8; 16],
    now: Timestamp,
) -> Result<(), DbError> {
    let [key, salt] = seal(vault, random, seed, salt);
    let work = connection.transact("make ledger", async move |transaction| {
        if transaction
            .query_one(&runtime::insert(&Runtime::default()))
            .await?
            .is_some()
        {
            for (name, sealed) in [&key, &salt] {
                transaction
                    .query(&keys::insert_secret(name, sealed.clone(), now))
                    .await?;
            }
        }
        Ok(Decision::Commit(()))
    });
    work.await
}

/// Key and salt as they are stored in `secrets`: name and sealed form.
#[must_use]
pub fn seal(vault: &Vault, random: &dyn Random, seed: &[u8; 32], salt: &[u8; 16]) -> [(&'static str, Vec<u8>); 2] {
    [(PROOF_KEY, seed.as_slice()), (GENERATION_SALT, salt.as_slice())]
        .map(|(name, secret)| (name, vault.seal(random, &keys::place_of_secret(name), secret)))
}

/// Opens key and salt of the ledger that is there.
///
/// # Errors
/// [`SetupError`].
pub async fn read(store: &Store, vault: &Vault) -> Result<LedgerKeys, SetupError> {
    let rows = store.query(&keys::secrets()).await?;
    let secret = |wanted: &'static str| -> Result<Zeroizing<Vec<u8>>, SetupError> {
        for row in &rows {
            if row.text(0)? == wanted {
                return Ok(vault.open(&keys::place_of_secret(wanted), row.blob(1)?)?);
            }
        }
        Err(SetupError::Missing(wanted))
    };
    let seed = fixed::<32>(PROOF_KEY, &secret(PROOF_KEY)?)?;
    let salt = fixed::<16>(GENERATION_SALT, &secret(GENERATION_SALT)?)?;
    Ok(LedgerKeys {
        proof: ProofKey::from_seed(&seed),
        salt: GenerationSalt::from_bytes(*salt),
    })
}

fn fixed<const N: usize>(name: &str, secret: &[u8]) -> Result<Zeroizing<[u8; N]>, DbError> {
    let array = secret.try_into().map(Zeroizing::new);
    array.map_err(|_| DbError::Inconsistent(format!("secret {name} is not {N} bytes")))
}
