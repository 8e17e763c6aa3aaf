//! The cases of `tests/vectors/entitlement/onion_v4.json`, as far as they need no endpoint behind them.

use serde::Deserialize;

use super::*;
use crate::domain::entitlement::onion::bencode::parse_strings;
use crate::domain::random::Random;

#[derive(Deserialize)]
pub(super) struct Vectors {
    backend_seed: String,
    pub(super) server_x25519_pkey: String,
    pub(super) client_x25519_pkey: String,
    pub(super) dh_secret: String,
    pub(super) xchacha20_key: String,
    pub(super) aes_gcm_key: String,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    plaintext_hex: String,
    request_hex: String,
    expect_http: u16,
    response_code: Option<u16>,
    response_content_type: Option<String>,
    response_text: Option<String>,
    response_plaintext_hex: Option<String>,
    sample_response_hex: Option<String>,
}

impl Vectors {
    pub(super) fn read() -> Self {
        let text = include_str!("../../../../tests/vectors/entitlement/onion_v4.json");
        serde_json::from_str(text).expect("is JSON")
    }

    fn key(&self) -> OnionKey {
        OnionKey::of(&ProofKey::from_seed(&fixed(&self.backend_seed)))
    }
}

pub(super) fn fixed(hexadecimal: &str) -> [u8; 32] {
    hex::decode(hexadecimal)
        .expect("is hexadecimal")
        .try_into()
        .expect("is 32 bytes")
}

struct Counting;
impl Random for Counting {
    fn fill(&self, out: &mut [u8]) {
        (0..=255).zip(out).for_each(|(value, byte)| *byte = value);
    }
}

#[test]
fn the_key_is_the_one_that_clients_derive() {
    let vectors = Vectors::read();
    assert_eq!(hex::encode(vectors.key().public()), vectors.server_x25519_pkey);
    assert_eq!(format!("{:?}", vectors.key()), "OnionKey(..)");
}

#[test]
fn every_case_opens_or_is_refused_as_the_original_does() {
    let vectors = Vectors::read();
    let key = vectors.key();
    assert_eq!(vectors.cases.len(), 31);
    for case in &vectors.cases {
        let opened = key.open(&hex::decode(&case.request_hex).expect("is hexadecimal"));
        assert_eq!(opened.is_ok(), case.expect_http == 200, "{}", case.name);
        let Ok(opened) = opened else { continue };
        assert_eq!(hex::encode(&opened.plaintext), case.plaintext_hex, "{}", case.name);

        // What a client would open with the same key is what the original answered.
        let sample = hex::decode(case.sample_response_hex.as_deref().expect("is there")).expect("is hexadecimal");
        let plaintext = opened.session.open(&sample).expect("opens");
        assert_eq!(
            Some(hex::encode(&plaintext)),
            case.response_plaintext_hex,
            "{}",
            case.name
        );

        let invalid = case.response_text.as_deref() == Some("Invalid v4 onion request");
        // A handler that fails is the endpoint's matter: there was a request inside.
        let fails_behind = case.name.starts_with("crash in handler");
        assert_eq!(opened.request().is_err(), invalid && !fails_behind, "{}", case.name);
        if invalid {
            let reply = Reply::invalid();
            assert_eq!(Some(reply.code), case.response_code);
            assert_eq!(reply.headers.get("content-type"), case.response_content_type.as_ref());
            let sent = opened.session.open(&opened.seal(&Counting, &reply)).expect("opens");
            let ours = parse_strings(&sent, 2).expect("is a list of two");
            let theirs = parse_strings(&plaintext, 2).expect("is a list of two");
            assert_eq!(ours[1], theirs[1], "{}", case.name);
            let json = |bytes| serde_json::from_slice::<serde_json::Value>(bytes).expect("is JSON");
            assert_eq!(json(ours[0]), json(theirs[0]), "{}", case.name);
        }
    }
}

#[test]
fn every_changed_byte_of_a_request_is_noticed_or_harmless() {
    let vectors = Vectors::read();
    let key = vectors.key();
    let case = vectors.cases.first().expect("there are cases");
    let body = hex::decode(&case.request_hex).expect("is hexadecimal");
    for at in 0..body.len() {
        let mut changed = body.clone();
        changed[at] ^= 0x20;
        if let Ok(opened) = key.open(&changed) {
            assert_eq!(hex::encode(&opened.plaintext), case.plaintext_hex, "byte {at}");
        }
    }
}
