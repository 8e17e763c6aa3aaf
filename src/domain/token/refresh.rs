//! Refresh tokens: family and sequence, sealed so that the same token is the same text and no other text opens to it
//! ([`RefreshKey`](crate::domain::keys::refresh::RefreshKey)).

use serde::{Deserialize, Serialize};

use crate::domain::keys::keyset::KeySet;

/// The longest text that is tried, in bytes; ours are far below.
pub const MAX_BYTES: usize = 1024;

/// Which token of which family.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefreshToken {
    /// The family's id.
    #[serde(rename = "fam")]
    pub family: String,
    /// The place in the family, from 0 on.
    #[serde(rename = "seq")]
    pub sequence: u64,
}

/// Why a refresh token could not be opened or made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefreshError {
    /// The text is not one that we made, or its key is gone.
    #[error("not a refresh token of this server")]
    NotOurs,
    /// Encrypting failed; a family id of more than some hundred bytes would do that.
    #[error("the refresh token could not be made")]
    NotSealed,
}

impl RefreshToken {
    /// The text to hand out, under the active key.
    ///
    /// # Errors
    /// [`RefreshError::NotSealed`].
    pub fn seal(&self, keys: &KeySet) -> Result<String, RefreshError> {
        let payload = serde_json::to_vec(self).map_err(|_| RefreshError::NotSealed)?;
        let text = keys.refresh_key().seal(&payload);
        text.filter(|text| text.len() <= MAX_BYTES)
            .ok_or(RefreshError::NotSealed)
    }

