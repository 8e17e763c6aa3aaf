//! Guesses at passwords are charged before they are answered, wherever they come in.

use std::time::Duration;

use countersign::config::{Bucket, Config};
use countersign::domain::account::LinkPurpose;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::steps::{ke1, post_from, registration_request};
use crate::support::{Answer, Browser, Person, Server};

const KNOWN: &str = "ada@example.org";
const UNKNOWN: &str = "eve@example.org";

/// So few that the test reaches them, and none comes back while it runs.
const fn few(burst: u32) -> Bucket {
    Bucket {
        burst,
        refill_every: Duration::from_hours(1),
    }
}

/// A server behind a proxy, so that a test can come from any address.
fn behind_proxy(change: impl FnOnce(&mut Config)) -> Server {
    Server::start_with(|config| {
        config.trusted_proxies = vec!["127.0.0.1/32".parse().expect("a network")];
        change(config);
    })
}

fn guess(email: &str) -> Value {
    json!({ "email": email, "client_request": ke1("a guess") })
}

async fn guess_from(server: &Server, from: &str, email: &str) -> Answer {
    post_from(server, &mut Browser::new(server), from, "/login/start/", &guess(email)).await
}

fn assert_refused(answer: &Answer) {
    assert_eq!((answer.status, answer.problem().as_str()), (429, "too-many-attempts"));
    let seconds: u64 = answer
        .header("retry-after")
        .expect("Retry-After")
        .parse()
        .expect("seconds");
    assert!((1..=3600).contains(&seconds), "{seconds}");
}

#[actix_web::test]
async fn bf_01_guesses_at_one_address_from_one_place_are_refused_known_or_not() {
    let server = behind_proxy(|config| config.limits.email_address = few(3));
    Person::signed_up(&server, KNOWN).await;
    server.clock.advance(Duration::from_hours(10));
    for email in [KNOWN, UNKNOWN] {
        for _ in 0..3 {
            assert_eq!(guess_from(&server, "192.0.2.1", email).await.status, 200, "{email}");
        }
        for _ in 0..3 {
            assert_refused(&guess_from(&server, "192.0.2.1", email).await);
        }
        assert_eq!(
            guess_from(&server, "192.0.2.2", email).await.status,
            200,
            "another place"
        );
    }
    server.clock.advance(Duration::from_hours(1));
    assert_eq!(
        guess_from(&server, "192.0.2.1", KNOWN).await.status,
        200,
        "one came back"
    );
    assert_refused(&guess_from(&server, "192.0.2.1", KNOWN).await);
}

#[actix_web::test]
async fn bf_01_one_place_cannot_try_one_password_on_many_accounts() {
    let server = behind_proxy(|config| config.limits.address = few(5));
    for number in 0..5 {
        let answer = guess_from(&server, "2001:db8:1:2::1", &format!("{number}@example.org")).await;
        assert_eq!(answer.status, 200);
    }
    assert_refused(&guess_from(&server, "2001:db8:1:2::1", "5@example.org").await);
    assert_refused(&guess_from(&server, "2001:db8:1:2:ffff::9", "6@example.org").await);
    assert_eq!(
        guess_from(&server, "2001:db8:1:3::1", "7@example.org").await.status,
        200
    );
}

#[actix_web::test]
async fn bf_01_guesses_from_everywhere_are_only_slowed_and_never_a_browser_that_is_known() {
    let longest = Duration::from_secs(20);
    let server = behind_proxy(|config| {
        config.limits.email = few(4);
        config.limits.longest_delay = longest;
    });
    let mut owner = Person::signed_up(&server, KNOWN).await;
    owner.log_in(None).await;
    // Signing up was one already.
    for place in 0..3 {
        assert_eq!(
            guess_from(&server, &format!("192.0.2.{place}"), KNOWN).await.status,
            200
        );
    }
    let hurried = server
        .http
        .post(server.url("/login/start/"))
        .timeout(Duration::from_secs(2))
        .header("x-forwarded-for", "192.0.2.99")
        .json(&guess(KNOWN));
    assert!(hurried.send().await.expect_err("the answer is held back").is_timeout());
    // The bound is far below the delay, and far above what a login takes.
    let unhindered = tokio::time::timeout(longest * 3 / 4, owner.log_in(None));
    unhindered.await.expect("a known browser is not held back");
}

