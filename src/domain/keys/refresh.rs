//! The key that refresh tokens are encrypted under, and the JWE around them (RFC 7516): direct encryption with A256GCM.
//!
//! **The same payload gives the same text**, so that an answer that got lost can be given again without anything being
//! stored from which a token could be rebuilt. Hence the nonce is not random but synthetic: the first 12 bytes of
//! HMAC-SHA-256 over the plaintext, under a key of its own.
//!
//! Why that is sound. GCM breaks when two *different* plaintexts meet under one nonce. The HMAC is a pseudo-random
//! function, so the nonces of different plaintexts collide as random ones would: with 2^32 tokens under a key (its
//! limit for random nonces, and far beyond what a key sees before it rotates) with a chance of about 2^-33. The same
//! plaintext repeats nonce, ciphertext and tag, and thereby tells an onlooker only that it is the same token, which is
//! the purpose. The header, as additional data, is the same for every token of a key. Encryption key and nonce key are
//! derived apart, so the nonce tells nothing about the encryption key.
//!
//! **Exactly one text opens to a payload**, or a reused token could be dressed up as another. A JWE that is read as such has
//! many forms: members of the header in another order, junk in the encrypted-key part, a piece of the ciphertext in the
//! tag. So nothing of it is interpreted: header and key part are those of the key, compared as text; nonce and tag have
//! their lengths; and the nonce is compared with that of the payload.
//!
//! One stored secret of 32 bytes gives three things, each by HMAC-SHA-256 under its own label: the AES-256 key, the key
//! of the synthetic nonces, and the key's public name. The name is of no use to anybody who lacks the secret, unlike an
//! RFC 7638 thumbprint, which would be a hash of the AES key itself (RFC 7638 §7).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use biscuit::Empty;
use biscuit::jwa::{ContentEncryptionAlgorithm, EncryptionOptions, EncryptionResult, KeyManagementAlgorithm};
use biscuit::jwe;
use biscuit::jwk::{AlgorithmParameters, JWK};
use ring::hmac;
use subtle::ConstantTimeEq as _;
use zeroize::{Zeroize as _, Zeroizing};

use crate::domain::random::Random;

/// Bytes of the stored secret.
pub const SECRET_BYTES: usize = 32;

/// Bytes of an A256GCM nonce, and of its tag (RFC 7518 §5.3).
const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;

/// The `typ` of the header.
const TYPE: &str = "refresh+jwe";

const MANAGEMENT: KeyManagementAlgorithm = KeyManagementAlgorithm::DirectSymmetricKey;
const ENCRYPTION: ContentEncryptionAlgorithm = ContentEncryptionAlgorithm::A256GCM;

/// The stored bytes are not a refresh-encryption key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the stored bytes are not a refresh-encryption key of 32 bytes")]
pub struct NotARefreshKey;

/// A refresh-encryption key ready for use. It does not print. The key is wiped on drop; biscuit's short-lived copies of it,
/// one a call, are not.
pub struct RefreshKey {
    kid: String,
    /// The header of every text under this key.
    header: String,
    content: JWK<Empty>,
    nonces: hmac::Key,
}

impl RefreshKey {
    /// The secret bytes of a new key, to be sealed and stored.
    #[must_use]
    pub fn generate_secret(random: &dyn Random) -> Zeroizing<Vec<u8>> {
        let mut secret = Zeroizing::new(vec![0; SECRET_BYTES]);
        random.fill(&mut secret);
        secret
    }

    /// Derives the key from what [`RefreshKey::generate_secret`] made.
    ///
    /// # Errors
    /// [`NotARefreshKey`] if the length is wrong.
    pub fn from_secret(secret: &[u8]) -> Result<Self, NotARefreshKey> {
        if secret.len() != SECRET_BYTES {
            return Err(NotARefreshKey);
        }
        let root = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let derive = |label: &[u8]| hmac::sign(&root, label);
        let name = derive(b"countersign refresh token: key id");
        let kid = URL_SAFE_NO_PAD.encode(name.as_ref().get(..16).unwrap_or_default());
        let header = jwe::RegisteredHeader {
            cek_algorithm: MANAGEMENT,
            enc_algorithm: ENCRYPTION,
            media_type: Some(TYPE.to_owned()),
            key_id: Some(kid.clone()),
            ..Default::default()
        };
        let json = serde_json::to_vec(&header).map_err(|_| NotARefreshKey)?;
        Ok(Self {
            kid,
            header: URL_SAFE_NO_PAD.encode(json),
            content: JWK::new_octet_key(derive(b"countersign refresh token: content").as_ref(), Empty {}),
            nonces: hmac::Key::new(hmac::HMAC_SHA256, derive(b"countersign refresh token: nonce").as_ref()),
        })
    }

    /// Its name in the header of the tokens.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The text that `payload` is sealed into, the same each time; `None` if it is too long for AES-GCM.
    pub(in crate::domain) fn seal(&self, payload: &[u8]) -> Option<String> {
        self.seal_with(self.nonce(payload), payload)
    }

    fn seal_with(&self, nonce: Vec<u8>, payload: &[u8]) -> Option<String> {
        let options = EncryptionOptions::AES_GCM { nonce };
        let sealed = ENCRYPTION.encrypt(payload, self.header.as_bytes(), &self.content, &options);
        let sealed = sealed.ok()?;
        let [nonce, encrypted, tag] =
            [&sealed.nonce, &sealed.encrypted, &sealed.tag].map(|it| URL_SAFE_NO_PAD.encode(it));
        // The encrypted-key part is empty: the key is used directly (RFC 7518 §4.5).
        Some(format!("{}..{nonce}.{encrypted}.{tag}", self.header))
    }

