//! Compact JWS that others signed: client assertions, request objects, DPoP proofs.
//!
//! The header is read for what it is needed for and refused for what it must not do: no key is fetched from where it
//! points (`jku`, `x5u`), no extension is critical (`crit`, `b64`), and `none` and HMAC are no names that parse. Claims
//! come out only once a key has verified the signature.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::jws::{MAX_BYTES, TokenError};
use crate::domain::keys::foreign::{ForeignAlgorithm, ForeignKey};

/// A JWS taken apart, its signature not looked at yet.
pub struct ForeignJws<'a> {
    algorithm: ForeignAlgorithm,
    kind: Option<String>,
    kid: Option<String>,
    jwk: Option<Value>,
    message: &'a str,
    payload: &'a str,
    signature: Vec<u8>,
}

/// What is read of a header. A member that comes twice is an error.
#[derive(Deserialize)]
struct Header {
    alg: String,
    typ: Option<String>,
    kid: Option<String>,
    jwk: Option<Value>,
    jku: Option<Value>,
    x5u: Option<Value>,
    crit: Option<Value>,
    b64: Option<Value>,
}

impl<'a> ForeignJws<'a> {
    /// Takes `token` apart.
    ///
    /// # Errors
    /// [`TokenError::TooLong`], [`TokenError::Malformed`], or [`TokenError::WrongAlgorithm`].
    pub fn parse(token: &'a str) -> Result<Self, TokenError> {
        if token.len() > MAX_BYTES {
            return Err(TokenError::TooLong);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (header, payload) = message.split_once('.').ok_or(TokenError::Malformed)?;
        let header: Header = serde_json::from_slice(&decode(header)?).map_err(|_| TokenError::Malformed)?;
        let points_elsewhere = header.jku.is_some() || header.x5u.is_some();
        if points_elsewhere || header.crit.is_some() || header.b64.is_some() {
            return Err(TokenError::Malformed);
        }
        Ok(Self {
            algorithm: ForeignAlgorithm::parse(&header.alg).ok_or(TokenError::WrongAlgorithm)?,
            kind: header.typ,
            kid: header.kid,
            jwk: header.jwk,
            message,
            payload,
            signature: decode(signature)?,
        })
    }

    /// The algorithm it says it is signed with.
    #[must_use]
    pub const fn algorithm(&self) -> ForeignAlgorithm {
        self.algorithm
    }

    /// The `typ` of its header. Media types have no case (RFC 7515 §4.1.9), and `application/` may be left out.
    #[must_use]
    pub fn is_of_type(&self, kind: &str) -> bool {
        self.kind.as_deref().is_some_and(|own| {
            let bare = own.get(..12).filter(|start| start.eq_ignore_ascii_case("application/"));
            own.get(bare.map_or(0, str::len)..)
                .is_some_and(|own| own.eq_ignore_ascii_case(kind))
        })
    }

    /// Whether its header has a `typ` at all.
    #[must_use]
    pub const fn has_type(&self) -> bool {
        self.kind.is_some()
    }

    /// The `kid` of its header.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The key that its header brings along; of use to nobody but a DPoP proof.
    #[must_use]
    pub const fn jwk(&self) -> Option<&Value> {
        self.jwk.as_ref()
    }

    /// The claims, if `key` made the signature.
    ///
    /// # Errors
    /// [`TokenError::WrongAlgorithm`], [`TokenError::BadSignature`]; [`TokenError::Malformed`] if the claims are not `C`.
    pub fn verify<C: DeserializeOwned>(&self, key: &ForeignKey) -> Result<C, TokenError> {
        if !key.allows(self.algorithm) {
            return Err(TokenError::WrongAlgorithm);
        }
        key.verify(self.algorithm, self.message.as_bytes(), &self.signature)
            .map_err(|_| TokenError::BadSignature)?;
        let payload = decode(self.payload)?;
        // serde would also read the fields from an array, by their order.
        if payload.trim_ascii_start().first() != Some(&b'{') {
            return Err(TokenError::Malformed);
        }
        serde_json::from_slice(&payload).map_err(|_| TokenError::Malformed)
    }
}

fn decode(part: &str) -> Result<Vec<u8>, TokenError> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenError::Malformed)
}

#[cfg(test)]
pub(crate) mod testing {
    use ed25519_dalek::Signer as _;
    use serde_json::json;

