//! Checking a proof offline: with the server's public key, and the list of revocations as it was last fetched.
//!
//! Nothing here asks anybody: no network, no database, no clock but the time that is passed in. An application fetches
//! the list at least as often as its `retry_in_s` says. A revocation takes effect one day after it is made, so whoever
//! polls in time learns of each one before it counts.
//!
//! ```
//! use countersign::domain::entitlement::key::PublicKey;
//! use countersign::domain::entitlement::verify::{Revocations, Verdict, WireProof};
//!
//! let key = PublicKey::from_hex("fc947730f49eb01427a66e050733294d9e520e545c7a27125a780634e0860a27").unwrap();
//! let revocations = Revocations::from_json(
//!     br#"{"result":{"version":0,"ticket":1,"retry_in_s":86400,"items":[]},"status":0}"#,
//! ).unwrap();
//! // What /add_pro_payment or /generate_pro_proof answered.
//! let proof = WireProof::from_json(
//!     br#"{"result":{"version":0,"expiry_unix_ts_ms":0,
//!         "gen_index_hash":"f40404fc3f415f70de6adf9e3f0347684fb43697fcb13539b70c2315d3e00d81",
//!         "rotating_pkey":"a09aa5f47a6759802ff955f8dc2d2a14a5c99d23be97f864127ff9383455a4f0",
//!         "sig":"2b0231942ce0a2702e9d006996bdabb40b6e8fa46b7e482fe43533cd878cde49b5e5c1088fa230bd29951c17cf35a0996e4199ad8c56a0a4b1e72605422be20a"},
//!         "status":0}"#,
//! ).unwrap();
//! // The right signature; but it ended at once.
//! assert_eq!(proof.check(&key, &revocations, 1_700_000_000_000), Verdict::Expired);
//! ```

use std::collections::HashMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::key::PublicKey;
use super::proof::{Proof, SignedProof, VERSION};

/// What a proof is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Its bearer is entitled now. That they hold the rotating key is for the application to see.
    Valid,
    /// It is of a version that this check does not know.
    UnknownVersion,
    /// The server has not signed it.
    BadSignature,
    /// It has ended.
    Expired,
    /// Its generation is revoked, and the revocation counts by now.
    Revoked,
}

impl Verdict {
    /// One word for programs and people.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::UnknownVersion => "unknown-version",
            Self::BadSignature => "bad-signature",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

/// A document is not what the server answers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(String);

/// A proof as it comes from a client, of any version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WireProof {
    version: u64,
    signed: SignedProof,
}

#[derive(Deserialize)]
struct ProofDocument {
    version: u64,
    gen_index_hash: String,
    rotating_pkey: String,
    expiry_unix_ts_ms: u64,
    sig: String,
}

impl WireProof {
    /// Reads the answer of `/add_pro_payment` or `/generate_pro_proof`, or its `result` alone.
    ///
    /// # Errors
    /// [`Unreadable`] says what is wrong with it.
    pub fn from_json(json: &[u8]) -> Result<Self, Unreadable> {
        let document: ProofDocument = result_of(json)?;
        let rotating = fixed::<32>("rotating_pkey", &document.rotating_pkey)?;
        Ok(Self {
            version: document.version,
            signed: SignedProof {
                proof: Proof {
                    gen_index_hash: fixed("gen_index_hash", &document.gen_index_hash)?,
                    rotating: PublicKey::from_bytes(rotating),
                    expiry_unix_ts_ms: document.expiry_unix_ts_ms,
                },
                signature: fixed("sig", &document.sig)?,
            },
        })
    }

    /// What it is worth at `now`, in ms since the Unix epoch.
    #[must_use]
    pub fn check(&self, key: &PublicKey, revocations: &Revocations, now: u64) -> Verdict {
        if self.version != u64::from(VERSION) {
            return Verdict::UnknownVersion;
        }
        check(&self.signed, key, revocations, now)
    }
}

