//! Signed request objects by value (RFC 9101).

use serde_json::{Value, json};

use crate::support::{Client, Person, Server, Signer, VERIFIER, jwt, query_of};

fn register(server: &Server, extra: &Value) -> Client {
    let mut metadata = json!({
        "token_endpoint_auth_method": "none", "first_party": true, "jwks": Signer::seeded(1).jwks(),
    });
    for (name, value) in extra.as_object().expect("an object") {
        metadata[name] = value.clone();
    }
    Client::register(server, metadata)
}

/// The claims of an object that is right in every way.
fn claims(server: &Server, client: &Client) -> Value {
    use sha2::Digest as _;
    let now = server.now();
    json!({
        "iss": client.id, "aud": server.issuer, "iat": now, "nbf": now, "exp": now + 300, "jti": "1",
        "client_id": client.id, "redirect_uri": client.redirect_uri, "response_type": "code", "scope": "openid email",
        "state": "signed-state", "nonce": "signed-nonce", "max_age": 3600,
        "code_challenge": jwt::encode(sha2::Sha256::digest(VERIFIER)), "code_challenge_method": "S256",
    })
}

fn with(server: &Server, client: &Client, name: &str, value: Value) -> Value {
    let mut claims = claims(server, client);
    if value.is_null() {
        claims.as_object_mut().expect("an object").remove(name);
    } else {
        claims[name] = value;
    }
    claims
}

fn signed(claims: &Value) -> String {
    Signer::seeded(1).sign(&json!({ "alg": "EdDSA", "typ": "oauth-authz-req+jwt" }), claims)
}

/// An authorization request that has nothing but the object.
fn path(client: &Client, object: &str) -> String {
    format!("/oauth/authorize/?client_id={}&request={object}", client.id)
}

#[actix_web::test]
async fn az_14b_what_the_client_signed_is_the_request() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = register(&server, &json!({}));
    let object = signed(&claims(&server, &client));
    let extra = [
        ("request", object.as_str()),
        ("state", "evil"),
        ("scope", "openid phone"),
        ("nonce", "evil"),
    ];
    let location = client.sign_in(&mut person, &extra).await;
    let told = query_of(&location);
    assert_eq!((told["state"].as_str(), &told["iss"]), ("signed-state", &server.issuer));
    let tokens = client.redeem(&server, &told["code"]).await.json();
    assert_eq!(tokens["scope"], "email openid");
    let id = crate::support::Tokens(tokens);
    assert_eq!(crate::support::Tokens::claims(id.id())["nonce"], "signed-nonce");
    // Nothing but the object is needed; what is missing in it is missing, whatever stands beside it.
    let alone = person.browser.get(&path(&client, &object)).await;
    assert!(alone.told(&client).contains_key("code"));
    let bare = signed(&with(&server, &client, "code_challenge", Value::Null));
    let answer = client.ask(&server, &[("request", &bare)]).await;
    assert_eq!(answer.told(&client)["error"], "invalid_request");
}

