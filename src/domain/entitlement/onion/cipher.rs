//! The two ciphers of onion requests, and the key that both sides agree on.

use blake2b_simd::Params;
use chacha20poly1305::aead::Aead as _;
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;
use zeroize::Zeroizing;

use crate::domain::random::{Random, bytes};

const XCHACHA_NONCE: usize = 24;

/// Which cipher the client chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cipher {
    XChaCha20Poly1305,
    Aes256Gcm,
}

/// The key of one request and its answer.
pub(super) enum Session {
    XChaCha20Poly1305(Box<XChaCha20Poly1305>),
    Aes256Gcm(Box<LessSafeKey>),
}

impl Session {
    /// The key that `shared`, the Diffie-Hellman secret, gives. The client's public key comes first in both directions.
    pub(super) fn agree(cipher: Cipher, shared: &[u8; 32], client: &[u8; 32], server: &[u8; 32]) -> Self {
        let key = derive(cipher, shared, client, server);
        match cipher {
            Cipher::XChaCha20Poly1305 => Self::XChaCha20Poly1305(Box::new(XChaCha20Poly1305::new((&*key).into()))),
            Cipher::Aes256Gcm => {
                #[expect(clippy::expect_used, reason = "the length is right by type")]
                let unbound = UnboundKey::new(&AES_256_GCM, &*key).expect("32 bytes make an AES-256 key");
                Self::Aes256Gcm(Box::new(LessSafeKey::new(unbound)))
            }
        }
    }

    /// Opens `nonce ‖ ciphertext ‖ tag`.
    pub(super) fn open(&self, sealed: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::XChaCha20Poly1305(key) => {
                let (nonce, ciphertext) = sealed.split_first_chunk::<XCHACHA_NONCE>()?;
                key.decrypt(XNonce::from_slice(nonce), ciphertext).ok()
            }
            Self::Aes256Gcm(key) => {
                let (nonce, ciphertext) = sealed.split_first_chunk::<NONCE_LEN>()?;
                let mut buffer = ciphertext.to_vec();
                let nonce = Nonce::assume_unique_for_key(*nonce);
                let length = key.open_in_place(nonce, Aad::empty(), &mut buffer).ok()?.len();
                buffer.truncate(length);
                Some(buffer)
            }
        }
    }

    /// Seals as [`Session::open`] opens. The nonce is random: a key serves one question and one answer.
    pub(super) fn seal(&self, random: &dyn Random, plaintext: &[u8]) -> Vec<u8> {
        match self {
            Self::XChaCha20Poly1305(key) => {
                let nonce: [u8; XCHACHA_NONCE] = bytes(random);
                #[expect(clippy::expect_used, reason = "ChaCha20 refuses only beyond 256 GiB")]
                let ciphertext = key
                    .encrypt(XNonce::from_slice(&nonce), plaintext)
                    .expect("an answer is far below 256 GiB");
                [&nonce[..], &ciphertext].concat()
            }
            Self::Aes256Gcm(key) => {
                let nonce: [u8; NONCE_LEN] = bytes(random);
                let mut buffer = plaintext.to_vec();
                #[expect(clippy::expect_used, reason = "GCM refuses only beyond 64 GiB")]
                key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut buffer)
                    .expect("an answer is far below 64 GiB");
                [&nonce[..], &buffer].concat()
            }
        }
    }
}

fn derive(cipher: Cipher, shared: &[u8; 32], client: &[u8; 32], server: &[u8; 32]) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    match cipher {
        Cipher::XChaCha20Poly1305 => {
            let digest = Params::new()
                .hash_length(32)
                .to_state()
                .update(shared)
                .update(client)
                .update(server)
                .finalize();
            key.copy_from_slice(digest.as_bytes());
        }
        Cipher::Aes256Gcm => {
            let digest = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, b"LOKI"), shared);
            key.copy_from_slice(digest.as_ref());
        }
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::entitlement::onion::vectors::{Vectors, fixed};

    #[test]
    fn keys_are_those_of_the_vectors() {
        let vectors = Vectors::read();
        let (client, server) = (fixed(&vectors.client_x25519_pkey), fixed(&vectors.server_x25519_pkey));
        let shared = fixed(&vectors.dh_secret);
        for (cipher, expected) in [
            (Cipher::XChaCha20Poly1305, &vectors.xchacha20_key),
            (Cipher::Aes256Gcm, &vectors.aes_gcm_key),
        ] {
            assert_eq!(hex::encode(*derive(cipher, &shared, &client, &server)), *expected);
        }
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_noticed() {
        struct Fixed;
        impl Random for Fixed {
            fn fill(&self, out: &mut [u8]) {
                out.fill(9);
            }
        }
        for cipher in [Cipher::XChaCha20Poly1305, Cipher::Aes256Gcm] {
            let session = Session::agree(cipher, &[1; 32], &[2; 32], &[3; 32]);
            let sealed = session.seal(&Fixed, b"x");
            assert_eq!(session.open(&sealed).expect("opens"), b"x");
            for bit in 0..sealed.len() * 8 {
                let mut bad = sealed.clone();
                bad[bit / 8] ^= 1 << (bit % 8);
                assert!(session.open(&bad).is_none());
            }
            for cut in 0..sealed.len() {
                assert!(session.open(&sealed[..cut]).is_none());
            }
        }
    }
}
