//! DPoP proofs (RFC 9449 §4): a client shows, request by request, that it holds the key its tokens are bound to.
//!
//! Here a proof is judged for what it says; that it is used once is for the store to say ([`Proof::id`]), and that it is
//! fresh for the nonce in it ([`super::dpop_nonce`]).

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use url::Url;

use super::client_jws::ClientJws;
use super::numeric_date;
use crate::domain::clock::Timestamp;
use crate::domain::keys::client_key::ClientKey;

/// The `typ` of a proof.
pub const TYPE: &str = "dpop+jwt";
/// How old a proof may be. Its nonce is what keeps it fresh; this bounds how long its `jti` is remembered.
pub const MAX_AGE: Duration = Duration::from_mins(5);
/// How far ahead the clock of a client may be.
pub const AHEAD: Duration = Duration::from_mins(1);
/// The longest proof, in bytes: an RSA key of 4096 bits and its signature, with room for a long address.
const MAX_BYTES: usize = 8 * 1024;
/// The longest `jti`, in bytes.
const MAX_JTI: usize = 256;

/// Why a proof proves nothing. The words go to the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// Not a signed JWS of the type `dpop+jwt` with a key in its header and the claims of a proof.
    #[error("the DPoP proof is malformed")]
    Malformed,
    /// The signature is not that of its key.
    #[error("the signature of the DPoP proof is not valid")]
    BadSignature,
    /// `htm` or `htu` is that of another request.
    #[error("the DPoP proof was made for another request")]
    OtherRequest,
    /// `iat` is too far from now.
    #[error("the DPoP proof is too old, or from the future")]
    NotNow,
    /// `ath` is not the hash of the access token beside it.
    #[error("the DPoP proof was made for another access token")]
    OtherToken,
}

/// The request that a proof came with.
#[derive(Clone, Copy, Debug)]
pub struct Proved<'a> {
    /// Its method.
    pub method: &'a str,
    /// Its URL, as discovery names it.
    pub url: &'a str,
    /// The access token beside it, at a resource server.
    pub access_token: Option<&'a str>,
    /// The time.
    pub now: Timestamp,
}

/// A proof that is right in itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The thumbprint of its key: what `cnf.jkt` of a token must be.
    pub thumbprint: String,
    /// The nonce that it brings back.
    pub nonce: Option<String>,
    jti: String,
    issued_at: Timestamp,
}

#[derive(Deserialize)]
struct Claims {
    jti: String,
    htm: String,
    htu: String,
    #[serde(with = "numeric_date")]
    iat: Timestamp,
    ath: Option<String>,
    nonce: Option<String>,
}

impl Proof {
    /// Judges the `DPoP` header of a request.
    ///
    /// # Errors
    /// [`ProofError`].
    pub fn read(text: &str, request: &Proved<'_>) -> Result<Self, ProofError> {
        if text.len() > MAX_BYTES {
            return Err(ProofError::Malformed);
        }
        let jws = ClientJws::read(text).map_err(|_| ProofError::Malformed)?;
        if jws.typ().as_deref() != Some(TYPE) {
            return Err(ProofError::Malformed);
        }
        let key = jws.jwk().and_then(ClientKey::read).ok_or(ProofError::Malformed)?;
        let payload = jws.verify_with(&key).map_err(|_| ProofError::BadSignature)?;
        // serde would also read the fields from a list, by their order.
        if payload.first() != Some(&b'{') {
            return Err(ProofError::Malformed);
        }
        let claims: Claims = serde_json::from_slice(payload).map_err(|_| ProofError::Malformed)?;
        if claims.jti.is_empty() || claims.jti.len() > MAX_JTI {
            return Err(ProofError::Malformed);
        }
        if claims.htm != request.method || !is_same_url(&claims.htu, request.url) {
            return Err(ProofError::OtherRequest);
        }
        let earliest = request.now.minus(MAX_AGE);
        if !(earliest..=request.now.plus(AHEAD)).contains(&claims.iat) {
            return Err(ProofError::NotNow);
        }
        if claims.ath != request.access_token.map(hash_of_token) {
            return Err(ProofError::OtherToken);
        }
        Ok(Self {
            thumbprint: key.thumbprint(),
            nonce: claims.nonce,
            jti: claims.jti,
            issued_at: claims.iat,
        })
    }

