//! What was checked when somebody signed in is checked again at every later step, and counts at once.

use std::time::Duration;

use countersign::db::{Statement, clients};
use countersign::domain::clock::Clock as _;
use countersign::domain::oauth::client::ClientId;
use countersign::domain::oauth::scope::ScopeSet;

use crate::support::{Client, Person, Server, Tokens};

struct Held {
    code: String,
    tokens: Tokens,
}

async fn held(server: &Server, client: &Client, person: &mut Person) -> Held {
    let tokens = client.tokens(server, person).await;
    let code = client.code(person, &[]).await;
    Held { code, tokens }
}

/// Nothing that was given before may be used.
async fn assert_nothing_works(server: &Server, client: &Client, held: &Held, error: (u16, &str)) {
    let error = (error.0, error.1.to_owned());
    assert_eq!(client.redeem(server, &held.code).await.refusal(), error);
    assert_eq!(client.refresh(server, held.tokens.refresh()).await.refusal(), error);
    assert_eq!(Client::userinfo(server, held.tokens.access()).await.status, 401);
}

/// A record that another process changed is noticed within this time.
const NOTICED: Duration = Duration::from_secs(1);

#[actix_web::test]
async fn rf_03_a_disabled_account_gets_nothing_more() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::public(&server);
    let held = held(&server, &client, &mut person).await;
    let set = |status: &str| {
        server.write(
            Statement::new("UPDATE accounts SET status = $1 WHERE email = $2")
                .bind(status)
                .bind("ada@example.org"),
        );
    };
    set("disabled");
    assert_nothing_works(&server, &client, &held, (400, "invalid_grant")).await;
    assert_eq!(person.browser.get("/account/session/").await.status, 401);
    let silent = person.browser.get(&client.authorize_path(&[("prompt", "none")])).await;
    assert_eq!(silent.told_error(&client, &server), "login_required");
    let (started, logging_in) = person.start_login().await;
    if let Some(body) = Person::finish_body(&started, logging_in, None) {
        let answer = person.browser.post("/login/finish/", &body).await;
        assert_eq!((answer.status, answer.problem().as_str()), (401, "invalid-credentials"));
    }
    // The refusals ended nothing: the account may be let in again.
    set("active");
    assert_eq!(client.refresh(&server, held.tokens.refresh()).await.status, 200);
}

#[actix_web::test]
async fn rf_03_a_client_that_was_removed_gets_nothing_more() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::confidential(&server);
    let held = held(&server, &client, &mut person).await;
    server.write(clients::remove(&ClientId::parse(&client.id).expect("an id")));
    server.clock.advance(NOTICED);
    assert_nothing_works(&server, &client, &held, (401, "invalid_client")).await;
    person
        .browser
        .get(&client.authorize_path(&[]))
        .await
        .assert_shown("a client that is gone");
    // Nor does a flow that was open go on.
    let other = Client::public(&server);
    let mut stranger = Person::stranger(&server, "bob@example.org");
    let login = stranger.browser.get(&other.authorize_path(&[])).await;
    let callback = login.location().replace("/login/", "/oauth/callback/");
    server.write(clients::remove(&ClientId::parse(&other.id).expect("an id")));
    server.clock.advance(NOTICED);
    stranger
        .browser
        .get(&callback)
        .await
        .assert_shown("a client that went meanwhile");
}

#[actix_web::test]
async fn rf_03_what_was_given_before_not_before_is_void_and_what_comes_after_is_not() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::public(&server);
    let before = held(&server, &client, &mut person).await;
    server.clock.advance(Duration::from_secs(2));
    let moment = server.clock.now().as_millis();
    server.write(
        Statement::new("UPDATE clients SET not_before = $1 WHERE id = $2")
            .bind(moment)
            .bind(client.id.as_str()),
    );
    server.clock.advance(Duration::from_secs(2));
    assert_nothing_works(&server, &client, &before, (400, "invalid_grant")).await;
    let after = client.tokens(&server, &mut person).await;
    assert_eq!(Client::userinfo(&server, after.access()).await.status, 200);
    assert_eq!(client.refresh(&server, after.refresh()).await.status, 200);
}

#[actix_web::test]
async fn rf_03_a_client_that_may_ask_for_less_is_given_less_at_the_next_refresh() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::public(&server);
    let tokens = client.tokens(&server, &mut person).await;
    let (store, _connection) = server.store().await;
    let id = ClientId::parse(&client.id).expect("an id");
    let row = store
        .query_one(&clients::by_id(&id))
        .await
        .expect("reads")
        .expect("a client");
    let mut record = clients::read(&row).expect("a record");
    record.scopes = ScopeSet::of(["openid"]);
    server.write(clients::put(&record, server.clock.now()).expect("a statement"));
    server.clock.advance(NOTICED);
    let wider = client.refresh_scope(&server, tokens.refresh(), "openid email").await;
    assert_eq!(wider.error(), "invalid_scope");
    let less = Tokens(client.refresh(&server, tokens.refresh()).await.json());
    assert_eq!(less.0["scope"], "openid");
    let userinfo = Client::userinfo(&server, less.access()).await.json();
    assert_eq!(userinfo.get("email"), None);
    // A grant that was taken away altogether.
    record
        .grant_types
        .retain(|grant| grant.as_str() == "authorization_code");
    server.write(clients::put(&record, server.clock.now()).expect("a statement"));
    server.clock.advance(NOTICED);
    assert_eq!(
        client.refresh(&server, less.refresh()).await.error(),
        "unauthorized_client"
    );
}
