//! Keys and randomness for tests.

use std::sync::{LazyLock, Mutex};

use rand::{RngCore as _, SeedableRng as _, rngs::StdRng};
use zeroize::Zeroizing;

use super::algorithm::SigningAlgorithm;
use super::keyset::{KeyMaterial, KeySet};
use super::lifecycle::{KeyRecord, KeyState, Purpose};
use super::refresh::RefreshKey;
use super::signing::SigningKey;
use crate::domain::clock::Timestamp;
use crate::domain::random::Random;

/// A [`Random`] that gives the same bytes each time.
pub(crate) struct Seeded(Mutex<StdRng>);

impl Seeded {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Mutex::new(StdRng::seed_from_u64(seed)))
    }
}

impl Random for Seeded {
    fn fill(&self, out: &mut [u8]) {
        self.0.lock().expect("not poisoned").fill_bytes(out);
    }
}

/// One secret per algorithm, made once per test run: an RSA key takes a while.
pub(crate) fn secret(algorithm: SigningAlgorithm) -> &'static [u8] {
    static SECRETS: LazyLock<[Zeroizing<Vec<u8>>; 3]> = LazyLock::new(|| {
        let random = Seeded::new(0);
        SigningAlgorithm::ALL.map(|algorithm| SigningKey::generate_secret(algorithm, &random).expect("makes a secret"))
    });
    &SECRETS[algorithm as usize]
}

/// A fresh [`SigningKey`] over [`secret`].
pub(crate) fn signing_key(algorithm: SigningAlgorithm) -> SigningKey {
    SigningKey::from_secret(algorithm, secret(algorithm)).expect("own secret reads")
}

/// An Ed25519 key with its record.
pub(crate) fn signing_entry(seed: &[u8; 32], state: KeyState) -> (KeyRecord, KeyMaterial) {
    entry(
        SigningKey::from_secret(SigningAlgorithm::EdDsa, seed).expect("a seed"),
        state,
    )
}

/// A refresh key with its record.
pub(crate) fn refresh_entry(secret: &[u8; 32], state: KeyState) -> (KeyRecord, KeyMaterial) {
    let key = RefreshKey::from_secret(secret).expect("32 bytes");
    let record = KeyRecord {
        kid: key.kid().to_owned(),
        purpose: Purpose::Refresh,
        state,
    };
    (record, KeyMaterial::Refresh(key))
}

fn entry(key: SigningKey, state: KeyState) -> (KeyRecord, KeyMaterial) {
    let record = KeyRecord {
        kid: key.kid().to_owned(),
        purpose: Purpose::Sign(key.algorithm()),
        state,
    };
    (record, KeyMaterial::Signing(key))
}

/// One active key for each purpose, always the same.
pub(crate) fn key_set_keys() -> Vec<(KeyRecord, KeyMaterial)> {
    let active = KeyState::first(Timestamp::from_secs(0));
    let mut keys: Vec<_> = SigningAlgorithm::ALL
        .map(|algorithm| entry(signing_key(algorithm), active))
        .into();
    keys.push(refresh_entry(&[42; 32], active));
    keys
}

/// The set of [`key_set_keys`].
pub(crate) fn key_set() -> KeySet {
    KeySet::new(key_set_keys()).expect("a set")
}
