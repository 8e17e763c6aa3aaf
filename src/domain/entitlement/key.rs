//! Ed25519 keys of clients, and the one key that signs proofs.

use std::fmt;

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::domain::random::{Random, bytes};

/// The seed of the proof key of every development server. Whoever knows it can sign, and everybody does.
pub const DEV_SEED: [u8; 32] = [0xCD; 32];

/// An Ed25519 public key: a person's master key, the rotating key of a device, or the key that signs proofs.
///
/// Any 32 bytes; whether they are a point shows when a signature is verified.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// The key of these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes, as they are hashed and stored.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The key of 64 hexadecimal digits of either case; anything else is `None`.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).ok().map(|()| Self(bytes))
    }

    /// 64 lower-case digits: for the wire, not for logs.
    #[must_use]
    pub fn to_hex(&self) -> String {
        hex::encode(self.0)
    }

    /// Whether all bytes are zero.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.0 == [0; 32]
    }

    /// What Google Play calls the account that pays for the master key.
    #[must_use]
    pub fn google_account_id(&self) -> [u8; 32] {
        Sha256::digest(self.0).into()
    }

    /// Whether `signature` over `hash` is this key's, by the rules of libsodium: S and A canonical, neither A nor R of
    /// small order, the equation without cofactor.
    #[must_use]
    pub fn has_signed(&self, hash: &[u8; 32], signature: &[u8; 64]) -> bool {
        if !self.is_canonical() {
            return false;
        }
        let Ok(key) = VerifyingKey::from_bytes(&self.0) else {
            return false;
        };
        key.verify_strict(hash, &Signature::from_bytes(signature)).is_ok()
    }

    /// Whether y is below the field's prime, 2^255 - 19; dalek decodes the few encodings that are not.
    fn is_canonical(&self) -> bool {
        let [first, middle @ .., last] = &self.0;
        !(*first >= 0xed && middle.iter().all(|byte| *byte == 0xff) && last & 0x7f == 0x7f)
    }
}

impl fmt::Debug for PublicKey {
    /// Enough to tell two keys apart in a log, not enough to find a person by.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, ..] = self.0;
        write!(f, "{a:02x}{b:02x}…")
    }
}

/// The key that signs proofs. There is one for the life of a ledger, because proofs do not name it. It does not print,
/// and its memory is wiped.
pub struct ProofKey {
    signing: SigningKey,
    public: PublicKey,
}

impl ProofKey {
    /// The key of a seed.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        let signing = SigningKey::from_bytes(seed);
        let public = PublicKey(signing.verifying_key().to_bytes());
        Self { signing, public }
    }

    /// The seed of a new key, to be sealed and stored.
    #[must_use]
    pub fn generate_seed(random: &dyn Random) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(bytes(random))
    }

    /// Its public half, which clients know beforehand.
    #[must_use]
    pub const fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Signs a hash.
    #[must_use]
    pub fn sign(&self, hash: &[u8; 32]) -> [u8; 64] {
        self.signing.sign(hash).to_bytes()
    }

    /// Whether it is the key of development servers.
    #[must_use]
    pub fn is_dev(&self) -> bool {
        self.public == *Self::from_seed(&DEV_SEED).public()
    }

    /// The secret half of the X25519 pair that the same key makes (RFC 8032 §5.1.5 steps 1 and 2, not clamped yet).
    #[must_use]
    pub fn exchange_secret(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.signing.to_scalar_bytes())
    }
}

impl fmt::Debug for ProofKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProofKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::entitlement::vectors::{cases, hex32, text};

    #[test]
    fn the_dev_key_is_the_one_that_everybody_knows() {
        let key = ProofKey::from_seed(&DEV_SEED);
        let known = "fc947730f49eb01427a66e050733294d9e520e545c7a27125a780634e0860a27";
        assert_eq!(key.public().to_hex(), known);
        assert!(key.is_dev() && !ProofKey::from_seed(&[0x5A; 32]).is_dev());
        assert_eq!(format!("{key:?} {:?}", key.public()), "ProofKey(..) fc94…");
    }

    #[test]
    fn accounts_of_google_are_hashes_of_the_master_key() {
        for case in cases("misc.json", "account_ids") {
            let key = PublicKey::from_bytes(hex32(&case["master_pkey"]));
            let wanted = hex32(&case["google_obfuscated_account_id"]);
            assert_eq!(key.google_account_id(), wanted);
            assert_eq!(ProofKey::from_seed(&hex32(&case["master_seed"])).public(), &key);
            assert_eq!(text(&case["apple_app_account_token"]), "");
        }
    }

    #[test]
    fn keys_that_are_no_keys_sign_nothing() {
        let real = ProofKey::from_seed(&[1; 32]);
        let hash = [7; 32];
        let signature = real.sign(&hash);
        assert!(real.public().has_signed(&hash, &signature));
        assert!(!real.public().has_signed(&[8; 32], &signature));
        let mut identity = [0; 32];
        identity[0] = 1;
        // y = p + 1, the identity again, and y = p + 3 to 2^255 - 1: encodings above the prime.
        let mut above = [0xff; 32];
        above[31] = 0x7f;
        for low in 0xed..=0xff {
            above[0] = low;
            let key = PublicKey::from_bytes(above);
            assert!(!key.is_canonical() && !key.has_signed(&hash, &signature), "{low:x}");
        }
        let mut zero = [0; 64];
        zero[..32].copy_from_slice(&identity);
        for weak in [identity, [0; 32]] {
            assert!(!PublicKey::from_bytes(weak).has_signed(&hash, &zero));
        }
    }

    #[test]
    fn hexadecimal_is_read_in_either_case_and_exactly() {
        let key = PublicKey::from_bytes([0xAB; 32]);
        assert_eq!(PublicKey::from_hex(&"aB".repeat(32)), Some(key));
        for bad in [
            "ab".repeat(31),
            "ab".repeat(33),
            format!("0x{}", "ab".repeat(31)),
            "g".repeat(64),
        ] {
            assert_eq!(PublicKey::from_hex(&bad), None, "{bad}");
        }
    }
}
