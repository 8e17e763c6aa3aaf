//! The name of an account that never changes.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

use crate::domain::clock::Timestamp;
use crate::domain::random::{Random, uuid_at};

/// A UUID in lower-case text (RFC 9562): of version 7, whose first bits are the time, or of version 4, as earlier ones are.
/// It is also the `sub` of tokens whose client has no pairwise subjects (OIDC Core §8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountId(Uuid);

impl AccountId {
    /// A fresh one.
    #[must_use]
    pub fn generate(now: Timestamp, random: &dyn Random) -> Self {
        Self(uuid_at(now, random))
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
        if matches!(id.0.get_version_num(), 4 | 7) && id.to_string() == text {
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
        let id = AccountId::generate(Timestamp::from_millis(0x0123_4567_89ab), &Fixed(0xff));
        assert_eq!(id.to_string(), "01234567-89ab-7fff-bfff-ffffffffffff");
        assert_eq!(id.to_string().parse(), Ok(id));
        let earlier = "ffffffff-ffff-4fff-bfff-ffffffffffff";
        assert_eq!(
            earlier.parse::<AccountId>().map(|id| id.to_string()).as_deref(),
            Ok(earlier)
        );
    }

    #[test]
    fn other_spellings_and_other_versions_are_no_ids() {
        for bad in [
            "",
            "FFFFFFFF-FFFF-4FFF-BFFF-FFFFFFFFFFFF",
            "ffffffffffff4fffbfffffffffffffff",
            "{ffffffff-ffff-4fff-bfff-ffffffffffff}",
            "ffffffff-ffff-1fff-bfff-ffffffffffff",
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
