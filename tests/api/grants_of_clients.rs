//! What clients get for themselves and from each other: client credentials (RFC 6749 §4.4), resources (RFC 8707), token
//! exchange (RFC 8693).

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Answer, Client, Person, Server, Tokens};

const API: &str = "https://api.example";
const DB: &str = "https://db.example";
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

fn machine(server: &Server, extra: Value) -> Client {
    let mut metadata = json!({
        "grant_types": ["client_credentials", EXCHANGE], "scope": "openid jobs:read jobs:write", "resources": [API, DB],
    });
    for (name, value) in extra.as_object().expect("an object") {
        metadata[name] = value.clone();
    }
    Client::register(server, metadata)
}

async fn own(server: &Server, client: &Client, extra: &[(&str, &str)]) -> Answer {
    let form = [&[("grant_type", "client_credentials")], extra].concat();
    client.post(server, "/oauth/token/", &form).await
}

async fn exchange(server: &Server, client: &Client, subject: &str, extra: &[(&str, &str)]) -> Answer {
    let form = [
        &[
            ("grant_type", EXCHANGE),
            ("subject_token", subject),
            ("subject_token_type", ACCESS_TOKEN),
        ],
        extra,
    ]
    .concat();
    client.post(server, "/oauth/token/", &form).await
}

fn claims(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.text);
    Tokens::claims(answer.json()["access_token"].as_str().expect("a token"))
}

fn token(answer: &Answer) -> String {
    answer.json()["access_token"].as_str().expect("a token").to_owned()
}

#[actix_web::test]
async fn cc_01_a_client_gets_an_access_token_for_itself_and_nothing_else() {
    let server = Server::start();
    let client = machine(&server, json!({}));
    let answer = own(&server, &client, &[]).await;
    let told = answer.json();
    assert!(
        told.get("refresh_token").is_none() && told.get("id_token").is_none(),
        "{told}"
    );
    assert_eq!(
        (&told["token_type"], &told["expires_in"]),
        (&json!("Bearer"), &json!(3600))
    );
    assert_eq!(told["scope"], "jobs:read jobs:write");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let claims = claims(&answer);
    assert_eq!(
        (&claims["sub"], &claims["client_id"]),
        (&json!(client.id), &json!(client.id))
    );
    assert_eq!(claims["aud"], json!(server.issuer));
    for name in ["sid", "auth_time", "fam"] {
        assert!(claims.get(name).is_none(), "{name}");
    }
    assert!(server.verifies(&token(&answer)).await);
    // It speaks for nobody.
    assert_eq!(Client::userinfo(&server, &token(&answer)).await.status, 403);
    let narrow = own(&server, &client, &[("scope", "jobs:read admin openid")]).await;
    assert_eq!(narrow.json()["scope"], "jobs:read");
}

#[actix_web::test]
async fn cc_02_scopes_clients_and_methods_that_do_not_fit_are_refused() {
    let server = Server::start();
    let client = machine(&server, json!({}));
    for scope in ["admin", "openid", "email profile", "a\"b"] {
        let answer = own(&server, &client, &[("scope", scope)]).await;
        assert_eq!(answer.refusal(), (400, "invalid_scope".to_owned()), "{scope}");
    }
    for other in [Client::public(&server), Client::confidential(&server)] {
        let answer = own(&server, &other, &[]).await;
        assert_eq!(answer.refusal(), (400, "unauthorized_client".to_owned()));
    }
    let silent = Client::register(&server, json!({ "grant_types": ["client_credentials"] }));
    let answer = own(&server, &silent, &[]).await;
    assert_eq!(
        (answer.status, answer.json().get("scope")),
        (200, None),
        "{}",
        answer.text
    );
}

#[actix_web::test]
async fn ri_01_tokens_are_for_the_resources_that_are_asked_for() {
    let server = Server::start();
    let client = machine(&server, json!({}));
    assert_eq!(
        claims(&own(&server, &client, &[("resource", API)]).await)["aud"],
        json!(API)
    );
    let two = own(&server, &client, &[("resource", API), ("resource", DB)]).await;
    assert_eq!(claims(&two)["aud"], json!([API, DB]));
    for resource in [
        "https://other.example",
        "https://api.example/",
        "api",
        "https://api.example#x",
    ] {
        let answer = own(&server, &client, &[("resource", resource)]).await;
        assert_eq!(answer.refusal(), (400, "invalid_target".to_owned()), "{resource}");
    }
}

#[actix_web::test]
async fn tx_01_a_token_is_exchanged_for_one_that_reaches_less_far() {
    let server = Server::start();
    let client = machine(&server, json!({}));
    let first = own(&server, &client, &[("resource", API), ("resource", DB)]).await;
    server.clock.advance(Duration::from_mins(20));
    let answer = exchange(
        &server,
        &client,
        &token(&first),
        &[("resource", DB), ("scope", "jobs:read")],
    )
    .await;
    let told = answer.json();
    assert_eq!(told["issued_token_type"], ACCESS_TOKEN);
    assert_eq!(
        (&told["token_type"], &told["scope"]),
        (&json!("Bearer"), &json!("jobs:read"))
    );
    let narrowed = claims(&answer);
    assert_eq!((&narrowed["aud"], &narrowed["sub"]), (&json!(DB), &json!(client.id)));
    // Not for longer than what it was exchanged for.
    assert!(narrowed["exp"].as_i64() <= claims(&first)["exp"].as_i64(), "{narrowed}");
    assert!(told["expires_in"].as_i64() <= Some(2400), "{told}");
    for (extra, error) in [
        (("resource", API), "invalid_target"),
        (("audience", API), "invalid_target"),
        (("scope", "jobs:write"), "invalid_scope"),
    ] {
        let wider = exchange(&server, &client, &token(&answer), &[extra]).await;
        assert_eq!(wider.refusal(), (400, error.to_owned()), "{extra:?}");
    }
    let by_name = exchange(&server, &client, &token(&first), &[("audience", DB)]).await;
    assert_eq!(claims(&by_name)["aud"], json!(DB));
}

