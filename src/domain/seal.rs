//! Authenticated encryption of what is stored: AES-256-GCM under a named key, bound to its place.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use zeroize::{Zeroize, Zeroizing};

use super::random::{Random, bytes};

/// The blob is not one that this key sealed for this place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("sealed data does not open: it was changed, moved, or sealed under another key")]
pub struct DoesNotOpen;

/// A 256-bit key that seals. It does not print, and the bytes it was made from are wiped.
pub struct SealingKey(LessSafeKey);

impl SealingKey {
    /// Takes over 32 key bytes; the caller's copy is zeroized.
    #[must_use]
    pub fn new(key: &mut [u8; 32]) -> Self {
        #[expect(clippy::expect_used, reason = "the length is right by type")]
        let unbound = UnboundKey::new(&AES_256_GCM, key).expect("32 bytes make an AES-256 key");
        key.zeroize();
        Self(LessSafeKey::new(unbound))
    }

    /// `nonce ‖ ciphertext ‖ tag`, which opens only under the same `place` (table and row, or flow and browser).
    #[must_use]
    pub fn seal(&self, random: &dyn Random, place: &[u8], plaintext: &[u8]) -> Vec<u8> {
        let nonce: [u8; NONCE_LEN] = bytes(random);
        let mut sealed = Vec::with_capacity(NONCE_LEN + plaintext.len() + AES_256_GCM.tag_len());
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plaintext);
        #[expect(
            clippy::expect_used,
            clippy::indexing_slicing,
            reason = "the nonce was just put there; GCM refuses only beyond 64 GiB"
        )]
        let tag = self
            .0
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(place),
                &mut sealed[NONCE_LEN..],
            )
            .expect("plaintext is far below 64 GiB");
        sealed.extend_from_slice(tag.as_ref());
        sealed
    }

    /// Opens what [`SealingKey::seal`] made for the same `place`.
    ///
    /// # Errors
    /// [`DoesNotOpen`] if a bit, the key or the place differs.
    pub fn open(&self, place: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, DoesNotOpen> {
        let (nonce, body) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(DoesNotOpen)?;
        let mut body = Zeroizing::new(body.to_vec());
        let length = self
            .0
            .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(place), &mut body)
            .map_err(|_| DoesNotOpen)?
            .len();
        body.truncate(length);
        Ok(body)
    }
}

impl std::fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealingKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed;
    impl Random for Fixed {
        fn fill(&self, out: &mut [u8]) {
            out.fill(9);
        }
    }

    #[test]
    fn opens_only_where_it_was_sealed() {
        let key = SealingKey::new(&mut [1; 32]);
        let sealed = key.seal(&Fixed, b"secrets/opaque", b"setup");
        assert_eq!(
            key.open(b"secrets/opaque", &sealed).expect("opens").as_slice(),
            b"setup"
        );
        assert_eq!(key.open(b"secrets/other", &sealed).map(|_| ()), Err(DoesNotOpen));
        assert_eq!(
            SealingKey::new(&mut [2; 32])
                .open(b"secrets/opaque", &sealed)
                .map(|_| ()),
            Err(DoesNotOpen)
        );
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_noticed() {
        let key = SealingKey::new(&mut [1; 32]);
        let sealed = key.seal(&Fixed, b"", b"x");
        for bit in 0..sealed.len() * 8 {
            let mut bad = sealed.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(key.open(b"", &bad).is_err());
        }
        for cut in 0..sealed.len() {
            assert!(key.open(b"", &sealed[..cut]).is_err());
        }
    }
}
