//! A hundred tasks at once want what is to be had once.

use std::collections::BTreeSet;
use std::time::Duration;

use countersign::db::Statement;
use futures_util::future::join_all;

use crate::support::{Answer, Browser, Client, Person, Server, Tokens};

const TASKS: usize = 100;

/// Sends `make()` from many tasks at once and gives the answers that succeeded; the others must be clear refusals.
async fn at_once<F: Future<Output = Answer>>(make: impl Fn() -> F) -> Vec<Answer> {
    let answers = join_all((0..TASKS).map(|_| make())).await;
    let (good, bad): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
    for answer in &bad {
        assert!((400..500).contains(&answer.status), "{} {}", answer.status, answer.text);
    }
    good
}

/// The sequence numbers of all families.
async fn sequences(server: &Server) -> Vec<i64> {
    let (store, _connection) = server.store().await;
    let rows = store
        .query(&Statement::new("SELECT sequence FROM families ORDER BY created_at, id"))
        .await;
    rows.expect("reads")
        .iter()
        .map(|row| row.integer(0).expect("a number"))
        .collect()
}

#[actix_web::test]
async fn ds_01_a_hundred_redemptions_of_one_code_give_one_success() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::public(&server);
    for _ in 0..3 {
        let code = client.code(&mut person, &[]).await;
        let before = sequences(&server).await.len();
        let good = at_once(|| client.redeem(&server, &code)).await;
        assert_eq!(good.len(), 1);
        assert_eq!(sequences(&server).await.len(), before + 1);
        // The others were replays by the right client, so what it gave has ended.
        let tokens = Tokens(good[0].json());
        assert_eq!(client.refresh(&server, tokens.refresh()).await.error(), "invalid_grant");
        assert_eq!(Client::userinfo(&server, tokens.access()).await.status, 401);
    }
}

#[actix_web::test]
async fn ds_02_a_hundred_refreshes_of_one_token_make_one_rotation_and_one_successor() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::public(&server);
    let mut tokens = client.tokens(&server, &mut person).await;
    for round in 1..=3 {
        let good = at_once(|| client.refresh(&server, tokens.refresh())).await;
        assert!(!good.is_empty());
        let successors: BTreeSet<_> = good
            .iter()
            .map(|answer| Tokens(answer.json()).refresh().to_owned())
            .collect();
        assert_eq!(successors.len(), 1);
        assert_eq!(sequences(&server).await, [round]);
        tokens = Tokens(good[0].json());
    }
    assert_eq!(client.refresh(&server, tokens.refresh()).await.status, 200);
}

#[actix_web::test]
async fn ds_02_without_a_retry_window_one_refresh_of_a_hundred_succeeds() {
    let server = Server::start_with(|config| config.define.lifetimes.refresh_retry = Duration::ZERO);
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::public(&server);
    let tokens = client.tokens(&server, &mut person).await;
    let good = at_once(|| client.refresh(&server, tokens.refresh())).await;
    assert_eq!(good.len(), 1);
    assert_eq!(sequences(&server).await, [1]);
    // The others were a reuse: no successor lives on.
    let successor = Tokens(good[0].json());
    assert_eq!(
        client.refresh(&server, successor.refresh()).await.error(),
        "invalid_grant"
    );
}

#[actix_web::test]
async fn ds_03_a_refresh_and_a_revocation_at_once_leave_nothing_alive() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::public(&server);
    let tokens = client.tokens(&server, &mut person).await;
    let refreshes = join_all((0..TASKS / 2).map(|_| client.refresh(&server, tokens.refresh())));
    let revoke = client.revoke(&server, tokens.refresh());
    let (answers, revoked) = futures_util::future::join(refreshes, revoke).await;
    assert_eq!(revoked.status, 200);
    for answer in answers.iter().filter(|answer| answer.status == 200) {
        let tokens = Tokens(answer.json());
        assert_eq!(Client::userinfo(&server, tokens.access()).await.status, 401);
        assert_eq!(client.refresh(&server, tokens.refresh()).await.error(), "invalid_grant");
    }
}

#[actix_web::test]
async fn ds_04_a_hundred_finishes_of_one_login_give_one_session() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let (started, logging_in) = person.start_login().await;
    let body = Person::finish_body(&started, logging_in, None).expect("the password is right");
    let good = at_once(|| {
        let mut browser: Browser = person.browser.clone();
        let body = body.clone();
        async move { browser.post("/login/finish/", &body).await }
    })
    .await;
    assert_eq!(good.len(), 1);
    let (store, _connection) = server.store().await;
    let rows = store
        .query(&Statement::new("SELECT sid FROM sessions"))
        .await
        .expect("reads");
    assert_eq!(rows.len(), 1);
}

#[actix_web::test]
async fn ds_05_a_hundred_callbacks_of_one_flow_give_one_code() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::public(&server);
    let login = person.browser.get(&client.authorize_path(&[])).await;
    let flow_id = login.location().split("flow_id=").nth(1).expect("a flow").to_owned();
    let next = person.log_in(Some(&flow_id)).await;
    let answers = join_all((0..TASKS).map(|_| {
        let (mut browser, next) = (person.browser.clone(), next.clone());
        async move { browser.get(&next).await }
    }))
    .await;
    let codes = answers
        .iter()
        .filter(|answer| answer.status == 303 && answer.told(&client).contains_key("code"));
    assert_eq!(codes.count(), 1);
    let refused = answers
        .iter()
        .filter(|answer| [400, 410].contains(&answer.status))
        .count();
    assert_eq!(refused, TASKS - 1);
}