#[actix_web::test]
async fn tx_02_a_server_exchanges_what_it_was_given_and_nobody_else_does() {
    let server = Server::start();
    let client = machine(&server, json!({}));
    let api = machine(&server, json!({ "resources": [API] }));
    let stranger = machine(&server, json!({ "resources": ["https://elsewhere.example"] }));
    let subject = token(&own(&server, &client, &[("resource", API)]).await);
    let handed_on = claims(&exchange(&server, &api, &subject, &[]).await);
    assert_eq!(
        (&handed_on["client_id"], &handed_on["sub"]),
        (&json!(api.id), &json!(client.id))
    );
    let refused = (400, "invalid_request".to_owned());
    assert_eq!(exchange(&server, &stranger, &subject, &[]).await.refusal(), refused);
    // A token for this server alone is for its holder alone.
    let own_token = token(&own(&server, &client, &[]).await);
    assert_eq!(exchange(&server, &api, &own_token, &[]).await.refusal(), refused);
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let web = Client::confidential(&server);
    let tokens = web.tokens(&server, &mut person).await;
    for token in [tokens.access(), tokens.refresh(), tokens.id(), "x", ""] {
        let answer = exchange(&server, &client, token, &[]).await;
        assert_eq!(answer.refusal(), refused, "{token}");
    }
    let answer = exchange(&server, &web, tokens.access(), &[]).await;
    assert_eq!(answer.refusal(), (400, "unauthorized_client".to_owned()));
}

#[actix_web::test]
async fn tx_03_what_is_not_supported_is_refused() {
    let server = Server::start();
    let client = machine(&server, json!({}));
    let subject = token(&own(&server, &client, &[]).await);
    for extra in [
        ("requested_token_type", "urn:ietf:params:oauth:token-type:refresh_token"),
        ("requested_token_type", "urn:ietf:params:oauth:token-type:saml2"),
        ("actor_token", "x"),
        ("actor_token_type", ACCESS_TOKEN),
    ] {
        let answer = exchange(&server, &client, &subject, &[extra]).await;
        assert_eq!(answer.refusal(), (400, "invalid_request".to_owned()), "{extra:?}");
    }
    for form in [
        vec![("grant_type", EXCHANGE), ("subject_token", subject.as_str())],
        vec![("grant_type", EXCHANGE), ("subject_token_type", ACCESS_TOKEN)],
        vec![
            ("grant_type", EXCHANGE),
            ("subject_token", subject.as_str()),
            ("subject_token_type", "urn:ietf:params:oauth:token-type:id_token"),
        ],
    ] {
        let answer = client.post(&server, "/oauth/token/", &form).await;
        assert_eq!(answer.refusal(), (400, "invalid_request".to_owned()), "{form:?}");
    }
}

#[actix_web::test]
async fn tx_04_rv_07_what_was_exchanged_ends_with_what_it_was_exchanged_for() {
    let server = Server::start();
    let client = machine(
        &server,
        json!({
            "grant_types": ["authorization_code", "refresh_token", EXCHANGE], "scope": "openid email offline_access",
            "first_party": true,
        }),
    );
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let tokens = client.tokens(&server, &mut person).await;
    let exchanged = exchange(&server, &client, tokens.access(), &[("scope", "openid")]).await;
    let claims = claims(&exchanged);
    assert_eq!(
        (&claims["sub"], &claims["scope"]),
        (&Tokens::claims(tokens.access())["sub"], &json!("openid"))
    );
    let exchanged = token(&exchanged);
    let again = token(&exchange(&server, &client, &exchanged, &[]).await);
    for token in [&exchanged, &again] {
        assert_eq!(Client::userinfo(&server, token).await.status, 200);
    }
    assert_eq!(client.revoke(&server, tokens.access()).await.status, 200);
    for token in [&exchanged, &again] {
        assert_eq!(Client::userinfo(&server, token).await.status, 401);
        let form = [("token", token.as_str())];
        let answer = client.post(&server, "/oauth/introspect/", &form).await;
        assert_eq!(answer.text, r#"{"active":false}"#);
        let answer = exchange(&server, &client, token, &[]).await;
        assert_eq!(answer.refusal(), (400, "invalid_request".to_owned()));
    }
    // Another token of the same family goes on, until the family ends.
    let next = Tokens(client.refresh(&server, tokens.refresh()).await.json());
    let exchanged = token(&exchange(&server, &client, next.access(), &[]).await);
    assert_eq!(Client::userinfo(&server, &exchanged).await.status, 200);
    assert_eq!(client.revoke(&server, next.refresh()).await.status, 200);
    assert_eq!(Client::userinfo(&server, &exchanged).await.status, 401);
}
