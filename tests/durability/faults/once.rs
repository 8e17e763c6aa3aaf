//! A hundred at once, spread over two servers, want what is to be had once.

use std::collections::BTreeSet;

use countersign::domain::account::LinkPurpose;
use futures_util::future::join_all;
use serde_json::json;

use super::House;
use crate::kill::on_this_thread;
use crate::support::{Answer, Browser, Folder, Log, LoggingIn, Wire};

/// How many ask at once.
pub const TASKS: usize = 100;

/// Sends `make()` a hundred times at once; the answers that succeeded. The others are clear refusals.
pub async fn at_once<F: Future<Output = Option<Answer>>>(make: impl Fn() -> F) -> Vec<Answer> {
    let answers = join_all((0..TASKS).map(|_| make())).await;
    let answers: Vec<_> = answers.into_iter().map(|answer| answer.expect("an answer")).collect();
    let (good, bad): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
    for answer in &bad {
        assert!((400..500).contains(&answer.status), "{answer:?}");
    }
    good
}

/// A link as if it had been mailed.
fn link(folder: &Folder, purpose: LinkPurpose, email: &str) -> String {
    folder.plant(purpose, &[(email.to_owned(), None)]).remove(0)
}

#[test]
fn ds_01_to_05_what_is_good_for_one_use_is_used_once_among_two_servers() {
    let house = House::with(2);
    let email = "ada@example.org";
    for round in 0..3 {
        let address = format!("r{round}@example.org");
        let confirmation = link(&house.folder, LinkPurpose::ConfirmEmail, &address);
        let registration = link(&house.folder, LinkPurpose::ConfirmEmail, email);
        let log = Log::default();
        on_this_thread(async {
            let wire = Wire::among(&house.addresses(), &log);
            let confirm = json!({ "token": confirmation });
            let good = at_once(|| async { Browser::default().post(&wire, "/onboard/email/", &confirm).await }).await;
            assert_eq!(good.len(), 1, "one confirmation");

            let mut browser = Browser::default();
            if round == 0 {
                let body = json!({ "token": registration });
                let confirmed = browser.post(&wire, "/onboard/email/", &body).await.expect("an answer");
                let token = confirmed.json()["token"].as_str().expect("a token").to_owned();
                let registered = browser.register(&wire, &token, "a password").await.expect("an answer");
                assert_eq!(registered.status, 200, "{registered:?}");
            }
            finishes(&wire, email).await;
            assert_eq!(browser.log_in(&wire, email, "a password").await, Some(true));
            codes(&wire, &mut browser).await;
            refreshes(&wire, &mut browser).await;
        });
    }
    let rotations = house
        .folder
        .rows("SELECT sequence FROM families WHERE sequence > 0 ORDER BY id");
    assert_eq!(rotations.len(), 3);
    assert!(
        rotations.iter().all(|row| row.integer(0).expect("a number") == 1),
        "each rotated once"
    );
}

/// One login state is finished once.
async fn finishes(wire: &Wire<'_>, email: &str) {
    let (message, logging_in) = LoggingIn::start("a password");
    let mut browser = Browser::default();
    let body = json!({ "email": email, "client_request": message });
    let started = browser
        .post(wire, "/login/start/", &body)
        .await
        .expect("an answer")
        .json();
    let message = started["server_message"].as_str().expect("a message");
    let ke3 = logging_in.finish("a password", message).expect("the password is right");
    let body = json!({ "auth_id": started["auth_id"], "client_request": ke3 });
    let good = at_once(|| {
        let (mut browser, body) = (browser.clone(), body.clone());
        async move { browser.post(wire, "/login/finish/", &body).await }
    })
    .await;
    assert_eq!(good.len(), 1, "one session");
}

/// A code is redeemed once, and its replays end what it gave.
async fn codes(wire: &Wire<'_>, browser: &mut Browser) {
    let code = browser
        .authorize(wire, "openid email")
        .await
        .and_then(|answer| answer.code());
    let code = code.expect("a code");
    let good = at_once(|| wire.redeem(&code)).await;
    assert_eq!(good.len(), 1, "one redemption");
    let access = good[0].json()["access_token"].as_str().expect("a token").to_owned();
    assert_eq!(wire.userinfo(&access).await.expect("an answer").status, 401);
}

/// A refresh token has one successor, whoever asks.
async fn refreshes(wire: &Wire<'_>, browser: &mut Browser) {
    let code = browser
        .authorize(wire, "openid offline_access")
        .await
        .and_then(|answer| answer.code());
    let tokens = wire.redeem(&code.expect("a code")).await.expect("an answer").json();
    let token = tokens["refresh_token"].as_str().expect("a token");
    let good = at_once(|| wire.refresh(token)).await;
    let successors: BTreeSet<String> = good
        .iter()
        .map(|answer| answer.json()["refresh_token"].to_string())
        .collect();
    assert_eq!((good.is_empty(), successors.len()), (false, 1));
}
