//! DPoP proofs (RFC 9449 §4.2).

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{Answer, Server, Signer, jwt};

impl Signer {
    /// The RFC 7638 thumbprint: a JWK of these helpers has its required members alone.
    pub fn thumbprint(&self) -> String {
        let jwk = self.jwk();
        let members: BTreeMap<_, _> = jwk.as_object().expect("an object").iter().collect();
        jwt::encode(Sha256::digest(serde_json::to_string(&members).expect("writes")))
    }

    /// The claims of a proof for this request, right in every way but its nonce.
    pub fn proof_claims(server: &Server, method: &str, path: &str) -> Value {
        static NAMES: AtomicU64 = AtomicU64::new(0);
        json!({
            "jti": format!("proof-{}", NAMES.fetch_add(1, Ordering::SeqCst)),
            "htm": method,
            "htu": server.url(path),
            "iat": server.now(),
        })
    }

    /// A proof with these claims.
    pub fn proof(&self, claims: &Value) -> String {
        let header = json!({ "typ": "dpop+jwt", "alg": self.alg, "jwk": self.jwk() });
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
        nonce
            .unwrap_or_else(|| panic!("a nonce with {} {}", self.status, self.text))
            .to_owned()
    }
}
