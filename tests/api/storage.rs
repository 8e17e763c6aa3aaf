//! When the database fails, the request fails: nothing is answered 200 that was not written (CVE-2020-15223).

use countersign::app;
use countersign::config::{Config, Connections, DatabaseUrl, Dev, MasterKey, Mode};
use countersign::db::store::Migrate;
use countersign::db::{Row, Statement, Store};
use countersign::domain::clock::Timestamp;
use countersign::system::{SystemClock, SystemRandom};
use futures_util::FutureExt as _;
use serde_json::json;

use crate::support::{Answer, Browser, Client, MASTER_KEY, Person, Server};

/// From now on every write to `table` fails, as on a full disk.
fn break_table(server: &Server, table: &str) {
    for kind in ["INSERT", "UPDATE", "DELETE"] {
        let sql = format!(
            "CREATE TRIGGER break_{table}_{kind} BEFORE {kind} ON {table} BEGIN SELECT RAISE(FAIL, 'broken'); END"
        );
        server.write(Statement::new(Box::leak(sql.into_boxed_str())));
    }
}

fn mend_table(server: &Server, table: &str) {
    for kind in ["INSERT", "UPDATE", "DELETE"] {
        let sql = format!("DROP TRIGGER break_{table}_{kind}");
        server.write(Statement::new(Box::leak(sql.into_boxed_str())));
    }
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
        let sql = format!("ALTER TABLE {table} RENAME TO gone_{table}");
        server.write(Statement::new(Box::leak(sql.into_boxed_str())));
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

/// Starts a server on the data of another that has stopped; why it does not.
async fn start_again(folder: &tempfile::TempDir, master_key: [u8; 32]) -> Result<(), String> {
    let dev = Dev {
        listen: "127.0.0.1:0".parse().expect("an address"),
        data_dir: folder.path(),
        issuer: None,
    };
    let none = std::iter::empty::<(String, String)>();
    let master_key = MasterKey::new(master_key);
    let mut config = Config::dev(dev, &master_key, none).expect("a configuration");
    config.master_key = master_key;
    let clock = std::sync::Arc::new(SystemClock::start());
    match app::Server::start(config, clock, std::sync::Arc::new(SystemRandom)).await {
        Ok(_) => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}

/// Every row of the tables that hold keys.
fn keys_in(folder: &tempfile::TempDir) -> Vec<String> {
    let url = DatabaseUrl::SqliteFile(folder.path().join("countersign.db"));
    let epoch = Timestamp::from_millis(0);
    let opened = Store::open(&url, Connections::default(), Mode::Dev, Migrate::Never, epoch).now_or_never();
    let (store, _) = opened.expect("does not wait").expect("the database opens");
    let statement = Statement::new(
        "SELECT name, hex(sealed) FROM secrets UNION ALL SELECT kid, hex(sealed) FROM rotating_keys ORDER BY 1",
    );
    let rows = store
        .query(&statement)
        .now_or_never()
        .expect("does not wait")
        .expect("reads");
    let name = |row: &Row| format!("{} {}", row.text(0).expect("a name"), row.text(1).expect("text"));
    rows.iter().map(name).collect()
}

fn keys(server: &Server) -> Vec<String> {
    keys_in(&server.folder)
}

#[actix_web::test]
async fn op_02_a_wrong_master_key_refuses_start_and_makes_no_keys() {
    let server = Server::start();
    Person::signed_up(&server, "ada@example.org").await;
    let before = keys(&server);
    let folder = server.stop();
    let refused = start_again(&folder, [9; 32]).await.expect_err("refuses");
    assert!(refused.contains("another master key"), "{refused}");
    let server = Server::start_in(folder, |_| {});
    assert_eq!(keys(&server), before, "nothing was made or changed");
    Person::stranger(&server, "ada@example.org").log_in(None).await;
}

#[actix_web::test]
async fn op_02_a_damaged_or_missing_secret_refuses_start_where_there_are_accounts() {
    for sql in [
        "UPDATE secrets SET sealed = CAST(substr(sealed, 1, length(sealed) - 1) || 'x' AS BLOB) WHERE name = 'opaque_setup'",
        "DELETE FROM secrets WHERE name = 'opaque_setup'",
        "DELETE FROM secrets WHERE name = 'identifier'",
        "DELETE FROM secrets",
    ] {
        let server = Server::start();
        Person::signed_up(&server, "ada@example.org").await;
        server.write(Statement::new(sql));
        let before = keys(&server);
        let folder = server.stop();
        let refused = start_again(&folder, MASTER_KEY).await.expect_err(sql);
        assert!(refused.contains("backup"), "{sql}: {refused}");
        assert_eq!(keys_in(&folder), before, "{sql}: nothing was made in its place");
    }
}