#[actix_web::test]
async fn bf_01_strangers_in_the_same_place_do_not_lock_a_known_browser_out() {
    let server = behind_proxy(|config| config.limits.email_address = few(3));
    let mut owner = Person::signed_up(&server, KNOWN).await;
    owner.log_in(None).await;
    for _ in 0..20 {
        guess_from(&server, "127.0.0.1", KNOWN).await;
    }
    assert_refused(&guess_from(&server, "127.0.0.1", KNOWN).await);
    for _ in 0..3 {
        owner.log_in(None).await;
    }
    assert_refused(&guess_from(&server, "127.0.0.1", KNOWN).await);
}

#[actix_web::test]
async fn bf_01_a_known_browser_has_a_limit_of_its_own() {
    let server = behind_proxy(|config| config.limits.email_browser = few(3));
    let mut owner = Person::signed_up(&server, KNOWN).await;
    owner.log_in(None).await;
    for _ in 0..3 {
        owner.start_login().await;
    }
    for from in ["127.0.0.1", "192.0.2.1"] {
        assert_refused(&post_from(&server, &mut owner.browser, from, "/login/start/", &guess(KNOWN)).await);
    }
    // It is known for one address alone, and others know nothing of its limit.
    let other = post_from(
        &server,
        &mut owner.browser,
        "127.0.0.1",
        "/login/start/",
        &guess(UNKNOWN),
    )
    .await;
    assert_eq!(other.status, 200);
    assert_eq!(guess_from(&server, "127.0.0.1", KNOWN).await.status, 200);
}

#[actix_web::test]
async fn bf_02_guesses_are_counted_before_the_answer_and_all_at_once() {
    let server = behind_proxy(|config| config.limits.email_address = few(10));
    let tries = (0..100).map(|_| guess_from(&server, "192.0.2.1", UNKNOWN));
    let answers = join_all(tries).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 10);
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        assert_refused(answer);
    }
}

#[actix_web::test]
async fn bf_02_every_route_that_evaluates_a_password_is_charged_to_the_same_buckets() {
    for by_address in [true, false] {
        let server = behind_proxy(|config| {
            let limit = if by_address {
                &mut config.limits.address
            } else {
                &mut config.limits.email_address
            };
            *limit = few(3);
        });
        let link = |purpose| Person::plant_link(&server, KNOWN, purpose, None);
        let registration = json!({ "token": link(LinkPurpose::Register), "client_request": registration_request("x") });
        let reset = json!({ "token": link(LinkPurpose::ResetPassword), "client_request": registration_request("x") });
        let routes = [
            ("/login/start/", guess(KNOWN)),
            ("/onboard/register/", registration),
            ("/update/password/start/", reset),
        ];
        for (path, body) in &routes {
            let answer = post_from(&server, &mut Browser::new(&server), "192.0.2.1", path, body).await;
            assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        }
        for (path, body) in &routes {
            let answer = post_from(&server, &mut Browser::new(&server), "192.0.2.1", path, body).await;
            assert_eq!(answer.status, 429, "{path}: {}", answer.text);
            assert_refused(&answer);
        }
    }
}

#[actix_web::test]
async fn bf_01_a_completed_login_gives_its_own_charge_back() {
    let server = behind_proxy(|config| config.limits.email_address = few(2));
    let person = Person::signed_up(&server, KNOWN).await;
    server.clock.advance(Duration::from_hours(10));
    for _ in 0..5 {
        // A browser that nobody knows, each time.
        let mut fresh = Person::stranger(&server, KNOWN);
        fresh.password.clone_from(&person.password);
        fresh.log_in(None).await;
    }
    for _ in 0..2 {
        assert_eq!(guess_from(&server, "127.0.0.1", KNOWN).await.status, 200);
    }
    assert_refused(&guess_from(&server, "127.0.0.1", KNOWN).await);
}

#[actix_web::test]
async fn bf_01_a_completed_login_does_not_give_the_places_charge_back() {
    let server = behind_proxy(|config| config.limits.address = few(4));
    let mut person = Person::signed_up(&server, KNOWN).await;
    server.clock.advance(Duration::from_hours(10));
    for _ in 0..4 {
        person.log_in(None).await;
    }
    assert_refused(&guess_from(&server, "127.0.0.1", UNKNOWN).await);
}
