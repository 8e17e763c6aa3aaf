//! The secret of a confidential client: given out once, kept as a SHA-256 hash.
//!
//! Plain SHA-256 is enough because a secret is random: ours have 256 bits. One that an operator brings along
//! (`client_secret` in RFC 7591 metadata) must have at least 16 characters, and the documentation asks for random ones.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::domain::random::Random;
use crate::domain::secret::Token;

/// Shortest secret that an operator may bring along, in characters.
pub const MIN_LENGTH: usize = 16;
/// Longest one.
pub const MAX_LENGTH: usize = 256;

/// A client secret in clear. It does not print, and is wiped when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop, Deserialize)]
#[serde(transparent)]
pub struct ClientSecret(String);

impl ClientSecret {
    /// A fresh secret of 43 characters.
    #[must_use]
    pub fn generate(random: &dyn Random) -> Self {
        Self(Token::generate(random).reveal())
    }

    /// Takes a secret as it was presented. It is not checked: whatever it is, it matches a hash or does not.
    #[must_use]
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// Whether it may be registered: 16 to 256 characters of printable ASCII (RFC 6749 appendix A.2).
    #[must_use]
    pub fn is_acceptable(&self) -> bool {
        (MIN_LENGTH..=MAX_LENGTH).contains(&self.0.len()) && self.0.bytes().all(|b| matches!(b, 0x20..=0x7e))
    }

    /// The text, to be shown once to whoever registers the client.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What may be stored.
    #[must_use]
    pub fn hash(&self) -> ClientSecretHash {
        ClientSecretHash(Sha256::digest(self.0.as_bytes()).into())
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret(..)")
    }
}

/// SHA-256 of a [`ClientSecret`]; comparing two takes the same time wherever they differ.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientSecretHash([u8; 32]);

impl fmt::Debug for ClientSecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecretHash(..)")
    }
}

impl PartialEq for ClientSecretHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for ClientSecretHash {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn st_01_a_secret_matches_its_own_hash_only() {
        let hash = ClientSecret::new("correct horse battery".to_owned()).hash();
        assert_eq!(hash, ClientSecret::new("correct horse battery".to_owned()).hash());
        assert_ne!(hash, ClientSecret::new("correct horse batterz".to_owned()).hash());
    }

    #[test]
    fn short_long_and_unprintable_secrets_are_not_registered() {
        for (text, fits) in [
            ("a".repeat(15), false),
            ("a".repeat(16), true),
            ("a".repeat(256), true),
            ("a".repeat(257), false),
            ("colons: percents % and plus +".to_owned(), true),
            ("secret-with-umlaut-\u{e4}".to_owned(), false),
            ("secret-with-a-line\nbreak".to_owned(), false),
        ] {
            assert_eq!(ClientSecret::new(text.clone()).is_acceptable(), fits, "{text}");
        }
    }

    #[test]
    fn lk_01_neither_secret_nor_hash_prints() {
        let secret = ClientSecret::new("correct horse battery".to_owned());
        assert_eq!(
            format!("{secret:?} {:?}", secret.hash()),
            "ClientSecret(..) ClientSecretHash(..)"
        );
    }
}
