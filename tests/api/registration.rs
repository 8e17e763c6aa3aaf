//! Clients that register themselves (RFC 7591) and look after their registration (RFC 7592).

use std::time::Duration;

use countersign::config::ClientRegistration;
use countersign::db::registrations;
use countersign::domain::clock::Timestamp;
use countersign::domain::secret::Token;
use countersign::system::SystemRandom;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Client, Person, Server};

const REGISTER: &str = "/oauth/register/";

fn invite(server: &Server, uses: i64) -> String {
    let token = Token::generate(&SystemRandom);
    let now = Timestamp::from_secs(server.now());
    let expires_at = now.plus(Duration::from_hours(24));
    server.write(registrations::invite(&token.hash(), uses, now, expires_at));
    token.reveal()
}

async fn send(server: &Server, method: Method, url: &str, token: Option<&str>, body: Option<&Value>) -> Answer {
    let url = if url.starts_with('/') {
        server.url(url)
    } else {
        url.to_owned()
    };
    let mut request = server.http.request(method, url);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    if let Some(body) = body {
        request = request.json(body);
    }
    server.send(request).await
}

async fn register(server: &Server, token: &str, metadata: &Value) -> Answer {
    send(server, Method::POST, REGISTER, Some(token), Some(metadata)).await
}

fn metadata(server: &Server) -> Value {
    json!({
        "client_name": "Self-made", "redirect_uris": [format!("{}/cb", server.issuer.replace("127.0.0.1", "localhost"))],
        "grant_types": ["authorization_code", "refresh_token"], "id_token_signed_response_alg": "EdDSA",
    })
}

fn text<'a>(document: &'a Value, name: &str) -> &'a str {
    document[name]
        .as_str()
        .unwrap_or_else(|| panic!("{name} in {document}"))
}

#[actix_web::test]
async fn dr_01_an_invited_client_registers_itself_and_signs_people_in() {
    let server = Server::start();
    let discovery = server.get("/.well-known/openid-configuration").await.json();
    assert_eq!(discovery["registration_endpoint"], json!(server.url(REGISTER)));
    let answer = register(&server, &invite(&server, 1), &metadata(&server)).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let told = answer.json();
    assert_eq!(
        (&told["client_name"], &told["client_secret_expires_at"]),
        (&json!("Self-made"), &json!(0))
    );
    assert_eq!(told["token_endpoint_auth_method"], "client_secret_basic");
    assert!(
        told["client_id_issued_at"]
            .as_i64()
            .is_some_and(|at| (at - server.now()).abs() < 60),
        "{told}"
    );
    let client = Client {
        id: text(&told, "client_id").to_owned(),
        secret: Some(text(&told, "client_secret").to_owned()),
        redirect_uri: told["redirect_uris"][0].as_str().expect("a URI").to_owned(),
    };
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let tokens = client.tokens(&server, &mut person).await;
    assert_eq!(Client::userinfo(&server, tokens.access()).await.status, 200);
}

#[actix_web::test]
async fn dr_02_without_a_good_token_nobody_registers_and_a_token_is_good_so_often() {
    let server = Server::start();
    let unknown = Token::generate(&SystemRandom).reveal();
    for token in [None, Some("x"), Some(unknown.as_str())] {
        let answer = send(&server, Method::POST, REGISTER, token, Some(&metadata(&server))).await;
        assert_eq!(answer.refusal(), (401, "invalid_token".to_owned()), "{token:?}");
        assert!(answer.header("www-authenticate").is_some());
    }
    let token = invite(&server, 3);
    // What is refused uses nothing up.
    assert_eq!(register(&server, &token, &json!({})).await.status, 400);
    let document = metadata(&server);
    let answers = join_all((0..10).map(|_| register(&server, &token, &document))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 3);
    assert_eq!(answers.iter().filter(|answer| answer.status == 401).count(), 7);
    let late = invite(&server, 1);
    server.clock.advance(Duration::from_hours(25));
    assert_eq!(register(&server, &late, &document).await.status, 401);
}

