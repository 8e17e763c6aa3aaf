//! Pushed authorization requests (RFC 9126), and what FAPI 2 asks of them.

use std::time::Duration;

use serde_json::json;

use crate::support::{Answer, Client, Person, Server, VERIFIER, query_of};

/// The parameters of a request that is right in every way, as a form.
fn parameters(client: &Client, extra: &[(&str, &str)]) -> Vec<(String, String)> {
    let path = client.authorize_path(extra);
    let query = path.split_once('?').expect("a query").1;
    url::form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .filter(|(name, _)| name != "client_id")
        .collect()
}

async fn push(server: &Server, client: &Client, extra: &[(&str, &str)]) -> Answer {
    let parameters = parameters(client, extra);
    let form: Vec<(&str, &str)> = parameters
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    client.post(server, "/oauth/par/", &form).await
}

async fn pushed_uri(server: &Server, client: &Client, extra: &[(&str, &str)]) -> String {
    let answer = push(server, client, extra).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json()["request_uri"].as_str().expect("a request_uri").to_owned()
}

fn path(client: &Client, request_uri: &str) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", &client.id)
        .append_pair("request_uri", request_uri)
        .finish();
    format!("/oauth/authorize/?{query}")
}

/// From a pushed request to the redirect back.
async fn finish(person: &mut Person, path: &str) -> Answer {
    let answer = person.browser.get(path).await;
    let Some(flow_id) = answer.location().strip_prefix("/login/?flow_id=") else {
        return answer;
    };
    let next = person.log_in(Some(flow_id)).await;
    person.browser.get(&next).await
}

#[actix_web::test]
async fn par_01_a_pushed_request_leads_to_tokens_and_its_name_is_long_and_short_lived() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    for client in [Client::public(&server), Client::confidential(&server)] {
        let answer = push(&server, &client, &[]).await;
        assert_eq!((answer.status, answer.header("cache-control")), (201, Some("no-store")));
        let body = answer.json();
        let uri = body["request_uri"].as_str().expect("a request_uri");
        let name = uri
            .strip_prefix("urn:ietf:params:oauth:request_uri:")
            .expect("a urn of the RFC");
        assert_eq!(name.len(), 43, "256 bits");
        let seconds = body["expires_in"].as_u64().expect("seconds");
        assert!((5..=600).contains(&seconds), "{seconds}");
        let told = finish(&mut person, &path(&client, uri)).await.told(&client);
        assert_eq!((told["state"].as_str(), &told["iss"]), ("the-state", &server.issuer));
        assert_eq!(client.redeem(&server, &told["code"]).await.status, 200);
    }
}

#[actix_web::test]
async fn par_02_nothing_beside_the_name_is_looked_at() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::public(&server);
    let uri = pushed_uri(&server, &client, &[("scope", "openid")]).await;
    let more =
        "&scope=openid+email&state=evil&redirect_uri=https%3A%2F%2Fevil.example%2F&nonce=evil&response_type=token";
    let told = finish(&mut person, &format!("{}{more}", path(&client, &uri)))
        .await
        .told(&client);
    assert_eq!(told["state"], "the-state");
    let tokens = client.redeem(&server, &told["code"]).await.json();
    assert_eq!(tokens["scope"], "openid");
}

#[actix_web::test]
async fn par_03_the_name_may_be_opened_again_until_the_login_is_complete_and_gives_one_code() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::public(&server);
    let path = path(&client, &pushed_uri(&server, &client, &[]).await);
    // Loaded twice, in two tabs, before anybody signs in.
    person.browser.get(&path).await.assert_login("first");
    person.browser.get(&path).await.assert_login("second");
    let told = finish(&mut person, &path).await.told(&client);
    assert!(told.contains_key("code"));
    for _ in 0..2 {
        let again = person.browser.get(&path).await;
        again.assert_shown("used");
        assert!(again.text.contains("invalid_request_uri"), "{}", again.text);
    }
}

#[actix_web::test]
async fn par_03_two_tabs_on_one_name_give_one_code() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::public(&server);
    let path = path(&client, &pushed_uri(&server, &client, &[]).await);
    let flow = |answer: &Answer| answer.location().split("flow_id=").nth(1).expect("a flow").to_owned();
    let (one, two) = (
        flow(&person.browser.get(&path).await),
        flow(&person.browser.get(&path).await),
    );
    let next = person.log_in(Some(&one)).await;
    assert!(person.browser.get(&next).await.told(&client).contains_key("code"));
    let second = person.browser.get(&format!("/oauth/callback/?flow_id={two}")).await;
    second.assert_shown("the other tab");
    // And many at once, signed in already.
    let path = self::path(&client, &pushed_uri(&server, &client, &[]).await);
    let tries = (0..20).map(|_| {
        let (mut browser, path) = (person.browser.clone(), path.clone());
        async move { browser.get(&path).await }
    });
    let answers = futures_util::future::join_all(tries).await;
    let codes = answers
        .iter()
        .filter(|answer| answer.status == 303 && answer.location().contains("code="));
    assert_eq!(codes.count(), 1);
}

#[actix_web::test]
async fn par_04_a_name_of_another_client_or_time_opens_nothing() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let (client, other) = (Client::public(&server), Client::public(&server));
    let uri = pushed_uri(&server, &client, &[]).await;
    for wrong in [
        path(&other, &uri),
        path(&client, &format!("{uri}x")),
        path(
            &client,
            "urn:ietf:params:oauth:request_uri:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        ),
        format!("/oauth/authorize/?request_uri={uri}"),
        format!("/oauth/authorize/?client_id=nobody&request_uri={uri}"),
    ] {
        person.browser.get(&wrong).await.assert_shown(&wrong);
    }
    person.browser.get(&path(&client, &uri)).await.assert_login("its own");
    server.clock.advance(Duration::from_secs(601));
    person.browser.get(&path(&client, &uri)).await.assert_shown("expired");
}