    /// Opens a text that [`RefreshToken::seal`] made under any of `keys`. Whether the token is the family's current one
    /// is for the store to say.
    ///
    /// # Errors
    /// [`RefreshError::NotOurs`].
    pub fn open(text: &str, keys: &KeySet) -> Result<Self, RefreshError> {
        if text.len() > MAX_BYTES {
            return Err(RefreshError::NotOurs);
        }
        let opened = keys.refresh_keys().find_map(|key| key.open(text));
        let payload = opened.ok_or(RefreshError::NotOurs)?;
        let token: Self = serde_json::from_slice(&payload).map_err(|_| RefreshError::NotOurs)?;
        // The same token in another form of JSON would be another text for it.
        let own = serde_json::to_vec(&token).map_err(|_| RefreshError::NotOurs)?;
        if own == payload {
            Ok(token)
        } else {
            Err(RefreshError::NotOurs)
        }
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use proptest::prelude::*;

    use super::*;
    use crate::domain::clock::Timestamp;
    use crate::domain::keys::lifecycle::{KeyState, Purpose};
    use crate::domain::keys::testing::{key_set, key_set_keys, refresh_entry};

    fn token(sequence: u64) -> RefreshToken {
        RefreshToken {
            family: "0191e3a0-7c1f-7000-8000-000000000001".to_owned(),
            sequence,
        }
    }

    #[test]
    fn the_same_token_is_the_same_text_and_another_is_another() {
        let keys = key_set();
        let text = token(3).seal(&keys).expect("seals");
        assert_eq!(token(3).seal(&keys).as_ref(), Ok(&text));
        assert_eq!(RefreshToken::open(&text, &keys), Ok(token(3)));
        let other = token(4).seal(&keys).expect("seals");
        assert_ne!(text.split('.').nth(2), other.split('.').nth(2), "nonces differ");
    }

    #[test]
    fn the_header_says_what_it_is_and_the_text_hides_what_it_holds() {
        let text = token(3).seal(&key_set()).expect("seals");
        let parts: Vec<_> = text.split('.').collect();
        let header: serde_json::Value =
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[0]).expect("base64url")).expect("JSON");
        let expected = serde_json::json!({
            "alg": "dir", "enc": "A256GCM", "typ": "refresh+jwe", "kid": key_set().refresh_key().kid()
        });
        assert_eq!(header, expected);
        assert_eq!(parts[1], "");
        let inner = URL_SAFE_NO_PAD.decode(parts[3]).expect("base64url");
        assert!(!String::from_utf8_lossy(&inner).contains("0191e3a0"));
    }

    #[test]
    fn a_token_opens_under_an_older_key_until_that_is_retired() {
        let before = key_set();
        let text = token(1).seal(&before).expect("seals");
        let after = |old: KeyState| {
            let mut keys = key_set_keys();
            for (record, _) in &mut keys {
                if record.purpose == Purpose::Refresh {
                    record.state = old;
                }
            }
            keys.push(refresh_entry(&[43; 32], KeyState::first(Timestamp::from_secs(1))));
            KeySet::new(keys).expect("a set")
        };
        let moment = Timestamp::from_secs(1);
        let rotated = after(KeyState::Retiring { until: moment });
        assert_eq!(RefreshToken::open(&text, &rotated), Ok(token(1)));
        assert_ne!(token(1).seal(&rotated).expect("seals"), text);
        let retired = after(KeyState::Retired { since: moment });
        assert_eq!(RefreshToken::open(&text, &retired), Err(RefreshError::NotOurs));
    }

    #[test]
    fn no_other_text_opens() {
        let keys = key_set();
        let text = token(3).seal(&keys).expect("seals");
        let parts: Vec<_> = text.split('.').collect();
        let header = String::from_utf8(URL_SAFE_NO_PAD.decode(parts[0]).expect("base64url")).expect("text");
        let with = |index: usize, part: &str| {
            let mut parts = parts.clone();
            parts[index] = part;
            parts.join(".")
        };
        let spaced = URL_SAFE_NO_PAD.encode(header.replace(',', ", "));
        let critical = URL_SAFE_NO_PAD.encode(header.replace('}', ",\"crit\":[\"x\"]}"));
        let wrapped = URL_SAFE_NO_PAD.encode(header.replace("\"dir\"", "\"A256GCMKW\""));
        for other in [
            with(1, "AAAA"),
            with(1, parts[2]),
            with(0, &spaced),
            with(0, &critical),
            with(0, &wrapped),
            with(0, ""),
            with(2, ""),
            with(3, ""),
            with(4, ""),
            with(4, &format!("{}=", parts[4])),
            format!("{text}."),
            format!("{text} "),
            format!("{text}\n"),
            text.replace('.', ""),
            parts[..4].join("."),
            String::new(),
            "....".to_owned(),
            "A".repeat(MAX_BYTES + 1),
        ] {
            assert_eq!(RefreshToken::open(&other, &keys), Err(RefreshError::NotOurs), "{other}");
        }
    }

    #[test]
    fn a_payload_in_another_form_does_not_open() {
        let keys = key_set();
        let seal = |payload: &str| keys.refresh_key().seal(payload.as_bytes()).expect("seals");
        assert!(RefreshToken::open(&seal(r#"{"fam":"f","seq":1}"#), &keys).is_ok());
        for other in [
            r#"{"seq":1,"fam":"f"}"#,
            r#"{"fam":"f", "seq":1}"#,
            r#"{"fam":"f","seq":1,"x":1}"#,
            "null",
            "",
        ] {
            assert!(RefreshToken::open(&seal(other), &keys).is_err(), "{other}");
        }
    }

    proptest! {
        #[test]
        fn every_token_comes_back(family in "\\PC{0,40}", sequence in any::<u64>()) {
            let keys = key_set();
            let token = RefreshToken { family, sequence };
            prop_assert_eq!(RefreshToken::open(&token.seal(&keys).expect("seals"), &keys), Ok(token));
        }

        #[test]
        fn any_text_is_refused_without_a_panic(text in "\\PC{0,200}", parts in "[A-Za-z0-9_.-]{0,300}") {
            prop_assert!(RefreshToken::open(&text, &key_set()).is_err());
            prop_assert!(RefreshToken::open(&parts, &key_set()).is_err());
        }

        #[test]
        fn any_changed_character_is_noticed(position in 0_usize..10_000, byte in 33_u8..127) {
            let keys = key_set();
            let mut bytes = token(3).seal(&keys).expect("seals").into_bytes();
            let position = position % bytes.len();
            prop_assume!(bytes[position] != byte);
            bytes[position] = byte;
            let changed = String::from_utf8(bytes).expect("ASCII");
            prop_assert_eq!(RefreshToken::open(&changed, &keys), Err(RefreshError::NotOurs));
        }
    }
}
