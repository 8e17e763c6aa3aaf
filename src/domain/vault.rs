//! The master key's one use: sealing the other keys.
//!
//! Nothing is derived from the master key, so that it can be changed by sealing everything anew. A sealed blob begins
//! with the name of the master key that sealed it: a wrong master key is told apart from damage.

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::random::Random;
use super::seal::SealingKey;

const NAME_BYTES: usize = 8;

/// Why a key at rest does not open.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// It was sealed under another master key.
    #[error("{0} was sealed under another master key; give the master key that this database was made with")]
    OtherMasterKey(String),
    /// It is not what was sealed, or not where it was sealed.
    #[error("{0} is damaged: it does not open under its own master key; restore the database from a backup")]
    Damaged(String),
    /// It is gone, and what it guarded is still there.
    #[error("{0} is missing, and no password of this database opens without it; restore the database from a backup")]
    Missing(String),
}

/// Seals keys at rest under the master key.
#[derive(Debug)]
pub struct Vault {
    name: [u8; NAME_BYTES],
    key: SealingKey,
}

impl Vault {
    /// A vault under a 32-byte master key.
    #[must_use]
    pub fn new(master: &[u8; 32]) -> Self {
        let digest: [u8; 32] = Sha256::new_with_prefix(b"countersign master key name")
            .chain_update(master)
            .finalize()
            .into();
        let mut name = [0; NAME_BYTES];
        name.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
        Self {
            name,
            key: SealingKey::new(&mut { *master }),
        }
    }

    /// Seals `secret` so that it opens only at `place`, which names table and row.
    #[must_use]
    pub fn seal(&self, random: &dyn Random, place: &str, secret: &[u8]) -> Vec<u8> {
        let mut blob = self.name.to_vec();
        blob.extend(self.key.seal(random, place.as_bytes(), secret));
        blob
    }

    /// Opens what was sealed at `place`.
    ///
    /// # Errors
    /// [`VaultError`] names the place and the mend.
    pub fn open(&self, place: &str, blob: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let damaged = || VaultError::Damaged(place.to_owned());
        let (name, sealed) = blob.split_first_chunk::<NAME_BYTES>().ok_or_else(damaged)?;
        if *name != self.name {
            return Err(VaultError::OtherMasterKey(place.to_owned()));
        }
        self.key.open(place.as_bytes(), sealed).map_err(|_| damaged())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed;
    impl Random for Fixed {
        fn fill(&self, out: &mut [u8]) {
            out.fill(5);
        }
    }

    #[test]
    fn a_wrong_master_key_is_told_apart_from_damage() {
        let vault = Vault::new(&[1; 32]);
        let mut blob = vault.seal(&Fixed, "secrets/identifier", b"key");
        assert_eq!(
            vault.open("secrets/identifier", &blob).expect("opens").as_slice(),
            b"key"
        );
        assert!(matches!(
            Vault::new(&[2; 32]).open("secrets/identifier", &blob),
            Err(VaultError::OtherMasterKey(_))
        ));
        assert!(matches!(vault.open("secrets/mail", &blob), Err(VaultError::Damaged(_))));
        *blob.last_mut().expect("not empty") ^= 1;
        assert!(matches!(
            vault.open("secrets/identifier", &blob),
            Err(VaultError::Damaged(_))
        ));
    }
}
