//! E-mail addresses in the one form that everything compares.

use std::fmt;

use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use unicode_normalization::UnicodeNormalization as _;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// The longest address that SMTP can carry, in bytes (RFC 5321 §4.5.3.1.3, less the angle brackets).
pub const MAX_BYTES: usize = 254;

/// Why a text is no address that mail could reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// Empty, or only blanks.
    #[error("the e-mail address is empty")]
    Empty,
    /// Over [`MAX_BYTES`].
    #[error("the e-mail address is longer than 254 bytes")]
    TooLong,
    /// No `@` with something on both sides, or a character no address has.
    #[error("that is not an e-mail address: it needs the form name@example.org")]
    Malformed,
}

/// An address in canonical form: trimmed, NFC, lower case.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);

impl Email {
    /// Canonicalises and checks `text`.
    ///
    /// # Errors
    /// [`EmailError`] says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Err(EmailError::Empty);
        }
        // Lower-casing may compose anew and NFC may change length, so both run before the bound is judged;
        // the raw bound keeps that work small.
        if trimmed.len() > 4 * MAX_BYTES {
            return Err(EmailError::TooLong);
        }
        let canonical: String = if trimmed.is_ascii() {
            trimmed.to_ascii_lowercase()
        } else {
            trimmed.nfc().collect::<String>().to_lowercase().nfc().collect()
        };
        if canonical.len() > MAX_BYTES {
            return Err(EmailError::TooLong);
        }
        let (local, domain) = canonical.rsplit_once('@').ok_or(EmailError::Malformed)?;
        let forbidden = |c: char| c.is_control() || c.is_whitespace() || matches!(c, '<' | '>' | ',' | ';');
        let domain_ok = !domain.is_empty()
            && !domain.starts_with(['.', '-'])
            && !domain.ends_with(['.', '-'])
            && !domain.contains("..")
            && domain.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-'));
        if local.is_empty() || canonical.contains(forbidden) || !domain_ok {
            return Err(EmailError::Malformed);
        }
        Ok(Self(canonical))
    }

    /// The canonical text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Email {
    type Error = EmailError;

    fn try_from(text: String) -> Result<Self, EmailError> {
        Self::parse(&text)
    }
}

impl From<Email> for String {
    fn from(email: Email) -> Self {
        email.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The keyed hash under which an address is looked up, throttled and given to OPAQUE as credential identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Identifier(pub [u8; 32]);

/// The key of [`Identifier`]s. It never rotates: a new one would void every password.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct IdentifierKey([u8; 32]);

impl IdentifierKey {
    /// Takes the 32 key bytes.
    #[must_use]
    pub const fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// HMAC-SHA-256 of the canonical address.
    #[must_use]
    pub fn identify(&self, email: &Email) -> Identifier {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
        let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(&self.0).expect("HMAC takes any key");
        mac.update(email.as_str().as_bytes());
        Identifier(mac.finalize().into_bytes().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_address_are_one_address() {
        let composed = Email::parse("Andr\u{e9}@Example.ORG").expect("parses");
        let decomposed = Email::parse("  andre\u{301}@example.org\n").expect("parses");
        assert_eq!(composed, decomposed);
        let key = IdentifierKey::new([3; 32]);
        assert_eq!(key.identify(&composed), key.identify(&decomposed));
    }

    #[test]
    fn what_mail_cannot_reach_is_refused() {
        for bad in [
            "a",
            "@b",
            "a@",
            "a b@c",
            "a@b\r\nBcc: x@y",
            "a@.b",
            "a@b..c",
            "a@b,c",
            "<a@b>",
            "a@b\0",
        ] {
            assert_eq!(Email::parse(bad), Err(EmailError::Malformed), "{bad:?}");
        }
        assert_eq!(Email::parse(" "), Err(EmailError::Empty));
        assert_eq!(
            Email::parse(&format!("{}@b.c", "a".repeat(300))),
            Err(EmailError::TooLong)
        );
    }

    proptest::proptest! {
        #[test]
        fn canonical_form_is_a_fixed_point(text in "\\PC{0,40}@\\PC{0,40}") {
            if let Ok(email) = Email::parse(&text) {
                proptest::prop_assert_eq!(Email::parse(email.as_str()), Ok(email));
            }
        }
    }
}
