//! Tokens taken apart, verified with the published keys alone, and forged.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};
use serde_json::Value;

use super::Server;

/// base64url without padding.
pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The bytes of base64url text.
pub fn decode(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).expect("base64url")
}

/// The header of a token.
pub fn header(token: &str) -> Value {
    serde_json::from_slice(&decode(token.split('.').next().expect("a header"))).expect("JSON")
}

/// `header.payload` of a token with this header and these claims.
pub fn unsigned(header: &Value, claims: &Value) -> String {
    format!("{}.{}", encode(header.to_string()), encode(claims.to_string()))
}

impl Server {
    /// The published keys.
    pub async fn jwks(&self) -> Vec<Value> {
        let answer = self.get("/.well-known/jwks.json").await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()["keys"].as_array().expect("keys").clone()
    }

    /// Whether a published key verifies `token`, as any library finds it: by `kid`, with the key's own algorithm.
    pub async fn verifies(&self, token: &str) -> bool {
        let header = header(token);
        let keys = self.jwks().await;
        let Some(key) = keys.iter().find(|key| key["kid"] == header["kid"]) else {
            return false;
        };
        assert_eq!(key["alg"], header["alg"], "{key}");
        let field = |name: &str| decode(key[name].as_str().unwrap_or_else(|| panic!("{name} in {key}")));
        let (message, signature) = token.rsplit_once('.').expect("a signature");
        let (message, signature) = (message.as_bytes(), decode(signature));
        match header["alg"].as_str().expect("an algorithm") {
            "EdDSA" => UnparsedPublicKey::new(&signature::ED25519, field("x")).verify(message, &signature),
            "ES256" => {
                let point = [vec![4], field("x"), field("y")].concat();
                UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point).verify(message, &signature)
            }
            "RS256" => {
                let (n, e) = (field("n"), field("e"));
                RsaPublicKeyComponents { n, e }.verify(&signature::RSA_PKCS1_2048_8192_SHA256, message, &signature)
            }
            other => panic!("{other}"),
        }
        .is_ok()
    }
}
