//! Tokens that this server did not sign, made in every way that has fooled others (RFC 8725).

use hmac::{Hmac, Mac as _};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::support::{Client, Person, Server, Tokens, jwt};

fn hs256(message: &str, key: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length");
    mac.update(message.as_bytes());
    format!("{message}.{}", jwt::encode(mac.finalize().into_bytes()))
}

fn with(header: &Value, name: &str, value: Value) -> Value {
    let mut header = header.clone();
    header[name] = value;
    header
}

/// Forgeries of `token` with its own claims, each with its name.
fn forge(token: &str, keys: &[Value]) -> Vec<(String, String)> {
    let (header, claims) = (jwt::header(token), Tokens::claims(token));
    let (message, signature) = token.rsplit_once('.').expect("a signature");
    let mut forged = Vec::new();
    for none in ["none", "None", "NONE", "nOnE", ""] {
        let unsigned = jwt::unsigned(&with(&header, "alg", json!(none)), &claims);
        forged.push((format!("alg {none:?}, no signature"), format!("{unsigned}.")));
        forged.push((
            format!("alg {none:?}, old signature"),
            format!("{unsigned}.{signature}"),
        ));
    }
    // The public key as a shared secret.
    for key in keys {
        let header = with(&with(&header, "alg", json!("HS256")), "kid", key["kid"].clone());
        let unsigned = jwt::unsigned(&header, &claims);
        for member in ["x", "n"] {
            if let Some(text) = key[member].as_str() {
                forged.push((format!("HS256 with {member}"), hs256(&unsigned, &jwt::decode(text))));
                forged.push((
                    format!("HS256 with the text of {member}"),
                    hs256(&unsigned, text.as_bytes()),
                ));
            }
        }
        forged.push((
            "HS256 with the JWK".to_owned(),
            hs256(&unsigned, key.to_string().as_bytes()),
        ));
        // The kid of another key, which has another algorithm or did not sign this.
        if key["kid"] != jwt::header(token)["kid"] {
            let other = jwt::unsigned(&with(&jwt::header(token), "kid", key["kid"].clone()), &claims);
            forged.push(("the kid of another key".to_owned(), format!("{other}.{signature}")));
        }
    }
    forged.push((
        "HS256 with nothing".to_owned(),
        hs256(&jwt::unsigned(&with(&header, "alg", json!("HS256")), &claims), b""),
    ));
    // A key of the forger's own, brought along or pointed to.
    let own = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).expect("a key");
    let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": jwt::encode(own.public_key().as_ref()) });
    for (name, value) in [
        ("typ", header["typ"].clone()),
        ("jwk", jwk),
        ("jku", json!("https://evil.example/jwks.json")),
        ("x5u", json!("https://evil.example/cert.pem")),
        ("x5c", json!(["MIIB"])),
        ("crit", json!(["exp"])),
        ("b64", json!(false)),
        ("kid", json!("unknown")),
        ("kid", json!("../../dev/null")),
        ("kid", json!("' OR 1=1 --")),
        ("kid", Value::Null),
    ] {
        let unsigned = jwt::unsigned(&with(&with(&header, "alg", json!("EdDSA")), name, value), &claims);
        let signed = jwt::encode(own.sign(unsigned.as_bytes()).as_ref());
        forged.push((format!("own key, {name}"), format!("{unsigned}.{signed}")));
    }
    // A header that says more, over the right signature of another header.
    let more = jwt::unsigned(&with(&header, "crit", json!(["exp"])), &claims);
    forged.push(("crit".to_owned(), format!("{more}.{signature}")));
    // CVE-2022-21449: an ECDSA signature of zeros; and one of the forger's own.
    if let Some(key) = keys.iter().find(|key| key["alg"] == "ES256") {
        let header = with(&with(&header, "alg", json!("ES256")), "kid", key["kid"].clone());
        let unsigned = jwt::unsigned(&header, &claims);
        forged.push((
            "ES256 of zeros".to_owned(),
            format!("{unsigned}.{}", jwt::encode([0; 64])),
        ));
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
        let own = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).expect("a key");
        let signed = own.sign(&random, unsigned.as_bytes()).expect("signs");
        forged.push((
            "ES256 of a stranger".to_owned(),
            format!("{unsigned}.{}", jwt::encode(signed.as_ref())),
        ));
    }
    // Changed claims under the old signature, and forms that are almost the token.
    for (name, value) in [
        ("sub", json!("somebody")),
        ("exp", json!(9_999_999_999_u64)),
        ("iss", json!("https://evil.example")),
    ] {
        let changed = jwt::unsigned(&header, &with(&claims, name, value));
        forged.push((format!("changed {name}"), format!("{changed}.{signature}")));
    }
    for near in [
        message.to_owned(),
        format!("{message}."),
        format!("{message}.{signature}="),
        format!("{message}.{signature}.{signature}"),
        format!("{message}..{signature}"),
        format!(".{message}.{signature}"),
        format!("{message}.{}", jwt::encode([0; 64])),
        format!("{message}.{}", &signature[..signature.len() - 2]),
    ] {
        forged.push(("almost".to_owned(), near));
    }
    forged
}

#[actix_web::test]
async fn ui_05_tk_12d_userinfo_takes_no_forged_access_token() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::public(&server);
    let tokens = client.tokens(&server, &mut person).await;
    let forged = forge(tokens.access(), &server.jwks().await);
    assert!(forged.len() >= 25, "{}", forged.len());
    for (name, token) in &forged {
        let answer = Client::userinfo(&server, token).await;
        assert_eq!(answer.status, 401, "{name} {token} {}", answer.text);
    }
    // An ID token with the type of an access token, and the other way about.
    for (token, kind) in [(tokens.id(), "at+jwt"), (tokens.access(), "JWT")] {
        let signature = token.rsplit_once('.').expect("a signature").1;
        let dressed = jwt::unsigned(&with(&jwt::header(token), "typ", json!(kind)), &Tokens::claims(token));
        assert_eq!(
            Client::userinfo(&server, &format!("{dressed}.{signature}"))
                .await
                .status,
            401
        );
    }
    assert_eq!(Client::userinfo(&server, tokens.access()).await.status, 200);
}

#[actix_web::test]
async fn az_11_lo_06_a_forged_id_token_hint_proves_nothing() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    for algorithm in ["EdDSA", "RS256", "ES256"] {
        let metadata = json!({
            "token_endpoint_auth_method": "none", "first_party": true, "id_token_signed_response_alg": algorithm
        });
        let client = Client::register(&server, metadata);
        let tokens = client.tokens(&server, &mut person).await;
        let silent = |hint: &str| client.authorize_path(&[("prompt", "none"), ("id_token_hint", hint)]);
        let right = person.browser.get(&silent(tokens.id())).await;
        assert!(right.told(&client).contains_key("code"), "{}", right.location());
        for (name, token) in forge(tokens.id(), &server.jwks().await) {
            let answer = person.browser.get(&silent(&token)).await;
            assert_eq!(
                answer.told_error(&client, &server),
                "login_required",
                "{algorithm} {name}"
            );
            let bye = format!("{}/bye", client.redirect_uri);
            let query = url::form_urlencoded::Serializer::new(String::new())
                .extend_pairs([("id_token_hint", token.as_str()), ("post_logout_redirect_uri", &bye)])
                .finish();
            let answer = person.browser.get(&format!("/oauth/logout/?{query}")).await;
            assert!(
                answer.location().starts_with("/logout/?logout_id="),
                "{algorithm} {name}"
            );
        }
        assert_eq!(person.browser.get("/account/session/").await.status, 200);
    }
}
