//! Logout at the wish of a client (OIDC RP-Initiated Logout): who may end a session, and where the browser may go then.

use serde_json::json;

use crate::support::{Answer, Browser, Client, Person, Server, Tokens, jwt, query_of};

fn bye(client: &Client) -> String {
    format!("{}/bye", client.redirect_uri)
}

async fn logout(browser: &mut Browser, parameters: &[(&str, &str)]) -> Answer {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish();
    browser.get(&format!("/oauth/logout/?{query}")).await
}

async fn is_signed_in(browser: &Browser) -> bool {
    browser.clone().get("/account/session/").await.status == 200
}

/// The person is asked; says yes; the `next` step.
async fn confirm(browser: &mut Browser, asked: &Answer) -> String {
    assert_eq!(asked.status, 303, "{}", asked.text);
    let id = asked
        .location()
        .strip_prefix("/logout/?logout_id=")
        .expect("the question")
        .to_owned();
    assert!(is_signed_in(browser).await, "nobody was asked yet");
    let answer = browser
        .post("/oauth/logout/confirm/", &json!({ "logout_id": id }))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert!(!is_signed_in(browser).await);
    let again = browser
        .post("/oauth/logout/confirm/", &json!({ "logout_id": id }))
        .await;
    assert_eq!((again.status, again.problem().as_str()), (410, "expired"));
    answer.json()["next"].as_str().expect("next").to_owned()
}

async fn signed_in(server: &Server) -> (Person, Client, Tokens) {
    let mut person = Person::signed_up(server, "ada@example.org").await;
    let client = Client::public(server);
    let tokens = client.tokens(server, &mut person).await;
    (person, client, tokens)
}

#[actix_web::test]
async fn lo_01_lo_02_a_hint_of_this_session_goes_back_with_exactly_state_and_the_session_is_over() {
    let server = Server::start();
    let (mut person, client, tokens) = signed_in(&server).await;
    let uri = bye(&client);
    let parameters = [
        ("id_token_hint", tokens.id()),
        ("post_logout_redirect_uri", &uri),
        ("state", "a b&c"),
    ];
    let answer = logout(&mut person.browser, &parameters).await;
    assert_eq!(
        (answer.status, answer.location()),
        (303, format!("{uri}?state=a%20b%26c").as_str())
    );
    assert_eq!(query_of(answer.location()).len(), 1);
    let silent = person.browser.get(&client.authorize_path(&[("prompt", "none")])).await;
    assert_eq!(silent.told_error(&client, &server), "login_required");
}

#[actix_web::test]
async fn lo_03_cookies_kept_from_before_are_dead_on_the_server() {
    let server = Server::start();
    let (mut person, client, tokens) = signed_in(&server).await;
    let mut kept = person.browser.clone();
    let code = client.code(&mut person, &[]).await;
    assert!(is_signed_in(&kept).await);
    logout(&mut person.browser, &[("id_token_hint", tokens.id())]).await;
    assert!(!is_signed_in(&kept).await);
    let silent = kept.get(&client.authorize_path(&[("prompt", "none")])).await;
    assert_eq!(silent.told_error(&client, &server), "login_required");
    assert_eq!(client.redeem(&server, &code).await.error(), "invalid_grant");
    let server = server.restart();
    let mut after = Browser::new(&server);
    after.cookies = kept.cookies;
    assert!(!is_signed_in(&after).await);
}

#[actix_web::test]
async fn lo_03_families_end_with_the_session_but_for_those_with_offline_access() {
    let server = Server::start();
    let (mut person, client, offline) = signed_in(&server).await;
    let code = client.code(&mut person, &[("scope", "openid")]).await;
    let online = Tokens(client.redeem(&server, &code).await.json());
    logout(&mut person.browser, &[("id_token_hint", offline.id())]).await;
    assert_eq!(client.refresh(&server, online.refresh()).await.error(), "invalid_grant");
    assert_eq!(Client::userinfo(&server, online.access()).await.status, 401);
    assert_eq!(client.refresh(&server, offline.refresh()).await.status, 200);
}

#[actix_web::test]
async fn lo_04_without_state_the_uri_is_left_as_it_is() {
    let server = Server::start();
    let (mut person, client, tokens) = signed_in(&server).await;
    let uri = bye(&client);
    let parameters = [
        ("id_token_hint", tokens.id()),
        ("post_logout_redirect_uri", &uri),
        ("client_id", &client.id),
    ];
    assert_eq!(logout(&mut person.browser, &parameters).await.location(), uri);
}

#[actix_web::test]
async fn lo_05_a_bad_uri_is_shown_and_ends_nothing() {
    let server = Server::start();
    let (mut person, client, tokens) = signed_in(&server).await;
    let right = bye(&client);
    for bad in [
        &format!("{right}?x=1"),
        &format!("{right}/"),
        &right.to_uppercase(),
        &right.replace("localhost", "127.0.0.1"),
        &client.redirect_uri,
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
    ] {
        for others in [
            vec![("id_token_hint", tokens.id())],
            vec![("client_id", client.id.as_str())],
        ] {
            let mut parameters = others;
            parameters.push(("post_logout_redirect_uri", bad));
            logout(&mut person.browser, &parameters).await.assert_shown(bad);
        }
    }
    assert!(is_signed_in(&person.browser).await);
}

