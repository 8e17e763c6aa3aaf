//! When the database fails, the request fails: nothing is answered 200 that was not written (CVE-2020-15223).

use countersign::app;
use countersign::config::MasterKey;
use countersign::db::{Row, Statement};
use countersign::domain::clock::Timestamp;
use countersign::system::{SystemClock, SystemRandom};
use serde_json::json;

use crate::support::{Answer, Browser, Client, Home, MASTER_KEY, Person, Server, is_scaled};

/// From now on every write to `table` fails, as on a full disk.
fn break_table(server: &Server, table: &str) {
    if is_scaled() {
        write(
            server,
            "CREATE OR REPLACE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'broken'; END $$"
                .to_owned(),
        );
        let on = format!("ON {table} FOR EACH ROW EXECUTE FUNCTION broken()");
        write(
            server,
            format!("CREATE TRIGGER break_{table} BEFORE INSERT OR UPDATE OR DELETE {on}"),
        );
        return;
    }
    for kind in ["INSERT", "UPDATE", "DELETE"] {
        let fail = "BEGIN SELECT RAISE(FAIL, 'broken'); END";
        write(
            server,
            format!("CREATE TRIGGER break_{table}_{kind} BEFORE {kind} ON {table} {fail}"),
        );
    }
}

fn mend_table(server: &Server, table: &str) {
    if is_scaled() {
        return write(server, format!("DROP TRIGGER break_{table} ON {table}"));
    }
    for kind in ["INSERT", "UPDATE", "DELETE"] {
        write(server, format!("DROP TRIGGER break_{table}_{kind}"));
    }
}

fn write(server: &Server, sql: String) {
    server.write(Statement::new(Box::leak(sql.into_boxed_str())));
}

fn assert_failed(answer: &Answer, what: &str) {
    assert!(
        (500..600).contains(&answer.status),
        "{what}: {} {}",
        answer.status,
        answer.text
    );
    if answer.status == 503 {
        assert!(answer.header("retry-after").is_some(), "{what}");
    }
    assert!(
        !answer.text.contains("broken") && !answer.text.contains("SQL"),
        "{what}: {}",
        answer.text
    );
    assert!(answer.header("set-cookie").is_none(), "{what}");
}

#[actix_web::test]
async fn st_02_a_write_that_fails_is_never_answered_as_done() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::public(&server);
    let tokens = client.tokens(&server, &mut person).await;
    let code = client.code(&mut person, &[]).await;

    for table in [
        "sessions",
        "families",
        "revoked_tokens",
        "authorization_codes",
        "links",
        "mails",
    ] {
        break_table(&server, table);
    }
    assert_failed(
        &client.revoke(&server, tokens.refresh()).await,
        "revoking a refresh token",
    );
    assert_failed(
        &client.revoke(&server, tokens.access()).await,
        "revoking an access token",
    );
    assert_failed(&client.refresh(&server, tokens.refresh()).await, "refreshing");
    assert_failed(&client.redeem(&server, &code).await, "redeeming");
    assert_failed(
        &person.browser.post("/account/logout/", &json!({})).await,
        "signing out",
    );
    let (started, logging_in) = person.start_login().await;
    let body = Person::finish_body(&started, logging_in, None).expect("right");
    let mut fresh = person.browser.clone();
    fresh.cookies.remove("countersign-session");
    assert_failed(&fresh.post("/login/finish/", &body).await, "signing in");
    let email = json!({ "email": "eve@example.org" });
    assert_failed(&person.browser.post("/onboard/signup/", &email).await, "signing up");
    let email = json!({ "email": "ada@example.org" });
    assert_failed(
        &person.browser.post("/update/password/reset/", &email).await,
        "asking for a reset",
    );

    for table in [
        "sessions",
        "families",
        "revoked_tokens",
        "authorization_codes",
        "links",
        "mails",
    ] {
        mend_table(&server, table);
    }
    // What failed was not done, and can be done now.
    assert_eq!(person.browser.get("/account/session/").await.status, 200);
    assert_eq!(Client::userinfo(&server, tokens.access()).await.status, 200);
    assert_eq!(client.redeem(&server, &code).await.status, 200);
    assert_eq!(client.refresh(&server, tokens.refresh()).await.status, 200);
    assert_eq!(client.revoke(&server, tokens.refresh()).await.status, 200);
    assert_eq!(Client::userinfo(&server, tokens.access()).await.status, 401);
    assert_eq!(person.browser.post("/account/logout/", &json!({})).await.status, 200);
    assert_eq!(person.browser.get("/account/session/").await.status, 401);
}

