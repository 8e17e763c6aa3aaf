//! The server's long-lived secret: OPRF seed and AKE key pair. It never rotates, since a new one voids every password.

use opaque_ke::ServerSetup;
use zeroize::Zeroizing;

use super::suite::Suite;
use crate::domain::random::{Random, Rng};

/// Bytes of a stored setup: seed 64, private key 32, the fake client's public key 32.
pub const BYTES: usize = 128;

const SEED_AND_KEY: usize = 96;

/// The stored bytes are not an OPAQUE setup.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the stored bytes are not an OPAQUE setup")]
pub struct NotASetup;

/// The decoded setup. It does not print; its secrets are wiped on drop.
pub struct Setup {
    server: ServerSetup<Suite>,
    fake_record: [u8; 192],
}

impl Setup {
    /// The bytes of a new setup, to be sealed and stored.
    #[must_use]
    pub fn generate_secret(random: &dyn Random) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(ServerSetup::<Suite>::new(&mut Rng(random)).serialize().to_vec())
    }

    /// Decodes what [`Setup::generate_secret`] made.
    ///
    /// # Errors
    /// [`NotASetup`].
    pub fn from_secret(secret: &[u8]) -> Result<Self, NotASetup> {
        if secret.len() != BYTES {
            return Err(NotASetup);
        }
        let server = ServerSetup::deserialize(secret).map_err(|_| NotASetup)?;
        let (_, fake_client) = secret.split_at(SEED_AND_KEY);
        let mut fake_record = [0; 192];
        fake_record
            .split_at_mut(fake_client.len())
            .0
            .copy_from_slice(fake_client);
        Ok(Self { server, fake_record })
    }

    pub(super) const fn server(&self) -> &ServerSetup<Suite> {
        &self.server
    }

    /// Bytes that decode as a record does, with the same work: what an unknown account is given to decode.
    pub(super) const fn fake_record(&self) -> &[u8; 192] {
        &self.fake_record
    }
}

impl std::fmt::Debug for Setup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Setup(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::keys::testing::Seeded;

    #[test]
    fn a_setup_reads_back_and_others_do_not() {
        let secret = Setup::generate_secret(&Seeded::new(1));
        let setup = Setup::from_secret(&secret).expect("reads");
        assert_eq!(setup.server().serialize().as_slice(), secret.as_slice());
        assert_ne!(Setup::generate_secret(&Seeded::new(2)), secret);
        let longer = [secret.as_slice(), &[0]].concat();
        for bad in [&secret[..127], &longer, &[0; BYTES], &[255; BYTES], &[]] {
            assert_eq!(Setup::from_secret(bad).err(), Some(NotASetup));
        }
        assert_eq!(format!("{setup:?}"), "Setup(..)");
    }
}
