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

    assert_eq!(
        scope(&["--remove", "admin", "--force"]).json()["scopes"],
        serde_json::json!([])
    );
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
fn the_last_administrator_goes_only_by_force() {
    let deployment = Deployment::migrated();
    deployment.add_ann();
    deployment
        .run_with(&["user", "add", "bob@example.org", "--password-stdin"], b"p")
        .json();
    let scope = |email: &str, more: &[&str]| deployment.run(&[&["user", "scope", email], more].concat());
    let words = ["last administrator", "nothing was changed", "--force"];
    scope("ann@example.org", &["--add", "admin"]).json();
    scope("ann@example.org", &["--remove", "admin", "--add", "x"]).refused(&words);
    deployment.run(&["user", "disable", "ann@example.org"]).refused(&words);
    assert_eq!(
        scope("ann@example.org", &[]).json()["scopes"],
        serde_json::json!(["admin"])
    );
    assert_eq!(deployment.run(&["user", "list"]).json()["users"][0]["status"], "active");

    // Whoever is closed administrates nothing.
    scope("bob@example.org", &["--add", "admin"]).json();
    deployment.run(&["user", "disable", "bob@example.org"]).json();
    deployment.run(&["user", "disable", "ann@example.org"]).refused(&words);
    deployment.run(&["user", "enable", "bob@example.org"]).json();
    deployment.run(&["user", "disable", "ann@example.org"]).json();
    scope("bob@example.org", &["--remove", "admin"]).refused(&words);
    // Taking the role from a closed account takes no administrator away.
    scope("ann@example.org", &["--remove", "admin"]).json();
    deployment
        .run(&["user", "disable", "bob@example.org", "--force"])
        .json();
    scope("bob@example.org", &["--remove", "admin", "--force"]).json();
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
            "INSERT INTO sessions SELECT x'01', 's', id, x'02', x'03', NULL, 1, 9e15, 9e15, NULL, NULL FROM accounts;
             INSERT INTO families (id, client_id, account_id, sid, scope, authenticated_at, sequence, rotated_at,
                 idle_expires_at, expires_at, created_at)
                 SELECT 'f', 'shop', id, 's', '', 1, 1, 1, 9e15, 9e15, 1 FROM accounts;
             INSERT INTO authorization_codes (code_hash, flow_hash, client_id, account_id, sid, binding, expires_at)
                 SELECT x'04', x'05', 'shop', id, 's', '{}', 9e15 FROM accounts;
             INSERT INTO links SELECT x'06', 'reset-password', identifier, email, id, NULL, 1, 9e15, NULL FROM accounts;",
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

#[test]
fn a_table_of_people_is_invited_once_and_told_what_does_not_fit() {
    let deployment = Deployment::migrated();
    deployment.add_ann();
    let table = deployment.write(
        "people.csv",
        "\u{feff}Email;Given name;Joined;Membership number\r\n\
         bob@example.org;Bob;2020-09-01;1\r\n\
         ann@example.org;Ann;;\r\n\
         BOB@example.org;Bob;;\r\n\
         nobody;;;\r\n\
         cem@example.org;Cem;2020-02-30;\r\n\
         dee@example.org;Dee\r\n\
         eve@example.org;Eve;;1\r\n",
    );
    let path = table.display().to_string();
    let import = |more: &[&str]| deployment.run(&[&["user", "import", &path], more].concat());
    let config = deployment.config("https://id.example.org", "c.db");
    deployment.write("c.toml", &format!("{config}define.onboarding = \"closed\"\n"));
    import(&[]).refused(&["define.onboarding"]);
    deployment.write("c.toml", &format!("{config}define.onboarding = \"invite\"\n"));

    let dry = import(&["--dry-run"]).json();
    assert_eq!((&dry["invited"], &dry["already"]), (&2.into(), &1.into()), "{dry}");
    let first = import(&[]).json();
    assert_eq!(
        (&first["invited"], &first["already"]),
        (&1.into(), &1.into()),
        "{first}"
    );
    let lines: Vec<_> = first["refused"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|refusal| refusal["line"].clone())
        .collect();
    assert_eq!(lines, [4, 5, 6, 7, 8], "{first}");
    let second = import(&[]).json();
    assert_eq!(
        (&second["invited"], &second["already"]),
        (&0.into(), &2.into()),
        "run twice without harm"
    );
    assert_eq!(second["refused"], first["refused"]);
    deployment
        .run(&["user", "import", "/nowhere.csv"])
        .refused(&["cannot be read"]);
}

#[test]
fn mails_are_shown_in_both_languages_and_with_the_operators_own_texts() {
    let deployment = Deployment::migrated();
    let names = deployment.run(&["mail", "preview"]).json();
    assert!(names.as_array().expect("a list").contains(&"welcome".into()), "{names}");
    for name in names.as_array().expect("a list") {
        let name = name.as_str().expect("text");
        for language in ["en", "nl"] {
            let mail = deployment
                .run(&["mail", "preview", name, "--language", language])
                .json();
            for part in ["subject", "text", "html"] {
                assert!(
                    !mail[part].as_str().expect("text").contains("{{"),
                    "{name} {language} {part}"
                );
            }
        }
    }
    deployment
        .run(&["mail", "preview", "wellcome"])
        .refused(&["wellcome", "lists"]);

    std::fs::create_dir_all(deployment.path("mail/nl")).expect("is made");
    deployment.write("mail/nl/welcome.txt", "Subject: Dag\n\nKom binnen: {{login_url}}\n");
    let config = deployment.config("https://id.example.org", "c.db");
    let texts = deployment.path("mail").display().to_string();
    deployment.write("c.toml", &format!("{config}mail.texts = \"{texts}\"\n"));
    let mail = deployment
        .run(&["mail", "preview", "welcome", "--language", "nl"])
        .json();
    assert_eq!(mail["subject"], "Dag");
    deployment.write("mail/nl/welcome.txt", "Subject: Dag\n\n{{password}}\n");
    deployment
        .run(&["config", "check"])
        .refused(&["nl/welcome.txt", "{{password}}"]);
}
