//! The main job from end to end: sign up by mail, sign in, tokens, userinfo, refresh, sign out.

use serde_json::json;

use crate::support::{Client, Person, Server, Tokens, query_of};

#[actix_web::test]
async fn somebody_signs_up_signs_in_and_the_client_gets_tokens_that_work() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::third_party(&server);

    let location = client.sign_in(&mut person, &[]).await;
    assert!(location.starts_with(&client.redirect_uri), "{location}");
    let query = query_of(&location);
    assert_eq!(query["state"], "the-state");
    assert_eq!(query["iss"], server.issuer);

    let answer = client.redeem(&server, &query["code"]).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let tokens = Tokens(answer.json());
    let id = Tokens::claims(tokens.id());
    assert_eq!(id["iss"], server.issuer.as_str());
    assert_eq!(id["aud"], client.id.as_str());
    assert_eq!(id["nonce"], "the-nonce");

    let userinfo = Client::userinfo(&server, tokens.access()).await;
    assert_eq!(userinfo.status, 200, "{}", userinfo.text);
    assert_eq!(userinfo.json()["email"], "ada@example.org");
    assert_eq!(userinfo.json()["sub"], id["sub"]);

    let refreshed = client.refresh(&server, tokens.refresh()).await;
    assert_eq!(refreshed.status, 200, "{}", refreshed.text);
    assert_eq!(Tokens::claims(Tokens(refreshed.json()).id())["sub"], id["sub"]);
}

#[actix_web::test]
async fn a_second_application_does_not_ask_again() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    Client::public(&server).tokens(&server, &mut person).await;
    let second = Client::public(&server);
    let answer = person.browser.get(&second.authorize_path(&[])).await;
    assert!(
        answer.location().starts_with(&second.redirect_uri),
        "{}",
        answer.location()
    );
}

#[actix_web::test]
async fn a_wrong_password_is_seen_by_the_client_and_a_forged_ke3_by_the_server() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    person.password = "wrong".to_owned();
    let (started, logging_in) = person.start_login().await;
    assert!(Person::finish_body(&started, logging_in, None).is_none());
    let forged = json!({ "auth_id": started["auth_id"], "client_request": "A".repeat(86) });
    let answer = person.browser.post("/login/finish/", &forged).await;
    assert_eq!((answer.status, answer.problem().as_str()), (401, "invalid-credentials"));
}

#[actix_web::test]
async fn a_reset_password_counts_and_ends_what_the_old_one_opened() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::public(&server);
    let tokens = client.tokens(&server, &mut person).await;

    let asked = person
        .browser
        .post("/update/password/reset/", &json!({ "email": person.email }))
        .await;
    assert_eq!(asked.status, 200);
    let token = person.mailed_token(&server, "/reset/").await;
    person.password = "a new password".to_owned();
    let reset = person.reset(&token).await;
    assert_eq!(reset.status, 200, "{}", reset.text);

    assert_eq!(Client::userinfo(&server, tokens.access()).await.status, 401);
    assert_eq!(client.refresh(&server, tokens.refresh()).await.status, 400);
    assert_eq!(person.browser.get("/account/session/").await.status, 401);
    person.log_in(None).await;
    assert_eq!(person.browser.get("/account/session/").await.status, 200);
    assert_eq!(person.reset(&token).await.status, 410);
}
