//! Public keys of others, as they hand them in: one in a client's JWK set, or the key of a DPoP proof (RFC 7517).
//!
//! Each JWK is read singly, so that one that nobody here knows spoils no other. The key type decides which algorithms may
//! verify with it; a token only chooses among those. Symmetric and private keys are refused.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RsaPublicKeyComponents,
    UnparsedPublicKey,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::verifying::{BadSignature, NotAKey};

/// The largest RSA modulus, in bytes: 4096 bits. Larger ones would cost whoever verifies too much.
const MAX_MODULUS: usize = 512;
/// The smallest, in bytes: 2048 bits.
const MIN_MODULUS: usize = 256;
/// The longest public exponent, in bytes; ring takes those up to 2^33.
const MAX_EXPONENT: usize = 5;
/// The longest `kid`, in bytes.
const MAX_KID: usize = 256;
/// Members that only a private or symmetric key has.
const SECRET: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// An algorithm that others may sign with. No other name parses, so `none` and HMAC cannot be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ForeignAlgorithm {
    /// Ed25519 (RFC 8037 §3.1).
    #[serde(rename = "EdDSA")]
    EdDsa,
    /// ECDSA on P-256 with SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    #[serde(rename = "RS256")]
    Rs256,
    /// RSASSA-PSS with SHA-256.
    #[serde(rename = "PS256")]
    Ps256,
}

impl ForeignAlgorithm {
    /// All of them, in the order in which discovery lists them.
    pub const ALL: [Self; 4] = [Self::EdDsa, Self::Es256, Self::Rs256, Self::Ps256];

    /// The JOSE name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
        }
    }

    /// The algorithm of a JOSE name; RFC 9864's `Ed25519` is `EdDSA` by its full name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let name = if name == "Ed25519" { "EdDSA" } else { name };
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }
}

enum Public {
    Ed25519(ed25519_dalek::VerifyingKey),
    /// The uncompressed point: 4, x, y.
    P256([u8; 65]),
    Rsa(RsaPublicKeyComponents<Vec<u8>>),
}

/// Somebody else's public key.
pub struct ForeignKey {
    public: Public,
    thumbprint: String,
    kid: Option<String>,
    algorithm: Option<ForeignAlgorithm>,
}

impl ForeignKey {
    /// Reads one JWK.
    ///
    /// # Errors
    /// [`NotAKey`] for anything but a public Ed25519, P-256 or RSA key (2048 to 4096 bits) that may be used for
    /// signatures.
    pub fn parse(jwk: &Value) -> Result<Self, NotAKey> {
        let members = jwk.as_object().ok_or(NotAKey)?;
        if SECRET.iter().any(|name| members.contains_key(*name)) {
            return Err(NotAKey);
        }
        if members.get("use").is_some_and(|usage| usage != "sig") {
            return Err(NotAKey);
        }
        let public = match text(members, "kty")? {
            "OKP" if text(members, "crv")? == "Ed25519" => ed25519(members)?,
            "EC" if text(members, "crv")? == "P-256" => p256(members)?,
            "RSA" => rsa(members)?,
            _ => return Err(NotAKey),
        };
        let algorithm = match members.get("alg") {
            None => None,
            Some(name) => Some(name.as_str().and_then(ForeignAlgorithm::parse).ok_or(NotAKey)?),
        };
        let kid = match members.get("kid") {
            None => None,
            Some(kid) => Some(kid.as_str().filter(|kid| kid.len() <= MAX_KID).ok_or(NotAKey)?.to_owned()),
        };
        let thumbprint = thumbprint(&public);
        let key = Self {
            public,
            thumbprint,
            kid,
            algorithm,
        };
        match key.algorithm {
            Some(algorithm) if !key.fits(algorithm) => Err(NotAKey),
            _ => Ok(key),
        }
    }

    /// The `kid` it came with.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The RFC 7638 thumbprint: SHA-256 of the required members, base64url.
    #[must_use]
    pub fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    /// Whether it verifies signatures of `algorithm`: by its type, and by its `alg` if it came with one.
    #[must_use]
    pub fn allows(&self, algorithm: ForeignAlgorithm) -> bool {
        self.fits(algorithm) && self.algorithm.is_none_or(|own| own == algorithm)
    }

    const fn fits(&self, algorithm: ForeignAlgorithm) -> bool {
        matches!(
            (&self.public, algorithm),
            (Public::Ed25519(_), ForeignAlgorithm::EdDsa)
                | (Public::P256(_), ForeignAlgorithm::Es256)
                | (Public::Rsa(_), ForeignAlgorithm::Rs256 | ForeignAlgorithm::Ps256)
        )
    }

