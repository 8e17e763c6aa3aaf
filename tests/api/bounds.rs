//! Every kind of entry in the key-value store has a bound: a full kind answers 503, and what is open can still finish.

use std::time::Duration;

use serde_json::json;

use crate::support::steps::start_login;
use crate::support::{Answer, Browser, Client, Person, Server, query_of};

fn assert_full(answer: &Answer) {
    assert_eq!(answer.status, 503, "{}", answer.text);
    assert!(answer.header("retry-after").is_some());
}

#[actix_web::test]
async fn ab_13_login_states_are_bounded_and_a_login_under_way_finishes() {
    let server = Server::start_with(|config| config.kv.login_states = 3);
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let (started, logging_in) = person.start_login().await;
    for _ in 0..2 {
        assert_eq!(start_login(&server, "eve@example.org").await.status, 200);
    }
    for email in ["eve@example.org", "ada@example.org"] {
        let full = start_login(&server, email).await;
        assert_full(&full);
        assert_eq!(full.problem(), "unavailable");
    }
    let body = Person::finish_body(&started, logging_in, None).expect("right");
    assert_eq!(person.browser.post("/login/finish/", &body).await.status, 200);
    // Its place is free; and all are when they have expired.
    assert_eq!(start_login(&server, "eve@example.org").await.status, 200);
    assert_full(&start_login(&server, "eve@example.org").await);
    server.clock.advance(Duration::from_secs(61));
    for _ in 0..3 {
        assert_eq!(start_login(&server, "eve@example.org").await.status, 200);
    }
}

#[actix_web::test]
async fn ab_13_authorization_requests_are_bounded_and_one_under_way_finishes() {
    let server = Server::start_with(|config| config.kv.authorization_requests = 3);
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::third_party(&server);
    let path = client.authorize_path(&[]);
    let begun = person.browser.get(&path).await;
    let flow_id = begun.location().split("flow_id=").nth(1).expect("a flow").to_owned();
    for _ in 0..2 {
        assert_eq!(Browser::new(&server).get(&path).await.status, 303);
    }
    assert_full(&Browser::new(&server).get(&path).await);
    let next = person.log_in(Some(&flow_id)).await;
    assert!(person.browser.get(&next).await.location().starts_with("/consent/"));
    let body = json!({ "flow_id": flow_id, "decision": "allow" });
    assert_eq!(person.browser.post("/oauth/consent/", &body).await.status, 200);
    let done = person.browser.get(&next).await;
    assert!(query_of(done.location()).contains_key("code"), "{}", done.location());
    assert_eq!(Browser::new(&server).get(&path).await.status, 303, "its place is free");
    server.clock.advance(Duration::from_mins(16));
    assert_eq!(Browser::new(&server).get(&path).await.status, 303);
}

#[actix_web::test]
async fn ab_13_posted_requests_are_bounded() {
    let server = Server::start_with(|config| config.kv.authorization_requests = 3);
    let client = Client::public(&server);
    let form = client
        .authorize_path(&[])
        .split_once('?')
        .expect("a query")
        .1
        .to_owned();
    let post = async || {
        let request = server
            .http
            .post(server.url("/oauth/authorize/"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form.clone());
        Answer::read(request.send().await.expect("an answer")).await
    };
    let first = post().await;
    for _ in 0..2 {
        assert_eq!(post().await.status, 303);
    }
    assert_full(&post().await);
    let picked_up = Browser::new(&server).get(first.location()).await;
    assert!(picked_up.location().starts_with("/login/"), "{}", picked_up.location());
}

#[actix_web::test]
async fn ab_13_logout_questions_are_bounded() {
    let server = Server::start_with(|config| config.kv.logout_requests = 2);
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    person.log_in(None).await;
    for _ in 0..2 {
        let asked = person.browser.get("/oauth/logout/").await;
        assert!(
            asked.location().starts_with("/logout/?logout_id="),
            "{}",
            asked.location()
        );
    }
    assert_full(&person.browser.get("/oauth/logout/").await);
    assert_eq!(person.browser.post("/account/logout/", &json!({})).await.status, 200);
}

#[actix_web::test]
async fn ab_13_counters_are_bounded_and_a_full_store_lets_nobody_guess() {
    let server = Server::start_with(|config| config.kv.throttle_counters = 7);
    let mut refused = None;
    for number in 0..10 {
        let answer = start_login(&server, &format!("{number}@example.org")).await;
        if answer.status != 200 {
            refused = Some(answer);
            break;
        }
    }
    assert_full(&refused.expect("there is a bound"));
}
