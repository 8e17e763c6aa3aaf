//! The keys that never rotate: made once, read back at every start.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::turn::TurnError;
use crate::db::{DbError, Decision, Store, WriteConnection, accounts, keys};
use crate::domain::clock::Timestamp;
use crate::domain::email::IdentifierKey;
use crate::domain::oauth::subject::SubjectKey;
use crate::domain::opaque::setup::Setup;
use crate::domain::random::{Random, bytes};
use crate::domain::seal::SealingKey;
use crate::domain::throttle::ThrottleHasher;
use crate::domain::token::dpop_nonce::Nonces;
use crate::domain::vault::{Vault, VaultError};

/// The names in the `secrets` table.
const OPAQUE: &str = "opaque_setup";
const IDENTIFIER: &str = "identifier";
const STATES: &str = "states";
const MAIL: &str = "mail";
const THROTTLE: &str = "throttle";
const SUBJECTS: &str = "subjects";
const NONCES: &str = "nonces";

/// The opened secrets. They live as long as the process and do not print.
pub struct Secrets {
    /// The server's half of OPAQUE (RFC 9807 §3.1): a new one would void every password.
    pub opaque: Setup,
    /// Makes credential identifiers of e-mail addresses.
    pub identifier: IdentifierKey,
    /// Seals login states on their way through the key-value store.
    pub states: SealingKey,
    /// Seals queued mail.
    pub mail: SealingKey,
    /// Names throttle counters.
    pub throttle: ThrottleHasher,
    /// Makes pairwise subjects: a new one would make everybody a stranger to every pairwise client.
    pub subjects: SubjectKey,
    /// Makes the nonces of DPoP proofs.
    pub nonces: Nonces,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets(..)")
    }
}

/// Makes the secrets that are missing and opens all. The caller holds the setup lock.
///
/// # Errors
/// [`TurnError`]; one that does not open ends the start.
pub async fn open(
    store: &Store,
    connection: &mut WriteConnection,
    vault: &Vault,
    random: &dyn Random,
    now: Timestamp,
) -> Result<Arc<Secrets>, TurnError> {
    let rows = store.query(&keys::secrets()).await?;
    // Opened before any is made: a wrong master key must not add secrets of its own.
    for row in &rows {
        vault.open(&keys::place_of_secret(row.text(0)?), row.blob(1)?)?;
    }
    for name in [OPAQUE, IDENTIFIER] {
        let mut there = false;
        for row in &rows {
            there |= row.text(0)? == name;
        }
        // A new one would void every password in silence.
        if !there && store.query_one(&accounts::list("", 1)).await?.is_some() {
            return Err(VaultError::Missing(keys::place_of_secret(name)).into());
        }
    }
    let fresh = [
        (OPAQUE, Setup::generate_secret(random)),
        (IDENTIFIER, Zeroizing::new(bytes::<32>(random).to_vec())),
        (STATES, Zeroizing::new(bytes::<32>(random).to_vec())),
        (MAIL, Zeroizing::new(bytes::<32>(random).to_vec())),
        (THROTTLE, Zeroizing::new(bytes::<32>(random).to_vec())),
        (SUBJECTS, Zeroizing::new(bytes::<32>(random).to_vec())),
        (NONCES, Zeroizing::new(bytes::<32>(random).to_vec())),
    ];
    let inserts: Vec<_> = fresh
        .iter()
        .map(|(name, secret)| keys::insert_secret(name, vault.seal(random, &keys::place_of_secret(name), secret), now))
        .collect();
    connection
        .transact("make secrets", async move |transaction| {
            for insert in &inserts {
                transaction.query(insert).await?;
            }
            Ok(Decision::Commit(()))
        })
        .await?;
    let rows = store.query(&keys::secrets()).await?;
    let secret = |wanted: &str| -> Result<Zeroizing<Vec<u8>>, TurnError> {
        for row in &rows {
            if row.text(0)? == wanted {
                return Ok(vault.open(&keys::place_of_secret(wanted), row.blob(1)?)?);
            }
        }
        Err(DbError::Inconsistent(format!("secrets has no row {wanted}")).into())
    };
    let key = |wanted: &str| -> Result<Zeroizing<[u8; 32]>, TurnError> {
        let bytes = secret(wanted)?;
        let array = bytes.as_slice().try_into().map(Zeroizing::new);
        array.map_err(|_| DbError::Inconsistent(format!("secret {wanted} is not 32 bytes")).into())
    };
    let setup = Setup::from_secret(&secret(OPAQUE)?)
        .map_err(|_| DbError::Inconsistent("the OPAQUE setup does not decode".to_owned()))?;
    Ok(Arc::new(Secrets {
        opaque: setup,
        identifier: IdentifierKey::new(*key(IDENTIFIER)?),
        states: SealingKey::new(&mut *key(STATES)?),
        mail: SealingKey::new(&mut *key(MAIL)?),
        throttle: ThrottleHasher::new(&mut *key(THROTTLE)?),
        subjects: SubjectKey::new(&mut *key(SUBJECTS)?),
        nonces: Nonces::new(&mut *key(NONCES)?),
    }))
}
