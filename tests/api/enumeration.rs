//! Whoever asks cannot tell an address that has an account from one that has none (RFC 9807 §10.9).
//!
//! Time is not judged here: what the server does for an unknown address is the same work by construction.

use countersign::db::Statement;
use countersign::domain::account::LinkPurpose;
use serde_json::json;

use crate::support::steps::{bytes, ke1, message, registration_request, shape, start_login, start_login_with};
use crate::support::{Browser, Person, Server};

const KNOWN: &str = "ada@example.org";
const UNKNOWN: &str = "eve@example.org";

fn disable(server: &Server) {
    server.write(Statement::new("UPDATE accounts SET status = 'disabled'"));
}

#[actix_web::test]
async fn en_01_ke2_for_an_unknown_account_has_the_same_shape() {
    let server = Server::start();
    Person::signed_up(&server, KNOWN).await;
    let known = start_login(&server, KNOWN).await;
    let unknown = start_login(&server, UNKNOWN).await;
    assert_eq!(known.status, 200, "{}", known.text);
    assert_eq!(shape(&known), shape(&unknown));
    assert_eq!(bytes(&known.json()["server_message"]).len(), 320);
    assert_eq!(bytes(&unknown.json()["server_message"]).len(), 320);
}

#[actix_web::test]
async fn en_02_se_14_a_wrong_ke3_is_refused_alike_for_wrong_password_unknown_and_disabled() {
    let server = Server::start();
    Person::signed_up(&server, KNOWN).await;
    let refusal = async |email: &str| {
        let mut browser = Browser::new(&server);
        let body = json!({ "email": email, "client_request": ke1("a guess") });
        let started = browser.post("/login/start/", &body).await.json();
        let body = json!({ "auth_id": started["auth_id"], "client_request": message(7, 64) });
        browser.post("/login/finish/", &body).await
    };
    let known = refusal(KNOWN).await;
    assert_eq!((known.status, known.problem().as_str()), (401, "invalid-credentials"));
    assert_eq!(shape(&known), shape(&refusal(UNKNOWN).await));
    disable(&server);
    assert_eq!(shape(&known), shape(&refusal(KNOWN).await));
}

#[actix_web::test]
async fn en_03_the_evaluated_element_is_stable_for_each_address_and_differs_between_them() {
    let server = Server::start();
    Person::signed_up(&server, KNOWN).await;
    let request = ke1("a guess");
    let element = async |email: &str| {
        let answer = start_login_with(&server, email, &request).await;
        bytes(&answer.json()["server_message"])[..32].to_vec()
    };
    for email in [KNOWN, UNKNOWN] {
        assert_eq!(element(email).await, element(email).await, "{email}");
        assert_eq!(element(email).await, element(&email.to_uppercase()).await, "{email}");
    }
    assert_ne!(element(KNOWN).await, element(UNKNOWN).await);
    let before = element(KNOWN).await;
    disable(&server);
    assert_eq!(element(KNOWN).await, before, "a disabled account keeps its element");
}

#[actix_web::test]
async fn en_04_everything_else_in_ke2_is_fresh_for_known_and_unknown() {
    let server = Server::start();
    Person::signed_up(&server, KNOWN).await;
    let request = ke1("a guess");
    for email in [KNOWN, UNKNOWN] {
        let first = bytes(&start_login_with(&server, email, &request).await.json()["server_message"]);
        let second = bytes(&start_login_with(&server, email, &request).await.json()["server_message"]);
        for (part, range) in [
            ("masking nonce", 32..64),
            ("masked key", 64..96),
            ("masked envelope", 96..192),
            ("server nonce", 192..224),
            ("key share", 224..256),
            ("MAC", 256..320),
        ] {
            assert_ne!(first[range.clone()], second[range], "{email}: {part}");
        }
    }
}

#[actix_web::test]
async fn en_05_sign_up_and_reset_answer_alike_for_known_unknown_and_disabled() {
    let server = Server::start();
    Person::signed_up(&server, KNOWN).await;
    for path in ["/onboard/signup/", "/update/password/reset/"] {
        let ask = async |email: &str| Browser::new(&server).post(path, &json!({ "email": email })).await;
        let known = ask(KNOWN).await;
        assert_eq!((known.status, known.text.as_str()), (200, "{}"), "{path}");
        assert_eq!(shape(&known), shape(&ask(UNKNOWN).await), "{path}");
    }
    disable(&server);
    for path in ["/onboard/signup/", "/update/password/reset/"] {
        let answer = Browser::new(&server).post(path, &json!({ "email": KNOWN })).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, "{}"), "{path}");
    }
}

