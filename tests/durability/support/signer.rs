//! What a client with a key of its own signs: assertions (RFC 7523) and proofs of that key (RFC 9449).

use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign::domain::clock::Clock as _;
use countersign::system::SystemClock;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};

use super::ISSUER;

/// An Ed25519 key.
pub struct Signer(Ed25519KeyPair);

impl Signer {
    /// A fresh one.
    pub fn new() -> Self {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("a key");
        Self(Ed25519KeyPair::from_pkcs8(document.as_ref()).expect("a key"))
    }

    /// Its public half.
    pub fn jwk(&self) -> Value {
        json!({ "kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(self.0.public_key()) })
    }

    /// An assertion by which `client` proves itself.
    pub fn assertion(&self, client: &str) -> String {
        let now = now();
        let claims = json!({
            "iss": client, "sub": client, "aud": ISSUER, "iat": now, "exp": now + 60, "jti": fresh("assertion"),
        });
        self.sign(&json!({ "alg": "EdDSA", "typ": "JWT" }), &claims)
    }

    /// A proof of this key for a POST to `path`, with a nonce of the server.
    pub fn proof(&self, path: &str, nonce: &str) -> String {
        let claims = json!({
            "jti": fresh("proof"), "htm": "POST", "htu": format!("{ISSUER}{path}"), "iat": now(), "nonce": nonce,
        });
        self.sign(
            &json!({ "alg": "EdDSA", "typ": "dpop+jwt", "jwk": self.jwk() }),
            &claims,
        )
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(header), part(claims));
        let signature = URL_SAFE_NO_PAD.encode(self.0.sign(message.as_bytes()));
        format!("{message}.{signature}")
    }
}

fn now() -> i64 {
    SystemClock::start().now().as_millis() / 1000
}

fn fresh(what: &str) -> String {
    static NAMES: AtomicU64 = AtomicU64::new(0);
    format!("{what}-{}", NAMES.fetch_add(1, Ordering::SeqCst))
}
