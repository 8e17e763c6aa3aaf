//! Userinfo: three ways to bring the token, and what is not one (OIDC Core §5.3, RFC 6750).

use std::time::Duration;

use crate::support::{Answer, Client, FORM, Person, Server, Tokens};

async fn with_header(server: &Server, authorization: &[u8]) -> Answer {
    let value = reqwest::header::HeaderValue::from_bytes(authorization).expect("a header");
    let request = server
        .http
        .get(server.url("/oauth/userinfo/"))
        .header("authorization", value);
    server.send(request).await
}

#[track_caller]
fn assert_invalid(answer: &Answer, what: &str) {
    assert_eq!(answer.status, 401, "{what}: {}", answer.text);
    let challenge = answer.header("www-authenticate").expect("a challenge");
    assert!(
        challenge.starts_with("Bearer ") && challenge.contains("error=\"invalid_token\""),
        "{what} {challenge}"
    );
}

async fn tokens(server: &Server) -> (Client, Tokens, String) {
    let mut person = Person::signed_up(server, "ada@example.org").await;
    let client = Client::public(server);
    let tokens = client.tokens(server, &mut person).await;
    let code = client.code(&mut person, &[]).await;
    (client, tokens, code)
}

#[actix_web::test]
async fn ui_01_ui_02_ui_03_the_token_comes_by_header_or_in_the_body() {
    let server = Server::start();
    let (_, tokens, _) = tokens(&server).await;
    let (url, bearer) = (server.url("/oauth/userinfo/"), format!("Bearer {}", tokens.access()));
    let header = server.http.post(&url).header("authorization", &bearer);
    let empty = server
        .http
        .post(&url)
        .header("authorization", &bearer)
        .header("content-type", FORM);
    let body = format!("access_token={}", tokens.access());
    for answer in [
        server
            .send(server.http.get(&url).header("authorization", &bearer))
            .await,
        server
            .send(
                server
                    .http
                    .get(server.url("/oauth/userinfo"))
                    .header("authorization", &bearer),
            )
            .await,
        server.send(header).await,
        server.send(empty).await,
        server.form("/oauth/userinfo/", body).await,
    ] {
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.json()["sub"], Tokens::claims(tokens.id())["sub"]);
    }
}

#[actix_web::test]
async fn ui_04_without_a_token_the_answer_says_only_how_to_bring_one() {
    let server = Server::start();
    for answer in [
        server.get("/oauth/userinfo/").await,
        server.form("/oauth/userinfo/", "").await,
        server.form("/oauth/userinfo/", "access_token=").await,
    ] {
        assert_eq!((answer.status, answer.text.as_str()), (401, ""));
        assert_eq!(answer.header("www-authenticate"), Some("Bearer realm=\"countersign\""));
    }
}

#[actix_web::test]
async fn ui_05_no_other_kind_of_token_passes_for_an_access_token() {
    let server = Server::start();
    let (_, tokens, code) = tokens(&server).await;
    for (what, token) in [
        ("ID token", tokens.id()),
        ("refresh token", tokens.refresh()),
        ("code", &code),
        ("rubbish", "x"),
        ("dots", "..."),
        ("long", &"x".repeat(20_000)),
    ] {
        assert_invalid(&Client::userinfo(&server, token).await, what);
    }
}

#[actix_web::test]
async fn ui_06_a_malformed_header_is_401_and_never_500() {
    let server = Server::start();
    let (_, tokens, _) = tokens(&server).await;
    let token = tokens.access();
    for header in [
        b"Bearer".to_vec(),
        b"Bearer ".to_vec(),
        format!("Bearer\t{token}").into_bytes(),
        format!("Bearer \t{token}").into_bytes(),
        format!("Bearer  {token}").into_bytes(),
        format!("Bearer {token} {token}").into_bytes(),
        format!("Bearer {token},").into_bytes(),
        format!("Bearer \"{token}\"").into_bytes(),
        format!("Bearer={token}").into_bytes(),
        format!("Basic {token}").into_bytes(),
        token.as_bytes().to_vec(),
        b"Bearer \xff\xfe".to_vec(),
        b"\xe2\x80\x8bBearer x".to_vec(),
    ] {
        assert_invalid(&with_header(&server, &header).await, &String::from_utf8_lossy(&header));
    }
    let twice = server
        .http
        .get(server.url("/oauth/userinfo/"))
        .bearer_auth(token)
        .bearer_auth(token);
    assert_invalid(&server.send(twice).await, "twice");
}

#[actix_web::test]
async fn ui_07_the_name_of_the_scheme_has_no_case() {
    let server = Server::start();
    let (_, tokens, _) = tokens(&server).await;
    for scheme in ["bearer", "BEARER", "bEaReR"] {
        let header = format!("{scheme} {}", tokens.access());
        assert_eq!(with_header(&server, header.as_bytes()).await.status, 200, "{scheme}");
    }
}

#[actix_web::test]
async fn ui_08_a_token_in_the_query_is_not_looked_at() {
    let server = Server::start();
    let (_, tokens, _) = tokens(&server).await;
    let path = format!("/oauth/userinfo/?access_token={}", tokens.access());
    assert_eq!(server.get(&path).await.status, 401);
    assert_eq!(server.form(&path, "").await.status, 401);
}

#[actix_web::test]
async fn ui_09_a_token_in_two_places_or_twice_is_invalid_request() {
    let server = Server::start();
    let (_, tokens, _) = tokens(&server).await;
    let body = format!("access_token={}", tokens.access());
    let request = server
        .http
        .post(server.url("/oauth/userinfo/"))
        .header("content-type", FORM);
    let both = server
        .send(request.bearer_auth(tokens.access()).body(body.clone()))
        .await;
    let twice = server.form("/oauth/userinfo/", format!("{body}&{body}")).await;
    for answer in [both, twice] {
        assert_eq!(answer.refusal(), (400, "invalid_request".to_owned()));
        assert!(
            answer
                .header("www-authenticate")
                .expect("a challenge")
                .contains("invalid_request")
        );
    }
}

#[actix_web::test]
async fn ui_10_an_access_token_ends_with_its_lifetime() {
    let server = Server::start();
    let (client, tokens, _) = tokens(&server).await;
    server.clock.advance(Duration::from_mins(59));
    assert_eq!(Client::userinfo(&server, tokens.access()).await.status, 200);
    server.clock.advance(Duration::from_mins(2));
    assert_invalid(&Client::userinfo(&server, tokens.access()).await, "expired");
    let fresh = Tokens(client.refresh(&server, tokens.refresh()).await.json());
    assert_eq!(Client::userinfo(&server, fresh.access()).await.status, 200);
}
