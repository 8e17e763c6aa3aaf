//! What a client with keys of its own signs with, made afresh for each test.

use std::sync::atomic::{AtomicU64, Ordering};

use countersign::domain::random::Rng;
use countersign::system::SystemRandom;
use ring::rand::SystemRandom as RingRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
    RsaKeyPair, RsaPublicKeyComponents,
};
use rsa::pkcs8::EncodePrivateKey as _;
use serde_json::{Value, json};

use super::jwt::{encode, unsigned};
use super::{Answer, Client, Server};

/// The type of an assertion (RFC 7523 §2.2).
pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

enum Key {
    Ed25519(Ed25519KeyPair),
    P256(EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

/// A key pair and the algorithm that it is used with.
pub struct Signer {
    key: Key,
    /// The JOSE name of the algorithm.
    pub alg: &'static str,
}

impl Signer {
    /// A fresh key for `EdDSA`, ES256, PS256 or RS256.
    pub fn new(alg: &'static str) -> Self {
        let random = RingRandom::new();
        let key = match alg {
            "EdDSA" => {
                let document = Ed25519KeyPair::generate_pkcs8(&random).expect("a key");
                Key::Ed25519(Ed25519KeyPair::from_pkcs8(document.as_ref()).expect("a key"))
            }
            "ES256" => {
                let curve = &ECDSA_P256_SHA256_FIXED_SIGNING;
                let document = EcdsaKeyPair::generate_pkcs8(curve, &random).expect("a key");
                Key::P256(EcdsaKeyPair::from_pkcs8(curve, document.as_ref(), &random).expect("a key"))
            }
            _ => {
                let key = rsa::RsaPrivateKey::new(&mut Rng(&SystemRandom), 2048).expect("a key");
                let document = key.to_pkcs8_der().expect("a document");
                Key::Rsa(RsaKeyPair::from_pkcs8(document.as_bytes()).expect("a key"))
            }
        };
        Self { key, alg }
    }

    /// The Ed25519 key of this number: the same each time.
    pub fn seeded(seed: u8) -> Self {
        Self {
            key: Key::Ed25519(Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).expect("a key")),
            alg: "EdDSA",
        }
    }

    /// The public half, without `alg` and `kid`.
    pub fn jwk(&self) -> Value {
        match &self.key {
            Key::Ed25519(pair) => json!({ "kty": "OKP", "crv": "Ed25519", "x": encode(pair.public_key()) }),
            Key::P256(pair) => {
                let point = pair.public_key().as_ref();
                json!({ "kty": "EC", "crv": "P-256", "x": encode(&point[1..33]), "y": encode(&point[33..]) })
            }
            Key::Rsa(pair) => {
                let public = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public());
                json!({ "kty": "RSA", "n": encode(public.n), "e": encode(public.e) })
            }
        }
    }

    /// The set of this key alone.
    pub fn jwks(&self) -> Value {
        json!({ "keys": [self.jwk()] })
    }

    /// A token with this header and these claims, signed by this key whatever the header says.
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        let message = unsigned(header, claims);
        let signature = match &self.key {
            Key::Ed25519(pair) => pair.sign(message.as_bytes()).as_ref().to_vec(),
            Key::P256(pair) => {
                let signature = pair.sign(&RingRandom::new(), message.as_bytes()).expect("signs");
                signature.as_ref().to_vec()
            }
            Key::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                let padding: &dyn ring::signature::RsaEncoding = if self.alg == "PS256" {
                    &RSA_PSS_SHA256
                } else {
                    &RSA_PKCS1_SHA256
                };
                pair.sign(padding, &RingRandom::new(), message.as_bytes(), &mut signature)
                    .expect("signs");
                signature
            }
        };
        format!("{message}.{}", encode(signature))
    }

    /// An assertion of `client` that is right in every way; `changes` replace claims, and remove those that are null.
    pub fn assertion(&self, server: &Server, client: &Client, changes: &Value) -> String {
        let claims = assertion_claims(server, client, changes);
        self.sign(&json!({ "alg": self.alg, "typ": "JWT" }), &claims)
    }
}

/// The claims of an assertion; `changes` replace them, and remove those that are null.
pub fn assertion_claims(server: &Server, client: &Client, changes: &Value) -> Value {
    static NAMES: AtomicU64 = AtomicU64::new(0);
    let now = server.now();
    let mut claims = json!({
        "iss": client.id, "sub": client.id, "aud": server.issuer, "iat": now, "exp": now + 60,
        "jti": format!("assertion-{}", NAMES.fetch_add(1, Ordering::SeqCst)),
    });
    for (name, value) in changes.as_object().expect("an object") {
        claims[name] = value.clone();
    }
    claims
        .as_object_mut()
        .expect("an object")
        .retain(|_, value| !value.is_null());
    claims
}

impl Client {
    /// A form to an endpoint, authenticated by an assertion.
    pub async fn assert(&self, server: &Server, path: &str, assertion: &str, form: &[(&str, &str)]) -> Answer {
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(form)
            .append_pair("client_assertion_type", ASSERTION_TYPE)
            .append_pair("client_assertion", assertion);
        server.form(path, body.finish()).await
    }
}