    /// The payload of a text that [`RefreshKey::seal`] made under this key.
    pub(in crate::domain) fn open(&self, text: &str) -> Option<Vec<u8>> {
        let parts = text.strip_prefix(&self.header)?.strip_prefix("..")?;
        let (nonce, rest) = parts.split_once('.')?;
        let (encrypted, tag) = rest.split_once('.')?;
        let sealed = EncryptionResult {
            nonce: decoded(nonce)?,
            encrypted: decoded(encrypted)?,
            tag: decoded(tag)?,
            additional_data: self.header.clone().into_bytes(),
        };
        if sealed.nonce.len() != NONCE_BYTES || sealed.tag.len() != TAG_BYTES {
            return None;
        }
        let payload = ENCRYPTION.decrypt(&sealed, &self.content).ok()?;
        bool::from(self.nonce(&payload).ct_eq(&sealed.nonce)).then_some(payload)
    }

    /// The nonce of `plaintext`: a pseudo-random function of it.
    fn nonce(&self, plaintext: &[u8]) -> Vec<u8> {
        let mut nonce = hmac::sign(&self.nonces, plaintext).as_ref().to_vec();
        nonce.truncate(NONCE_BYTES);
        nonce
    }
}

/// The bytes of a part. Other characters than those of base64url are refused, dots among them; so are bits that no byte
/// has.
fn decoded(part: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(part).ok()
}

impl Drop for RefreshKey {
    fn drop(&mut self) {
        if let AlgorithmParameters::OctetKey(key) = &mut self.content.algorithm {
            key.value.zeroize();
        }
    }
}

impl std::fmt::Debug for RefreshKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RefreshKey({})", self.kid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_secret_gives_one_key_and_another_another() {
        let key = |byte| RefreshKey::from_secret(&[byte; SECRET_BYTES]).expect("32 bytes");
        assert_eq!(key(1).kid(), key(1).kid());
        assert_ne!(key(1).kid(), key(2).kid());
        assert_eq!(key(1).nonce(b"x"), key(1).nonce(b"x"));
        assert_ne!(key(1).nonce(b"x"), key(1).nonce(b"y"));
        assert_ne!(key(1).nonce(b"x"), key(2).nonce(b"x"));
        assert_eq!(key(1).nonce(b"x").len(), NONCE_BYTES);
    }

    #[test]
    fn what_was_sealed_opens_and_under_no_other_key() {
        let key = |byte| RefreshKey::from_secret(&[byte; SECRET_BYTES]).expect("32 bytes");
        let text = key(1).seal(b"payload").expect("seals");
        assert_eq!(key(1).seal(b"payload").as_ref(), Some(&text));
        assert_eq!(key(1).open(&text).as_deref(), Some(&b"payload"[..]));
        assert_eq!(key(2).open(&text), None);
        let renamed = text.replace(&key(1).header, &key(2).header);
        assert_eq!(key(2).open(&renamed), None);
    }

    #[test]
    fn what_was_sealed_is_a_jwe_to_others() {
        let key = RefreshKey::from_secret(&[1; SECRET_BYTES]).expect("32 bytes");
        let text = key.seal(b"payload").expect("seals");
        let read = jwe::Compact::<Vec<u8>, Empty>::new_encrypted(&text)
            .into_decrypted(&key.content, MANAGEMENT, ENCRYPTION)
            .expect("opens");
        assert_eq!(read.payload().expect("a payload"), b"payload");
        let header = read.header().expect("a header").clone();
        let nonce = key.nonce(b"payload");
        let written = jwe::Compact::<Vec<u8>, Empty>::new_decrypted(header, b"payload".to_vec())
            .into_encrypted(&key.content, &EncryptionOptions::AES_GCM { nonce })
            .expect("seals")
            .unwrap_encrypted()
            .encode();
        assert_eq!(written, text);
    }

    #[test]
    fn a_text_sealed_with_another_nonce_does_not_open() {
        let key = RefreshKey::from_secret(&[1; SECRET_BYTES]).expect("32 bytes");
        let seal = |nonce| key.seal_with(nonce, b"payload").expect("seals");
        assert!(key.open(&seal(key.nonce(b"payload"))).is_some());
        assert_eq!(key.open(&seal(vec![0; NONCE_BYTES])), None);
    }

    #[test]
    fn a_piece_of_the_ciphertext_is_not_taken_for_the_tag() {
        let key = RefreshKey::from_secret(&[1; SECRET_BYTES]).expect("32 bytes");
        // Nine bytes are twelve characters: the parts can be cut elsewhere without a bit being changed.
        let text = key.seal(b"nine byte").expect("seals");
        let (head, tag) = text.rsplit_once('.').expect("parts");
        let (rest, moved) = head.split_at(head.len() - 4);
        assert_eq!(key.open(&format!("{rest}.{moved}{tag}")), None);
        let (moved, rest) = tag.split_at(4);
        assert_eq!(key.open(&format!("{head}{moved}.{rest}")), None);
    }

    #[test]
    fn a_secret_of_another_length_is_refused() {
        for length in [0, 31, 33] {
            assert_eq!(RefreshKey::from_secret(&vec![0; length]).err(), Some(NotARefreshKey));
        }
    }
}
