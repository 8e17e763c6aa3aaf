//! The outside of an onion request: `length (u32 LE) ‖ ciphertext ‖ JSON`.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::{IgnoredAny, MapAccess, Visitor};

use super::cipher::Cipher;

/// What is legible without a key.
pub(super) struct Envelope<'a> {
    /// Nonce, ciphertext and tag.
    pub(super) sealed: &'a [u8],
    /// The client's X25519 public key, made for this request alone.
    pub(super) client: [u8; 32],
    pub(super) cipher: Cipher,
}

/// Members that are not named here are ignored; of several of one name the last counts.
#[derive(Default)]
struct Outer {
    ephemeral_key: Option<String>,
    /// One that is there must hold a string: `null` is not the same as absent.
    enc_type: Option<String>,
}

impl<'de> Deserialize<'de> for Outer {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(OuterVisitor)
    }
}

struct OuterVisitor;

impl<'de> Visitor<'de> for OuterVisitor {
    type Value = Outer;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Outer, A::Error> {
        let mut outer = Outer::default();
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                "ephemeral_key" => outer.ephemeral_key = Some(map.next_value()?),
                "enc_type" => outer.enc_type = Some(map.next_value()?),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(outer)
    }
}

impl<'a> Envelope<'a> {
    /// `None` if anything is wrong.
    pub(super) fn parse(body: &'a [u8]) -> Option<Self> {
        let (length, rest) = body.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let (sealed, json) = rest.split_at_checked(length)?;
        let outer = parse_outer(json)?;
        let cipher = match outer.enc_type.as_deref() {
            None | Some("aes-gcm" | "gcm") => Cipher::Aes256Gcm,
            Some("xchacha20" | "xchacha20-poly1305") => Cipher::XChaCha20Poly1305,
            Some(_) => return None,
        };
        Some(Self {
            sealed,
            client: decode_key(outer.ephemeral_key.as_deref()?)?,
            cipher,
        })
    }
}

fn parse_outer(json: &[u8]) -> Option<Outer> {
    // Read to the end before anything is kept of it, so that no half of a document counts.
    serde_json::from_slice::<IgnoredAny>(json).ok()?;
    serde_json::from_slice(json).ok()
}

/// A public key in any of the spellings that clients use; its length tells which.
fn decode_key(text: &str) -> Option<[u8; 32]> {
    let bytes = match text.len() {
        64 => hex::decode(text).ok()?,
        32 => text.as_bytes().to_vec(),
        43 => STANDARD.decode(format!("{text}=")).ok()?,
        44 => STANDARD.decode(text).ok()?,
        52 => decode_base32z(text)?,
        _ => return None,
    };
    bytes.try_into().ok()
}

