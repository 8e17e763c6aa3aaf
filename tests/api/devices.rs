//! The device authorization grant (RFC 8628): what a device gets, what a person sees, and that neither can be guessed,
//! spent twice or decided by a stranger.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{Answer, Browser, Client, Person, Server, Signer, Tokens};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
const LOOKUP: &str = "/oauth/device/lookup/";
const DECIDE: &str = "/oauth/device/decide/";

fn television(server: &Server, extra: Value) -> Client {
    let mut metadata = json!({
        "client_name": "Television", "token_endpoint_auth_method": "none", "grant_types": [GRANT, "refresh_token"],
    });
    for (name, value) in extra.as_object().expect("an object") {
        metadata[name] = value.clone();
    }
    Client::register(server, metadata)
}

async fn begin(server: &Server, client: &Client) -> Value {
    let form = [("scope", "openid email offline_access")];
    let answer = client.post(server, "/oauth/device/", &form).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    answer.json()
}

async fn poll(server: &Server, client: &Client, begun: &Value) -> Answer {
    let code = begun["device_code"].as_str().expect("a code");
    client
        .post(server, "/oauth/token/", &[("grant_type", GRANT), ("device_code", code)])
        .await
}

async fn decide(browser: &mut Browser, begun: &Value, decision: &str) -> Answer {
    browser
        .post(
            DECIDE,
            &json!({ "user_code": begun["user_code"], "decision": decision }),
        )
        .await
}

async fn signed_in(server: &Server, email: &str) -> Person {
    let mut person = Person::signed_up(server, email).await;
    person.log_in(None).await;
    person
}

#[actix_web::test]
async fn dv_01_a_device_is_told_what_to_show_and_gets_tokens_once_a_person_allows_it() {
    let server = Server::start();
    let client = television(&server, json!({}));
    let begun = begin(&server, &client).await;
    assert_eq!(begun["verification_uri"], json!(server.url("/device/")));
    let user_code = begun["user_code"].as_str().expect("a code");
    assert_eq!(
        begun["verification_uri_complete"],
        json!(server.url(&format!("/device/?user_code={user_code}")))
    );
    assert_eq!((&begun["expires_in"], &begun["interval"]), (&json!(900), &json!(5)));
    assert_eq!(begun["device_code"].as_str().map(str::len), Some(43));
    assert_eq!(
        poll(&server, &client, &begun).await.refusal(),
        (400, "authorization_pending".to_owned())
    );

    let mut person = signed_in(&server, "ada@example.org").await;
    // In whatever way it is typed, the person sees who asks for what, and the code to compare.
    let typed = user_code.to_lowercase().replace('-', " ");
    let shown = person.browser.post(LOOKUP, &json!({ "user_code": typed })).await;
    assert_eq!(shown.status, 200, "{}", shown.text);
    let shown = shown.json();
    assert_eq!(
        (&shown["client"]["name"], &shown["user_code"]),
        (&json!("Television"), &begun["user_code"])
    );
    assert_eq!(shown["scopes"], json!(["email", "offline_access", "openid"]));
    assert_eq!(shown["signed_in_as"], "ada@example.org");
    // Looking decides nothing.
    server.clock.advance(Duration::from_secs(6));
    assert_eq!(poll(&server, &client, &begun).await.error(), "authorization_pending");
    assert_eq!(decide(&mut person.browser, &begun, "allow").await.status, 200);
    let answer = poll(&server, &client, &begun).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let tokens = Tokens(answer.json());
    let userinfo = Client::userinfo(&server, tokens.access()).await;
    assert_eq!(userinfo.json()["email"], "ada@example.org");
    assert_eq!(Tokens::claims(tokens.id())["aud"], json!(client.id));
    assert_eq!(client.refresh(&server, tokens.refresh()).await.status, 200);
}

