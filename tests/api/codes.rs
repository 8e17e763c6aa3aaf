//! Authorization codes: redeemed once, soon, by the client that asked, with its verifier (RFC 9700 §2.1.1, §4.5, §4.8).

use std::time::Duration;

use serde_json::json;

use crate::support::{Client, Person, Server, Tokens, VERIFIER};

const OTHER_VERIFIER: &str = "A-verifier-that-belongs-to-quite-another-request";

/// A code of a client that need not use PKCE, asked without a challenge.
async fn code_without_challenge(client: &Client, person: &mut Person) -> String {
    let none = [("code_challenge", ""), ("code_challenge_method", "")];
    client.code(person, &none).await
}

#[actix_web::test]
async fn co_01_co_02_a_wrong_or_missing_verifier_is_refused_and_consumes_nothing() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    for client in [Client::public(&server), Client::confidential(&server)] {
        let code = client.code(&mut person, &[]).await;
        for wrong in [
            "",
            OTHER_VERIFIER,
            &VERIFIER[..42],
            &VERIFIER.to_lowercase(),
            &format!("{VERIFIER} "),
            &"x".repeat(129),
            // The challenge itself, which is what `plain` would compare with.
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        ] {
            let answer = client.redeem_with(&server, &code, &[("code_verifier", wrong)]).await;
            assert_eq!(answer.refusal(), (400, "invalid_grant".to_owned()), "{wrong}");
        }
        assert_eq!(client.redeem(&server, &code).await.status, 200);
    }
}

#[actix_web::test]
async fn co_03_pkce_downgrade_a_verifier_for_a_code_without_challenge_is_refused() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::register(&server, json!({ "first_party": true }));
    let code = code_without_challenge(&client, &mut person).await;
    let downgraded = client.redeem(&server, &code).await;
    assert_eq!(downgraded.refusal(), (400, "invalid_grant".to_owned()));
    // Without PKCE the redirect URI is all that binds the code, so it must be there.
    let bare = [("code_verifier", ""), ("redirect_uri", "")];
    let answer = client.redeem_with(&server, &code, &bare).await;
    assert_eq!(answer.refusal(), (400, "invalid_grant".to_owned()));
    let right = client.redeem_with(&server, &code, &[("code_verifier", "")]).await;
    assert_eq!(right.status, 200, "{}", right.text);
    // And a code with a challenge is not to be had without its verifier.
    let code = client.code(&mut person, &[]).await;
    let stripped = client.redeem_with(&server, &code, &[("code_verifier", "")]).await;
    assert_eq!(stripped.refusal(), (400, "invalid_grant".to_owned()));
}

#[actix_web::test]
async fn co_04_a_code_is_bound_to_its_client_whose_tries_by_another_change_nothing() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::public(&server);
    let others = [Client::public(&server), Client::confidential(&server)];
    let code = client.code(&mut person, &[]).await;
    for other in &others {
        let answer = other.redeem(&server, &code).await;
        assert_eq!(answer.refusal(), (400, "invalid_grant".to_owned()));
    }
    let answer = client.redeem(&server, &code).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let tokens = Tokens(answer.json());
    // Nor does a stranger's replay end what the code gave.
    for other in &others {
        assert_eq!(other.redeem(&server, &code).await.error(), "invalid_grant");
    }
    let wrong = client
        .redeem_with(&server, &code, &[("code_verifier", OTHER_VERIFIER)])
        .await;
    assert_eq!(wrong.error(), "invalid_grant");
    assert_eq!(Client::userinfo(&server, tokens.access()).await.status, 200);
    assert_eq!(client.refresh(&server, tokens.refresh()).await.status, 200);
}

#[actix_web::test]
async fn co_05_co_06_a_code_is_bound_to_its_redirect_uri() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let uris = ["https://app.example/cb", "https://app.example/other"];
    let client = Client::register(
        &server,
        json!({ "token_endpoint_auth_method": "none", "first_party": true, "redirect_uris": uris }),
    );
    let code = client.code(&mut person, &[]).await;
    for wrong in [
        uris[1],
        "https://app.example/cb/",
        "HTTPS://app.example/cb",
        "https://evil.example/",
    ] {
        let answer = client.redeem_with(&server, &code, &[("redirect_uri", wrong)]).await;
        assert_eq!(answer.refusal(), (400, "invalid_grant".to_owned()), "{wrong}");
    }
    // OAuth 2.1 clients do not send it: PKCE binds the code.
    let answer = client.redeem_with(&server, &code, &[("redirect_uri", "")]).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

#[actix_web::test]
async fn co_07_co_08_a_code_presented_again_is_refused_and_ends_what_it_gave() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    for client in [Client::public(&server), Client::confidential(&server)] {
        let code = client.code(&mut person, &[]).await;
        let first = Tokens(client.redeem(&server, &code).await.json());
        let second = Tokens(client.refresh(&server, first.refresh()).await.json());
        let replay = client.redeem(&server, &code).await;
        assert_eq!(replay.refusal(), (400, "invalid_grant".to_owned()));
        for tokens in [&first, &second] {
            assert_eq!(Client::userinfo(&server, tokens.access()).await.status, 401);
            assert_eq!(client.refresh(&server, tokens.refresh()).await.error(), "invalid_grant");
        }
        // Thirty seconds later it is no better.
        server.clock.advance(Duration::from_secs(30));
        assert_eq!(client.redeem(&server, &code).await.error(), "invalid_grant");
    }
}

#[actix_web::test]
async fn co_07_a_replay_long_after_the_code_expired_still_ends_what_it_gave() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::public(&server);
    let code = client.code(&mut person, &[]).await;
    let tokens = Tokens(client.redeem(&server, &code).await.json());
    server.clock.advance(Duration::from_mins(5));
    assert_eq!(client.redeem(&server, &code).await.error(), "invalid_grant");
    assert_eq!(Client::userinfo(&server, tokens.access()).await.status, 401);
}

#[actix_web::test]
async fn co_09_a_code_lives_for_a_minute_at_most() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::public(&server);
    let code = client.code(&mut person, &[]).await;
    server.clock.advance(Duration::from_secs(50));
    assert_eq!(client.redeem(&server, &code).await.status, 200);
    let code = client.code(&mut person, &[]).await;
    server.clock.advance(Duration::from_secs(61));
    assert_eq!(client.redeem(&server, &code).await.error(), "invalid_grant");
}

#[actix_web::test]
async fn co_codes_are_long_random_and_nothing_like_them_is_one() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::public(&server);
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..5 {
        let code = client.code(&mut person, &[]).await;
        // 256 bits in base64url.
        assert!(code.len() >= 43, "{code}");
        assert!(seen.insert(code), "a code came twice");
    }
    let code = seen.pop_first().expect("a code");
    for near in [
        &code[..42],
        &format!("{code}A"),
        &format!("{code}="),
        &format!(" {code}"),
        &code.to_lowercase(),
        &"A".repeat(43),
        "\u{e9}",
        &"x".repeat(8000),
    ] {
        let answer = client.redeem(&server, near).await;
        assert_eq!(answer.refusal(), (400, "invalid_grant".to_owned()), "{near}");
    }
    assert_eq!(client.redeem(&server, &code).await.status, 200);
}

#[actix_web::test]
async fn co_a_code_of_a_session_that_has_ended_is_void() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::public(&server);
    let code = client.code(&mut person, &[]).await;
    let out = person.browser.post("/account/logout/", &json!({})).await;
    assert_eq!(out.status, 200, "{}", out.text);
    assert_eq!(client.redeem(&server, &code).await.error(), "invalid_grant");
}
