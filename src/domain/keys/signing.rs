//! Private signing keys, decoded once and then used for every token.
//!
//! Ed25519 takes its randomness from the caller. For ES256 and RS256 ring insists on its own generator (its
//! `SecureRandom` is a sealed trait), for making P-256 keys, for the ECDSA nonce and for RSA blinding; none of that
//! randomness shows in what a test can replay, so it stays behind this seam.

use ed25519_dalek::Signer as _;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair, RsaPublicKeyComponents,
};
use rsa::pkcs8::EncodePrivateKey as _;
use zeroize::{Zeroize as _, Zeroizing};

use super::algorithm::SigningAlgorithm;
use super::verifying::VerifyingKey;
use crate::domain::random::{Random, Rng};

const RSA_BITS: usize = 2048;

/// Why a signing key could not be made, read or used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The stored bytes are not a private key of the algorithm they are filed under.
    #[error("the stored bytes are not a private {0} key")]
    Malformed(SigningAlgorithm),
    /// Making the key failed.
    #[error("a new {0} key could not be made")]
    NotMade(SigningAlgorithm),
    /// The signature could not be made: the operating system gave no randomness.
    #[error("signing with {0} failed: no randomness from the operating system")]
    NotSigned(SigningAlgorithm),
}

enum Private {
    // dalek wipes it on drop.
    EdDsa(ed25519_dalek::SigningKey),
    Es256(EcdsaKeyPair),
    Rs256(Box<RsaKeyPair>),
}

/// A private key ready to sign. It does not print and cannot be read back: what is stored are the bytes of
/// [`SigningKey::generate_secret`], sealed by the caller. Of its own memory dalek wipes the Ed25519 seed; ring does not
/// wipe P-256 and RSA keys, so those lie in freed memory until it is used again.
pub struct SigningKey {
    private: Private,
    public: VerifyingKey,
    random: SystemRandom,
}

