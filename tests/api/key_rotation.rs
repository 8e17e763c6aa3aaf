//! Keys rotated by a command beside the running server.

use std::time::Duration;

use countersign::actors::key_ring::turn;
use countersign::domain::clock::Clock as _;
use countersign::domain::keys::algorithm::SigningAlgorithm;
use countersign::domain::keys::lifecycle::{KeyRecord, Purpose};
use countersign::domain::keys::rotation::{self, Change, NOTICED_WITHIN};
use countersign::domain::vault::Vault;
use countersign::system::SystemRandom;

use crate::support::{Client, MASTER_KEY, Person, Server, Tokens, jwt};

const AHEAD: Duration = Duration::from_mins(10);

fn server() -> Server {
    Server::start_with(|config| {
        config.define.keys.publish_ahead = AHEAD;
        config.define.keys.jwks_cache = Duration::from_mins(5);
    })
}

/// What `keys rotate` does, on connections of its own.
async fn command(server: &Server, plan: impl Fn(&[KeyRecord]) -> Vec<Change>) {
    let (store, mut connection) = server.store().await;
    let vault = Vault::new(&MASTER_KEY);
    for _ in 0..10 {
        let found = turn::load(&store).await.expect("reads");
        let changes = plan(&turn::records(&found));
        let now = || server.clock.now();
        if turn::apply(&mut connection, &found, changes, &vault, &SystemRandom, &now)
            .await
            .expect("writes")
        {
            return;
        }
    }
    panic!("the keys change all the time");
}

async fn until(what: &str, mut done: impl AsyncFnMut() -> bool) {
    for _ in 0..600 {
        if done().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("waited in vain until {what}");
}

fn kid(token: &str) -> String {
    jwt::header(token)["kid"].as_str().expect("a kid").to_owned()
}

async fn published(server: &Server) -> Vec<String> {
    let keys = server.jwks().await;
    keys.iter()
        .map(|key| key["kid"].as_str().expect("a kid").to_owned())
        .collect()
}

#[actix_web::test]
async fn f10_a_rotation_by_command_is_published_before_it_signs_and_breaks_no_token() {
    let server = server();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::public(&server);
    let before = client.tokens(&server, &mut person).await;
    let old = kid(before.access());
    let first = published(&server).await;
    for purpose in [Purpose::Sign(SigningAlgorithm::EdDsa), Purpose::Refresh] {
        command(&server, |keys| rotation::rotate(keys, purpose, server.clock.now())).await;
    }
    until("the new key is published", async || {
        published(&server).await.len() == first.len() + 1
    })
    .await;
    let all = published(&server).await;
    let new = all.iter().find(|kid| !first.contains(kid)).expect("a new key").clone();

    // As long as somebody may have a key set without it, it does not sign.
    let meanwhile = Tokens(client.refresh(&server, before.refresh()).await.json());
    assert_eq!(
        (kid(meanwhile.access()), kid(meanwhile.id())),
        (old.clone(), old.clone())
    );
    server.clock.advance(AHEAD + NOTICED_WITHIN);
    let mut last = meanwhile.clone();
    until("the new key signs", async || {
        last = Tokens(client.refresh(&server, last.refresh()).await.json());
        kid(last.access()) == new
    })
    .await;
    assert_eq!(kid(last.id()), new);

    // The old key stays as long as anything that it signed.
    assert!(published(&server).await.contains(&old));
    for tokens in [&before, &meanwhile, &last] {
        assert!(server.verifies(tokens.access()).await && server.verifies(tokens.id()).await);
        assert_eq!(Client::userinfo(&server, tokens.access()).await.status, 200);
    }
    let silent = client.authorize_path(&[("prompt", "none"), ("id_token_hint", before.id())]);
    assert!(person.browser.get(&silent).await.told(&client).contains_key("code"));
    server.clock.advance(Duration::from_mins(70));
    until("the old key is gone", async || !published(&server).await.contains(&old)).await;
    assert_eq!(client.refresh(&server, last.refresh()).await.status, 200);
}

#[actix_web::test]
async fn f10_a_compromised_key_is_withdrawn_within_seconds_with_all_that_it_signed() {
    let server = server();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::public(&server);
    let before = client.tokens(&server, &mut person).await;
    let old = kid(before.access());
    let eddsa = Purpose::Sign(SigningAlgorithm::EdDsa);
    command(&server, |keys| {
        rotation::rotate_now(keys, eddsa, server.clock.now()).expect("a plan")
    })
    .await;
    until("the old key is gone", async || !published(&server).await.contains(&old)).await;
    assert_eq!(Client::userinfo(&server, before.access()).await.status, 401);
    let silent = client.authorize_path(&[("prompt", "none"), ("id_token_hint", before.id())]);
    assert_eq!(
        person.browser.get(&silent).await.told_error(&client, &server),
        "login_required"
    );
    let after = Tokens(client.refresh(&server, before.refresh()).await.json());
    assert_ne!(kid(after.access()), old);
    assert!(server.verifies(after.access()).await && server.verifies(after.id()).await);
    assert_eq!(Client::userinfo(&server, after.access()).await.status, 200);
}

#[actix_web::test]
async fn f10_withdrawn_refresh_keys_end_every_refresh_token_and_no_access_token() {
    let server = server();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::public(&server);
    let before = client.tokens(&server, &mut person).await;
    command(&server, |keys| {
        rotation::rotate_now(keys, Purpose::Refresh, server.clock.now()).expect("a plan")
    })
    .await;
    // The key is noticed when a new token has another one; looking does not rotate the old family.
    let mut status = 200;
    let mut newest = before.clone();
    until("the withdrawn key opens nothing", async || {
        let answer = client.refresh(&server, newest.refresh()).await;
        status = answer.status;
        if status == 200 {
            newest = Tokens(answer.json());
        }
        status == 400
    })
    .await;
    assert_eq!(client.refresh(&server, newest.refresh()).await.error(), "invalid_grant");
    assert_eq!(Client::userinfo(&server, newest.access()).await.status, 200);
    let after = client.tokens(&server, &mut person).await;
    assert_eq!(client.refresh(&server, after.refresh()).await.status, 200);
}
