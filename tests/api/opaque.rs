//! The end of a login: the state is used once, soon, by the browser that began it, and only while nothing changed
//! (RFC 9807 §6.4.4).

use std::time::Duration;

use countersign::db::Statement;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{Answer, Browser, Person, Server};

const EMAIL: &str = "ada@example.org";

async fn ready(server: &Server) -> (Person, Value) {
    let mut person = Person::signed_up(server, EMAIL).await;
    let body = begun(&mut person).await;
    (person, body)
}

/// The body of a finish that is right.
async fn begun(person: &mut Person) -> Value {
    let (started, logging_in) = person.start_login().await;
    Person::finish_body(&started, logging_in, None).expect("the password is right")
}

async fn finish(browser: &mut Browser, body: &Value) -> Answer {
    browser.post("/login/finish/", body).await
}

async fn is_signed_in(browser: &mut Browser) -> bool {
    browser.get("/account/session/").await.status == 200
}

#[actix_web::test]
async fn op_01_a_replayed_ke3_is_refused() {
    let server = Server::start();
    let (mut person, body) = ready(&server).await;
    let mut replay = person.browser.clone();
    assert_eq!(finish(&mut person.browser, &body).await.status, 200);
    let second = finish(&mut replay, &body).await;
    assert_eq!((second.status, second.problem().as_str()), (410, "expired"));
    assert!(second.header("set-cookie").is_none());
    assert!(is_signed_in(&mut person.browser).await, "the first stays");
}

#[actix_web::test]
async fn op_01_a_tampered_ke3_is_refused_and_uses_the_state_up() {
    let server = Server::start();
    let (mut person, body) = ready(&server).await;
    let right = body["client_request"].as_str().expect("text").to_owned();
    for place in [0, 40, 84] {
        let body = begun(&mut person).await;
        let mut wrong = body.clone();
        let text = body["client_request"].as_str().expect("text");
        let other = if &text[place..=place] == "B" { "C" } else { "B" };
        wrong["client_request"] = format!("{}{other}{}", &text[..place], &text[place + 1..]).into();
        let refused = finish(&mut person.browser, &wrong).await;
        assert_eq!(
            (refused.status, refused.problem().as_str()),
            (401, "invalid-credentials")
        );
        assert_eq!(finish(&mut person.browser, &body).await.problem(), "expired");
    }
    // The right answer to another question.
    let mut other = begun(&mut person).await;
    other["client_request"] = right.into();
    assert_eq!(finish(&mut person.browser, &other).await.status, 401);
    assert!(!is_signed_in(&mut person.browser).await);
}

#[actix_web::test]
async fn op_01_a_finish_from_another_browser_is_refused() {
    let server = Server::start();
    let (_, body) = ready(&server).await;
    let bare = finish(&mut Browser::new(&server), &body).await;
    assert_eq!((bare.status, bare.problem().as_str()), (403, "wrong-browser"));
    let mut other = Person::stranger(&server, EMAIL);
    other.start_login().await;
    let refused = finish(&mut other.browser, &body).await;
    assert_eq!((refused.status, refused.problem().as_str()), (410, "expired"));
    assert!(!is_signed_in(&mut other.browser).await);
}

#[actix_web::test]
async fn op_01_a_login_state_lives_for_a_minute() {
    let server = Server::start();
    let (mut person, body) = ready(&server).await;
    server.clock.advance(Duration::from_secs(61));
    assert_eq!(finish(&mut person.browser, &body).await.problem(), "expired");
    let body = begun(&mut person).await;
    server.clock.advance(Duration::from_secs(30));
    assert_eq!(finish(&mut person.browser, &body).await.status, 200);
}

#[actix_web::test]
async fn op_01_a_password_that_was_changed_meanwhile_refuses() {
    let server = Server::start();
    let (mut person, body) = ready(&server).await;
    let asked = json!({ "email": EMAIL });
    person.browser.post("/update/password/reset/", &asked).await;
    let token = person.mailed_token(&server, "/reset/").await;
    assert_eq!(person.reset(&token).await.status, 200);
    let refused = finish(&mut person.browser, &body).await;
    assert_eq!(
        (refused.status, refused.problem().as_str()),
        (401, "invalid-credentials")
    );
    person.log_in(None).await;
}

#[actix_web::test]
async fn op_01_an_account_that_was_disabled_meanwhile_refuses() {
    let server = Server::start();
    let (mut person, body) = ready(&server).await;
    server.write(Statement::new("UPDATE accounts SET status = 'disabled'"));
    assert_eq!(finish(&mut person.browser, &body).await.status, 401);
    server.write(Statement::new("UPDATE accounts SET status = 'active'"));
    assert_eq!(finish(&mut person.browser, &body).await.problem(), "expired");
}

#[actix_web::test]
async fn op_01_a_registration_upload_is_taken_once_and_finishes_nothing_else() {
    let server = Server::start();
    let (mut person, login) = ready(&server).await;
    // A login state is none of a registration, and is used up by the attempt.
    let body = json!({ "auth_id": login["auth_id"], "client_request": "A".repeat(256) });
    let answer = person.browser.post("/onboard/finish/", &body).await;
    assert!((400..500).contains(&answer.status), "{}", answer.text);
    let answer = person.browser.post("/update/password/finish/", &body).await;
    assert!((400..500).contains(&answer.status), "{}", answer.text);
    person.log_in(None).await;
}

#[actix_web::test]
async fn ds_01_of_a_hundred_finishes_of_one_login_one_succeeds() {
    let server = Server::start();
    let (person, body) = ready(&server).await;
    let tries = (0..100).map(|_| {
        let (mut browser, body) = (person.browser.clone(), body.clone());
        async move { finish(&mut browser, &body).await.status }
    });
    let statuses = join_all(tries).await;
    assert_eq!(
        statuses.iter().filter(|status| **status == 200).count(),
        1,
        "{statuses:?}"
    );
    assert!(
        statuses.iter().all(|status| [200, 410].contains(status)),
        "{statuses:?}"
    );
}