impl SigningKey {
    /// The secret bytes of a new key, to be sealed and stored: an Ed25519 seed (32 bytes) or PKCS#8 (ES256, RS256).
    ///
    /// # Errors
    /// [`KeyError::NotMade`].
    pub fn generate_secret(algorithm: SigningAlgorithm, random: &dyn Random) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let not_made = KeyError::NotMade(algorithm);
        match algorithm {
            SigningAlgorithm::EdDsa => {
                let mut seed = Zeroizing::new(vec![0; ed25519_dalek::SECRET_KEY_LENGTH]);
                random.fill(&mut seed);
                Ok(seed)
            }
            SigningAlgorithm::Es256 => {
                let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
                    .map_err(|_| not_made)?;
                Ok(Zeroizing::new(document.as_ref().to_vec()))
            }
            SigningAlgorithm::Rs256 => {
                // The rsa crate makes the key and never uses it (RUSTSEC-2023-0071); ring cannot make RSA keys.
                let key = rsa::RsaPrivateKey::new(&mut Rng(random), RSA_BITS).map_err(|_| not_made)?;
                let document = key.to_pkcs8_der().map_err(|_| not_made)?;
                Ok(Zeroizing::new(document.as_bytes().to_vec()))
            }
        }
    }

    /// Decodes what [`SigningKey::generate_secret`] made.
    ///
    /// # Errors
    /// [`KeyError::Malformed`].
    pub fn from_secret(algorithm: SigningAlgorithm, secret: &[u8]) -> Result<Self, KeyError> {
        let malformed = KeyError::Malformed(algorithm);
        let random = SystemRandom::new();
        let (private, public) = match algorithm {
            SigningAlgorithm::EdDsa => {
                let mut seed: [u8; 32] = secret.try_into().map_err(|_| malformed)?;
                let key = ed25519_dalek::SigningKey::from_bytes(&seed);
                seed.zeroize();
                let public = VerifyingKey::ed25519(key.verifying_key());
                (Private::EdDsa(key), public)
            }
            SigningAlgorithm::Es256 => {
                let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, secret, &random)
                    .map_err(|_| malformed)?;
                let point: [u8; 65] = pair.public_key().as_ref().try_into().map_err(|_| malformed)?;
                (Private::Es256(pair), VerifyingKey::p256(point))
            }
            SigningAlgorithm::Rs256 => {
                let pair = RsaKeyPair::from_pkcs8(secret).map_err(|_| malformed)?;
                let public = VerifyingKey::rsa(RsaPublicKeyComponents::from(pair.public()));
                (Private::Rs256(Box::new(pair)), public)
            }
        };
        Ok(Self {
            private,
            public: public.map_err(|_| malformed)?,
            random,
        })
    }

    /// The algorithm it signs with.
    #[must_use]
    pub const fn algorithm(&self) -> SigningAlgorithm {
        self.public.algorithm()
    }

    /// Its name in token headers and the JWKS: the RFC 7638 thumbprint.
    #[must_use]
    pub fn kid(&self) -> &str {
        self.public.kid()
    }

    /// The half that is published.
    #[must_use]
    pub const fn public(&self) -> &VerifyingKey {
        &self.public
    }

    /// The signature in JWS form (RFC 7518 §3.3, §3.4; RFC 8037 §3.1): 64 bytes for `EdDSA` and ES256, 256 for RS256.
    ///
    /// # Errors
    /// [`KeyError::NotSigned`]; never for `EdDSA`.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let failed = KeyError::NotSigned(self.algorithm());
        match &self.private {
            Private::EdDsa(key) => Ok(key.sign(message).to_vec()),
            Private::Es256(pair) => {
                let signature = pair.sign(&self.random, message).map_err(|_| failed)?;
                Ok(signature.as_ref().to_vec())
            }
            Private::Rs256(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &self.random, message, &mut signature)
                    .map_err(|_| failed)?;
                Ok(signature)
            }
        }
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({}, {})", self.algorithm(), self.kid())
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;
    use crate::domain::keys::testing::{Seeded, secret};

    fn unbase64(text: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(text).expect("base64url")
    }

    #[test]
    fn rfc_8037_a_3_and_a_4_hold() {
        let seed = unbase64("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A");
        let key = SigningKey::from_secret(SigningAlgorithm::EdDsa, &seed).expect("a seed");
        assert_eq!(key.kid(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        let signature = key
            .sign(b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc")
            .expect("signs");
        assert_eq!(
            URL_SAFE_NO_PAD.encode(signature),
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
        );
    }

    #[test]
    fn every_algorithm_signs_what_its_public_half_verifies_and_nothing_else() {
        for algorithm in SigningAlgorithm::ALL {
            let key = SigningKey::from_secret(algorithm, secret(algorithm)).expect("a key");
            let signature = key.sign(b"message").expect("signs");
            assert_eq!(key.public().verify(b"message", &signature), Ok(()));
            assert!(key.public().verify(b"massage", &signature).is_err());
            for other in SigningAlgorithm::ALL.into_iter().filter(|other| *other != algorithm) {
                let other = SigningKey::from_secret(other, secret(other)).expect("a key");
                assert!(other.public().verify(b"message", &signature).is_err());
            }
        }
    }

    #[test]
    fn a_key_is_refused_under_another_algorithm_or_cut() {
        for algorithm in SigningAlgorithm::ALL {
            let bytes = secret(algorithm);
            let refused = |algorithm, bytes: &[u8]| {
                assert_eq!(
                    SigningKey::from_secret(algorithm, bytes).err(),
                    Some(KeyError::Malformed(algorithm))
                );
            };
            for other in SigningAlgorithm::ALL.into_iter().filter(|other| *other != algorithm) {
                refused(other, bytes);
            }
            refused(algorithm, &bytes[..bytes.len() - 1]);
            refused(algorithm, &[]);
        }
    }

    #[test]
    fn new_keys_differ_and_read_back() {
        let random = Seeded::new(1);
        for algorithm in [SigningAlgorithm::EdDsa, SigningAlgorithm::Es256] {
            let [one, two] = [(); 2].map(|()| SigningKey::generate_secret(algorithm, &random).expect("makes a secret"));
            let kid = |secret: &[u8]| {
                SigningKey::from_secret(algorithm, secret)
                    .expect("reads")
                    .kid()
                    .to_owned()
            };
            assert_ne!(kid(&one), kid(&two));
            assert_eq!(kid(&one), kid(&one));
        }
    }

    #[test]
    fn debug_shows_the_name_only() {
        let key = SigningKey::from_secret(SigningAlgorithm::EdDsa, &[7; 32]).expect("a key");
        assert_eq!(format!("{key:?}"), format!("SigningKey(EdDSA, {})", key.kid()));
    }
}
