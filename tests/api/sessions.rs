//! Sessions and their cookies: who is signed in, since when, and until when.

use std::time::Duration;

use serde_json::json;

use crate::support::{Browser, Client, Person, Server, Tokens, query_of};

const EMAIL: &str = "ada@example.org";
const SESSION: &str = "countersign-session";
const BROWSER: &str = "countersign-browser";

async fn is_signed_in(browser: &mut Browser) -> bool {
    browser.get("/account/session/").await.status == 200
}

async fn auth_time(server: &Server, client: &Client, location: &str) -> i64 {
    let answer = client.redeem(server, &query_of(location)["code"]).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    Tokens::claims(Tokens(answer.json()).id())["auth_time"]
        .as_i64()
        .expect("auth_time")
}

async fn signed_in(server: &Server) -> (Person, Client) {
    let mut person = Person::signed_up(server, EMAIL).await;
    person.log_in(None).await;
    (person, Client::public(server))
}

#[actix_web::test]
async fn se_01_prompt_none_without_a_session_is_an_error_for_the_client() {
    let server = Server::start();
    let client = Client::public(&server);
    let answer = Browser::new(&server)
        .get(&client.authorize_path(&[("prompt", "none")]))
        .await;
    let query = query_of(answer.location());
    assert!(answer.location().starts_with(&client.redirect_uri));
    assert_eq!(
        (query["error"].as_str(), query["state"].as_str()),
        ("login_required", "the-state")
    );
    assert_eq!(query["iss"], server.issuer);
}

#[actix_web::test]
async fn se_02_a_max_age_that_has_passed_asks_again() {
    let server = Server::start();
    let (mut person, client) = signed_in(&server).await;
    let first = client.sign_in(&mut person, &[]).await;
    let first = auth_time(&server, &client, &first).await;
    server.clock.advance(Duration::from_secs(5));
    let path = client.authorize_path(&[("max_age", "1")]);
    let asked = person.browser.get(&path).await;
    assert!(asked.location().starts_with("/login/"), "{}", asked.location());
    let silent = client.authorize_path(&[("max_age", "1"), ("prompt", "none")]);
    let refused = person.browser.get(&silent).await;
    assert_eq!(query_of(refused.location())["error"], "login_required");
    let again = client.sign_in(&mut person, &[("max_age", "1")]).await;
    assert!(auth_time(&server, &client, &again).await > first);
}

#[actix_web::test]
async fn se_02_a_max_age_of_zero_asks_always_and_a_bad_one_is_an_error() {
    let server = Server::start();
    let (mut person, client) = signed_in(&server).await;
    let asked = person.browser.get(&client.authorize_path(&[("max_age", "0")])).await;
    assert!(asked.location().starts_with("/login/"), "{}", asked.location());
    for bad in ["-1", "x", "1.5"] {
        let answer = person.browser.get(&client.authorize_path(&[("max_age", bad)])).await;
        let query = query_of(answer.location());
        assert_eq!(
            query.get("error").map(String::as_str),
            Some("invalid_request"),
            "{bad} {query:?}"
        );
    }
}

#[actix_web::test]
async fn se_03_a_live_session_answers_silently_with_the_same_auth_time() {
    let server = Server::start();
    let (mut person, client) = signed_in(&server).await;
    let first = client.sign_in(&mut person, &[]).await;
    let first = auth_time(&server, &client, &first).await;
    server.clock.advance(Duration::from_mins(10));
    for extra in [[("prompt", "none")], [("max_age", "10000")]] {
        let answer = person.browser.get(&client.authorize_path(&extra)).await;
        assert_eq!(auth_time(&server, &client, answer.location()).await, first, "{extra:?}");
    }
}

#[actix_web::test]
async fn se_04_an_id_token_hint_of_the_signed_in_person_is_met_and_of_another_is_not() {
    let server = Server::start();
    let (mut person, client) = signed_in(&server).await;
    let tokens = client.tokens(&server, &mut person).await;
    let mut other = Person::signed_up(&server, "eve@example.org").await;
    let others = client.tokens(&server, &mut other).await;
    let path = client.authorize_path(&[("prompt", "none"), ("id_token_hint", tokens.id())]);
    let met = query_of(person.browser.get(&path).await.location());
    assert!(met.contains_key("code"), "{met:?}");
    let path = client.authorize_path(&[("prompt", "none"), ("id_token_hint", others.id())]);
    let unmet = query_of(person.browser.get(&path).await.location());
    assert_eq!(unmet["error"], "login_required");
}

#[actix_web::test]
async fn se_05_prompt_login_asks_again_and_only_a_login_of_that_flow_meets_it() {
    let server = Server::start();
    let (mut person, client) = signed_in(&server).await;
    let first = client.sign_in(&mut person, &[]).await;
    let first = auth_time(&server, &client, &first).await;
    server.clock.advance(Duration::from_secs(5));
    let asked = person.browser.get(&client.authorize_path(&[("prompt", "login")])).await;
    let flow_id = asked.location().split("flow_id=").nth(1).expect("a flow").to_owned();
    let callback = format!("/oauth/callback/?flow_id={flow_id}");
    let early = person.browser.get(&callback).await;
    assert!(early.location().starts_with("/login/"), "{}", early.location());
    person.log_in(None).await;
    let elsewhere = person.browser.get(&callback).await;
    assert!(
        elsewhere.location().starts_with("/login/"),
        "a login for something else does not count"
    );
    let next = person.log_in(Some(&flow_id)).await;
    let done = person.browser.get(&next).await;
    assert!(auth_time(&server, &client, done.location()).await > first);
}