/// What a signed proof of this version is worth at `now`, in ms since the Unix epoch.
#[must_use]
pub fn check(signed: &SignedProof, key: &PublicKey, revocations: &Revocations, now: u64) -> Verdict {
    if !signed.is_signed_by(key) {
        return Verdict::BadSignature;
    }
    if now >= signed.proof.expiry_unix_ts_ms {
        return Verdict::Expired;
    }
    if revocations.counts_for(&signed.proof.gen_index_hash, now) {
        return Verdict::Revoked;
    }
    Verdict::Valid
}

/// The list of revocations as it was last fetched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Revocations {
    /// From when each generation's revocation counts, in ms since the Unix epoch.
    effective: HashMap<[u8; 32], u64>,
}

#[derive(Deserialize)]
struct ListDocument {
    version: u64,
    items: Vec<ItemDocument>,
}

#[derive(Deserialize)]
struct ItemDocument {
    gen_index_hash: String,
    effective_unix_ts_ms: u64,
}

impl Revocations {
    /// Reads the answer of `/get_pro_revocations`, or its `result` alone.
    ///
    /// # Errors
    /// [`Unreadable`] says what is wrong with it; a list of another version is not read.
    pub fn from_json(json: &[u8]) -> Result<Self, Unreadable> {
        let document: ListDocument = result_of(json)?;
        if document.version != u64::from(VERSION) {
            return Err(Unreadable(format!("version {} is not known", document.version)));
        }
        let mut list = Self::default();
        for item in &document.items {
            list.add(
                fixed("gen_index_hash", &item.gen_index_hash)?,
                item.effective_unix_ts_ms,
            );
        }
        Ok(list)
    }

    /// Adds a revocation that counts from `effective`; of two for one generation the earlier counts.
    pub fn add(&mut self, gen_index_hash: [u8; 32], effective: u64) {
        self.effective
            .entry(gen_index_hash)
            .and_modify(|known| *known = effective.min(*known))
            .or_insert(effective);
    }

    /// Whether the generation is revoked at `now`.
    #[must_use]
    pub fn counts_for(&self, gen_index_hash: &[u8; 32], now: u64) -> bool {
        self.effective.get(gen_index_hash).is_some_and(|from| *from <= now)
    }
}

/// The `result` of an envelope, or the whole document where there is none.
fn result_of<T: DeserializeOwned>(json: &[u8]) -> Result<T, Unreadable> {
    let unreadable = |error: serde_json::Error| Unreadable(error.to_string());
    let mut document: serde_json::Value = serde_json::from_slice(json).map_err(unreadable)?;
    if let Some(result) = document.get_mut("result") {
        document = result.take();
    }
    if !document.is_object() {
        return Err(Unreadable("a JSON object is expected".to_owned()));
    }
    serde_json::from_value(document).map_err(unreadable)
}