/// z-base-32 of whole bytes; bits left over at the end must be zero.
fn decode_base32z(text: &str) -> Option<Vec<u8>> {
    const ALPHABET: &[u8; 32] = b"ybndrfg8ejkmcpqxot1uwisza345h769";
    let mut bytes = Vec::with_capacity(text.len() * 5 / 8);
    let (mut held, mut bits) = (0_u32, 0_u32);
    for letter in text.bytes() {
        let value = ALPHABET
            .iter()
            .position(|known| *known == letter.to_ascii_lowercase())?;
        held = (held << 5) | u32::try_from(value).ok()?;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from((held >> bits) & 0xff).ok()?);
            held &= (1 << bits) - 1;
        }
    }
    (held == 0).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEY: [u8; 32] = *b"the same 32 bytes, in each way.!";

    fn body(json: &str) -> Vec<u8> {
        let mut body = 3_u32.to_le_bytes().to_vec();
        body.extend_from_slice(b"abc");
        body.extend_from_slice(json.as_bytes());
        body
    }

    fn parses(json: &str) -> bool {
        Envelope::parse(&body(json)).is_some()
    }

    #[test]
    fn a_key_is_taken_in_every_spelling() {
        let hexadecimal = hex::encode(KEY);
        let base64 = STANDARD.encode(KEY);
        let spellings = [
            hexadecimal.to_uppercase(),
            hexadecimal,
            base64.trim_end_matches('=').to_owned(),
            base64,
            "qtwgkeducfsskebugeogr6mwci31aedjpaogkamdpyo8qam3faoo".to_owned(),
            String::from_utf8(KEY.to_vec()).expect("is ASCII"),
        ];
        for text in &spellings {
            assert_eq!(decode_key(text), Some(KEY), "{text}");
        }
    }

    #[test]
    fn base32z_is_that_of_its_specification() {
        // From the examples of the encoding's own description.
        assert_eq!(decode_base32z("6n9hq"), Some(vec![0xf0, 0xbf, 0xc7]));
        assert_eq!(decode_base32z("4t7ye"), Some(vec![0xd4, 0x7a, 0x04]));
        assert_eq!(decode_base32z("6im5sd"), None, "bits are left over");
        assert_eq!(decode_base32z("lv"), None, "not in the alphabet");
    }

    #[test]
    fn keys_of_other_lengths_or_letters_are_refused() {
        for bad in [
            "",
            "abcd",
            &"g".repeat(64),
            &"*".repeat(43),
            &"=".repeat(44),
            &"l".repeat(52),
        ] {
            assert_eq!(decode_key(bad), None, "{bad}");
        }
    }

    #[test]
    fn ciphers_have_two_names_each_and_absence_has_a_meaning() {
        let key = hex::encode(KEY);
        let cipher = |member: &str| {
            let body = body(&format!(r#"{{"x":[1,{{}}],"ephemeral_key":"{key}"{member}}}"#));
            Envelope::parse(&body).map(|envelope| envelope.cipher)
        };
        assert_eq!(cipher(""), Some(Cipher::Aes256Gcm));
        for (name, expected) in [
            ("aes-gcm", Some(Cipher::Aes256Gcm)),
            ("gcm", Some(Cipher::Aes256Gcm)),
            ("xchacha20", Some(Cipher::XChaCha20Poly1305)),
            ("xchacha20-poly1305", Some(Cipher::XChaCha20Poly1305)),
            ("aes-cbc", None),
            ("", None),
            ("GCM", None),
        ] {
            assert_eq!(cipher(&format!(r#","enc_type":"{name}""#)), expected, "{name}");
        }
        assert_eq!(
            cipher(r#","enc_type":"aes-cbc","enc_type":"xchacha20""#),
            Some(Cipher::XChaCha20Poly1305),
            "the last counts"
        );
        assert_eq!(cipher(r#","enc_type":null"#), None);
        assert_eq!(cipher(r#","enc_type":1"#), None);
    }

    #[test]
    fn only_an_object_behind_the_ciphertext_is_taken() {
        let key = hex::encode(KEY);
        assert!(parses(&format!(r#" {{"ephemeral_key":"{key}"}}"#)));
        for bad in [
            String::new(),
            "{}".to_owned(),
            format!(r#"["{key}"]"#),
            format!(r#"{{"ephemeral_key":"{key}"}} x"#),
            format!(r#"{{"ephemeral_key":"{key}""#),
            r#"{"ephemeral_key":7}"#.to_owned(),
        ] {
            assert!(!parses(&bad), "{bad}");
        }
        assert!(!parses(&format!(
            r#"{{"ephemeral_key":"{key}","deep":{}"#,
            "[".repeat(100_000)
        )));
    }

    #[test]
    fn a_length_beyond_the_body_is_refused() {
        for bytes in [&[][..], &[1, 0, 0], &[1, 0, 0, 0], &[255; 64]] {
            assert!(Envelope::parse(bytes).is_none());
        }
    }

    proptest! {
        #[test]
        fn no_body_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200), length in 0_u32..220) {
            let mut body = length.to_le_bytes().to_vec();
            body.extend(bytes);
            let _ = Envelope::parse(&body);
        }

        #[test]
        fn no_key_panics(text in "\\PC{0,64}") {
            let _ = decode_key(&text);
        }
    }
}
