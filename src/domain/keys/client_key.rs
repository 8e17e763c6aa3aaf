//! Public keys of clients: what they sign assertions and request objects with.
//!
//! They come from outside (`jwks` in a client's metadata, or its `jwks_uri`), so each key is read by itself and one that is
//! of no use here (symmetric, of another curve, for encryption) is left out without spoiling the rest. The kind of key says
//! which algorithms it can verify; a token's header only picks among those.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RsaPublicKeyComponents,
    UnparsedPublicKey,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::verifying::BadSignature;

/// Most keys that a set may hold.
pub const MAX_KEYS: usize = 32;
/// Longest `kid`, in bytes.
pub const MAX_KID: usize = 256;

/// A JWS algorithm that clients may sign with (RFC 7518 §3.1, RFC 8037 §3.1). Neither `none` nor HMAC can be named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClientAlgorithm {
    /// Ed25519; RFC 9864 names it so, and some libraries do.
    #[serde(rename = "EdDSA", alias = "Ed25519")]
    EdDsa,
    /// ECDSA on P-256 with SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// RSASSA-PSS with SHA-256.
    #[serde(rename = "PS256")]
    Ps256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    #[serde(rename = "RS256")]
    Rs256,
}

impl ClientAlgorithm {
    /// All of them, in the order in which discovery lists them.
    pub const ALL: [Self; 4] = [Self::EdDsa, Self::Es256, Self::Ps256, Self::Rs256];

    /// The JOSE name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
            Self::Ps256 => "PS256",
            Self::Rs256 => "RS256",
        }
    }
}

enum Public {
    EdDsa(ed25519_dalek::VerifyingKey),
    /// The uncompressed point: 4, x, y.
    Es256([u8; 65]),
    Rsa(RsaPublicKeyComponents<Vec<u8>>),
}

/// One public key of a client.
pub struct ClientKey {
    kid: Option<String>,
    /// The `alg` of the JWK: where it is there, the only one.
    only: Option<ClientAlgorithm>,
    public: Public,
}

/// The members of a JWK (RFC 7517 §4) that matter here.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    d: Option<Value>,
    k: Option<Value>,
}

/// Why something is not a key set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadKeySet {
    /// Not an object with a list `keys`.
    #[error("it must be a JWK set: an object whose keys is a list")]
    NotASet,
    /// Over [`MAX_KEYS`].
    #[error("it has more than 32 keys")]
    TooMany,
    /// A secret that should not be here.
    #[error("it has a private or symmetric key in it; publish public keys only")]
    Private,
    /// Nothing in it can verify a signature.
    #[error("it has no key for signatures that this server knows: Ed25519, P-256, or RSA of 2048 to 8192 bits")]
    NoKey,
}