    use super::*;

    /// Somebody with an Ed25519 key of their own.
    pub fn signer(seed: u8) -> ed25519_dalek::SigningKey {
        ed25519_dalek::SigningKey::from_bytes(&[seed; 32])
    }

    /// The public JWK of [`signer`].
    pub fn jwk(seed: u8) -> Value {
        json!({ "kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(signer(seed).verifying_key().as_bytes()) })
    }

    /// A JWS of [`signer`] with exactly this header and payload.
    pub fn sign(seed: u8, header: &Value, payload: &Value) -> String {
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", encode(header), encode(payload));
        let signature = URL_SAFE_NO_PAD.encode(signer(seed).sign(message.as_bytes()).to_bytes());
        format!("{message}.{signature}")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::testing::{jwk, sign};
    use super::*;

    fn key(seed: u8) -> ForeignKey {
        ForeignKey::parse(&jwk(seed)).expect("a key")
    }

    #[test]
    fn claims_come_out_under_the_right_key_alone() {
        let token = sign(1, &json!({ "alg": "EdDSA", "typ": "x+jwt", "kid": "k" }), &json!({ "a": 1 }));
        let jws = ForeignJws::parse(&token).expect("parses");
        assert_eq!((jws.kid(), jws.jwk(), jws.has_type()), (Some("k"), None, true));
        assert_eq!(jws.verify::<Value>(&key(1)), Ok(json!({ "a": 1 })));
        assert_eq!(jws.verify::<Value>(&key(2)), Err(TokenError::BadSignature));
    }

    #[test]
    fn a_type_has_no_case_and_may_have_its_prefix() {
        for (typ, fits) in [
            ("dpop+jwt", true),
            ("DPoP+JWT", true),
            ("application/dpop+jwt", true),
            ("Application/DPOP+jwt", true),
            ("jwt", false),
            ("xapplication/dpop+jwt", false),
            ("\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}", false),
        ] {
            let token = sign(1, &json!({ "alg": "EdDSA", "typ": typ }), &json!({}));
            let jws = ForeignJws::parse(&token).expect("parses");
            assert_eq!(jws.is_of_type("dpop+jwt"), fits, "{typ}");
        }
    }

    #[test]
    fn tk_12_unsigned_symmetric_critical_and_pointing_headers_are_refused() {
        for header in [
            json!({ "alg": "none" }),
            json!({ "alg": "None" }),
            json!({ "alg": "HS256" }),
            json!({ "alg": "RS1" }),
            json!({ "alg": null }),
            json!({}),
            json!({ "alg": "EdDSA", "crit": ["exp"] }),
            json!({ "alg": "EdDSA", "crit": [] }),
            json!({ "alg": "EdDSA", "b64": false }),
            json!({ "alg": "EdDSA", "jku": "https://evil.example/jwks.json" }),
            json!({ "alg": "EdDSA", "x5u": "https://evil.example/cert.pem" }),
            json!(["EdDSA"]),
        ] {
            assert!(ForeignJws::parse(&sign(1, &header, &json!({}))).is_err(), "{header}");
        }
        let twice = URL_SAFE_NO_PAD.encode(r#"{"alg":"EdDSA","alg":"EdDSA"}"#);
        assert!(ForeignJws::parse(&format!("{twice}.e30.AA")).is_err());
        assert!(matches!(ForeignJws::parse(&"x".repeat(MAX_BYTES + 1)), Err(TokenError::TooLong)));
    }

    #[test]
    fn tk_12_an_algorithm_that_the_key_does_not_have_is_refused() {
        let token = sign(1, &json!({ "alg": "ES256" }), &json!({}));
        let jws = ForeignJws::parse(&token).expect("parses");
        assert_eq!(jws.verify::<Value>(&key(1)), Err(TokenError::WrongAlgorithm));
        let token = sign(1, &json!({ "alg": "EdDSA" }), &json!([1]));
        let jws = ForeignJws::parse(&token).expect("parses");
        assert_eq!(jws.verify::<Value>(&key(1)), Err(TokenError::Malformed));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[A-Za-z0-9_.-]{0,200}") {
            if let Ok(jws) = ForeignJws::parse(&text) {
                prop_assert!(jws.verify::<Value>(&key(1)).is_err());
            }
        }
    }
}
