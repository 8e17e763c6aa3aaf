//! Clients that an administrator limits to people who hold a scope: looked at when a code is given, when it is redeemed,
//! and again at each refresh.

use countersign::db::accounts;
use serde_json::json;

use crate::support::{Client, Person, Server, Tokens};

async fn account_id(server: &Server, person: &mut Person) -> String {
    let open = Client::public(server);
    let tokens = open.tokens(server, person).await;
    Tokens::claims(tokens.access())["sub"]
        .as_str()
        .expect("a subject")
        .to_owned()
}

fn limited(server: &Server) -> Client {
    Client::register(
        server,
        json!({ "first_party": true, "require_pkce": true, "required_scope": "staff" }),
    )
}

#[actix_web::test]
async fn rf_03_who_loses_the_scope_signs_in_no_more_and_refreshes_no_more() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let id = account_id(&server, &mut person).await;
    let client = limited(&server);
    let refused = person.browser.get(&client.authorize_path(&[])).await;
    assert_eq!(refused.told_error(&client, &server), "access_denied");

    let now = countersign::domain::clock::Timestamp::from_secs(server.now());
    server.write(accounts::add_scope(&id, "staff", now));
    let tokens = client.tokens(&server, &mut person).await;
    let tokens = Tokens(client.refresh(&server, tokens.refresh()).await.json());
    let code = client.code(&mut person, &[]).await;

    server.write(accounts::remove_scope(&id, "staff"));
    assert_eq!(
        client.redeem(&server, &code).await.refusal(),
        (400, "invalid_grant".to_owned())
    );
    assert_eq!(
        client.refresh(&server, tokens.refresh()).await.refusal(),
        (400, "invalid_grant".to_owned())
    );
    let refused = person.browser.get(&client.authorize_path(&[])).await;
    assert_eq!(refused.told_error(&client, &server), "access_denied");
    // It is the person who was refused, not the token: it works again with the scope.
    server.write(accounts::add_scope(&id, "staff", now));
    assert_eq!(client.refresh(&server, tokens.refresh()).await.status, 200);
}

#[actix_web::test]
async fn a_device_is_connected_by_who_holds_the_scope_alone() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let id = account_id(&server, &mut person).await;
    let grant = "urn:ietf:params:oauth:grant-type:device_code";
    let client = Client::register(&server, json!({ "grant_types": [grant], "required_scope": "staff" }));
    let begun = client
        .post(&server, "/oauth/device/", &[("scope", "openid")])
        .await
        .json();
    let body = json!({ "user_code": begun["user_code"], "decision": "allow" });
    let refused = person.browser.post("/oauth/device/decide/", &body).await;
    assert_eq!((refused.status, refused.problem().as_str()), (403, "not-admitted"));
    let now = countersign::domain::clock::Timestamp::from_secs(server.now());
    server.write(accounts::add_scope(&id, "staff", now));
    assert_eq!(person.browser.post("/oauth/device/decide/", &body).await.status, 200);
    let code = begun["device_code"].as_str().expect("a code");
    let form = [("grant_type", grant), ("device_code", code)];
    assert_eq!(client.post(&server, "/oauth/token/", &form).await.status, 200);
}
