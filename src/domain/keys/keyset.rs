//! The immutable snapshot of all keys in use. A rotation makes a new one; nobody ever changes one.

use std::collections::HashMap;

use super::algorithm::SigningAlgorithm;
use super::jwk;
use super::lifecycle::{KeyRecord, KeyState, Purpose};
use super::refresh::RefreshKey;
use super::signing::SigningKey;
use super::verifying::VerifyingKey;

/// A key that is ready for use, of either kind.
#[derive(Debug)]
pub enum KeyMaterial {
    /// For [`Purpose::Sign`].
    Signing(SigningKey),
    /// For [`Purpose::Refresh`].
    Refresh(RefreshKey),
}

/// Why records and keys make no key set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeySetError {
    /// A purpose has no active key.
    #[error("there is no active {0} key")]
    NoneActive(Purpose),
    /// A purpose has several active keys.
    #[error("there are several active {0} keys")]
    SeveralActive(Purpose),
    /// The key is not the one that its record names.
    #[error("key {0} is not the key that its record describes")]
    Mismatch(String),
    /// Two records name one key.
    #[error("key {0} is there twice")]
    Duplicate(String),
    /// The JWKS could not be written.
    #[error("the JWKS could not be written")]
    Document,
}

/// All published keys, with the active one of each purpose at hand.
#[derive(Debug)]
pub struct KeySet {
    rs256: SigningKey,
    es256: SigningKey,
    eddsa: SigningKey,
    refresh: RefreshKey,
    /// Pending and retiring signing keys; of these only the public half is used.
    others: HashMap<String, SigningKey>,
    older_refresh: Vec<RefreshKey>,
    jwks: String,
}

impl KeySet {
    /// Builds the snapshot. Retired keys are left out.
    ///
    /// # Errors
    /// [`KeySetError`] unless each purpose has exactly one active key and all keys are those of their records.
    pub fn new(keys: Vec<(KeyRecord, KeyMaterial)>) -> Result<Self, KeySetError> {
        let mut draft = Draft::default();
        for (record, material) in keys {
            if record.state.is_published() {
                draft.add(record, material)?;
            }
        }
        draft.finish()
    }

    /// The key that signs with `algorithm` now.
    #[must_use]
    pub const fn signer(&self, algorithm: SigningAlgorithm) -> &SigningKey {
        match algorithm {
            SigningAlgorithm::EdDsa => &self.eddsa,
            SigningAlgorithm::Es256 => &self.es256,
            SigningAlgorithm::Rs256 => &self.rs256,
        }
    }

    /// The published key named `kid`.
    #[must_use]
    pub fn verifying_key(&self, kid: &str) -> Option<&VerifyingKey> {
        [&self.eddsa, &self.rs256, &self.es256]
            .into_iter()
            .find(|key| key.kid() == kid)
            .or_else(|| self.others.get(kid))
            .map(SigningKey::public)
    }

    /// The key that new refresh tokens are encrypted under.
    #[must_use]
    pub const fn refresh_key(&self) -> &RefreshKey {
        &self.refresh
    }

    /// Every key that refresh tokens may be encrypted under, the active one first.
    pub fn refresh_keys(&self) -> impl Iterator<Item = &RefreshKey> {
        std::iter::once(&self.refresh).chain(&self.older_refresh)
    }

    /// The JWKS document (RFC 7517 §5).
    #[must_use]
    pub fn jwks(&self) -> &str {
        &self.jwks
    }
}

#[derive(Default)]
struct Draft {
    active: HashMap<Purpose, SigningKey>,
    refresh: Option<RefreshKey>,
    others: HashMap<String, SigningKey>,
    older_refresh: Vec<RefreshKey>,
}

impl Draft {
    fn add(&mut self, record: KeyRecord, material: KeyMaterial) -> Result<(), KeySetError> {
        let KeyRecord { kid, purpose, state } = record;
        let active = matches!(state, KeyState::Active { .. });
        match (purpose, material) {
            (Purpose::Sign(algorithm), KeyMaterial::Signing(key))
                if key.algorithm() == algorithm && key.kid() == kid =>
            {
                if self.others.contains_key(&kid) || self.active.values().any(|other| other.kid() == kid) {
                    return Err(KeySetError::Duplicate(kid));
                }
                if !active {
                    self.others.insert(kid, key);
                } else if self.active.insert(purpose, key).is_some() {
                    return Err(KeySetError::SeveralActive(purpose));
                }
            }
            (Purpose::Refresh, KeyMaterial::Refresh(key)) if key.kid() == kid => {
                if self
                    .older_refresh
                    .iter()
                    .chain(&self.refresh)
                    .any(|other| other.kid() == kid)
                {
                    return Err(KeySetError::Duplicate(kid));
                }
                if !active {
                    self.older_refresh.push(key);
                } else if self.refresh.replace(key).is_some() {
                    return Err(KeySetError::SeveralActive(purpose));
                }
            }
            _ => return Err(KeySetError::Mismatch(kid)),
        }
        Ok(())
    }

