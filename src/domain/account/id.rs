//! The name of an account that never changes.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

use crate::domain::random::{Random, bytes};

/// A random UUID (version 4, RFC 9562 §5.4) in lower-case text. It is also the `sub` of every token (OIDC Core §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountId(Uuid);

impl AccountId {
    /// A fresh one.
    #[must_use]
    pub fn generate(random: &dyn Random) -> Self {
        Self(uuid::Builder::from_random_bytes(bytes(random)).into_uuid())
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_hyphenated().fmt(f)
    }
}

/// A text is no account's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("that is not an account id: it needs the form 123e4567-e89b-42d3-a456-426614174000")]
pub struct NotAnAccountId;

impl FromStr for AccountId {
    type Err = NotAnAccountId;

    /// Reads its own writing only: one account, one text.
    fn from_str(text: &str) -> Result<Self, NotAnAccountId> {
        let id = Uuid::try_parse(text).map(Self).map_err(|_| NotAnAccountId)?;
        if id.0.get_version_num() == 4 && id.to_string() == text {
            Ok(id)
        } else {
            Err(NotAnAccountId)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(u8);
    impl Random for Fixed {
        fn fill(&self, out: &mut [u8]) {
            out.fill(self.0);
        }
    }

    #[test]
    fn an_id_survives_the_way_through_text() {
        let id = AccountId::generate(&Fixed(0xff));
        assert_eq!(id.to_string(), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn other_spellings_and_other_versions_are_no_ids() {
        for bad in [
            "",
            "FFFFFFFF-FFFF-4FFF-BFFF-FFFFFFFFFFFF",
            "ffffffffffff4fffbfffffffffffffff",
            "{ffffffff-ffff-4fff-bfff-ffffffffffff}",
            "ffffffff-ffff-7fff-bfff-ffffffffffff",
            "00000000-0000-0000-0000-000000000000",
        ] {
            assert_eq!(bad.parse::<AccountId>(), Err(NotAnAccountId), "{bad:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,40}") {
            let _ = text.parse::<AccountId>();
        }
    }
}
