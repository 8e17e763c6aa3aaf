//! Revocation: by its owner alone, at once, and for all that hangs on it (RFC 7009).

use crate::support::{Client, Person, Server, Tokens};

#[actix_web::test]
async fn rv_01_rv_02_a_revoked_refresh_token_ends_the_whole_family_at_once() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    for client in [Client::public(&server), Client::confidential(&server)] {
        let first = client.tokens(&server, &mut person).await;
        let second = Tokens(client.refresh(&server, first.refresh()).await.json());
        let untouched = client.tokens(&server, &mut person).await;
        let answer = client.revoke(&server, second.refresh()).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, ""));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        for tokens in [&first, &second] {
            assert_eq!(Client::userinfo(&server, tokens.access()).await.status, 401);
            assert_eq!(client.refresh(&server, tokens.refresh()).await.error(), "invalid_grant");
        }
        assert_eq!(Client::userinfo(&server, untouched.access()).await.status, 200);
        assert_eq!(client.refresh(&server, untouched.refresh()).await.status, 200);
    }
}

#[actix_web::test]
async fn rv_03_an_access_token_is_revoked_by_itself_and_an_older_refresh_token_takes_the_family_along() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::public(&server);
    let first = client.tokens(&server, &mut person).await;
    assert_eq!(client.revoke(&server, first.access()).await.status, 200);
    assert_eq!(Client::userinfo(&server, first.access()).await.status, 401);
    let second = Tokens(client.refresh(&server, first.refresh()).await.json());
    assert_eq!(Client::userinfo(&server, second.access()).await.status, 200);
    assert_eq!(client.revoke(&server, first.refresh()).await.status, 200);
    assert_eq!(Client::userinfo(&server, second.access()).await.status, 401);
}

#[actix_web::test]
async fn rv_04_only_the_owner_revokes() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::confidential(&server);
    let tokens = client.tokens(&server, &mut person).await;
    for other in [Client::public(&server), Client::confidential(&server)] {
        for token in [tokens.refresh(), tokens.access()] {
            // Answered as if it were unknown (RFC 7009 §2.2), and nothing happens.
            assert_eq!(other.revoke(&server, token).await.status, 200);
        }
    }
    for secret in [None, Some("wrong wrong wrong wrong".to_owned())] {
        let unproved = Client {
            secret,
            ..client.clone()
        };
        let answer = unproved.revoke(&server, tokens.refresh()).await;
        assert_eq!(answer.refusal(), (401, "invalid_client".to_owned()));
        assert!(answer.header("www-authenticate").is_some());
    }
    assert_eq!(Client::userinfo(&server, tokens.access()).await.status, 200);
    assert_eq!(client.refresh(&server, tokens.refresh()).await.status, 200);
}

#[actix_web::test]
async fn rv_05_what_is_unknown_is_answered_alike_and_what_is_missing_is_named() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::public(&server);
    let tokens = client.tokens(&server, &mut person).await;
    for token in ["x", "a.b.c", "....", tokens.id(), &"x".repeat(8000)] {
        let answer = client.revoke(&server, token).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, ""), "{token}");
    }
    for hint in ["access_token", "refresh_token", "no_such_type"] {
        let form = [("token", tokens.refresh()), ("token_type_hint", hint)];
        assert_eq!(client.post(&server, "/oauth/revoke", &form).await.status, 200, "{hint}");
    }
    assert_eq!(client.refresh(&server, tokens.refresh()).await.error(), "invalid_grant");
    let missing = client.post(&server, "/oauth/revoke/", &[]).await;
    assert_eq!(missing.refusal(), (400, "invalid_request".to_owned()));
    assert!(missing.text.contains("token is missing"), "{}", missing.text);
    let twice = client
        .post(&server, "/oauth/revoke/", &[("token", "a"), ("token", "b")])
        .await;
    assert_eq!(twice.refusal(), (400, "invalid_request".to_owned()));
}

#[actix_web::test]
async fn rv_06_revoked_stays_revoked_after_a_restart() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::public(&server);
    let refresh = client.tokens(&server, &mut person).await;
    let access = client.tokens(&server, &mut person).await;
    assert_eq!(client.revoke(&server, refresh.refresh()).await.status, 200);
    assert_eq!(client.revoke(&server, access.access()).await.status, 200);
    let server = server.restart();
    for tokens in [&refresh, &access] {
        assert_eq!(Client::userinfo(&server, tokens.access()).await.status, 401);
    }
    assert_eq!(
        client.refresh(&server, refresh.refresh()).await.error(),
        "invalid_grant"
    );
    let fresh = Tokens(client.refresh(&server, access.refresh()).await.json());
    assert_eq!(Client::userinfo(&server, fresh.access()).await.status, 200);
}
