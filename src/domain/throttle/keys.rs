//! The names of the buckets: keyed hashes, so that a dump of the counters tells neither e-mails nor addresses.

use std::fmt;

use ring::hmac;
use zeroize::Zeroize as _;

use super::address::ClientAddress;
use super::guess::Attempt;
use crate::domain::email::Identifier;
use crate::domain::oauth::device::UserCode;
use crate::domain::secret::TokenHash;

/// The name of one bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ThrottleKey(pub [u8; 32]);

/// Makes [`ThrottleKey`]s: HMAC-SHA-256 under a key of its own. It does not print.
pub struct ThrottleHasher(hmac::Key);

impl ThrottleHasher {
    /// Takes over 32 key bytes; the caller's copy is zeroized.
    #[must_use]
    pub fn new(key: &mut [u8; 32]) -> Self {
        let hasher = Self(hmac::Key::new(hmac::HMAC_SHA256, key));
        key.zeroize();
        hasher
    }

    /// The buckets that a guess at `email` is charged to. `known_browser` is the browser's hash if it has signed in to
    /// this e-mail before; for an unknown e-mail there is none.
    #[must_use]
    pub fn attempt(&self, email: &Identifier, address: ClientAddress, known_browser: Option<&TokenHash>) -> Attempt {
        let address = address.bytes();
        Attempt {
            address: self.key(b'a', &[&address]),
            email_address: self.key(b'b', &[&email.0, &address]),
            email_browser: known_browser.map(|browser| self.key(b'c', &[&email.0, browser.as_bytes()])),
            email: self.key(b'd', &[&email.0]),
        }
    }

    /// Failed authentications of `client_id` from `address`.
    #[must_use]
    pub fn client_address(&self, client_id: &str, address: ClientAddress) -> ThrottleKey {
        self.key(b'e', &[&address.bytes(), client_id.as_bytes()])
    }

    /// Mails to `recipient`.
    #[must_use]
    pub fn mail_recipient(&self, recipient: &Identifier) -> ThrottleKey {
        self.key(b'f', &[&recipient.0])
    }

    /// Mails that `address` asks for.
    #[must_use]
    pub fn mail_address(&self, address: ClientAddress) -> ThrottleKey {
        self.key(b'g', &[&address.bytes()])
    }

    /// User codes of devices that are tried from `address`.
    #[must_use]
    pub fn user_code_address(&self, address: ClientAddress) -> ThrottleKey {
        self.key(b'h', &[&address.bytes()])
    }

    /// User codes of devices that are tried by an account.
    #[must_use]
    pub fn user_code_account(&self, account_id: &str) -> ThrottleKey {
        self.key(b'i', &[account_id.as_bytes()])
    }

    /// Devices that begin at `address`.
    #[must_use]
    pub fn device_address(&self, address: ClientAddress) -> ThrottleKey {
        self.key(b'j', &[&address.bytes()])
    }

    /// What a user code is stored under: it is too short for a hash without a key.
    #[must_use]
    pub fn user_code(&self, code: &UserCode) -> [u8; 32] {
        self.key(b'k', &[code.as_bytes()]).0
    }

    /// Each label has parts of fixed length, but for the last, so that no two lists of parts give the same bytes.
    fn key(&self, label: u8, parts: &[&[u8]]) -> ThrottleKey {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(&[label]);
        for part in parts {
            context.update(part);
        }
        let mut key = [0; 32];
        for (slot, byte) in key.iter_mut().zip(context.sign().as_ref()) {
            *slot = *byte;
        }
        ThrottleKey(key)
    }
}

impl fmt::Debug for ThrottleHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ThrottleHasher(..)")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::net::IpAddr;

    use super::*;

    fn address(last: u8) -> ClientAddress {
        IpAddr::from([192, 0, 2, last]).into()
    }

    #[test]
    fn every_bucket_has_a_name_of_its_own() {
        let hasher = ThrottleHasher::new(&mut [1; 32]);
        let browser = TokenHash::from_bytes([5; 32]);
        let mut names = HashSet::new();
        for email in [Identifier([1; 32]), Identifier([2; 32])] {
            assert!(names.insert(hasher.mail_recipient(&email)));
            assert!(names.insert(hasher.attempt(&email, address(1), None).email));
            assert!(
                names.insert(
                    hasher
                        .attempt(&email, address(1), Some(&browser))
                        .email_browser
                        .expect("known")
                )
            );
            for last in [1, 2] {
                assert!(names.insert(hasher.attempt(&email, address(last), None).email_address));
            }
        }
        for last in [1, 2] {
            let attempt = hasher.attempt(&Identifier([1; 32]), address(last), None);
            assert!(names.insert(attempt.address));
            assert!(names.insert(hasher.mail_address(address(last))));
            assert!(names.insert(hasher.client_address("demo", address(last))));
        }
        assert!(names.insert(hasher.client_address("demo2", address(1))));
    }

    #[test]
    fn names_depend_on_the_key_and_the_key_does_not_print() {
        let mut bytes = [1; 32];
        let (one, two) = (ThrottleHasher::new(&mut bytes), ThrottleHasher::new(&mut [2; 32]));
        assert_eq!(bytes, [0; 32]);
        assert_ne!(one.mail_address(address(1)), two.mail_address(address(1)));
        assert_eq!(format!("{one:?}"), "ThrottleHasher(..)");
    }
}