    /// What the proof is remembered by once it was used: a `jti` is unique for its key alone.
    #[must_use]
    pub fn id(&self) -> [u8; 32] {
        let hash = Sha256::new_with_prefix(self.thumbprint.as_bytes());
        hash.chain_update(b".")
            .chain_update(self.jti.as_bytes())
            .finalize()
            .into()
    }

    /// When it would be refused for its age anyway, and need not be remembered any more.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.issued_at.plus(MAX_AGE)
    }
}

/// `ath` (§4.2): the SHA-256 hash of the access token, base64url.
#[must_use]
pub fn hash_of_token(access_token: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(access_token))
}

/// Whether a text can be a thumbprint: `dpop_jkt` of an authorization request (§10).
#[must_use]
pub fn is_thumbprint(text: &str) -> bool {
    text.len() == 43 && URL_SAFE_NO_PAD.decode(text).is_ok_and(|hash| hash.len() == 32)
}

/// §4.3: both without query and fragment, and compared as URLs (RFC 3986 §6.2.2). Every endpoint here also answers without
/// the slash at its end.
fn is_same_url(htu: &str, url: &str) -> bool {
    let (Ok(mut one), Ok(other)) = (Url::parse(htu), Url::parse(url)) else {
        return false;
    };
    one.set_query(None);
    one.set_fragment(None);
    one.as_str().trim_end_matches('/') == other.as_str().trim_end_matches('/')
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signer as _, SigningKey};
    use serde_json::{Value, json};

    use super::*;

    fn jwk(seed: u8) -> Value {
        let key = SigningKey::from_bytes(&[seed; 32]).verifying_key();
        json!({ "kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(key.as_bytes()) })
    }

    /// Signed by the key of [`jwk`], whatever the header says.
    fn sign(seed: u8, header: &Value, payload: &Value) -> String {
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", encode(header), encode(payload));
        let signature = SigningKey::from_bytes(&[seed; 32]).sign(message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
    }

    const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);
    const URL: &str = "https://id.example/oauth/token/";

    fn header() -> Value {
        json!({ "typ": TYPE, "alg": "EdDSA", "jwk": jwk(1) })
    }

    fn claims() -> Value {
        json!({ "jti": "j1", "htm": "POST", "htu": URL, "iat": NOW.as_secs() })
    }

    fn with(mut value: Value, name: &str, new: Value) -> Value {
        if new.is_null() {
            value.as_object_mut().expect("an object").remove(name);
        } else {
            value[name] = new;
        }
        value
    }

    fn read(header: &Value, claims: &Value) -> Result<Proof, ProofError> {
        read_with(header, claims, None)
    }

    fn read_with(header: &Value, claims: &Value, access_token: Option<&str>) -> Result<Proof, ProofError> {
        let request = Proved {
            method: "POST",
            url: URL,
            access_token,
            now: NOW,
        };
        Proof::read(&sign(1, header, claims), &request)
    }

    #[test]
    fn a_right_proof_names_its_key_and_itself() {
        let proof = read(&header(), &with(claims(), "nonce", json!("n"))).expect("is right");
        let key = ClientKey::read(&jwk(1)).expect("a key");
        assert_eq!(
            (&proof.thumbprint, proof.nonce.as_deref()),
            (&key.thumbprint(), Some("n"))
        );
        assert_eq!(proof.expires_at(), NOW.plus(MAX_AGE));
        let other = read(&header(), &with(claims(), "jti", json!("j2"))).expect("is right");
        assert_ne!(proof.id(), other.id());
        assert!(is_thumbprint(&proof.thumbprint) && !is_thumbprint("x") && !is_thumbprint(&"!".repeat(43)));
    }

    #[test]
    fn dpop_01_the_header_must_be_that_of_a_proof_with_a_public_key() {
        for (name, value) in [
            ("typ", Value::Null),
            ("typ", json!("JWT")),
            ("alg", json!("none")),
            ("alg", json!("HS256")),
            ("jwk", Value::Null),
            ("jwk", json!("x")),
            ("jwk", json!({ "kty": "oct", "k": "AAAA" })),
            ("jwk", with(jwk(1), "d", json!("AAAA"))),
            ("crit", json!(["exp"])),
        ] {
            let what = format!("{name} {value}");
            assert_eq!(
                read(&with(header(), name, value), &claims()),
                Err(ProofError::Malformed),
                "{what}"
            );
        }
        let other = with(header(), "alg", json!("ES256"));
        assert_eq!(read(&other, &claims()), Err(ProofError::BadSignature));
        let foreign = with(header(), "jwk", jwk(2));
        assert_eq!(read(&foreign, &claims()), Err(ProofError::BadSignature));
    }

    #[test]
    fn dpop_01_ed25519_may_be_called_by_its_full_name() {
        // RFC 9864 §2.2.
        assert!(read(&with(header(), "alg", json!("Ed25519")), &claims()).is_ok());
    }

    #[test]
    fn dpop_02_method_and_url_must_be_those_of_the_request() {
        for (name, value, fits) in [
            ("htm", json!("post"), false),
            ("htm", json!("GET"), false),
            ("htu", json!("https://id.example/oauth/token"), true),
            ("htu", json!("https://id.example/oauth/token/?a=b#c"), true),
            ("htu", json!("HTTPS://ID.example:443/oauth/token/"), true),
            ("htu", json!("https://id.example/oauth/userinfo/"), false),
            ("htu", json!("https://id.example/oauth/TOKEN/"), false),
            ("htu", json!("http://id.example/oauth/token/"), false),
            ("htu", json!("https://id.example.evil.example/oauth/token/"), false),
            ("htu", json!("/oauth/token/"), false),
            ("htu", json!(""), false),
        ] {
            let what = format!("{name} {value}");
            let result = read(&header(), &with(claims(), name, value));
            assert_eq!(result.is_ok(), fits, "{what} {result:?}");
        }
    }

    #[test]
    fn dpop_03_the_time_may_differ_by_ten_seconds_and_not_by_an_hour() {
        for (offset, fits) in [
            (0, true),
            (-10, true),
            (10, true),
            (-299, true),
            (-301, false),
            (61, false),
            (-3600, false),
        ] {
            let iat = json!(NOW.as_secs() + offset);
            assert_eq!(read(&header(), &with(claims(), "iat", iat)).is_ok(), fits, "{offset}");
        }
        // What once made a time library panic.
        for iat in [
            json!(i64::MAX),
            json!(1e18),
            json!(-1),
            json!("now"),
            json!(u64::MAX),
            Value::Null,
        ] {
            let what = iat.to_string();
            assert!(read(&header(), &with(claims(), "iat", iat)).is_err(), "{what}");
        }
    }

    #[test]
    fn dpop_04_the_proof_is_for_the_token_beside_it() {
        let with_hash = with(claims(), "ath", json!(hash_of_token("the token")));
        assert!(read_with(&header(), &with_hash, Some("the token")).is_ok());
        assert_eq!(
            read_with(&header(), &with_hash, Some("another")),
            Err(ProofError::OtherToken)
        );
        assert_eq!(
            read_with(&header(), &claims(), Some("the token")),
            Err(ProofError::OtherToken)
        );
        // RFC 9449 §7.1: this token, this hash.
        let token = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";
        assert_eq!(hash_of_token(token), "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo");
    }

    #[test]
    fn dpop_05_claims_that_are_missing_twice_or_too_long_are_malformed() {
        for name in ["jti", "htm", "htu"] {
            assert_eq!(
                read(&header(), &with(claims(), name, Value::Null)),
                Err(ProofError::Malformed),
                "{name}"
            );
        }
        for jti in [json!(""), json!("j".repeat(MAX_JTI + 1)), json!(1)] {
            assert_eq!(read(&header(), &with(claims(), "jti", jti)), Err(ProofError::Malformed));
        }
        let long = with(claims(), "x", json!("x".repeat(MAX_BYTES)));
        assert_eq!(read(&header(), &long), Err(ProofError::Malformed));
    }
}
