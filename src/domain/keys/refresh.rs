//! The key that refresh tokens are encrypted under.
//!
//! One stored secret of 32 bytes gives three things, each by HMAC-SHA-256 under its own label: the AES-256 key, the key
//! of the synthetic nonces, and the key's public name. The name is of no use to anybody who lacks the secret, unlike an
//! RFC 7638 thumbprint, which would be a hash of the AES key itself (RFC 7638 §7).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use biscuit::Empty;
use biscuit::jwk::{AlgorithmParameters, JWK};
use ring::hmac;
use zeroize::{Zeroize as _, Zeroizing};

use crate::domain::random::Random;

/// Bytes of the stored secret.
pub const SECRET_BYTES: usize = 32;

/// Bytes of an A256GCM nonce (RFC 7518 §5.3).
pub const NONCE_BYTES: usize = 12;

/// The stored bytes are not a refresh-encryption key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the stored bytes are not a refresh-encryption key of 32 bytes")]
pub struct NotARefreshKey;

/// A refresh-encryption key ready for use. It does not print. The key is wiped on drop; biscuit's short-lived copies of it,
/// one a call, are not.
pub struct RefreshKey {
    kid: String,
    content: JWK<Empty>,
    nonces: hmac::Key,
}

impl RefreshKey {
    /// The secret bytes of a new key, to be sealed and stored.
    #[must_use]
    pub fn generate_secret(random: &dyn Random) -> Zeroizing<Vec<u8>> {
        let mut secret = Zeroizing::new(vec![0; SECRET_BYTES]);
        random.fill(&mut secret);
        secret
    }

    /// Derives the key from what [`RefreshKey::generate_secret`] made.
    ///
    /// # Errors
    /// [`NotARefreshKey`] if the length is wrong.
    pub fn from_secret(secret: &[u8]) -> Result<Self, NotARefreshKey> {
        if secret.len() != SECRET_BYTES {
            return Err(NotARefreshKey);
        }
        let root = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let derive = |label: &[u8]| hmac::sign(&root, label);
        let name = derive(b"countersign refresh token: key id");
        Ok(Self {
            kid: URL_SAFE_NO_PAD.encode(name.as_ref().get(..16).unwrap_or_default()),
            content: JWK::new_octet_key(derive(b"countersign refresh token: content").as_ref(), Empty {}),
            nonces: hmac::Key::new(hmac::HMAC_SHA256, derive(b"countersign refresh token: nonce").as_ref()),
        })
    }

    /// Its name in the header of the tokens.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The AES-256 key.
    pub(in crate::domain) const fn content(&self) -> &JWK<Empty> {
        &self.content
    }

    /// The nonce of `plaintext`: a pseudo-random function of it, the same each time.
    pub(in crate::domain) fn nonce(&self, plaintext: &[u8]) -> Vec<u8> {
        let mut nonce = hmac::sign(&self.nonces, plaintext).as_ref().to_vec();
        nonce.truncate(NONCE_BYTES);
        nonce
    }
}

impl Drop for RefreshKey {
    fn drop(&mut self) {
        if let AlgorithmParameters::OctetKey(key) = &mut self.content.algorithm {
            key.value.zeroize();
        }
    }
}

impl std::fmt::Debug for RefreshKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RefreshKey({})", self.kid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_secret_gives_one_key_and_another_another() {
        let key = |byte| RefreshKey::from_secret(&[byte; SECRET_BYTES]).expect("32 bytes");
        assert_eq!(key(1).kid(), key(1).kid());
        assert_ne!(key(1).kid(), key(2).kid());
        assert_eq!(key(1).nonce(b"x"), key(1).nonce(b"x"));
        assert_ne!(key(1).nonce(b"x"), key(1).nonce(b"y"));
        assert_ne!(key(1).nonce(b"x"), key(2).nonce(b"x"));
        assert_eq!(key(1).nonce(b"x").len(), NONCE_BYTES);
    }

    #[test]
    fn a_secret_of_another_length_is_refused() {
        for length in [0, 31, 33] {
            assert_eq!(RefreshKey::from_secret(&vec![0; length]).err(), Some(NotARefreshKey));
        }
    }
}
