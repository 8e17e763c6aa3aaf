//! Compact JWS (RFC 7515 §7.1) that clients signed: assertions and request objects.
//!
//! The key comes from the client's registration and nowhere else: `jwk`, `jku`, `x5u` and `x5c` in a header are not looked
//! at, and whoever demands by `crit` that something be understood is refused. The algorithm is one that the key is for.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::domain::keys::client_key::{ClientAlgorithm, ClientKey, ClientKeys};

/// The longest token that is read, in bytes.
pub const MAX_BYTES: usize = 16 * 1024;

/// Why a token of a client is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientJwsError {
    /// Not a compact JWS, or with a header that is refused.
    #[error("it is not a signed token of a form that is accepted")]
    Malformed,
    /// Another algorithm than the client is registered with.
    #[error("it is signed by another algorithm than the client is registered with")]
    WrongAlgorithm,
    /// No key of the client fits it. A set that was fetched a while ago may be out of date.
    #[error("none of the client's keys fits it")]
    UnknownKey,
    /// The signature does not verify.
    #[error("its signature is not valid")]
    BadSignature,
}

/// A token taken apart; nothing in it is verified.
pub struct ClientJws<'a> {
    header: Header,
    message: &'a str,
    signature: Vec<u8>,
    payload: Vec<u8>,
}

#[derive(Deserialize)]
struct Header {
    alg: ClientAlgorithm,
    kid: Option<String>,
    typ: Option<String>,
    jwk: Option<Value>,
    #[serde(default, rename = "crit", deserialize_with = "there")]
    has_crit: bool,
}

/// Any value at all, `null` too.
fn there<'de, D: Deserializer<'de>>(value: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(value).map(|_| true)
}

impl<'a> ClientJws<'a> {
    /// Takes a token apart.
    ///
    /// # Errors
    /// [`ClientJwsError::Malformed`].
    pub fn read(token: &'a str) -> Result<Self, ClientJwsError> {
        let malformed = ClientJwsError::Malformed;
        if token.len() > MAX_BYTES {
            return Err(malformed);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(malformed)?;
        let (header, payload) = message.split_once('.').ok_or(malformed)?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| malformed);
        let header = decode(header)?;
        // serde would also read the fields from a list, by their order.
        if header.first() != Some(&b'{') {
            return Err(malformed);
        }
        let header: Header = serde_json::from_slice(&header).map_err(|_| malformed)?;
        if header.has_crit {
            return Err(malformed);
        }
        Ok(Self {
            header,
            message,
            signature: decode(signature)?,
            payload: decode(payload)?,
        })
    }

    /// The `typ` of its header, in lower case and without `application/` (RFC 7515 §4.1.9).
    #[must_use]
    pub fn typ(&self) -> Option<String> {
        let typ = self.header.typ.as_deref()?.to_ascii_lowercase();
        Some(typ.strip_prefix("application/").map_or(typ.clone(), str::to_owned))
    }

    /// The key that its header brings along, for a `DPoP` proof: nobody else may trust it.
    #[must_use]
    pub fn jwk(&self) -> Option<&Value> {
        self.header.jwk.as_ref()
    }

    /// What it says, if `key` signed it.
    ///
    /// # Errors
    /// [`ClientJwsError::BadSignature`], also where the key is not for its algorithm.
    pub fn verify_with(&self, key: &ClientKey) -> Result<&[u8], ClientJwsError> {
        key.verify(self.header.alg, self.message.as_bytes(), &self.signature)
            .map_err(|_| ClientJwsError::BadSignature)?;
        Ok(&self.payload)
    }

    /// What it says, before anything is verified: good for looking up who is said to have signed it.
    #[must_use]
    pub fn unverified(&self) -> &[u8] {
        &self.payload
    }

