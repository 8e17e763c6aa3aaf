//! `user`.

use serde_json::Value;

use crate::support::Deployment;

#[test]
fn accounts_are_made_listed_closed_and_opened() {
    let deployment = Deployment::migrated();
    deployment.add_ann();
    for name in ["bob", "cyd"] {
        let email = format!("{name}@example.org");
        deployment
            .run_with(&["user", "add", &email, "--password-stdin"], b"p")
            .json();
    }
    let page = deployment.run(&["user", "list", "--limit", "2"]).json();
    assert_eq!(page["users"][0]["email"], "ann@example.org");
    assert_eq!(page["next_after"], "bob@example.org");
    let page = deployment.run(&["user", "list", "--after", "bob@example.org"]).json();
    assert_eq!(
        (&page["users"][0]["email"], &page["next_after"]),
        (&"cyd@example.org".into(), &Value::Null)
    );

    let scope = |arguments: &[&str]| deployment.run(&[&["user", "scope", "ann@example.org"], arguments].concat());
    assert_eq!(
        scope(&["--add", "admin", "--add", "b"]).json()["scopes"],
        serde_json::json!(["admin", "b"])
    );
    assert_eq!(scope(&["--remove", "b"]).json()["scopes"], serde_json::json!(["admin"]));
    scope(&["--add", "x", "--remove", "x"]).refused(&["--add", "--remove"]);
    scope(&["--add", "two words"]).refused(&["is not a scope"]);
    assert_eq!(scope(&[]).json()["scopes"], serde_json::json!(["admin"]));

    for (verb, status) in [("disable", "disabled"), ("enable", "active")] {
        assert_eq!(
            deployment.run(&["user", verb, "ANN@example.org"]).json()["status"],
            status
        );
        assert_eq!(deployment.run(&["user", "list"]).json()["users"][0]["status"], status);
        deployment
            .run(&["user", verb, "dan@example.org"])
            .refused(&["no account for dan@example.org"]);
    }
}

#[test]
fn closing_an_account_ends_what_it_was_given() {
    let deployment = Deployment::migrated();
    deployment.add_ann();
    deployment
        .run(&[
            "client",
            "add",
            "--id",
            "shop",
            "--redirect-uri",
            "https://shop.example.org/",
        ])
        .json();
    let connection = rusqlite::Connection::open(deployment.path("c.db")).expect("opens");
    connection
        .execute_batch(
            "INSERT INTO sessions SELECT x'01', 's', id, x'02', x'03', NULL, 1, 9e15, 9e15, NULL FROM accounts;
             INSERT INTO families SELECT 'f', 'shop', id, 's', '', 1, 1, 1, 9e15, 9e15, NULL, 1 FROM accounts;
             INSERT INTO authorization_codes SELECT x'04', x'05', 'shop', id, 's', '{}', 9e15, NULL, NULL FROM accounts;
             INSERT INTO links SELECT x'06', 'reset-password', identifier, email, id, 1, 9e15, NULL FROM accounts;",
        )
        .expect("inserts");
    let count = |sql: &str| {
        connection
            .query_row(sql, [], |row| row.get::<_, i64>(0))
            .expect("counts")
    };
    let alive = || {
        count(
            "SELECT (SELECT COUNT(*) FROM sessions WHERE ended_at IS NULL)
             + (SELECT COUNT(*) FROM families WHERE ended_at IS NULL)
             + (SELECT COUNT(*) FROM authorization_codes)
             + (SELECT COUNT(*) FROM links WHERE spent_at IS NULL)",
        )
    };
    assert_eq!(alive(), 4);
    deployment.run(&["user", "disable", "ann@example.org"]).json();
    assert_eq!(alive(), 0);
}

#[test]
fn a_bad_address_or_password_makes_no_account() {
    let deployment = Deployment::migrated();
    deployment.add_ann();
    let add = |email: &str, password: &[u8]| deployment.run_with(&["user", "add", email, "--password-stdin"], password);
    add("ann", b"p").refused(&["name@example.org"]);
    add("", b"p").refused(&["empty"]);
    add("bob@example.org", b"").refused(&["password", "empty"]);
    add("bob@example.org", b"\n").refused(&["password", "empty"]);
    add("bob@example.org", b"one\ntwo\n").refused(&["more than one line"]);
    add("bob@example.org", b"\xff").refused(&["UTF-8"]);
    add("bob@example.org", &b"a".repeat(70_000)).refused(&["65535"]);
    add("ANN@example.org", b"another").refused(&["ann@example.org", "already"]);
    deployment
        .run(&["user", "add", "bob@example.org"])
        .refused(&["--password-stdin"]);
    assert_eq!(deployment.dump("accounts").len(), 1);
}