    /// Checks a signature in JWS form. Ed25519 is checked strictly.
    ///
    /// # Errors
    /// [`BadSignature`], also where the key is not for this algorithm.
    pub fn verify(&self, algorithm: ForeignAlgorithm, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        if !self.allows(algorithm) {
            return Err(BadSignature);
        }
        match (&self.public, algorithm) {
            (Public::Ed25519(key), _) => {
                let signature = ed25519_dalek::Signature::from_slice(signature).map_err(|_| BadSignature)?;
                key.verify_strict(message, &signature).map_err(|_| BadSignature)
            }
            (Public::P256(point), _) => UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
                .verify(message, signature)
                .map_err(|_| BadSignature),
            (Public::Rsa(key), ForeignAlgorithm::Ps256) => key
                .verify(&RSA_PSS_2048_8192_SHA256, message, signature)
                .map_err(|_| BadSignature),
            (Public::Rsa(key), _) => key
                .verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
                .map_err(|_| BadSignature),
        }
    }
}

impl fmt::Debug for ForeignKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ForeignKey({})", self.thumbprint)
    }
}

fn ed25519(members: &Map<String, Value>) -> Result<Public, NotAKey> {
    let x: [u8; 32] = bytes(members, "x")?.try_into().map_err(|_| NotAKey)?;
    let key = ed25519_dalek::VerifyingKey::from_bytes(&x).map_err(|_| NotAKey)?;
    if key.is_weak() {
        return Err(NotAKey);
    }
    Ok(Public::Ed25519(key))
}

fn p256(members: &Map<String, Value>) -> Result<Public, NotAKey> {
    let (x, y) = (bytes(members, "x")?, bytes(members, "y")?);
    if x.len() != 32 || y.len() != 32 {
        return Err(NotAKey);
    }
    let point = [&[4], x.as_slice(), y.as_slice()].concat();
    Ok(Public::P256(point.try_into().map_err(|_| NotAKey)?))
}

fn rsa(members: &Map<String, Value>) -> Result<Public, NotAKey> {
    let (n, e) = (bytes(members, "n")?, bytes(members, "e")?);
    // Base64urlUInt (RFC 7518 §2): no zero in front, so that one key has one thumbprint.
    let whole = |number: &[u8]| number.first().is_some_and(|first| *first != 0);
    let in_bounds = (MIN_MODULUS..=MAX_MODULUS).contains(&n.len()) && e.len() <= MAX_EXPONENT;
    if !in_bounds || !whole(&n) || !whole(&e) {
        return Err(NotAKey);
    }
    Ok(Public::Rsa(RsaPublicKeyComponents { n, e }))
}

/// RFC 7638 §3: the required members in the order of their names, without blanks.
fn thumbprint(public: &Public) -> String {
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let canonical = match public {
        Public::Ed25519(key) => format!(
            r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#,
            encode(key.as_bytes())
        ),
        Public::P256(point) => {
            let (x, y) = point.split_at(1).1.split_at(32);
            format!(r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#, encode(x), encode(y))
        }
        Public::Rsa(key) => format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, encode(&key.e), encode(&key.n)),
    };
    encode(&Sha256::digest(canonical))
}

fn text<'a>(members: &'a Map<String, Value>, name: &str) -> Result<&'a str, NotAKey> {
    members.get(name).and_then(Value::as_str).ok_or(NotAKey)
}

