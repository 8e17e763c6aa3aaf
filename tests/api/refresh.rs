//! Refresh tokens: rotation, reuse, the lost answer (RFC 6749 §6, RFC 9700 §4.14.2).

use std::time::Duration;

use serde_json::json;

use crate::support::{Answer, Client, Person, Server, Tokens};

fn refused(answer: &Answer) {
    assert_eq!(answer.refusal(), (400, "invalid_grant".to_owned()), "{}", answer.text);
}

/// Past the time in which an answer may be asked for again.
fn pass_retry_window(server: &Server) {
    server.clock.advance(Duration::from_secs(11));
}

#[actix_web::test]
async fn rf_01_rf_02_a_refresh_rotates_and_keeps_who_when_and_for_whom() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    for client in [Client::public(&server), Client::confidential(&server)] {
        let first = client.tokens(&server, &mut person).await;
        server.clock.advance(Duration::from_secs(5));
        let answer = client.refresh(&server, first.refresh()).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let second = Tokens(answer.json());
        assert_ne!(first.refresh(), second.refresh());
        assert_ne!(first.access(), second.access());
        let printable = |token: &str| token.bytes().all(|byte| (0x20..0x7f).contains(&byte));
        assert!(printable(second.refresh()));
        let (before, after) = (Tokens::claims(first.id()), Tokens::claims(second.id()));
        for kept in ["iss", "sub", "aud", "auth_time", "sid"] {
            assert_eq!(before[kept], after[kept], "{kept}");
        }
        assert!(after["iat"].as_i64() > before["iat"].as_i64());
        assert_eq!(after.get("nonce"), None);
        assert_eq!(Client::userinfo(&server, second.access()).await.status, 200);
    }
}

#[actix_web::test]
async fn rf_03_the_scope_is_never_widened() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::public(&server);
    let code = client.code(&mut person, &[("scope", "openid offline_access")]).await;
    let first = Tokens(client.redeem(&server, &code).await.json());
    for wider in [
        "openid email",
        "email",
        "openid offline_access profile",
        "openid\u{e9}",
        "no-such",
    ] {
        let answer = client.refresh_scope(&server, first.refresh(), wider).await;
        assert_eq!(answer.refusal(), (400, "invalid_scope".to_owned()), "{wider}");
    }
    // The refusals spent nothing. Less may be had, and afterwards all that was granted again (RFC 6749 §6).
    let narrow = Tokens(client.refresh_scope(&server, first.refresh(), "openid").await.json());
    assert_eq!(narrow.0["scope"], "openid");
    assert_eq!(Tokens::claims(narrow.access())["scope"], "openid");
    let whole = client.refresh(&server, narrow.refresh()).await.json();
    assert_eq!(whole["scope"], "offline_access openid");
}

#[actix_web::test]
async fn rf_04_a_refresh_token_is_bound_to_its_client_which_must_prove_itself() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::confidential(&server);
    let tokens = client.tokens(&server, &mut person).await;
    for other in [Client::public(&server), Client::confidential(&server)] {
        refused(&other.refresh(&server, tokens.refresh()).await);
    }
    for secret in [None, Some("wrong wrong wrong wrong".to_owned())] {
        let unproved = Client {
            secret,
            ..client.clone()
        };
        let answer = unproved.refresh(&server, tokens.refresh()).await;
        assert_eq!(answer.refusal(), (401, "invalid_client".to_owned()));
    }
    assert_eq!(client.refresh(&server, tokens.refresh()).await.status, 200);
}

#[actix_web::test]
async fn rf_05_rf_08_reuse_of_an_old_token_ends_the_family() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    for client in [Client::public(&server), Client::confidential(&server)] {
        let first = client.tokens(&server, &mut person).await;
        let second = Tokens(client.refresh(&server, first.refresh()).await.json());
        pass_retry_window(&server);
        refused(&client.refresh(&server, first.refresh()).await);
        refused(&client.refresh(&server, second.refresh()).await);
        assert_eq!(Client::userinfo(&server, second.access()).await.status, 401);
    }
}