#[actix_web::test]
async fn a_reset_for_nobody_writes_what_one_for_somebody_writes_and_sends_nothing() {
    const LATER: &str = "later@example.org";
    let server = Server::start();
    Person::signed_up(&server, KNOWN).await;
    let mut browser = Browser::new(&server);
    for (email, links) in [(KNOWN, 1), (UNKNOWN, 2)] {
        browser
            .post("/update/password/reset/", &json!({ "email": email }))
            .await;
        let (store, _) = server.store().await;
        let all = Statement::new("SELECT token_hash FROM links WHERE purpose = 'reset-password'");
        assert_eq!(store.query(&all).await.expect("reads").len(), links, "{email}");
    }
    // Mails leave in the order of their turns, so the one before this has left or never will.
    browser.post("/onboard/signup/", &json!({ "email": LATER })).await;
    let mut mails = String::new();
    for _ in 0..200 {
        mails = browser.get("/dev/mailbox.json").await.text;
        if mails.contains(LATER) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert!(mails.contains(LATER) && mails.contains(KNOWN), "{mails}");
    assert!(!mails.contains(UNKNOWN), "{mails}");
}

#[actix_web::test]
async fn en_06_a_known_address_that_signs_up_is_told_so_in_its_mailbox_alone() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, KNOWN).await;
    let asked = person
        .browser
        .post("/onboard/signup/", &json!({ "email": KNOWN }))
        .await;
    assert_eq!(asked.text, "{}");
    let mut told = false;
    for _ in 0..200 {
        let mails = person.browser.get("/dev/mailbox.json").await.json();
        let text = mails[0]["text"].as_str().expect("text").to_owned();
        told = text.contains("/forgot/") && !text.contains('#');
        if told {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert!(told, "the mail says that there is an account, and carries no token");
}

#[actix_web::test]
async fn en_07_registration_for_an_address_that_has_an_account_is_answered_alike_and_makes_no_second_one() {
    let server = Server::start();
    Person::signed_up(&server, KNOWN).await;
    let start = async |email: &str| {
        let token = Person::plant_link(&server, email, LinkPurpose::Register, None);
        let body = json!({ "token": token, "client_request": registration_request("pw") });
        Browser::new(&server).post("/onboard/register/", &body).await
    };
    let known = start(KNOWN).await;
    assert_eq!(known.status, 200, "{}", known.text);
    assert_eq!(shape(&known), shape(&start(UNKNOWN).await));

    let mut thief = Person::stranger(&server, KNOWN);
    thief.password = "another".to_owned();
    let token = Person::plant_link(&server, KNOWN, LinkPurpose::Register, None);
    assert_eq!(thief.register(&token).await.problem(), "expired");
    let mut person = Person::stranger(&server, KNOWN);
    person.log_in(None).await;
}

/// Encodings that are no element of ristretto255, or the identity (RFC 9496 §4.3.1).
fn bad_elements() -> Vec<(&'static str, [u8; 32])> {
    let mut modulus = [0xff; 32];
    (modulus[0], modulus[31]) = (0xed, 0x7f);
    let mut above = modulus;
    above[0] += 2;
    let mut negative = [0; 32];
    negative[0] = 1;
    let mut high_bit = [0; 32];
    high_bit[31] = 0x80;
    vec![
        ("identity", [0; 32]),
        ("the modulus", modulus),
        ("above the modulus", above),
        ("all ones", [0xff; 32]),
        ("negative", negative),
        ("high bit", high_bit),
    ]
}

#[actix_web::test]
async fn en_08_bad_group_elements_are_refused_alike_for_known_and_unknown() {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let server = Server::start();
    Person::signed_up(&server, KNOWN).await;
    let good = bytes(&json!(ke1("a guess")));
    let mut refused = Vec::new();
    for (what, element) in bad_elements() {
        for place in [0, 64] {
            let mut bad = good.clone();
            bad[place..place + 32].copy_from_slice(&element);
            let bad = URL_SAFE_NO_PAD.encode(bad);
            let known = start_login_with(&server, KNOWN, &bad).await;
            let unknown = start_login_with(&server, UNKNOWN, &bad).await;
            assert_eq!(known.status, 400, "{what} at {place}: {}", known.text);
            assert_eq!(known.json()["field"], "client_request", "{what} at {place}");
            assert_eq!(shape(&known), shape(&unknown), "{what} at {place}");
            refused.push(known.text);
        }
        for (path, purpose) in [
            ("/onboard/register/", LinkPurpose::Register),
            ("/update/password/start/", LinkPurpose::ResetPassword),
        ] {
            let token = Person::plant_link(&server, UNKNOWN, purpose, None);
            let body = json!({ "token": token, "client_request": URL_SAFE_NO_PAD.encode(element) });
            let answer = Browser::new(&server).post(path, &body).await;
            assert_eq!(answer.status, 400, "{what} at {path}: {}", answer.text);
            assert_eq!(answer.json()["field"], "client_request");
        }
    }
    refused.dedup();
    assert_eq!(refused.len(), 1, "one answer for all of them");
}

#[actix_web::test]
async fn en_08_messages_of_another_length_or_encoding_are_refused_alike() {
    let server = Server::start();
    Person::signed_up(&server, KNOWN).await;
    let good = ke1("a guess");
    for bad in [
        String::new(),
        good[..127].to_owned(),
        format!("{good}A"),
        format!("{good}===="),
        good.replace(|_: char| true, "+"),
        format!("{}é", &good[..126]),
        message(0, 64),
        "A".repeat(10_000),
    ] {
        let known = start_login_with(&server, KNOWN, &bad).await;
        assert_eq!(known.status, 400, "{bad}: {}", known.text);
        assert_eq!(known.json()["field"], "client_request", "{bad}");
        assert_eq!(
            shape(&known),
            shape(&start_login_with(&server, UNKNOWN, &bad).await),
            "{bad}"
        );
    }
}

#[actix_web::test]
async fn en_10_the_evaluated_element_is_the_same_before_and_after_somebody_signs_up() {
    let server = Server::start();
    let request = ke1("a guess");
    let element = async || {
        let answer = start_login_with(&server, UNKNOWN, &request).await;
        bytes(&answer.json()["server_message"])[..32].to_vec()
    };
    let before = element().await;
    let mut person = Person::signed_up(&server, UNKNOWN).await;
    assert_eq!(element().await, before, "after signing up");
    let asked = json!({ "email": UNKNOWN });
    person.browser.post("/update/password/reset/", &asked).await;
    let token = person.mailed_token(&server, "/reset/").await;
    person.password = "another".to_owned();
    assert_eq!(person.reset(&token).await.status, 200);
    assert_eq!(element().await, before, "after a reset");
}