#[actix_web::test]
async fn dv_02_a_device_that_asks_too_often_is_slowed_down() {
    let server = Server::start();
    let client = television(&server, json!({}));
    let begun = begin(&server, &client).await;
    assert_eq!(poll(&server, &client, &begun).await.error(), "authorization_pending");
    assert_eq!(poll(&server, &client, &begun).await.error(), "slow_down");
    // It must wait five seconds longer from now on, and the pause holds on every process: it is a row.
    server.clock.advance(Duration::from_secs(6));
    assert_eq!(poll(&server, &client, &begun).await.error(), "slow_down");
    server.clock.advance(Duration::from_secs(16));
    assert_eq!(poll(&server, &client, &begun).await.error(), "authorization_pending");
}

#[actix_web::test]
async fn dv_03_no_means_no_and_nobody_decides_twice() {
    let server = Server::start();
    let client = television(&server, json!({}));
    let mut person = signed_in(&server, "ada@example.org").await;
    let begun = begin(&server, &client).await;
    assert_eq!(decide(&mut person.browser, &begun, "deny").await.status, 200);
    assert_eq!(decide(&mut person.browser, &begun, "allow").await.problem(), "expired");
    for _ in 0..2 {
        assert_eq!(
            poll(&server, &client, &begun).await.refusal(),
            (400, "access_denied".to_owned())
        );
    }
    let begun = begin(&server, &client).await;
    let first = decide(&mut person.browser, &begun, "allow").await;
    let second = decide(&mut person.browser, &begun, "deny").await;
    assert_eq!((first.status, second.status), (200, 410));
    assert_eq!(poll(&server, &client, &begun).await.status, 200);
}

