//! Connected applications: the person sees what is connected, and ends it.

use serde_json::json;

use crate::support::{Browser, Client, Person, Server};

async fn ids(person: &mut Person) -> Vec<String> {
    let answer = person.browser.get("/account/applications/").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let list = answer.json()["applications"].as_array().expect("a list").clone();
    list.iter()
        .map(|one| one["client_id"].as_str().expect("an id").to_owned())
        .collect()
}

#[actix_web::test]
async fn cn_01_a_connection_is_seen_with_what_was_allowed_and_ends_at_once_and_wholly() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let (client, other) = (Client::third_party(&server), Client::public(&server));
    person.log_in(None).await;
    assert_eq!(ids(&mut person).await, Vec::<String>::new());
    let tokens = client.tokens(&server, &mut person).await;
    let kept = other.tokens(&server, &mut person).await;
    let unspent = client.code(&mut person, &[]).await;
    let answer = person.browser.get("/account/applications/").await.json();
    let list = answer["applications"].as_array().expect("a list");
    let seen = list
        .iter()
        .find(|one| one["client_id"] == client.id.as_str())
        .expect("is there");
    assert_eq!(seen["name"], "Third Party");
    assert_eq!(seen["scope"], "email offline_access openid");
    assert!(seen["allowed_at"].is_i64() && seen["last_used_at"].is_i64(), "{seen}");
    let own = list
        .iter()
        .find(|one| one["client_id"] == other.id.as_str())
        .expect("is there");
    assert_eq!(
        (own.get("scope"), own.get("allowed_at")),
        (None, None),
        "it was never asked for"
    );

    let body = json!({ "client_id": client.id });
    assert_eq!(
        person.browser.post("/account/applications/end/", &body).await.status,
        200
    );
    assert_eq!(ids(&mut person).await, std::slice::from_ref(&other.id));
    assert_eq!(
        client.refresh(&server, tokens.refresh()).await.refusal(),
        (400, "invalid_grant".to_owned())
    );
    assert_eq!(Client::userinfo(&server, tokens.access()).await.status, 401);
    assert_eq!(
        client.redeem(&server, &unspent).await.refusal(),
        (400, "invalid_grant".to_owned())
    );
    assert_eq!(Client::userinfo(&server, kept.access()).await.status, 200);
    // It is asked for again.
    let again = person.browser.get(&client.authorize_path(&[])).await;
    assert!(again.location().starts_with("/consent/"), "{}", again.location());
    // What is not there ends like what is.
    assert_eq!(
        person.browser.post("/account/applications/end/", &body).await.status,
        200
    );
}

#[actix_web::test]
async fn cn_02_nobody_ends_or_sees_what_is_another_persons() {
    let server = Server::start();
    let mut ada = Person::signed_up(&server, "ada@example.org").await;
    let mut bob = Person::signed_up(&server, "bob@example.org").await;
    let client = Client::third_party(&server);
    let tokens = client.tokens(&server, &mut ada).await;
    bob.log_in(None).await;
    assert_eq!(ids(&mut bob).await, Vec::<String>::new());
    let body = json!({ "client_id": client.id });
    assert_eq!(bob.browser.post("/account/applications/end/", &body).await.status, 200);
    let mut nobody = Browser::new(&server);
    assert_eq!(
        nobody.get("/account/applications/").await.problem(),
        "invalid-credentials"
    );
    assert_eq!(
        nobody.post("/account/applications/end/", &body).await.problem(),
        "invalid-credentials"
    );
    let foreign = server
        .http
        .post(server.url("/account/applications/end/"))
        .header("origin", "https://evil.example")
        .json(&body);
    assert_eq!(ada.browser.send(foreign).await.problem(), "forbidden-origin");
    assert_eq!(Client::userinfo(&server, tokens.access()).await.status, 200);
}