    /// What it says, if one of `keys` signed it, by the `registered` algorithm where there is one.
    ///
    /// # Errors
    /// [`ClientJwsError`].
    pub fn verify(&self, keys: &ClientKeys, registered: Option<ClientAlgorithm>) -> Result<&[u8], ClientJwsError> {
        let algorithm = self.header.alg;
        if registered.is_some_and(|registered| registered != algorithm) {
            return Err(ClientJwsError::WrongAlgorithm);
        }
        let mut outcome = Err(ClientJwsError::UnknownKey);
        for key in keys.candidates(algorithm, self.header.kid.as_deref()) {
            match key.verify(algorithm, self.message.as_bytes(), &self.signature) {
                Ok(()) => return Ok(&self.payload),
                Err(_) => outcome = Err(ClientJwsError::BadSignature),
            }
        }
        outcome
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use serde_json::Value;

    use super::*;
    use crate::domain::keys::algorithm::SigningAlgorithm;
    use crate::domain::keys::jwk;
    use crate::domain::keys::testing::signing_key;

    /// The set of one public key, that of `algorithm` in the tests.
    pub(crate) fn jwks(algorithm: SigningAlgorithm) -> Value {
        serde_json::json!({ "keys": [jwk::public(signing_key(algorithm).public())] })
    }

    /// A token with this header and payload, signed by the key of `algorithm` whatever the header says.
    pub(crate) fn token(algorithm: SigningAlgorithm, header: &Value, payload: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(header), part(payload));
        let signature = signing_key(algorithm).sign(message.as_bytes()).expect("signs");
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::keys::algorithm::SigningAlgorithm;

    fn verify(header: &Value, registered: Option<ClientAlgorithm>) -> Result<Vec<u8>, ClientJwsError> {
        let keys = ClientKeys::read(&testing::jwks(SigningAlgorithm::Es256)).expect("keys");
        let token = testing::token(SigningAlgorithm::Es256, header, &json!({ "a": 1 }));
        let jws = ClientJws::read(&token)?;
        jws.verify(&keys, registered).map(<[u8]>::to_vec)
    }

    #[test]
    fn a_token_signed_by_a_key_of_the_client_is_read() {
        assert_eq!(verify(&json!({ "alg": "ES256" }), None), Ok(b"{\"a\":1}".to_vec()));
        assert!(verify(&json!({ "alg": "ES256" }), Some(ClientAlgorithm::Es256)).is_ok());
        assert_eq!(
            verify(&json!({ "alg": "ES256" }), Some(ClientAlgorithm::EdDsa)),
            Err(ClientJwsError::WrongAlgorithm)
        );
    }

    #[test]
    fn tk_12d_the_header_brings_neither_key_nor_algorithm() {
        for alg in ["none", "None", "HS256", "RS512", "ES384", ""] {
            assert_eq!(
                verify(&json!({ "alg": alg }), None),
                Err(ClientJwsError::Malformed),
                "{alg}"
            );
        }
        for alg in ["RS256", "PS256", "EdDSA"] {
            assert_eq!(
                verify(&json!({ "alg": alg }), None),
                Err(ClientJwsError::UnknownKey),
                "{alg}"
            );
        }
        let own = testing::jwks(SigningAlgorithm::EdDsa)["keys"][0].clone();
        let keys = ClientKeys::read(&testing::jwks(SigningAlgorithm::Es256)).expect("keys");
        for name in ["jwk", "jku", "x5u", "x5c"] {
            let mut header = json!({ "alg": "EdDSA" });
            header[name] = own.clone();
            let token = testing::token(SigningAlgorithm::EdDsa, &header, &json!({}));
            let jws = ClientJws::read(&token).expect("reads");
            assert_eq!(jws.verify(&keys, None), Err(ClientJwsError::UnknownKey), "{name}");
        }
    }

    #[test]
    fn an_ed25519_signature_has_two_names() {
        let keys = ClientKeys::read(&testing::jwks(SigningAlgorithm::EdDsa)).expect("keys");
        for alg in ["EdDSA", "Ed25519"] {
            let token = testing::token(SigningAlgorithm::EdDsa, &json!({ "alg": alg }), &json!({}));
            let jws = ClientJws::read(&token).expect("reads");
            assert!(jws.verify(&keys, Some(ClientAlgorithm::EdDsa)).is_ok(), "{alg}");
        }
    }

    #[test]
    fn tk_12d_crit_is_refused_whatever_it_demands() {
        for crit in [json!(["exp"]), json!([]), json!(null), json!("b64")] {
            assert_eq!(
                verify(&json!({ "alg": "ES256", "crit": crit }), None),
                Err(ClientJwsError::Malformed)
            );
        }
    }

    #[test]
    fn tk_12d_a_foreign_kid_finds_no_key() {
        assert_eq!(
            verify(&json!({ "alg": "ES256", "kid": "../../etc" }), None),
            Err(ClientJwsError::UnknownKey)
        );
    }

    #[test]
    fn what_is_not_a_compact_jws_is_malformed() {
        let good = testing::token(SigningAlgorithm::EdDsa, &json!({ "alg": "EdDSA" }), &json!({}));
        let twice = format!("{}.e30.AA", URL_SAFE_NO_PAD.encode(r#"{"alg":"EdDSA","alg":"EdDSA"}"#));
        let list = format!("{}.e30.AA", URL_SAFE_NO_PAD.encode(r#"["EdDSA",null,null,false]"#));
        let long = format!("{good}{}", "A".repeat(MAX_BYTES));
        for token in [
            "",
            ".",
            "..",
            "a.b",
            "a.b.c.d",
            &good[1..],
            &twice,
            &list,
            &long,
            &format!("{good}="),
        ] {
            assert!(ClientJws::read(token).is_err(), "{token}");
        }
        assert!(ClientJws::read(&good).is_ok());
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused_without_a_panic(token in "[A-Za-z0-9_.-]{0,120}", header in "\\PC{0,80}") {
            let _ = ClientJws::read(&token);
            let _ = ClientJws::read(&format!("{}.e30.AA", URL_SAFE_NO_PAD.encode(header)));
        }
    }
}