#[actix_web::test]
async fn dv_04_a_device_code_is_good_once_for_its_client_and_for_a_while() {
    let server = Server::start();
    let (client, other) = (television(&server, json!({})), television(&server, json!({})));
    let mut person = signed_in(&server, "ada@example.org").await;
    let begun = begin(&server, &client).await;
    assert_eq!(decide(&mut person.browser, &begun, "allow").await.status, 200);
    assert_eq!(
        poll(&server, &other, &begun).await.refusal(),
        (400, "invalid_grant".to_owned())
    );
    let answers = join_all((0..20).map(|_| poll(&server, &client, &begun))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    assert!(
        answers
            .iter()
            .all(|answer| answer.status == 200 || answer.error() == "invalid_grant")
    );
    let server = server.restart();
    assert_eq!(poll(&server, &client, &begun).await.error(), "invalid_grant");
    for code in ["x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", &"x".repeat(4000)] {
        let answer = poll(&server, &client, &json!({ "device_code": code })).await;
        assert_eq!(answer.error(), "invalid_grant", "{code:.50}");
    }
    let late = begin(&server, &client).await;
    server.clock.advance(Duration::from_mins(15));
    assert_eq!(
        poll(&server, &client, &late).await.refusal(),
        (400, "expired_token".to_owned())
    );
    let mut person = signed_in(&server, "bob@example.org").await;
    assert_eq!(decide(&mut person.browser, &late, "allow").await.problem(), "expired");
}

#[actix_web::test]
async fn dv_05_user_codes_are_tried_by_who_is_signed_in_and_not_often() {
    let server = Server::start_with(|config| config.limits.user_code.burst = 3);
    let client = television(&server, json!({}));
    let begun = begin(&server, &client).await;
    let mut stranger = Browser::new(&server);
    let body = json!({ "user_code": begun["user_code"] });
    assert_eq!(stranger.post(LOOKUP, &body).await.problem(), "invalid-credentials");
    assert_eq!(
        decide(&mut stranger, &begun, "allow").await.problem(),
        "invalid-credentials"
    );
    let mut person = signed_in(&server, "ada@example.org").await;
    // The right code costs nothing, however often it is looked at.
    for _ in 0..6 {
        assert_eq!(person.browser.post(LOOKUP, &body).await.status, 200);
    }
    for guess in ["BCDF-GHJK", "x", ""] {
        let answer = person.browser.post(LOOKUP, &json!({ "user_code": guess })).await;
        assert_eq!(answer.problem(), "expired", "{guess}");
    }
    // Now even the right one must wait, and no other account at this address is a way around.
    let answer = person.browser.post(LOOKUP, &body).await;
    assert_eq!((answer.status, answer.problem().as_str()), (429, "too-many-attempts"));
    assert!(answer.header("retry-after").is_some());
    assert_eq!(decide(&mut person.browser, &begun, "allow").await.status, 429);
    let mut other = signed_in(&server, "bob@example.org").await;
    assert_eq!(other.browser.post(LOOKUP, &body).await.status, 429);
    server.clock.advance(Duration::from_secs(31));
    assert_eq!(person.browser.post(LOOKUP, &body).await.status, 200);
}

#[actix_web::test]
async fn dv_06_cs_01_a_page_of_another_site_decides_nothing() {
    let server = Server::start();
    let client = television(&server, json!({}));
    let mut person = signed_in(&server, "ada@example.org").await;
    let begun = begin(&server, &client).await;
    let body = json!({ "user_code": begun["user_code"], "decision": "allow" });
    for (name, value) in [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")] {
        let request = server.http.post(server.url(DECIDE)).header(name, value).json(&body);
        assert_eq!(
            person.browser.send(request).await.problem(),
            "forbidden-origin",
            "{name}"
        );
    }
    assert_eq!(poll(&server, &client, &begun).await.error(), "authorization_pending");
}

#[actix_web::test]
async fn dv_07_the_end_of_the_session_ends_what_was_allowed_in_it() {
    let server = Server::start();
    let client = television(&server, json!({}));
    let mut person = signed_in(&server, "ada@example.org").await;
    let begun = begin(&server, &client).await;
    assert_eq!(decide(&mut person.browser, &begun, "allow").await.status, 200);
    assert_eq!(person.browser.post("/account/logout/", &json!({})).await.status, 200);
    assert_eq!(poll(&server, &client, &begun).await.error(), "invalid_grant");
}

#[actix_web::test]
async fn dv_08_clients_and_scopes_that_do_not_fit_are_refused_and_devices_of_an_address_are_bounded() {
    let server = Server::start_with(|config| config.limits.device_address.burst = 4);
    let client = television(&server, json!({}));
    let ask = async |client: &Client, form: &[(&str, &str)]| client.post(&server, "/oauth/device/", form).await;
    let other = Client::public(&server);
    assert_eq!(
        ask(&other, &[("scope", "openid")]).await.refusal(),
        (400, "unauthorized_client".to_owned())
    );
    assert_eq!(
        ask(&client, &[("scope", "admin")]).await.refusal(),
        (400, "invalid_scope".to_owned())
    );
    assert_eq!(ask(&client, &[]).await.refusal(), (400, "invalid_scope".to_owned()));
    let form = [("scope", "openid"), ("resource", "https://api.example")];
    assert_eq!(ask(&client, &form).await.refusal(), (400, "invalid_target".to_owned()));
    let unknown = Client {
        id: "nobody".to_owned(),
        ..client.clone()
    };
    assert_eq!(
        ask(&unknown, &[("scope", "openid")]).await.refusal(),
        (401, "invalid_client".to_owned())
    );
    for _ in 0..4 {
        begin(&server, &client).await;
    }
    assert_eq!(ask(&client, &[("scope", "openid")]).await.status, 429);
}

#[actix_web::test]
async fn dv_09_tk_12b_a_device_that_signs_proves_itself_at_each_step() {
    let server = Server::start();
    let signer = Signer::new("ES256");
    let client = television(
        &server,
        json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": signer.jwks() }),
    );
    let assertion = signer.assertion(&server, &client, &json!({ "aud": server.url("/oauth/device/") }));
    let form = [("scope", "openid email")];
    let begun = client.assert(&server, "/oauth/device/", &assertion, &form).await.json();
    assert_eq!(
        client.assert(&server, "/oauth/device/", &assertion, &form).await.status,
        401
    );
    let mut person = signed_in(&server, "ada@example.org").await;
    assert_eq!(decide(&mut person.browser, &begun, "allow").await.status, 200);
    let code = begun["device_code"].as_str().expect("a code");
    let form = [("grant_type", GRANT), ("device_code", code)];
    assert_eq!(
        client.assert(&server, "/oauth/token/", &assertion, &form).await.status,
        401
    );
    let fresh = signer.assertion(&server, &client, &json!({}));
    assert_eq!(client.assert(&server, "/oauth/token/", &fresh, &form).await.status, 200);
}
