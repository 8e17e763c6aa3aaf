//! What the server says about itself, and its keys (OIDC Discovery §3, RFC 8414, RFC 7517).

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{Server, jwt};

const WELL_KNOWN: [&str; 2] = [
    "/.well-known/openid-configuration",
    "/.well-known/oauth-authorization-server",
];

async fn document(server: &Server) -> Value {
    server.get(WELL_KNOWN[0]).await.json()
}

fn list(document: &Value, name: &str) -> Vec<String> {
    let values = document[name].as_array().unwrap_or_else(|| panic!("{name} is a list"));
    values
        .iter()
        .map(|value| value.as_str().expect("text").to_owned())
        .collect()
}

#[actix_web::test]
async fn disc_01_disc_02_both_places_serve_the_document_of_the_issuer() {
    let server = Server::start();
    let first = document(&server).await;
    assert_eq!(first["issuer"], server.issuer.as_str());
    for path in WELL_KNOWN {
        for path in [path.to_owned(), format!("{path}/")] {
            let answer = server.get(&path).await;
            assert_eq!(answer.status, 200, "{path}");
            assert_eq!(answer.header("content-type"), Some("application/json"));
            assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
            assert!(answer.header("cache-control").expect("a time").contains("max-age="));
            assert_eq!(answer.json(), first, "{path}");
        }
    }
}

#[actix_web::test]
async fn disc_03_to_disc_06_what_must_be_listed_is_and_unsigned_tokens_are_not() {
    let server = Server::start();
    let document = document(&server).await;
    let algorithms = list(&document, "id_token_signing_alg_values_supported");
    assert!(algorithms.contains(&"RS256".to_owned()) && algorithms.contains(&"EdDSA".to_owned()));
    assert!(
        !algorithms.iter().any(|name| name == "none" || name.starts_with("HS")),
        "{algorithms:?}"
    );
    assert_eq!(list(&document, "subject_types_supported"), ["public", "pairwise"]);
    assert_eq!(list(&document, "code_challenge_methods_supported"), ["S256"]);
    assert_eq!(
        list(&document, "token_endpoint_auth_methods_supported"),
        ["none", "client_secret_basic", "client_secret_post", "private_key_jwt"]
    );
    // Who may ask about tokens must prove itself; who may give them back need not.
    assert_eq!(
        list(&document, "introspection_endpoint_auth_methods_supported"),
        ["client_secret_basic", "client_secret_post", "private_key_jwt"]
    );
    for endpoint in ["token", "introspection", "revocation"] {
        let name = format!("{endpoint}_endpoint_auth_signing_alg_values_supported");
        assert_eq!(list(&document, &name), ["EdDSA", "ES256", "PS256", "RS256"], "{name}");
    }
    assert!(list(&document, "scopes_supported").contains(&"openid".to_owned()));
    assert!(list(&document, "claims_supported").contains(&"sub".to_owned()));
    assert_eq!(document["authorization_response_iss_parameter_supported"], json!(true));
    for (name, value) in [
        ("request_parameter_supported", true),
        ("claims_parameter_supported", true),
        ("request_uri_parameter_supported", false),
        ("require_request_uri_registration", false),
        ("require_pushed_authorization_requests", false),
    ] {
        assert_eq!(document[name], json!(value), "{name}");
    }
    for name in [
        "userinfo_signing_alg_values_supported",
        "request_object_signing_alg_values_supported",
        "dpop_signing_alg_values_supported",
    ] {
        let algorithms = list(&document, name);
        assert!(
            algorithms.contains(&"EdDSA".to_owned()) && algorithms.contains(&"ES256".to_owned()),
            "{name}"
        );
        assert!(
            !algorithms.iter().any(|name| name == "none" || name.starts_with("HS")),
            "{name}"
        );
    }
}

#[actix_web::test]
async fn bc_00_discovery_says_that_clients_are_told_of_logouts_with_the_session() {
    let server = Server::start();
    let document = document(&server).await;
    for name in ["backchannel_logout_supported", "backchannel_logout_session_supported"] {
        assert_eq!(document[name], json!(true), "{name}");
    }
}

