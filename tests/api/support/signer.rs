//! A key of a client's own: for request objects and DPoP proofs.

use std::sync::atomic::{AtomicU64, Ordering};

use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{Answer, Server, jwt};

/// An Ed25519 key.
pub struct Signer(Ed25519KeyPair);

impl Signer {
    /// The key of this number.
    pub fn new(seed: u8) -> Self {
        Self(Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).expect("a key"))
    }

    /// Its public JWK.
    pub fn jwk(&self) -> Value {
        json!({ "kty": "OKP", "crv": "Ed25519", "x": jwt::encode(self.0.public_key().as_ref()) })
    }

    /// A JWK set with nothing but this key.
    pub fn jwks(&self) -> Value {
        json!({ "keys": [self.jwk()] })
    }

    /// Its RFC 7638 thumbprint.
    pub fn thumbprint(&self) -> String {
        let x = jwt::encode(self.0.public_key().as_ref());
        jwt::encode(Sha256::digest(format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#)))
    }

    /// A JWS with exactly this header and payload.
    pub fn sign(&self, header: &Value, payload: &Value) -> String {
        let message = jwt::unsigned(header, payload);
        let signature = jwt::encode(self.0.sign(message.as_bytes()).as_ref());
        format!("{message}.{signature}")
    }

    /// The claims of a proof for a POST to `path`, right in every way but its nonce.
    pub fn proof_claims(server: &Server, method: &str, path: &str) -> Value {
        static SERIAL: AtomicU64 = AtomicU64::new(0);
        use countersign::domain::clock::Clock as _;
        json!({
            "jti": format!("jti-{}", SERIAL.fetch_add(1, Ordering::SeqCst)),
            "htm": method,
            "htu": server.url(path),
            "iat": server.clock.now().as_secs(),
        })
    }

    /// A proof with these claims.
    pub fn proof(&self, claims: &Value) -> String {
        let header = json!({ "typ": "dpop+jwt", "alg": "EdDSA", "jwk": self.jwk() });
        self.sign(&header, claims)
    }

    /// A proof for a POST to `path` with this nonce.
    pub fn proof_for(&self, server: &Server, path: &str, nonce: &str) -> String {
        let mut claims = Self::proof_claims(server, "POST", path);
        claims["nonce"] = json!(nonce);
        self.proof(&claims)
    }
}

impl Answer {
    /// The nonce for the next proof.
    #[track_caller]
    pub fn nonce(&self) -> String {
        let nonce = self.header("dpop-nonce");
        nonce.unwrap_or_else(|| panic!("a nonce with {} {}", self.status, self.text)).to_owned()
    }
}