#[actix_web::test]
async fn st_02_a_database_that_cannot_be_read_answers_503() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::public(&server);
    let tokens = client.tokens(&server, &mut person).await;
    for table in ["accounts", "sessions", "families", "clients", "links"] {
        write(&server, format!("ALTER TABLE {table} RENAME TO gone_{table}"));
    }
    let mut failed = vec![
        ("userinfo", Client::userinfo(&server, tokens.access()).await),
        ("refresh", client.refresh(&server, tokens.refresh()).await),
        ("revoke", client.revoke(&server, tokens.refresh()).await),
        ("authorize", person.browser.get(&client.authorize_path(&[])).await),
        ("session", person.browser.get("/account/session/").await),
        ("sign out", person.browser.post("/account/logout/", &json!({})).await),
    ];
    for email in ["ada@example.org", "eve@example.org"] {
        failed.push(("login", crate::support::steps::start_login(&server, email).await));
        let asked = Browser::new(&server)
            .post("/onboard/signup/", &json!({ "email": email }))
            .await;
        failed.push(("sign up", asked));
    }
    for (what, answer) in failed {
        assert_eq!(answer.status, 503, "{what}: {}", answer.text);
        assert_failed(&answer, what);
    }
    assert_eq!(Browser::new(&server).get("/healthz").await.status, 200);
}

/// Starts a server where another has stopped; why it does not. On a thread of its own, as a process of its own is: what
/// it held goes with it.
fn start_again(home: &Home, master_key: [u8; 32]) -> Result<(), String> {
    let mut config = home.config();
    config.master_key = MasterKey::new(master_key);
    let starting = std::thread::spawn(move || {
        let clock = std::sync::Arc::new(SystemClock::start());
        let started = app::Server::start(config, clock, std::sync::Arc::new(SystemRandom));
        let started = actix_web::rt::System::new().block_on(started);
        started.map(drop).map_err(|error| error.to_string())
    });
    starting.join().expect("does not panic")
}

/// Every row of the tables that hold keys.
async fn keys(home: &Home) -> Vec<(String, Vec<u8>)> {
    let (store, _) = home.store(Timestamp::from_millis(0)).await;
    let statement =
        Statement::new("SELECT name, sealed FROM secrets UNION ALL SELECT kid, sealed FROM rotating_keys ORDER BY 1");
    let rows = store.query(&statement).await.expect("reads");
    let key = |row: &Row| {
        let sealed = row.blob(1).expect("bytes").to_vec();
        (row.text(0).expect("a name").to_owned(), sealed)
    };
    rows.iter().map(key).collect()
}

#[actix_web::test]
async fn op_02_a_wrong_master_key_refuses_start_and_makes_no_keys() {
    let server = Server::start();
    Person::signed_up(&server, "ada@example.org").await;
    let before = keys(&server.home).await;
    let home = server.stop();
    let refused = start_again(&home, [9; 32]).expect_err("refuses");
    assert!(refused.contains("another master key"), "{refused}");
    let server = Server::start_in(home, |_| {});
    assert_eq!(keys(&server.home).await, before, "nothing was made or changed");
    Person::stranger(&server, "ada@example.org").log_in(None).await;
}

#[actix_web::test]
async fn op_02_a_damaged_or_missing_secret_refuses_start_where_there_are_accounts() {
    let damage = if is_scaled() {
        "UPDATE secrets SET sealed = substr(sealed, 1, length(sealed) - 1) || '\\x78'::bytea WHERE name = 'opaque_setup'"
    } else {
        "UPDATE secrets SET sealed = CAST(substr(sealed, 1, length(sealed) - 1) || 'x' AS BLOB) WHERE name = 'opaque_setup'"
    };
    for sql in [
        damage,
        "DELETE FROM secrets WHERE name = 'opaque_setup'",
        "DELETE FROM secrets WHERE name = 'identifier'",
        "DELETE FROM secrets",
    ] {
        let server = Server::start();
        Person::signed_up(&server, "ada@example.org").await;
        server.write(Statement::new(sql));
        let before = keys(&server.home).await;
        let home = server.stop();
        let refused = start_again(&home, MASTER_KEY).expect_err(sql);
        assert!(refused.contains("backup"), "{sql}: {refused}");
        assert_eq!(keys(&home).await, before, "{sql}: nothing was made in its place");
    }
}
