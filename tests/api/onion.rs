//! Onion requests v4 over HTTP: every case of the vectors, and what must stay outside.

use chacha20poly1305::aead::Aead as _;
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use serde_json::Value;

use crate::support::{Answer, Server};

const PATH: &str = "/oxen/v4/lsrpc";

fn vectors() -> Value {
    serde_json::from_str(include_str!("../vectors/entitlement/onion_v4.json")).expect("is JSON")
}

fn bytes(hexadecimal: &Value) -> Vec<u8> {
    hex::decode(hexadecimal.as_str().expect("text")).expect("hexadecimal")
}

async fn send(server: &Server, body: Vec<u8>) -> (u16, Vec<u8>) {
    let answer = server
        .http
        .post(server.url(PATH))
        .body(body)
        .send()
        .await
        .expect("an answer");
    (answer.status().as_u16(), answer.bytes().await.expect("a body").to_vec())
}

fn is_xchacha(case: &Value) -> bool {
    case["enc_type"]
        .as_str()
        .is_some_and(|name| name.starts_with("xchacha"))
}

/// Opens an answer as the client does, with the key that both derived.
fn open(vectors: &Value, case: &Value, sealed: &[u8]) -> Vec<u8> {
    if is_xchacha(case) {
        let key = XChaCha20Poly1305::new_from_slice(&bytes(&vectors["xchacha20_key"])).expect("32 bytes");
        let (nonce, rest) = sealed.split_at(24);
        key.decrypt(nonce.into(), rest).expect("opens")
    } else {
        let key = UnboundKey::new(&AES_256_GCM, &bytes(&vectors["aes_gcm_key"])).expect("32 bytes");
        let (nonce, rest) = sealed.split_first_chunk::<12>().expect("a nonce");
        let mut rest = rest.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        LessSafeKey::new(key)
            .open_in_place(nonce, Aad::empty(), &mut rest)
            .expect("opens")
            .to_vec()
    }
}

/// The two strings of a bencoded list.
fn parts(list: &[u8]) -> (Value, Vec<u8>) {
    let mut rest = list
        .strip_prefix(b"l")
        .and_then(|rest| rest.strip_suffix(b"e"))
        .expect("a list");
    let mut found = Vec::new();
    while !rest.is_empty() {
        let colon = rest.iter().position(|byte| *byte == b':').expect("a length");
        let length: usize = std::str::from_utf8(&rest[..colon])
            .expect("digits")
            .parse()
            .expect("a number");
        found.push(rest[colon + 1..colon + 1 + length].to_vec());
        rest = &rest[colon + 1 + length..];
    }
    assert_eq!(found.len(), 2);
    let meta = serde_json::from_slice(&found[0]).expect("is JSON");
    (meta, found.remove(1))
}

#[actix_web::test]
async fn every_case_is_answered_as_the_original_does() {
    let server = Server::start();
    let vectors = vectors();
    let cases = vectors["cases"].as_array().expect("cases");
    assert_eq!(cases.len(), 31);
    for case in cases {
        let name = case["name"].as_str().expect("a name");
        let (status, body) = send(&server, bytes(&case["request_hex"])).await;
        assert_eq!(Value::from(status), case["expect_http"], "{name}");
        if status != 200 {
            continue;
        }
        let (meta, body) = parts(&open(&vectors, case, &body));
        let headers = meta["headers"].as_object().expect("headers");
        assert!(
            headers
                .keys()
                .all(|key| *key == key.to_lowercase() && key != "content-length"),
            "{name}"
        );
        if name.starts_with("crash in handler") {
            // A body that is no object is refused, and nothing crashes.
            let envelope: Value = serde_json::from_slice(&body).expect("is JSON");
            assert_eq!((&meta["code"], &envelope["status"]), (&200.into(), &2.into()), "{name}");
            continue;
        }
        assert_eq!(meta["code"], case["response_code"], "{name}");
        if let Some(wanted) = case.get("response_json") {
            let envelope: Value = serde_json::from_slice(&body).expect("is JSON");
            assert_eq!(headers["content-type"], "application/json", "{name}");
            assert_eq!(envelope["status"], wanted["status"], "{name}");
            assert_eq!(envelope.get("result"), wanted.get("result"), "{name}");
        } else if case["response_text"] == "Invalid v4 onion request" {
            assert_eq!(headers["content-type"], case["response_content_type"], "{name}");
            assert_eq!(body, b"Invalid v4 onion request", "{name}");
        }
    }
}

#[actix_web::test]
async fn a_request_is_bounded_and_has_one_method_and_one_path() {
    let server = Server::start();
    let (status, _) = send(&server, vec![0; 10_485_761]).await;
    assert_eq!(status, 400);
    for (method, path, status) in [
        ("GET", PATH, 405),
        ("OPTIONS", PATH, 200),
        ("POST", "/oxen/v4/lsrpc/", 404),
    ] {
        let method = reqwest::Method::from_bytes(method.as_bytes()).expect("a method");
        let request = server.http.request(method, server.url(path));
        assert_eq!(
            Answer::read(request.send().await.expect("an answer")).await.status,
            status,
            "{path}"
        );
    }
}