impl ClientKey {
    /// Reads one JWK; `None` if it is of no use here.
    #[must_use]
    pub fn read(jwk: &Value) -> Option<Self> {
        let jwk: Jwk = serde_json::from_value(jwk.clone()).ok()?;
        let for_signatures = jwk.usage.as_deref().is_none_or(|usage| usage == "sig")
            && jwk
                .key_ops
                .as_ref()
                .is_none_or(|ops| ops.iter().any(|op| op == "verify"));
        if !for_signatures || jwk.d.is_some() || jwk.k.is_some() {
            return None;
        }
        let public = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
            ("OKP", Some("Ed25519")) => {
                let key = ed25519_dalek::VerifyingKey::from_bytes(&fixed(jwk.x.as_deref()?)?).ok()?;
                // With a key of small order anybody can sign.
                Public::EdDsa(Some(key).filter(|key| !key.is_weak())?)
            }
            ("EC", Some("P-256")) => {
                let (x, y): ([u8; 32], [u8; 32]) = (fixed(jwk.x.as_deref()?)?, fixed(jwk.y.as_deref()?)?);
                Public::Es256([&[4], x.as_slice(), y.as_slice()].concat().try_into().ok()?)
            }
            ("RSA", _) => {
                let (n, e) = (number(jwk.n.as_deref()?)?, number(jwk.e.as_deref()?)?);
                let fits = (256..=1024).contains(&n.len()) && (1..=4).contains(&e.len());
                fits.then_some(Public::Rsa(RsaPublicKeyComponents { n, e }))?
            }
            _ => return None,
        };
        let key = Self {
            only: None,
            kid: jwk.kid.filter(|kid| kid.len() <= MAX_KID),
            public,
        };
        match jwk.alg.as_deref() {
            None => Some(key),
            Some(name) => {
                // RFC 9864 names the curve in the algorithm.
                let named = |alg: &ClientAlgorithm| alg.name() == name || (name == "Ed25519" && alg.name() == "EdDSA");
                let only = ClientAlgorithm::ALL.into_iter().find(named)?;
                key.can(only).then_some(Self {
                    only: Some(only),
                    ..key
                })
            }
        }
    }

    /// Its name in the set.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The RFC 7638 thumbprint: what tokens that are bound to the key name it by.
    #[must_use]
    pub fn thumbprint(&self) -> String {
        thumbprint(&self.public)
    }

    /// Whether it may verify signatures of this algorithm.
    #[must_use]
    pub fn can(&self, algorithm: ClientAlgorithm) -> bool {
        let fits = match self.public {
            Public::EdDsa(_) => algorithm == ClientAlgorithm::EdDsa,
            Public::Es256(_) => algorithm == ClientAlgorithm::Es256,
            Public::Rsa(_) => matches!(algorithm, ClientAlgorithm::Ps256 | ClientAlgorithm::Rs256),
        };
        fits && self.only.is_none_or(|only| only == algorithm)
    }

    /// Checks a signature in JWS form, by an algorithm that the key [can](Self::can).
    ///
    /// # Errors
    /// [`BadSignature`]; also for any other algorithm.
    pub fn verify(&self, algorithm: ClientAlgorithm, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        if !self.can(algorithm) {
            return Err(BadSignature);
        }
        match (&self.public, algorithm) {
            (Public::EdDsa(key), _) => {
                let signature = ed25519_dalek::Signature::from_slice(signature).map_err(|_| BadSignature)?;
                key.verify_strict(message, &signature).map_err(|_| BadSignature)
            }
            (Public::Es256(point), _) => UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
                .verify(message, signature)
                .map_err(|_| BadSignature),
            (Public::Rsa(key), ClientAlgorithm::Ps256) => key
                .verify(&RSA_PSS_2048_8192_SHA256, message, signature)
                .map_err(|_| BadSignature),
            (Public::Rsa(key), _) => key
                .verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
                .map_err(|_| BadSignature),
        }
    }
}

/// RFC 7638 §3: the hash of the required members in the order of their names, without blanks, base64url.
fn thumbprint(public: &Public) -> String {
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let canonical = match public {
        Public::EdDsa(key) => format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, encode(key.as_bytes())),
        Public::Es256(point) => {
            let (x, y) = point.split_at(1).1.split_at(32);
            format!(
                r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#,
                encode(x),
                encode(y)
            )
        }
        Public::Rsa(key) => format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, encode(&key.e), encode(&key.n)),
    };
    encode(&Sha256::digest(canonical))
}

impl fmt::Debug for ClientKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientKey({:?})", self.kid)
    }
}

/// The keys of one client.
#[derive(Debug, Default)]
pub struct ClientKeys(Vec<ClientKey>);

impl ClientKeys {
    /// Reads a JWK set as it was fetched; keys of no use are left out, and the set may be empty.
    ///
    /// # Errors
    /// [`BadKeySet::NotASet`], [`BadKeySet::TooMany`].
    pub fn parse(json: &[u8]) -> Result<Self, BadKeySet> {
        let set: Value = serde_json::from_slice(json).map_err(|_| BadKeySet::NotASet)?;
        Self::read(&set)
    }