#[actix_web::test]
async fn rf_06_a_lost_answer_may_be_asked_for_again_and_gives_the_same_successor() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::public(&server);
    let first = client.tokens(&server, &mut person).await;
    let second = Tokens(client.refresh(&server, first.refresh()).await.json());
    server.clock.advance(Duration::from_secs(8));
    let again = client.refresh(&server, first.refresh()).await;
    assert_eq!(again.status, 200, "{}", again.text);
    assert_eq!(Tokens(again.json()).refresh(), second.refresh());
    // Another client gets nothing by it, and ends nothing.
    refused(&Client::public(&server).refresh(&server, first.refresh()).await);
    // Once the successor is used the old one is a reuse, however soon.
    let third = Tokens(client.refresh(&server, second.refresh()).await.json());
    refused(&client.refresh(&server, first.refresh()).await);
    refused(&client.refresh(&server, third.refresh()).await);
}

#[actix_web::test]
async fn rf_06_without_a_retry_window_a_second_presentation_is_a_reuse() {
    let server = Server::start_with(|config| config.define.lifetimes.refresh_retry = Duration::ZERO);
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::public(&server);
    let first = client.tokens(&server, &mut person).await;
    let second = Tokens(client.refresh(&server, first.refresh()).await.json());
    refused(&client.refresh(&server, first.refresh()).await);
    refused(&client.refresh(&server, second.refresh()).await);
}

#[actix_web::test]
async fn rf_07_a_family_ends_when_it_lies_idle_and_at_its_absolute_end() {
    let day = Duration::from_hours(24);
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::public(&server);
    let idle = client.tokens(&server, &mut person).await;
    let mut used = client.tokens(&server, &mut person).await;
    for _ in 0..7 {
        server.clock.advance(25 * day);
        let answer = client.refresh(&server, used.refresh()).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        used = Tokens(answer.json());
    }
    refused(&client.refresh(&server, idle.refresh()).await);
    server.clock.advance(6 * day);
    refused(&client.refresh(&server, used.refresh()).await);
}

#[actix_web::test]
async fn rf_09_reuse_is_seen_after_a_restart() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::public(&server);
    let first = client.tokens(&server, &mut person).await;
    let second = Tokens(client.refresh(&server, first.refresh()).await.json());
    let third = Tokens(client.refresh(&server, second.refresh()).await.json());
    let server = Server::start_in(server.stop(), |_| {});
    refused(&client.refresh(&server, first.refresh()).await);
    let server = Server::start_in(server.stop(), |_| {});
    refused(&client.refresh(&server, third.refresh()).await);
}

#[actix_web::test]
async fn rf_09_the_live_token_and_the_retry_outlast_a_restart() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::public(&server);
    let first = client.tokens(&server, &mut person).await;
    let second = Tokens(client.refresh(&server, first.refresh()).await.json());
    let server = Server::start_in(server.stop(), |config| {
        config.define.lifetimes.refresh_retry = Duration::from_mins(1);
    });
    let again = Tokens(client.refresh(&server, first.refresh()).await.json());
    assert_eq!(again.refresh(), second.refresh());
    assert_eq!(client.refresh(&server, second.refresh()).await.status, 200);
}

#[actix_web::test]
async fn rf_10_a_client_without_the_grant_gets_no_refresh_token() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let public = json!({
        "token_endpoint_auth_method": "none", "first_party": true, "grant_types": ["authorization_code"]
    });
    let client = Client::register(&server, public);
    let tokens = client.tokens(&server, &mut person).await;
    assert_eq!(tokens.0.get("refresh_token"), None);
    let other = Client::public(&server).tokens(&server, &mut person).await;
    let answer = client.refresh(&server, other.refresh()).await;
    assert_eq!(answer.refusal(), (400, "unauthorized_client".to_owned()));
}

#[actix_web::test]
async fn rf_what_is_no_refresh_token_is_invalid_grant() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::public(&server);
    let tokens = client.tokens(&server, &mut person).await;
    let live = tokens.refresh();
    let mut parts: Vec<_> = live.split('.').map(str::to_owned).collect();
    let last = parts.len() - 1;
    parts[last] = parts[last].chars().rev().collect();
    let tampered = parts.join(".");
    for bad in [
        tokens.access(),
        tokens.id(),
        &live[..live.len() - 1],
        &format!("{live}A"),
        &format!("{live}."),
        &tampered,
        "....",
        "rubbish",
        &"x".repeat(8000),
    ] {
        refused(&client.refresh(&server, bad).await);
    }
    assert_eq!(client.refresh(&server, live).await.status, 200);
}
