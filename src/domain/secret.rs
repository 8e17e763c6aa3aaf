//! Bearer secrets: made at random, shown once, stored and compared only as hashes.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::random::{Random, bytes};

/// 256 bits of randomness that open something: a code, a link, a session or a browser cookie.
///
/// It does not print. What is stored is its [`TokenHash`].
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Token([u8; 32]);

impl Token {
    /// A fresh token.
    #[must_use]
    pub fn generate(random: &dyn Random) -> Self {
        Self(bytes(random))
    }

    /// Reads the 43 characters that [`Token::reveal`] wrote; anything else is `None`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 43 {
            return None;
        }
        let raw = URL_SAFE_NO_PAD.decode(text).ok()?;
        raw.try_into().ok().map(Self)
    }

    /// base64url without padding, 43 characters: for a cookie, a link or a redirect, never for a log.
    #[must_use]
    pub fn reveal(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// What may be stored.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.0).into())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

/// SHA-256 of a [`Token`]; comparing two takes the same time wherever they differ.
#[derive(Clone, Copy, Debug)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// A hash read back from a store.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// As text, for a store whose keys are text.
    #[must_use]
    pub fn to_text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// The 32 bytes to store.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl PartialEq for TokenHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for TokenHash {}

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
    fn a_token_survives_the_way_through_text() {
        let token = Token::generate(&Fixed(7));
        let again = Token::parse(&token.reveal()).expect("own output parses");
        assert_eq!(token.hash(), again.hash());
    }

    #[test]
    fn near_misses_do_not_parse() {
        let text = Token::generate(&Fixed(7)).reveal();
        assert!(Token::parse(&text[1..]).is_none());
        assert!(Token::parse(&format!("{text}A")).is_none());
        assert!(Token::parse(&format!("{}=", &text[..42])).is_none());
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Token::generate(&Fixed(7))), "Token(..)");
    }
}