#[actix_web::test]
async fn lo_06_lo_07_a_hint_that_is_not_ours_asks_and_never_goes_back() {
    let server = Server::start();
    let (mut person, client, tokens) = signed_in(&server).await;
    let (uri, claims) = (bye(&client), Tokens::claims(tokens.id()));
    let none = format!("{}.", jwt::unsigned(&json!({ "alg": "none", "typ": "JWT" }), &claims));
    let (message, signature) = tokens.id().rsplit_once('.').expect("a signature");
    let reversed: String = signature.chars().rev().collect();
    let stranger = format!("{message}.{reversed}");
    for hint in [none.as_str(), &stranger, message, tokens.access(), "rubbish"] {
        for client_id in [None, Some(client.id.as_str())] {
            let mut parameters = vec![
                ("id_token_hint", hint),
                ("post_logout_redirect_uri", &uri),
                ("state", "s"),
            ];
            parameters.extend(client_id.map(|id| ("client_id", id)));
            let asked = logout(&mut person.browser, &parameters).await;
            assert_eq!(confirm(&mut person.browser, &asked).await, "/signed-out/", "{hint}");
            // Nor with nobody signed in.
            let answer = logout(&mut person.browser, &parameters).await;
            assert_eq!(answer.location(), "/signed-out/", "{hint}");
            person.log_in(None).await;
        }
    }
}

#[actix_web::test]
async fn lo_08_to_lo_11_without_a_hint_a_bare_link_logs_nobody_out_but_the_person_may() {
    let server = Server::start();
    let (mut person, client, tokens) = signed_in(&server).await;
    let uri = bye(&client);
    for parameters in [
        &[][..],
        &[("state", "s")],
        &[("client_id", &client.id)],
        &[("post_logout_redirect_uri", &uri)],
        &[("post_logout_redirect_uri", &uri), ("state", "s")],
        &[("unknown", "x"), ("ui_locales", "de"), ("logout_hint", "ada")],
    ] {
        let asked = logout(&mut person.browser, parameters).await;
        assert!(is_signed_in(&person.browser).await, "{parameters:?}");
        assert_eq!(
            confirm(&mut person.browser, &asked).await,
            "/signed-out/",
            "{parameters:?}"
        );
        person.log_in(None).await;
    }
    // A client that names itself gets the browser back, after the person said yes.
    let asked = logout(
        &mut person.browser,
        &[("client_id", &client.id), ("post_logout_redirect_uri", &uri)],
    )
    .await;
    assert_eq!(confirm(&mut person.browser, &asked).await, uri);
    // The hint names the session it was made in, and that one is over: the new one is asked about.
    person.log_in(None).await;
    let asked = logout(&mut person.browser, &[("id_token_hint", tokens.id())]).await;
    confirm(&mut person.browser, &asked).await;
}

#[actix_web::test]
async fn lo_08b_the_question_belongs_to_one_browser_and_one_origin() {
    let server = Server::start();
    let (mut person, _, _) = signed_in(&server).await;
    let asked = logout(&mut person.browser, &[]).await;
    let id = asked
        .location()
        .strip_prefix("/logout/?logout_id=")
        .expect("the question")
        .to_owned();
    let mut thief = Browser::new(&server);
    thief.cookies.insert("countersign-browser".to_owned(), "A".repeat(43));
    let answer = thief.post("/oauth/logout/confirm/", &json!({ "logout_id": id })).await;
    assert_eq!(answer.status, 410, "{}", answer.text);
    let asked = logout(&mut person.browser, &[]).await;
    let id = asked
        .location()
        .strip_prefix("/logout/?logout_id=")
        .expect("the question")
        .to_owned();
    let request = server.http.post(server.url("/oauth/logout/confirm/"));
    let request = request
        .header("origin", "https://evil.example")
        .json(&json!({ "logout_id": id }));
    assert_eq!(person.browser.send(request).await.problem(), "forbidden-origin");
    assert!(is_signed_in(&person.browser).await);
}

#[actix_web::test]
async fn lo_12_the_hint_must_be_made_for_the_client_that_asks() {
    let server = Server::start();
    let (mut person, client, tokens) = signed_in(&server).await;
    let other = Client::public(&server);
    for uri in [bye(&client), bye(&other)] {
        let parameters = [
            ("id_token_hint", tokens.id()),
            ("client_id", &other.id),
            ("post_logout_redirect_uri", &uri),
        ];
        logout(&mut person.browser, &parameters)
            .await
            .assert_shown("another client");
    }
    logout(&mut person.browser, &[("client_id", "nobody")])
        .await
        .assert_shown("unknown client");
    assert!(is_signed_in(&person.browser).await);
}

#[actix_web::test]
async fn lo_13_a_post_does_the_same_once_cookies_are_there_and_an_expired_hint_is_fine() {
    let server = Server::start();
    let (mut person, client, tokens) = signed_in(&server).await;
    server.clock.advance(std::time::Duration::from_hours(2));
    let uri = bye(&client);
    let form = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("id_token_hint", tokens.id()), ("post_logout_redirect_uri", &uri)])
        .finish();
    let stored = server.form("/oauth/logout/", form).await;
    assert_eq!((stored.status, stored.header("set-cookie")), (303, None));
    assert!(is_signed_in(&person.browser).await);
    assert_eq!(person.browser.get(stored.location()).await.location(), uri);
    assert!(!is_signed_in(&person.browser).await);
    for twice in ["state=a&state=b", "id_token_hint=a&id_token_hint=b"] {
        server.get(&format!("/oauth/logout/?{twice}")).await.assert_shown(twice);
    }
}
