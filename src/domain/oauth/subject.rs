//! What a client knows a person by (OIDC Core §8): the same name everywhere, or one of its own.
//!
//! A pairwise subject is a keyed hash of the client's sector and the account, so that two sectors cannot tell that they
//! know the same person. The key never rotates: a new one would make everybody a stranger.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use serde::{Deserialize, Serialize};
use zeroize::Zeroize as _;

/// `subject_type` of a client.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectType {
    /// The account's own id.
    #[default]
    Public,
    /// A name that only clients of this sector know.
    Pairwise {
        /// A host: that of the sector identifier, or of all redirect URIs.
        sector: String,
    },
}

impl SubjectType {
    /// Whether it is [`SubjectType::Public`].
    #[must_use]
    pub const fn is_public(&self) -> bool {
        matches!(self, Self::Public)
    }
}

/// Makes pairwise subjects.
pub struct SubjectKey(hmac::Key);

impl SubjectKey {
    /// Takes over 32 key bytes; the caller's copy is zeroized.
    #[must_use]
    pub fn new(key: &mut [u8; 32]) -> Self {
        let subjects = Self(hmac::Key::new(hmac::HMAC_SHA256, key));
        key.zeroize();
        subjects
    }

    /// The `sub` of an account for a client of this type.
    #[must_use]
    pub fn subject<'a>(&self, kind: &SubjectType, account_id: &'a str) -> Cow<'a, str> {
        match kind {
            SubjectType::Public => Cow::Borrowed(account_id),
            SubjectType::Pairwise { sector } => {
                let mut context = hmac::Context::with_key(&self.0);
                context.update(sector.as_bytes());
                // No host has a NUL in it, so no other pair gives the same bytes.
                context.update(&[0]);
                context.update(account_id.as_bytes());
                Cow::Owned(URL_SAFE_NO_PAD.encode(context.sign()))
            }
        }
    }
}

impl fmt::Debug for SubjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SubjectKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairwise(sector: &str) -> SubjectType {
        SubjectType::Pairwise {
            sector: sector.to_owned(),
        }
    }

    #[test]
    fn a_pairwise_subject_is_the_same_within_a_sector_and_unlinkable_outside() {
        let key = SubjectKey::new(&mut [1; 32]);
        let one = key.subject(&pairwise("a.example"), "u1");
        assert_eq!(one, key.subject(&pairwise("a.example"), "u1"));
        assert_eq!(one.len(), 43);
        for other in [
            key.subject(&pairwise("b.example"), "u1"),
            key.subject(&pairwise("a.example"), "u2"),
            key.subject(&pairwise("a.exampleu"), "1"),
            SubjectKey::new(&mut [2; 32]).subject(&pairwise("a.example"), "u1"),
            key.subject(&SubjectType::Public, "u1"),
        ] {
            assert_ne!(one, other);
        }
        assert_eq!(key.subject(&SubjectType::Public, "u1"), "u1");
    }

    #[test]
    fn lk_01_the_key_is_taken_over_and_does_not_print() {
        let mut bytes = [1; 32];
        let key = SubjectKey::new(&mut bytes);
        assert_eq!((bytes, format!("{key:?}")), ([0; 32], "SubjectKey(..)".to_owned()));
    }
}