    /// As [`ClientKeys::parse`], of JSON that is parsed already.
    ///
    /// # Errors
    /// As there.
    pub fn read(set: &Value) -> Result<Self, BadKeySet> {
        let keys = list(set)?;
        Ok(Self(keys.iter().filter_map(ClientKey::read).collect()))
    }

    /// Checks a set that somebody registers by value: it must have a key of use, and no secret.
    ///
    /// # Errors
    /// [`BadKeySet`].
    pub fn check(set: &Value) -> Result<(), BadKeySet> {
        if list(set)?
            .iter()
            .any(|key| key.get("d").is_some() || key.get("k").is_some())
        {
            return Err(BadKeySet::Private);
        }
        match Self::read(set)?.0.as_slice() {
            [] => Err(BadKeySet::NoKey),
            _ => Ok(()),
        }
    }

    /// The keys that a signature with this header may be of: the one it names, or where it names none, all that fit.
    pub fn candidates<'a>(
        &'a self,
        algorithm: ClientAlgorithm,
        kid: Option<&'a str>,
    ) -> impl Iterator<Item = &'a ClientKey> {
        self.0
            .iter()
            .filter(move |key| kid.is_none_or(|kid| key.kid() == Some(kid)) && key.can(algorithm))
    }
}

fn list(set: &Value) -> Result<&Vec<Value>, BadKeySet> {
    let keys = set.get("keys").and_then(Value::as_array).ok_or(BadKeySet::NotASet)?;
    if keys.len() > MAX_KEYS {
        return Err(BadKeySet::TooMany);
    }
    Ok(keys)
}

fn fixed(text: &str) -> Option<[u8; 32]> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}