#[actix_web::test]
async fn disc_07_neither_implicit_nor_password_is_offered() {
    let server = Server::start();
    let document = document(&server).await;
    assert_eq!(list(&document, "response_types_supported"), ["code"]);
    assert_eq!(
        list(&document, "response_modes_supported"),
        ["query", "fragment", "form_post"]
    );
    assert_eq!(
        list(&document, "grant_types_supported"),
        [
            "authorization_code",
            "refresh_token",
            "client_credentials",
            "urn:ietf:params:oauth:grant-type:device_code",
            "urn:ietf:params:oauth:grant-type:token-exchange"
        ]
    );
}

#[actix_web::test]
async fn disc_08_every_endpoint_is_below_the_issuer_and_answers() {
    let server = Server::start();
    let document = document(&server).await;
    let mut endpoints = 0;
    for (name, value) in document.as_object().expect("an object") {
        if !(name.ends_with("_endpoint") || name.ends_with("_uri")) {
            continue;
        }
        let url = value.as_str().expect("a URL");
        let path = url
            .strip_prefix(&server.issuer)
            .unwrap_or_else(|| panic!("{name} {url}"));
        let status = server.get(path).await.status;
        assert!(![404, 500].contains(&status), "{name} {status}");
        endpoints += 1;
    }
    assert_eq!(endpoints, 10);
}

#[actix_web::test]
async fn disc_10_the_key_set_is_public_and_each_key_is_of_the_right_form() {
    let server = Server::start();
    let answer = server.get("/.well-known/jwks.json").await;
    assert_eq!(answer.header("content-type"), Some("application/jwk-set+json"));
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    let keys = server.jwks().await;
    let kids: BTreeSet<_> = keys.iter().map(|key| key["kid"].as_str().expect("a kid")).collect();
    assert_eq!(kids.len(), keys.len());
    let mut kinds = BTreeSet::new();
    for key in &keys {
        for private in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
            assert!(key.get(private).is_none(), "{private} in {key}");
        }
        assert_eq!(key["use"], "sig", "{key}");
        let length = |name: &str| jwt::decode(key[name].as_str().unwrap_or_else(|| panic!("{name} in {key}"))).len();
        let kind = (key["kty"].as_str().expect("kty"), key["alg"].as_str().expect("alg"));
        match kind {
            ("OKP", "EdDSA") => assert_eq!((key["crv"].as_str(), length("x")), (Some("Ed25519"), 32)),
            ("EC", "ES256") => assert_eq!((key["crv"].as_str(), length("x"), length("y")), (Some("P-256"), 32, 32)),
            ("RSA", "RS256") => assert!(length("n") >= 256 && key["e"] == "AQAB", "{key}"),
            other => panic!("{other:?}"),
        }
        kinds.insert(kind);
    }
    assert_eq!(kinds.len(), 3, "{kinds:?}");
}

#[actix_web::test]
async fn disc_15_no_header_of_a_request_moves_an_endpoint() {
    let server = Server::start();
    let right = document(&server).await;
    for (name, value) in [
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-port", "443"),
        ("x-forwarded-prefix", "/evil"),
        ("forwarded", "for=1.2.3.4;host=evil.example;proto=https"),
        ("x-original-url", "/evil"),
        ("x-rewrite-url", "/evil"),
        ("x-host", "evil.example"),
        ("origin", "https://evil.example"),
    ] {
        let request = server.http.get(server.url(WELL_KNOWN[0])).header(name, value);
        let answer = server.send(request).await;
        assert_eq!((answer.status, answer.json()), (200, right.clone()), "{name}");
    }
    // A development server refuses a foreign Host altogether, against DNS rebinding.
    for path in [WELL_KNOWN[0], "/oauth/authorize/", "/login/"] {
        let answer = server
            .send(server.http.get(server.url(path)).header("host", "evil.example"))
            .await;
        assert!((400..500).contains(&answer.status), "{}", answer.status);
        assert!(!answer.text.contains("evil.example") && answer.header("location").is_none());
    }
}