#[actix_web::test]
async fn se_08_se_09_cookies_are_guarded_and_say_nothing() {
    let server = Server::start();
    let (mut person, client) = signed_in(&server).await;
    let finished = {
        let (started, logging_in) = person.start_login().await;
        let body = Person::finish_body(&started, logging_in, None).expect("right");
        person.browser.post("/login/finish/", &body).await
    };
    let began = Browser::new(&server).get(&client.authorize_path(&[])).await;
    for (answer, name) in [(&finished, SESSION), (&began, BROWSER)] {
        let lines: Vec<_> = answer.headers.get_all("set-cookie").iter().collect();
        assert_eq!(lines.len(), 1, "{name}");
        let line = lines[0].to_str().expect("text");
        let (pair, attributes) = line.split_once("; ").expect("attributes");
        let value = pair.strip_prefix(&format!("{name}=")).expect(name);
        assert!(value.len() == 43 && !value.contains('.'), "{value}");
        for attribute in ["Path=/", "HttpOnly", "SameSite=Lax"] {
            assert!(attributes.split("; ").any(|part| part == attribute), "{line}");
        }
        assert!(!attributes.contains("Domain"), "{line}");
    }
}

#[actix_web::test]
async fn se_10_a_session_counts_only_in_the_browser_it_was_made_in() {
    let server = Server::start();
    let (person, client) = signed_in(&server).await;
    let stolen = person.browser.cookies[SESSION].clone();
    for browser_cookie in [None, Some("A".repeat(43))] {
        let mut thief = Browser::new(&server);
        thief.cookies.insert(SESSION.to_owned(), stolen.clone());
        if let Some(value) = browser_cookie {
            thief.cookies.insert(BROWSER.to_owned(), value);
        }
        assert!(!is_signed_in(&mut thief).await);
        let answer = thief.get(&client.authorize_path(&[("prompt", "none")])).await;
        assert_eq!(query_of(answer.location())["error"], "login_required");
    }
}

#[actix_web::test]
async fn se_12_each_login_has_a_new_session_and_ends_the_one_before() {
    let server = Server::start();
    let (mut person, _) = signed_in(&server).await;
    let mut before = person.browser.clone();
    // A planted id is never taken over.
    person.browser.cookies.insert(SESSION.to_owned(), "A".repeat(43));
    person.log_in(None).await;
    assert_ne!(person.browser.cookies[SESSION], "A".repeat(43));
    assert!(
        is_signed_in(&mut before).await,
        "the planted id named no session to end"
    );
    person.browser = before.clone();
    person.log_in(None).await;
    assert_ne!(person.browser.cookies[SESSION], before.cookies[SESSION]);
    assert!(!is_signed_in(&mut before).await, "the old cookie is dead");
    assert!(is_signed_in(&mut person.browser).await);
}

#[actix_web::test]
async fn se_13_the_cookie_is_dead_after_signing_out() {
    let server = Server::start();
    let (mut person, client) = signed_in(&server).await;
    let mut kept = person.browser.clone();
    let out = person.browser.post("/account/logout/", &json!({})).await;
    assert_eq!((out.status, out.json()["next"].as_str()), (200, Some("/signed-out/")));
    assert!(!person.browser.cookies.contains_key(SESSION), "the browser forgets it");
    assert!(!is_signed_in(&mut kept).await, "and the server too");
    let answer = kept.get(&client.authorize_path(&[("prompt", "none")])).await;
    assert_eq!(query_of(answer.location())["error"], "login_required");
}

#[actix_web::test]
async fn se_15_a_session_that_is_not_used_ends() {
    let server = Server::start();
    let (mut person, _) = signed_in(&server).await;
    server.clock.advance(Duration::from_hours(23));
    assert!(is_signed_in(&mut person.browser).await);
    server.clock.advance(Duration::from_hours(2));
    assert!(!is_signed_in(&mut person.browser).await);
}

#[actix_web::test]
async fn se_15_a_session_ends_in_any_case_however_much_it_is_used() {
    let server = Server::start();
    let (mut person, client) = signed_in(&server).await;
    let path = client.authorize_path(&[("prompt", "none")]);
    let mut days = 0;
    loop {
        server.clock.advance(Duration::from_hours(12));
        let answer = person.browser.get(&path).await;
        if query_of(answer.location()).contains_key("error") {
            break;
        }
        days += 1;
        assert!(days < 40, "it never ends");
    }
    assert_eq!(days, 27, "half days until the fourteenth day is over");
    assert!(!is_signed_in(&mut person.browser).await);
}

#[actix_web::test]
async fn se_12_what_hung_on_a_session_ends_when_somebody_else_signs_in_and_stays_for_the_same_person() {
    let server = Server::start();
    let (mut ada, client) = signed_in(&server).await;
    let code = client.code(&mut ada, &[("scope", "openid email")]).await;
    let tokens = Tokens(client.redeem(&server, &code).await.json());

    ada.log_in(None).await;
    assert_eq!(
        Client::userinfo(&server, tokens.access()).await.status,
        200,
        "the same person signed in again"
    );

    let mut eve = Person::signed_up(&server, "eve@example.org").await;
    eve.browser = ada.browser.clone();
    eve.log_in(None).await;
    assert_eq!(
        Client::userinfo(&server, tokens.access()).await.status,
        401,
        "somebody else is signed in now"
    );
    assert_eq!(client.refresh(&server, tokens.refresh()).await.status, 400);
}