/// A positive integer, big-endian, without the zeros that some write in front.
fn number(text: &str) -> Option<Vec<u8>> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let first = bytes.iter().position(|byte| *byte != 0)?;
    Some(bytes.get(first..)?.to_vec())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::keys::algorithm::SigningAlgorithm;
    use crate::domain::keys::jwk;
    use crate::domain::keys::testing::signing_key;

    fn public(algorithm: SigningAlgorithm) -> Value {
        serde_json::to_value(jwk::public(signing_key(algorithm).public())).expect("serialises")
    }

    fn set(keys: &[Value]) -> Value {
        json!({ "keys": keys })
    }

    fn without_alg(mut key: Value) -> Value {
        key.as_object_mut().expect("an object").remove("alg");
        key
    }

    #[test]
    fn each_kind_of_key_verifies_its_own_algorithm_and_no_other() {
        for algorithm in SigningAlgorithm::ALL {
            let own = ClientAlgorithm::ALL
                .into_iter()
                .find(|client| client.name() == algorithm.name())
                .expect("the same name");
            let key = ClientKey::read(&public(algorithm)).expect("a key");
            let signature = signing_key(algorithm).sign(b"message").expect("signs");
            for other in ClientAlgorithm::ALL {
                assert_eq!(
                    key.verify(other, b"message", &signature).is_ok(),
                    other == own,
                    "{algorithm} {other:?}"
                );
            }
            assert!(key.verify(own, b"messagf", &signature).is_err());
            assert!(key.verify(own, b"message", &[]).is_err());
        }
    }

    #[test]
    fn thumbprints_are_those_of_the_rfcs() {
        // RFC 8037 appendix A.3.
        let okp = json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" });
        let key = ClientKey::read(&okp).expect("a key");
        assert_eq!(key.thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        // Our own keys are named by their thumbprints.
        for algorithm in SigningAlgorithm::ALL {
            let own = public(algorithm);
            assert_eq!(
                ClientKey::read(&own).expect("a key").thumbprint(),
                own["kid"],
                "{algorithm}"
            );
        }
    }

    #[test]
    fn tk_12d_a_key_without_alg_has_that_of_its_kind_and_panics_for_none() {
        for (algorithm, can) in [
            (SigningAlgorithm::EdDsa, vec![ClientAlgorithm::EdDsa]),
            (SigningAlgorithm::Es256, vec![ClientAlgorithm::Es256]),
            (
                SigningAlgorithm::Rs256,
                vec![ClientAlgorithm::Ps256, ClientAlgorithm::Rs256],
            ),
        ] {
            let key = ClientKey::read(&without_alg(public(algorithm))).expect("a key");
            for other in ClientAlgorithm::ALL {
                assert_eq!(key.can(other), can.contains(&other), "{algorithm} {other:?}");
                let _ = key.verify(other, b"message", &[0; 64]);
            }
        }
    }

    #[test]
    fn tk_12d_keys_of_no_use_are_left_out_and_do_not_spoil_the_set() {
        let good = public(SigningAlgorithm::EdDsa);
        let x = good["x"].clone();
        let changed = |name: &str, value: Value| {
            let mut key = good.clone();
            key[name] = value;
            key
        };
        let useless = [
            json!({ "kty": "oct", "k": "c2VjcmV0", "alg": "HS256" }),
            json!({ "kty": "OKP", "crv": "X25519", "x": x }),
            json!({ "kty": "EC", "crv": "secp256k1", "x": x, "y": x }),
            json!({ "kty": "EC", "crv": "P-256", "x": x }),
            json!({ "kty": "RSA", "n": "AQAB", "e": "AQAB" }),
            json!({ "kty": "AKP", "alg": "ML-DSA-44", "pub": "AA" }),
            json!({ "kty": 1 }),
            json!("a key"),
            json!({ "kty": "OKP", "crv": "Ed25519", "x": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" }),
            changed("alg", json!("ES256")),
            changed("alg", json!("none")),
            changed("use", json!("enc")),
            changed("key_ops", json!(["sign"])),
            changed("d", x.clone()),
            changed("x", json!("short")),
        ];
        for key in &useless {
            assert!(ClientKey::read(key).is_none(), "{key}");
        }
        let mut keys = useless.to_vec();
        keys.push(good);
        let keys = ClientKeys::read(&set(&keys)).expect("a set");
        assert_eq!(keys.candidates(ClientAlgorithm::EdDsa, None).count(), 1);
    }

    #[test]
    fn what_is_registered_has_a_key_of_use_and_no_secret() {
        let good = public(SigningAlgorithm::Es256);
        let mut private = good.clone();
        private["d"] = good["x"].clone();
        let many = vec![good.clone(); MAX_KEYS + 1];
        for (set, expected) in [
            (set(std::slice::from_ref(&good)), Ok(())),
            (set(&[]), Err(BadKeySet::NoKey)),
            (set(&[private]), Err(BadKeySet::Private)),
            (
                set(&[good.clone(), json!({ "kty": "oct", "k": "AA" })]),
                Err(BadKeySet::Private),
            ),
            (set(&many), Err(BadKeySet::TooMany)),
            (json!({ "keys": 1 }), Err(BadKeySet::NotASet)),
            (json!([good]), Err(BadKeySet::NotASet)),
        ] {
            assert_eq!(ClientKeys::check(&set), expected, "{set}");
        }
    }

    #[test]
    fn a_kid_picks_its_key() {
        let (one, two) = (public(SigningAlgorithm::EdDsa), public(SigningAlgorithm::Es256));
        let keys = ClientKeys::read(&set(&[one.clone(), two])).expect("a set");
        let kid = one["kid"].as_str().expect("a kid");
        assert_eq!(keys.candidates(ClientAlgorithm::EdDsa, Some(kid)).count(), 1);
        assert_eq!(keys.candidates(ClientAlgorithm::Es256, Some(kid)).count(), 0);
        assert_eq!(keys.candidates(ClientAlgorithm::EdDsa, Some("other")).count(), 0);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_or_refused_without_a_panic(json in "\\PC{0,200}", n in "[A-Za-z0-9_-]{0,60}") {
            let _ = ClientKeys::parse(json.as_bytes());
            let _ = ClientKey::read(&json!({ "kty": "RSA", "n": n, "e": n }));
            let _ = ClientKey::read(&json!({ "kty": "EC", "crv": "P-256", "x": n, "y": n }));
        }
    }
}