    fn finish(mut self) -> Result<KeySet, KeySetError> {
        let mut take = |algorithm| {
            let purpose = Purpose::Sign(algorithm);
            self.active.remove(&purpose).ok_or(KeySetError::NoneActive(purpose))
        };
        let rs256 = take(SigningAlgorithm::Rs256)?;
        let es256 = take(SigningAlgorithm::Es256)?;
        let eddsa = take(SigningAlgorithm::EdDsa)?;
        let refresh = self.refresh.ok_or(KeySetError::NoneActive(Purpose::Refresh))?;
        // RS256 first: a client that knows no OKP keys and takes what comes first finds one that it knows.
        let mut others: Vec<_> = self.others.values().collect();
        others.sort_by_key(|key| key.kid());
        let published = [&rs256, &es256, &eddsa].into_iter().chain(others);
        let jwks = jwk::set(published.map(SigningKey::public)).map_err(|_| KeySetError::Document)?;
        Ok(KeySet {
            rs256,
            es256,
            eddsa,
            refresh,
            others: self.others,
            older_refresh: self.older_refresh,
            jwks,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::Timestamp;
    use crate::domain::keys::testing::{key_set_keys, refresh_entry, signing_entry};

    const NOW: Timestamp = Timestamp::from_secs(100);

    #[test]
    fn a_set_can_be_shared_by_all_threads() {
        fn shared<T: Send + Sync>() {}
        shared::<KeySet>();
    }

    #[test]
    fn every_published_key_is_found_by_its_name_and_stands_in_the_jwks() {
        let pending = signing_entry(&[3; 32], KeyState::publish(NOW));
        let retired = signing_entry(&[4; 32], KeyState::Retired { since: NOW });
        let (pending_kid, retired_kid) = (pending.0.kid.clone(), retired.0.kid.clone());
        let mut keys = key_set_keys();
        keys.extend([pending, retired]);
        let set = KeySet::new(keys).expect("a set");
        for algorithm in SigningAlgorithm::ALL {
            let signer = set.signer(algorithm);
            assert_eq!(signer.algorithm(), algorithm);
            assert_eq!(
                set.verifying_key(signer.kid()).map(VerifyingKey::kid),
                Some(signer.kid())
            );
            assert!(set.jwks().contains(signer.kid()));
        }
        assert!(set.verifying_key(&pending_kid).is_some() && set.jwks().contains(&pending_kid));
        assert!(set.verifying_key(&retired_kid).is_none() && !set.jwks().contains(&retired_kid));
        assert_ne!(set.signer(SigningAlgorithm::EdDsa).kid(), pending_kid);
    }

    #[test]
    fn older_refresh_keys_open_and_the_active_one_seals() {
        let older = refresh_entry(&[8; 32], KeyState::Retiring { until: NOW });
        let older_kid = older.0.kid.clone();
        let mut keys = key_set_keys();
        keys.push(older);
        let set = KeySet::new(keys).expect("a set");
        assert_ne!(set.refresh_key().kid(), older_kid);
        let kids: Vec<_> = set.refresh_keys().map(RefreshKey::kid).collect();
        assert_eq!(kids, [set.refresh_key().kid(), &older_kid]);
    }

    #[test]
    fn a_set_needs_exactly_one_active_key_for_each_purpose() {
        for purpose in Purpose::ALL {
            let mut keys = key_set_keys();
            keys.retain(|(record, _)| record.purpose != purpose);
            assert_eq!(KeySet::new(keys).err(), Some(KeySetError::NoneActive(purpose)));
        }
        for surplus in [
            signing_entry(&[5; 32], KeyState::first(NOW)),
            refresh_entry(&[5; 32], KeyState::first(NOW)),
        ] {
            let purpose = surplus.0.purpose;
            let mut keys = key_set_keys();
            keys.push(surplus);
            assert_eq!(KeySet::new(keys).err(), Some(KeySetError::SeveralActive(purpose)));
        }
    }

    #[test]
    fn a_key_under_a_foreign_record_is_refused() {
        let mut keys = key_set_keys();
        keys[0].0.kid = "other".to_owned();
        assert_eq!(KeySet::new(keys).err(), Some(KeySetError::Mismatch("other".to_owned())));
        let (mut record, material) = signing_entry(&[5; 32], KeyState::publish(NOW));
        record.purpose = Purpose::Refresh;
        let kid = record.kid.clone();
        assert_eq!(
            KeySet::new(vec![(record, material)]).err(),
            Some(KeySetError::Mismatch(kid))
        );
    }

    #[test]
    fn one_key_twice_is_refused() {
        for state in [KeyState::publish(NOW), KeyState::first(NOW)] {
            let twice = vec![
                signing_entry(&[5; 32], state),
                signing_entry(&[5; 32], KeyState::publish(NOW)),
            ];
            assert!(matches!(KeySet::new(twice), Err(KeySetError::Duplicate(_))));
        }
    }
}
