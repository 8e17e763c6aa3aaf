//! Introspection (RFC 7662): who may ask, what is told of a token that is good, and that nothing is told of any other.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Answer, Client, Person, Server, Signer, Tokens};

const INACTIVE: &str = r#"{"active":false}"#;

async fn introspect(server: &Server, client: &Client, token: &str) -> Answer {
    client.post(server, "/oauth/introspect/", &[("token", token)]).await
}

async fn active(server: &Server, client: &Client, token: &str) -> Value {
    let answer = introspect(server, client, token).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.json()["active"], true, "{}", answer.text);
    answer.json()
}

#[track_caller]
fn assert_inactive(answer: &Answer, what: &str) {
    assert_eq!((answer.status, answer.text.as_str()), (200, INACTIVE), "{what}");
}

fn machine(server: &Server) -> Client {
    Client::register(
        server,
        json!({
            "grant_types": ["client_credentials"], "scope": "jobs:read jobs:write",
            "resources": ["https://api.example"],
        }),
    )
}

async fn own_token(server: &Server, client: &Client, extra: &[(&str, &str)]) -> String {
    let form = [&[("grant_type", "client_credentials")], extra].concat();
    let answer = client.post(server, "/oauth/token/", &form).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["access_token"].as_str().expect("a token").to_owned()
}

#[actix_web::test]
async fn in_02_a_good_token_is_described_by_what_it_says() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::confidential(&server);
    let tokens = client.tokens(&server, &mut person).await;
    let claims = Tokens::claims(tokens.access());
    let told = active(&server, &client, tokens.access()).await;
    for name in [
        "iss",
        "sub",
        "aud",
        "client_id",
        "exp",
        "iat",
        "jti",
        "scope",
        "auth_time",
    ] {
        assert_eq!(told[name], claims[name], "{name}");
    }
    assert_eq!(told["token_type"], "Bearer");
    let private: Vec<_> = ["fam", "sid", "email"]
        .into_iter()
        .filter(|name| told.get(name).is_some())
        .collect();
    assert!(private.is_empty(), "{private:?}");
    let refresh = active(&server, &client, tokens.refresh()).await;
    assert_eq!(
        (&refresh["sub"], &refresh["client_id"]),
        (&claims["sub"], &json!(client.id))
    );
    assert!(refresh["exp"].as_i64() > told["exp"].as_i64());

    let machine = machine(&server);
    let token = own_token(
        &server,
        &machine,
        &[("resource", "https://api.example"), ("scope", "jobs:read")],
    )
    .await;
    // A resource server that proves itself may ask about anybody's access token.
    let told = active(&server, &client, &token).await;
    assert_eq!(
        (&told["sub"], &told["client_id"]),
        (&json!(machine.id), &json!(machine.id))
    );
    assert_eq!(
        (&told["aud"], &told["scope"]),
        (&json!("https://api.example"), &json!("jobs:read"))
    );
}

#[actix_web::test]
async fn in_01_only_a_client_that_proves_itself_may_ask() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::confidential(&server);
    let tokens = client.tokens(&server, &mut person).await;
    let unproved = |secret: Option<&str>| Client {
        secret: secret.map(str::to_owned),
        ..client.clone()
    };
    for stranger in [
        unproved(None),
        unproved(Some("wrong wrong wrong wrong")),
        Client::public(&server),
    ] {
        let answer = introspect(&server, &stranger, tokens.access()).await;
        assert_eq!(answer.refusal(), (401, "invalid_client".to_owned()));
        assert!(answer.header("www-authenticate").is_some());
    }
    // Another client's access token does not authenticate either, in whatever place.
    let bearer = server
        .http
        .post(server.url("/oauth/introspect/"))
        .bearer_auth(tokens.access())
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("token={}", tokens.access()));
    assert_eq!(server.send(bearer).await.refusal(), (401, "invalid_client".to_owned()));
    let signer = Signer::new("EdDSA");
    let keyed = Client::register(
        &server,
        json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": signer.jwks() }),
    );
    let assertion = signer.assertion(&server, &keyed, &json!({ "aud": server.url("/oauth/introspect/") }));
    let form = [("token", tokens.access())];
    let answer = keyed.assert(&server, "/oauth/introspect/", &assertion, &form).await;
    assert_eq!(answer.json()["active"], true, "{}", answer.text);
    assert_eq!(
        keyed
            .assert(&server, "/oauth/introspect/", &assertion, &form)
            .await
            .status,
        401
    );
    let missing = client.post(&server, "/oauth/introspect/", &[]).await;
    assert_eq!(missing.refusal(), (400, "invalid_request".to_owned()));
}

#[actix_web::test]
async fn in_03_of_a_token_that_is_not_good_nothing_is_told() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let (client, other) = (Client::confidential(&server), Client::confidential(&server));
    let tokens = client.tokens(&server, &mut person).await;
    for token in ["x", "a.b.c", "....", tokens.id(), &"x".repeat(8000)] {
        assert_inactive(&introspect(&server, &client, token).await, token);
    }
    // A refresh token is nobody's business but its client's.
    assert_inactive(&introspect(&server, &other, tokens.refresh()).await, "another client's");
    let next = Tokens(client.refresh(&server, tokens.refresh()).await.json());
    assert_inactive(&introspect(&server, &client, tokens.refresh()).await, "superseded");
    active(&server, &client, next.refresh()).await;
    active(&server, &client, tokens.access()).await;
    // What was revoked is dead at once; a whole family with its refresh token.
    assert_eq!(client.revoke(&server, tokens.access()).await.status, 200);
    assert_inactive(&introspect(&server, &client, tokens.access()).await, "revoked");
    active(&server, &client, next.access()).await;
    assert_eq!(client.revoke(&server, next.refresh()).await.status, 200);
    for token in [next.access(), next.refresh()] {
        assert_inactive(&introspect(&server, &client, token).await, "its family was revoked");
    }
    let third = client.tokens(&server, &mut person).await;
    server.clock.advance(Duration::from_mins(61));
    assert_inactive(&introspect(&server, &client, third.access()).await, "expired");
}

#[actix_web::test]
async fn in_04_rv_06_a_token_of_a_client_for_itself_is_revoked_at_once_too() {
    let server = Server::start();
    let (client, other) = (machine(&server), machine(&server));
    let resource = ("resource", "https://api.example");
    for extra in [&[][..], &[resource]] {
        let token = own_token(&server, &client, extra).await;
        active(&server, &client, &token).await;
        assert_eq!(other.revoke(&server, &token).await.status, 200);
        active(&server, &client, &token).await;
        assert_eq!(client.revoke(&server, &token).await.status, 200);
        assert_inactive(&introspect(&server, &client, &token).await, "revoked");
    }
    let token = own_token(&server, &client, &[]).await;
    let id = countersign::domain::oauth::client::ClientId::parse(&client.id).expect("an id");
    server.write(countersign::db::clients::remove(&id));
    assert_inactive(&introspect(&server, &other, &token).await, "its client is gone");
}