fn fixed<const N: usize>(name: &str, text: &str) -> Result<[u8; N], Unreadable> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes)
        .map_err(|_| Unreadable(format!("{name} is not {} hexadecimal digits", 2 * N)))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::entitlement::key::{DEV_SEED, ProofKey};

    const EXPIRY: u64 = 5_000;

    fn key() -> ProofKey {
        ProofKey::from_seed(&DEV_SEED)
    }

    fn signed() -> SignedProof {
        let proof = Proof {
            gen_index_hash: [1; 32],
            rotating: PublicKey::from_bytes([2; 32]),
            expiry_unix_ts_ms: EXPIRY,
        };
        proof.sign(&key())
    }

    fn document() -> serde_json::Value {
        let signed = signed();
        serde_json::json!({
            "version": 0,
            "gen_index_hash": hex::encode(signed.proof.gen_index_hash),
            "rotating_pkey": signed.proof.rotating.to_hex(),
            "expiry_unix_ts_ms": EXPIRY,
            "sig": hex::encode(signed.signature),
        })
    }

    fn verdict(document: &serde_json::Value, now: u64) -> Verdict {
        let proof = WireProof::from_json(document.to_string().as_bytes()).expect("reads");
        proof.check(key().public(), &Revocations::default(), now)
    }

    #[test]
    fn a_proof_is_valid_until_it_ends() {
        assert_eq!(verdict(&document(), EXPIRY - 1), Verdict::Valid);
        assert_eq!(verdict(&document(), EXPIRY), Verdict::Expired);
        let enveloped = serde_json::json!({ "result": document(), "status": 0 });
        assert_eq!(verdict(&enveloped, 0), Verdict::Valid);
        let mut newer = document();
        newer["version"] = 256.into();
        assert_eq!(verdict(&newer, 0), Verdict::UnknownVersion);
        let other = ProofKey::from_seed(&[1; 32]);
        let list = Revocations::default();
        assert_eq!(check(&signed(), other.public(), &list, 0), Verdict::BadSignature);
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        for name in ["gen_index_hash", "rotating_pkey", "sig"] {
            let length = document()[name].as_str().expect("text").len();
            for bit in 0..length * 4 {
                let mut changed = document();
                let mut bytes = hex::decode(changed[name].as_str().expect("text")).expect("hexadecimal");
                bytes[bit / 8] ^= 1 << (bit % 8);
                changed[name] = hex::encode(bytes).into();
                assert_eq!(verdict(&changed, 0), Verdict::BadSignature, "{name} {bit}");
            }
        }
        for bit in 0..64 {
            let mut changed = document();
            changed["expiry_unix_ts_ms"] = (EXPIRY ^ (1 << bit)).into();
            assert_eq!(verdict(&changed, 0), Verdict::BadSignature, "{bit}");
        }
    }

    #[test]
    fn a_revocation_counts_from_its_effective_time() {
        let list = format!(
            r#"{{"version":0,"ticket":3,"retry_in_s":86400,"items":[
                {{"gen_index_hash":"{}","effective_unix_ts_ms":9,"expiry_unix_ts_ms":9}},
                {{"gen_index_hash":"{}","effective_unix_ts_ms":2000,"expiry_unix_ts_ms":1}}]}}"#,
            "03".repeat(32),
            "01".repeat(32)
        );
        let list = Revocations::from_json(list.as_bytes()).expect("reads");
        for (now, verdict) in [
            (1_999, Verdict::Valid),
            (2_000, Verdict::Revoked),
            (EXPIRY, Verdict::Expired),
        ] {
            assert_eq!(check(&signed(), key().public(), &list, now), verdict, "{now}");
        }
        let mut twice = list;
        twice.add([1; 32], 3_000);
        assert!(twice.counts_for(&[1; 32], 2_000), "the earlier counts");
    }

    #[test]
    fn what_the_server_never_answers_is_told() {
        for bad in [
            "",
            "[]",
            "7",
            "{}",
            r#"{"result":[0,"","",0,""]}"#,
            r#"{"errors":["no"],"status":1}"#,
        ] {
            assert!(WireProof::from_json(bad.as_bytes()).is_err(), "{bad}");
            assert!(Revocations::from_json(bad.as_bytes()).is_err(), "{bad}");
        }
        for (name, value) in [
            ("sig", serde_json::json!("00")),
            ("expiry_unix_ts_ms", serde_json::json!(-1)),
            ("expiry_unix_ts_ms", serde_json::json!("1")),
            ("rotating_pkey", serde_json::json!("0x")),
        ] {
            let mut changed = document();
            changed[name] = value;
            assert!(
                WireProof::from_json(changed.to_string().as_bytes()).is_err(),
                "{changed}"
            );
        }
        let newer = br#"{"version":1,"ticket":0,"items":[]}"#;
        assert!(
            Revocations::from_json(newer).is_err(),
            "an unknown list is not an empty list"
        );
    }

    proptest! {
        #[test]
        fn no_document_panics(text in "\\{?(\"(version|sig|items|result)\":[0-9\\[\\]{}\"]{0,4},?){0,4}\\}?") {
            let _ = WireProof::from_json(text.as_bytes());
            let _ = Revocations::from_json(text.as_bytes());
        }
    }
}