#[actix_web::test]
async fn par_05_the_client_proves_itself_and_no_credential_is_kept() {
    let server = Server::start();
    let client = Client::confidential(&server);
    let unproved = Client {
        secret: None,
        ..client.clone()
    };
    assert_eq!(
        push(&server, &unproved, &[]).await.refusal(),
        (401, "invalid_client".to_owned())
    );
    let wrong = Client {
        secret: Some("wrong".to_owned()),
        ..client.clone()
    };
    assert_eq!(
        push(&server, &wrong, &[]).await.refusal(),
        (401, "invalid_client".to_owned())
    );
    let post = Client::register(
        &server,
        json!({ "token_endpoint_auth_method": "client_secret_post", "first_party": true }),
    );
    let secret = post.secret.clone().expect("a secret");
    let form = parameters(&post, &[]);
    let mut form: Vec<(&str, &str)> = form
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    form.extend([("client_id", post.id.as_str()), ("client_secret", &secret)]);
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish();
    let answer = server.form("/oauth/par/", body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let other = push(&server, &client, &[("client_id", "")]).await;
    assert_eq!(other.status, 201, "who it is stands in its header: {}", other.text);
}

#[actix_web::test]
async fn par_06_what_the_browser_would_be_refused_for_is_refused_here() {
    let server = Server::start();
    let client = Client::public(&server);
    let uri = pushed_uri(&server, &client, &[]).await;
    for (name, value, error) in [
        ("request_uri", uri.as_str(), "invalid_request"),
        ("request_uri", "https://evil.example/request.jwt", "invalid_request"),
        ("redirect_uri", "https://evil.example/", "invalid_request"),
        ("redirect_uri", "", "invalid_request"),
        ("response_type", "token", "unsupported_response_type"),
        ("response_type", "code id_token", "unsupported_response_type"),
        ("response_type", "", "invalid_request"),
        ("response_mode", "jwt", "invalid_request"),
        ("code_challenge", "", "invalid_request"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("code_challenge_method", "", "invalid_request"),
        ("scope", "unheard-of", "invalid_scope"),
        ("max_age", "x", "invalid_request"),
        ("claims", "{", "invalid_request"),
        ("resource", "https://unknown.example", "invalid_target"),
        ("dpop_jkt", "short", "invalid_request"),
        ("request", "e.y.J", "invalid_request_object"),
    ] {
        let answer = push(&server, &client, &[(name, value)]).await;
        assert_eq!(answer.refusal(), (400, error.to_owned()), "{name}={value}");
    }
    let form = parameters(&client, &[]);
    let body = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", &client.id)
        .extend_pairs(form)
        .append_pair("scope", "openid")
        .finish();
    assert_eq!(
        server.form("/oauth/par/", body).await.refusal(),
        (400, "invalid_request".to_owned())
    );
}

#[actix_web::test]
async fn par_07_only_a_form_by_post_is_taken() {
    let server = Server::start();
    let client = Client::public(&server);
    assert_eq!(server.get("/oauth/par/").await.status, 405);
    let query = format!("/oauth/par/?client_id={}", client.id);
    assert_eq!(
        server.form(&query, "").await.refusal(),
        (400, "invalid_request".to_owned())
    );
    let json = server
        .http
        .post(server.url("/oauth/par/"))
        .json(&json!({ "client_id": client.id }));
    assert_eq!(server.send(json).await.refusal(), (400, "invalid_request".to_owned()));
}

#[actix_web::test]
async fn par_08_a_client_that_must_push_cannot_ask_in_the_browser() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::register(
        &server,
        json!({ "token_endpoint_auth_method": "none", "first_party": true, "require_pushed_authorization_requests": true }),
    );
    let plain = client.ask(&server, &[]).await;
    assert_eq!(plain.told_error(&client, &server), "invalid_request");
    let path = path(&client, &pushed_uri(&server, &client, &[]).await);
    let told = finish(&mut person, &path).await.told(&client);
    let form = [
        ("grant_type", "authorization_code"),
        ("code", told["code"].as_str()),
        ("redirect_uri", client.redirect_uri.as_str()),
        ("code_verifier", VERIFIER),
    ];
    assert_eq!(client.post(&server, "/oauth/token/", &form).await.status, 200);
}

#[actix_web::test]
async fn se_11_nothing_of_a_pushed_request_is_in_a_cookie_or_in_clear_in_the_store() {
    let server = Server::start();
    let client = Client::public(&server);
    let uri = pushed_uri(&server, &client, &[("state", "a-state-that-is-a-secret")]).await;
    let answer = server.get(&path(&client, &uri)).await;
    let cookie = answer.header("set-cookie").expect("a browser cookie");
    assert!(!cookie.contains("state") && !cookie.contains(&uri), "{cookie}");
    assert!(!answer.location().contains("state"), "{}", answer.location());
    let home = server.stop();
    for secret in ["a-state-that-is-a-secret", uri.rsplit(':').next().expect("a name")] {
        assert!(!home.holds(secret), "{secret}");
    }
    assert!(home.holds(&client.id), "what is there is found");
}

#[actix_web::test]
async fn par_09_a_pushed_request_survives_a_restart_of_the_server() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::public(&server);
    let path = path(&client, &pushed_uri(&server, &client, &[]).await);
    let server = server.restart();
    person.browser = crate::support::Browser::new(&server);
    let told = query_of(finish(&mut person, &path).await.location());
    assert_eq!(client.redeem(&server, &told["code"]).await.status, 200);
}