fn bytes(members: &Map<String, Value>, name: &str) -> Result<Vec<u8>, NotAKey> {
    // Four characters for three bytes: nothing longer than the largest modulus is decoded.
    let encoded = text(members, name)?;
    if encoded.len() > MAX_MODULUS * 4 / 3 + 4 {
        return Err(NotAKey);
    }
    URL_SAFE_NO_PAD.decode(encoded).map_err(|_| NotAKey)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

    fn okp() -> Value {
        json!({ "kty": "OKP", "crv": "Ed25519", "x": X })
    }

    fn rsa_key(bits: usize) -> Value {
        let mut n = vec![0xff; bits / 8];
        n[0] = 0x80;
        json!({ "kty": "RSA", "n": URL_SAFE_NO_PAD.encode(n), "e": "AQAB" })
    }

    #[test]
    fn thumbprints_are_those_of_the_rfcs() {
        // RFC 8037 appendix A.3.
        let key = ForeignKey::parse(&okp()).expect("a key");
        assert_eq!(key.thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        // RFC 7638 §3.1.
        let key = json!({
            "kty": "RSA", "e": "AQAB", "alg": "RS256", "kid": "2011-04-29",
            "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMst\
                  n64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n9\
                  1CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
        });
        let key = ForeignKey::parse(&key).expect("a key");
        assert_eq!(key.thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
        assert_eq!(key.kid(), Some("2011-04-29"));
    }

    #[test]
    fn tk_12_the_type_of_a_key_decides_what_it_verifies_and_its_alg_narrows_that() {
        let allowed = |jwk: &Value| {
            let key = ForeignKey::parse(jwk).expect("a key");
            ForeignAlgorithm::ALL.map(|algorithm| key.allows(algorithm))
        };
        assert_eq!(allowed(&okp()), [true, false, false, false]);
        let ec = json!({ "kty": "EC", "crv": "P-256", "x": X, "y": X });
        assert_eq!(allowed(&ec), [false, true, false, false]);
        let mut rsa = rsa_key(2048);
        assert_eq!(allowed(&rsa), [false, false, true, true]);
        rsa["alg"] = json!("PS256");
        assert_eq!(allowed(&rsa), [false, false, false, true]);
        for wrong in ["ES256", "HS256", "none", "RS512", ""] {
            rsa["alg"] = json!(wrong);
            assert!(ForeignKey::parse(&rsa).is_err(), "{wrong}");
        }
    }

    #[test]
    fn tk_12_secret_symmetric_weak_and_unknown_keys_are_refused() {
        for name in SECRET {
            let mut key = okp();
            key[name] = json!("AA");
            assert!(ForeignKey::parse(&key).is_err(), "{name}");
        }
        for bits in [1024, 2040, 4104, 8192, 16384] {
            assert!(ForeignKey::parse(&rsa_key(bits)).is_err(), "{bits}");
        }
        let zero = URL_SAFE_NO_PAD.encode([0_u8; 32]);
        for bad in [
            json!({ "kty": "oct", "k": "AAAA" }),
            json!({ "kty": "OKP", "crv": "Ed448", "x": X }),
            json!({ "kty": "OKP", "crv": "X25519", "x": X }),
            json!({ "kty": "OKP", "crv": "Ed25519", "x": zero }),
            json!({ "kty": "OKP", "crv": "Ed25519", "x": 1 }),
            json!({ "kty": "OKP", "crv": "Ed25519", "x": X, "use": "enc" }),
            json!({ "kty": "OKP", "crv": "Ed25519", "x": X, "kid": 1 }),
            json!({ "kty": "EC", "crv": "secp256k1", "x": X, "y": X }),
            json!({ "kty": "EC", "crv": "P-256", "x": X }),
            json!({ "kty": "EC", "crv": "P-256", "x": X, "y": "AA" }),
            json!({ "kty": "RSA", "n": "AAAA", "e": "AQAB" }),
            json!({ "kty": "RSA", "n": rsa_key(2048)["n"], "e": "" }),
            json!({ "crv": "Ed25519", "x": X }),
            json!([]),
            json!("key"),
            Value::Null,
        ] {
            assert!(ForeignKey::parse(&bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_point_off_the_curve_verifies_nothing_and_panics_nowhere() {
        let ec = json!({ "kty": "EC", "crv": "P-256", "x": X, "y": X });
        let key = ForeignKey::parse(&ec).expect("its form is right");
        assert!(key.verify(ForeignAlgorithm::Es256, b"x", &[0; 64]).is_err());
        for algorithm in ForeignAlgorithm::ALL {
            assert!(key.verify(algorithm, b"x", &[]).is_err());
        }
    }

    proptest! {
        #[test]
        fn no_jwk_however_strange_panics(kty in "(OKP|EC|RSA|oct)", crv in "(Ed25519|P-256|x)", x in "[A-Za-z0-9_-]{0,90}", alg in "(ES256|RS256|none)?") {
            let jwk = json!({ "kty": kty, "crv": crv, "x": x, "y": x, "n": x.repeat(8), "e": "AQAB", "alg": alg });
            if let Ok(key) = ForeignKey::parse(&jwk) {
                for algorithm in ForeignAlgorithm::ALL {
                    prop_assert!(key.verify(algorithm, b"m", &[1; 64]).is_err());
                }
            }
        }
    }
}