#[actix_web::test]
async fn dr_03_what_cannot_be_is_named_and_privileges_are_not_given_away() {
    let server = Server::start();
    let token = invite(&server, 1);
    for (name, value, error) in [
        ("redirect_uris", json!([]), "invalid_redirect_uri"),
        (
            "redirect_uris",
            json!(["http://app.example/cb"]),
            "invalid_redirect_uri",
        ),
        (
            "redirect_uris",
            json!(["https://app.example/cb#x"]),
            "invalid_redirect_uri",
        ),
        (
            "redirect_uris",
            json!("https://app.example/cb"),
            "invalid_client_metadata",
        ),
        ("grant_types", json!(["password"]), "invalid_client_metadata"),
        ("response_types", json!(["token"]), "invalid_client_metadata"),
        (
            "token_endpoint_auth_method",
            json!("client_secret_jwt"),
            "invalid_client_metadata",
        ),
        (
            "jwks_uri",
            json!("http://169.254.169.254/keys"),
            "invalid_client_metadata",
        ),
        ("id_token_signed_response_alg", json!("none"), "invalid_client_metadata"),
        ("client_id", json!("demo"), "invalid_client_metadata"),
        ("client_secret", json!("0123456789abcdef"), "invalid_client_metadata"),
        ("first_party", json!(true), "invalid_client_metadata"),
        ("resources", json!(["https://api.example"]), "invalid_client_metadata"),
        ("scope", json!(7), "invalid_client_metadata"),
    ] {
        let mut document = metadata(&server);
        document[name] = value;
        let answer = register(&server, &token, &document).await;
        assert_eq!(answer.refusal(), (400, error.to_owned()), "{document}");
    }
    for (kind, body) in [
        ("application/json", "[]"),
        ("application/json", "{"),
        ("text/plain", "{}"),
    ] {
        let request = server
            .http
            .post(server.url(REGISTER))
            .bearer_auth(&token)
            .header("content-type", kind)
            .body(body);
        assert_eq!(
            server.send(request).await.refusal(),
            (400, "invalid_client_metadata".to_owned()),
            "{kind} {body}"
        );
    }
    // What nobody knows is ignored.
    let mut document = metadata(&server);
    document["software_version"] = json!("1");
    assert_eq!(register(&server, &token, &document).await.status, 201);
}

#[actix_web::test]
async fn dr_04_a_client_reads_replaces_and_ends_its_registration_with_its_own_token_alone() {
    let server = Server::start();
    let token = invite(&server, 2);
    let (one, other) = (
        register(&server, &token, &metadata(&server)).await.json(),
        register(&server, &token, &metadata(&server)).await.json(),
    );
    let url = text(&one, "registration_client_uri");
    let own = text(&one, "registration_access_token");
    let unknown = server.url("/oauth/register/nobody/");
    for (url, token) in [
        (url, None),
        (url, Some("x")),
        (url, Some(token.as_str())),
        (url, Some(text(&other, "registration_access_token"))),
        (unknown.as_str(), Some(own)),
    ] {
        for method in [Method::GET, Method::PUT, Method::DELETE] {
            let body = (method == Method::PUT).then(|| metadata(&server));
            let answer = send(&server, method, url, token, body.as_ref()).await;
            assert_eq!(answer.refusal(), (401, "invalid_token".to_owned()), "{url} {token:?}");
        }
    }
    let read = send(&server, Method::GET, url, Some(own), None).await.json();
    assert_eq!(
        (&read["client_id"], &read["registration_access_token"]),
        (&one["client_id"], &json!(own))
    );
    assert!(read.get("client_secret").is_none(), "the secret is told once");

    let mut changed = metadata(&server);
    changed["client_id"] = one["client_id"].clone();
    changed["client_name"] = json!("Renamed");
    let answer = send(&server, Method::PUT, url, Some(own), Some(&changed)).await;
    assert_eq!(
        (answer.status, &answer.json()["client_name"]),
        (200, &json!("Renamed")),
        "{}",
        answer.text
    );
    // The secret stays: the client still proves itself by it.
    let client = Client {
        id: text(&one, "client_id").to_owned(),
        secret: Some(text(&one, "client_secret").to_owned()),
        redirect_uri: String::new(),
    };
    let knock = async || {
        client
            .post(&server, "/oauth/introspect/", &[("token", "x")])
            .await
            .status
    };
    assert_eq!(knock().await, 200);
    for (name, value) in [
        ("client_id", other["client_id"].clone()),
        ("client_id", Value::Null),
        ("client_secret", json!("0123456789abcdef")),
        ("redirect_uris", json!([])),
    ] {
        let mut bad = changed.clone();
        bad[name] = value;
        let answer = send(&server, Method::PUT, url, Some(own), Some(&bad)).await;
        assert_eq!(answer.status, 400, "{bad} {}", answer.text);
    }
    assert_eq!(send(&server, Method::DELETE, url, Some(own), None).await.status, 204);
    assert_eq!(send(&server, Method::GET, url, Some(own), None).await.status, 401);
    server.clock.advance(Duration::from_secs(5));
    assert_eq!(knock().await, 401);
}

#[actix_web::test]
async fn dr_05_where_it_is_switched_off_there_is_no_such_place() {
    let server = Server::start_with(|config| config.define.client_registration = ClientRegistration::Off);
    let discovery = server.get("/.well-known/openid-configuration").await.json();
    assert!(discovery.get("registration_endpoint").is_none());
    let answer = register(&server, &invite(&server, 1), &metadata(&server)).await;
    assert_eq!(answer.status, 404);
}

#[actix_web::test]
async fn lk_01_st_01_neither_token_lies_in_the_database() {
    let server = Server::start();
    let initial = invite(&server, 2);
    let told = register(&server, &initial, &metadata(&server)).await.json();
    let secrets = [
        initial.as_str(),
        text(&told, "registration_access_token"),
        text(&told, "client_secret"),
    ]
    .map(str::to_owned);
    let client_id = text(&told, "client_id").to_owned();
    let home = server.stop();
    for secret in &secrets {
        assert!(!home.holds(secret), "{secret}");
    }
    assert!(home.holds(&client_id), "what is there is found");
}