#[actix_web::test]
async fn az_14b_forged_foreign_and_untimely_objects_are_refused() {
    let server = Server::start();
    let client = register(&server, &json!({}));
    let other = register(&server, &json!({ "jwks": Signer::seeded(2).jwks() }));
    let now = claims(&server, &client)["iat"].as_i64().expect("a time");
    let right = claims(&server, &client);
    let headed = |header: Value| Signer::seeded(1).sign(&header, &right);
    let change = |name: &str, value: Value| signed(&with(&server, &client, name, value));
    let good = signed(&right);
    let (message, signature) = good.rsplit_once('.').expect("a signature");
    for (what, object) in [
        (
            "unsigned",
            format!("{}.", jwt::unsigned(&json!({ "alg": "none" }), &right)),
        ),
        ("none with a signature", headed(json!({ "alg": "none" }))),
        ("HS256", headed(json!({ "alg": "HS256" }))),
        ("RS256 by an Ed25519 key", headed(json!({ "alg": "RS256" }))),
        (
            "another client's key",
            Signer::seeded(2).sign(&json!({ "alg": "EdDSA" }), &right),
        ),
        (
            "a key brought along",
            Signer::seeded(3).sign(&json!({ "alg": "EdDSA", "jwk": Signer::seeded(3).jwk() }), &right),
        ),
        (
            "a key pointed to",
            Signer::seeded(3).sign(&json!({ "alg": "EdDSA", "jku": "https://evil.example/jwks" }), &right),
        ),
        ("an unknown kid", headed(json!({ "alg": "EdDSA", "kid": "unknown" }))),
        ("crit", headed(json!({ "alg": "EdDSA", "crit": ["exp"] }))),
        ("another type", headed(json!({ "alg": "EdDSA", "typ": "at+jwt" }))),
        (
            "a changed payload",
            format!("{}.{signature}", jwt::unsigned(&json!({ "alg": "EdDSA" }), &right)),
        ),
        ("no signature", message.to_owned()),
        ("rubbish", "e.y.J".to_owned()),
        ("another issuer", change("iss", json!("other"))),
        ("another client", change("client_id", json!(other.id))),
        ("no client", change("client_id", Value::Null)),
        ("another audience", change("aud", json!("https://evil.example"))),
        ("no audience", change("aud", Value::Null)),
        ("no exp", change("exp", Value::Null)),
        ("expired", change("exp", json!(now - 300))),
        ("for two hours", change("exp", json!(now + 7200))),
        ("exp that made others panic", change("exp", json!(i64::MAX))),
        ("not yet", change("nbf", json!(now + 300))),
        ("old", change("nbf", json!(now - 7200))),
        ("leads on", change("request_uri", json!("https://evil.example/"))),
        ("nests", change("request", json!("e.y.J"))),
    ] {
        let answer = client.ask(&server, &[("request", &object)]).await;
        assert_eq!(answer.told_error(&client, &server), "invalid_request_object", "{what}");
        // With nothing beside it that proves the way, the error is shown.
        server.get(&path(&client, &object)).await.assert_shown(what);
    }
    // Its redirect URI must be registered, however well it is signed.
    let evil = change("redirect_uri", json!("https://evil.example/"));
    client
        .ask(&server, &[("request", &evil)])
        .await
        .assert_shown("redirect URI");
    // A client without keys can sign nothing.
    let keyless = Client::public(&server);
    let answer = keyless
        .ask(&server, &[("request", &signed(&claims(&server, &keyless)))])
        .await;
    assert_eq!(answer.told_error(&keyless, &server), "invalid_request_object");
    let both = [
        ("request", good.as_str()),
        ("request_uri", "urn:ietf:params:oauth:request_uri:x"),
    ];
    let answer = client.ask(&server, &both).await;
    assert_eq!(answer.told_error(&client, &server), "invalid_request");
}

#[actix_web::test]
async fn az_14b_a_few_seconds_between_the_clocks_are_no_error() {
    let server = Server::start();
    let client = register(&server, &json!({}));
    let now = claims(&server, &client)["iat"].as_i64().expect("a time");
    for (name, value) in [("nbf", json!(now + 8)), ("exp", json!(now - 5)), ("nbf", Value::Null)] {
        let object = signed(&with(&server, &client, name, value));
        server.get(&path(&client, &object)).await.assert_login(name);
    }
    for header in [json!({ "alg": "EdDSA" }), json!({ "alg": "EdDSA", "typ": "JWT" })] {
        let object = Signer::seeded(1).sign(&header, &claims(&server, &client));
        server
            .get(&path(&client, &object))
            .await
            .assert_login("no type, or that of before");
    }
}

#[actix_web::test]
async fn az_14b_a_client_that_must_sign_and_its_algorithm_are_held_to_it() {
    let server = Server::start();
    let strict = register(&server, &json!({ "require_signed_request_object": true }));
    let plain = strict.ask(&server, &[]).await;
    assert_eq!(plain.told_error(&strict, &server), "invalid_request");
    let object = signed(&claims(&server, &strict));
    server.get(&path(&strict, &object)).await.assert_login("signed");
    let other = register(&server, &json!({ "request_object_signing_alg": "ES256" }));
    let object = signed(&claims(&server, &other));
    let answer = other.ask(&server, &[("request", &object)]).await;
    assert_eq!(answer.told_error(&other, &server), "invalid_request_object");
    // Pushed, a signed request stays one.
    let object = signed(&claims(&server, &strict));
    let pushed = strict.post(&server, "/oauth/par/", &[("request", &object)]).await;
    assert_eq!(pushed.status, 201, "{}", pushed.text);
    let uri = pushed.json()["request_uri"].as_str().expect("a request_uri").to_owned();
    let path = format!("/oauth/authorize/?client_id={}&request_uri={uri}", strict.id);
    server.get(&path).await.assert_login("pushed and signed");
    let form = strict.authorize_path(&[]);
    let pairs: Vec<(String, String)> = url::form_urlencoded::parse(form.split_once('?').expect("a query").1.as_bytes())
        .into_owned()
        .filter(|(name, _)| name != "client_id")
        .collect();
    let pairs: Vec<(&str, &str)> = pairs
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let unsigned = strict.post(&server, "/oauth/par/", &pairs).await;
    assert_eq!(unsigned.refusal(), (400, "invalid_request".to_owned()));
}
