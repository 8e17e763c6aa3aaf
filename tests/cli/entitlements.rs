//! `entitlement` and `db`.

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Deployment, Running, Told, binary, on_data, run};

const DEV_KEY: &str = "fc947730f49eb01427a66e050733294d9e520e545c7a27125a780634e0860a27";
const MASTER: &str = "d04ab232742bb4ab3a1368bd4615e4e6d0224ab71a016baf8520a332c9778737";
const ROTATING: &str = "a09aa5f47a6759802ff955f8dc2d2a14a5c99d23be97f864127ff9383455a4f0";

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/vectors/entitlement")
        .join(name)
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

/// A folder that `countersign dev` has made and left.
fn dev_folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    drop(Running::dev(folder.path()));
    folder
}

fn entitlement(deployment: &Deployment, arguments: &[&str]) -> Told {
    deployment.run(&[&["entitlement"], arguments].concat())
}

fn count(deployment: &Deployment, table: &str) -> usize {
    deployment.dump(table).len()
}

#[test]
fn a_grant_is_a_payment_with_a_proof_that_verifies() {
    let deployment = Deployment::migrated();
    let key = entitlement(&deployment, &["key"]).json()["proof_pkey"].clone();
    let key = key.as_str().expect("a key");
    assert_ne!(key, DEV_KEY);
    let grant = |more: &[&str]| {
        let arguments = [
            "grant",
            "--master-pkey",
            MASTER,
            "--plan",
            "3m",
            "--rotating-pkey",
            ROTATING,
        ];
        entitlement(&deployment, &[&arguments, more].concat()).json()
    };
    let dry = grant(&["--dry-run"]);
    assert_eq!((&dry["dry_run"], &dry["proof"]), (&json!(true), &Value::Null));
    assert_eq!(count(&deployment, "entitlement_payments"), 0);

    let granted = grant(&[]);
    let proof = deployment.write("proof.json", &granted["proof"].to_string());
    let verify = |more: &[&str]| {
        let mut command = binary();
        command.args(["entitlement", "verify", "--json", "--key"]).args(more);
        run(command, b"")
    };
    assert_eq!(verify(&[key, text(&proof)]).json(), json!({ "verdict": "valid" }));
    let other = verify(&[DEV_KEY, text(&proof)]);
    assert_eq!((other.code, other.out.trim()), (1, r#"{"verdict":"bad-signature"}"#));
    let end = granted["proof"]["expiry_unix_ts_ms"].to_string();
    let over = verify(&[key, "--now-ms", &end, text(&proof)]);
    assert_eq!((over.code, over.out.trim()), (1, r#"{"verdict":"expired"}"#));
    verify(&[key, "/no/such/file"]).refused(&["/no/such/file", "cannot be read"]);
    verify(&["00", text(&proof)]).refused(&["64 hexadecimal digits"]);

    let details = entitlement(&deployment, &["details", MASTER]).json();
    assert_eq!(
        (&details["status"], &details["payments_total"]),
        (&json!("active"), &json!(1))
    );
    assert_eq!(details["expires_at"], granted["expires_at"]);
    let order = granted["order_id"].as_str().expect("an order");
    assert!(!details.to_string().contains(order), "masked: {details}");
    let whole = entitlement(&deployment, &["details", MASTER, "--unmasked"]).json();
    assert_eq!(whole["payments"][0]["ids"]["rangeproof_order_id"], order);
    assert_eq!(
        entitlement(&deployment, &["details", ROTATING]).json()["status"],
        "never"
    );

    // Under a name, a grant is given once.
    let named = grant(&["--order-id", "gift-1"]);
    let again = grant(&["--order-id", "gift-1"]);
    assert_eq!((&named["repeated"], &again["repeated"]), (&json!(false), &json!(true)));
    assert_eq!(
        (&named["expires_at"], &again["proof"]),
        (&again["expires_at"], &Value::Null)
    );
    let other = [
        "grant",
        "--master-pkey",
        ROTATING,
        "--plan",
        "3M",
        "--order-id",
        "gift-1",
    ];
    entitlement(&deployment, &other).refused(&["another grant"]);
    assert_eq!(count(&deployment, "entitlement_payments"), 2);
}

#[test]
fn proofs_are_revoked_listed_changed_and_taken_back() {
    let deployment = Deployment::migrated();
    let revoke = |arguments: &[&str]| entitlement(&deployment, &[&["revoke"], arguments].concat());
    revoke(&["set", MASTER, "1"]).refused(&["redeemed"]);
    revoke(&["delete", MASTER]).refused(&["redeemed"]);
    entitlement(&deployment, &["grant", "--master-pkey", MASTER, "--plan", "1M"]).json();

    let ticket = |told: &Told| told.json()["ticket"].as_i64().expect("a ticket");
    assert_eq!(ticket(&revoke(&["set", MASTER, "4000000000", "--dry-run"])), 1);
    assert_eq!(count(&deployment, "entitlement_revocations"), 0);
    assert_eq!(ticket(&revoke(&["set", MASTER, "4000000000"])), 1);
    // A change of the times has to reach those who poll.
    assert_eq!(
        ticket(&revoke(&[
            "timestamp",
            "--creation-unix-ts-s",
            "7",
            MASTER,
            "4000000001"
        ])),
        2
    );
    let listed = revoke(&["list", MASTER]).json();
    assert_eq!(
        listed["revoked"],
        json!({ "created_at": 7_000, "expires_at": 4_000_000_001_000_i64 })
    );
    assert_eq!(listed["payments"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        entitlement(&deployment, &["details", MASTER]).json()["status"],
        "expired"
    );

    for (arguments, deleted) in [
        (&["delete", MASTER, "--dry-run"][..], true),
        (&["delete", MASTER], true),
        (&["delete", MASTER], false),
    ] {
        assert_eq!(revoke(arguments).json()["deleted"], deleted);
    }
    assert_eq!(count(&deployment, "entitlement_revocations"), 0);
    let info = deployment.run(&["db", "info"]).json();
    assert_eq!(
        (&info["ledger"]["revocation_ticket"], &info["entitlements"]["payments"]),
        (&json!(3), &json!(1))
    );
}

#[test]
fn user_errors_are_set_and_deleted_all_or_none() {
    let deployment = Deployment::migrated();
    let errors = |arguments: &[&str]| entitlement(&deployment, &[&["user-error"], arguments].concat());
    assert_eq!(
        errors(&["set", "1:secret-token=true,2:tx=true,1:never=false"]).json()["changed"],
        2
    );
    let listed = errors(&["list"]).json();
    assert_eq!(listed["user_errors"].as_array().map(Vec::len), Some(2));
    assert!(!listed.to_string().contains("secret-token"), "{listed}");
    errors(&["set", "1:other=true,3:x=true"]).refused(&["3:x=true", "nothing was changed"]);
    assert_eq!(errors(&["delete", "1:secret-token", "--dry-run"]).json()["changed"], 1);
    assert_eq!(errors(&["delete", "1:secret-token,1:unknown"]).json()["changed"], 1);
    assert_eq!(count(&deployment, "entitlement_user_errors"), 1);
}

#[test]
fn reports_count_and_are_written_in_three_ways() {
    let deployment = Deployment::migrated();
    for plan in ["1M", "12M"] {
        entitlement(&deployment, &["grant", "--master-pkey", MASTER, "--plan", plan]).json();
    }
    for cycle in ["daily", "weekly", "monthly"] {
        let report = entitlement(&deployment, &["report", cycle, "--count", "3"]).json();
        assert_eq!(report.as_array().map(Vec::len), Some(3));
        let now = &report[0];
        let found = [
            "active_users",
            "new",
            "granted",
            "one_month",
            "twelve_months",
            "revoked",
        ]
        .map(|name| now[name].as_i64());
        assert_eq!(found, [1, 2, 2, 1, 1, 0].map(Some), "{cycle}: {now}");
        assert_eq!((&now["complete"], &report[1]["new"]), (&json!(false), &json!(0)));
    }
    for (format, word) in [("csv", "period,complete,"), ("human", "PERIOD")] {
        let mut command = binary();
        command
            .args(["entitlement", "report", "daily", "--format", format, "--config"])
            .arg(deployment.path("c.toml"));
        let told = run(command, b"");
        assert_eq!(told.out.lines().count(), 8, "{told:?}");
        assert!(told.out.starts_with(word), "{told:?}");
    }
}

#[test]
fn an_originals_database_is_taken_over_whole() {
    let deployment = Deployment::migrated();
    let before = entitlement(&deployment, &["key"]).json();
    let source = sample("original_other_key.sqlite");
    let bytes = std::fs::read(&source).expect("reads");
    let imported = entitlement(&deployment, &["import", text(&source)]).json();
    assert_eq!(
        imported["imported"],
        json!({
            "runtime": 1, "users": 14, "payments": 29, "revocations": 2, "apple_notification_uuid_history": 1,
            "google_notification_history": 1, "user_errors": 1
        })
    );
    assert_eq!(
        std::fs::read(&source).expect("reads"),
        bytes,
        "the original is only read"
    );
    let after = entitlement(&deployment, &["key"]).json();
    assert_ne!(after, before);
    assert_eq!(imported["proof_pkey"], after["proof_pkey"]);

    // Row by row what the original had.
    let original = Connection::open(&source).expect("opens");
    let ours = Connection::open(deployment.path("c.db")).expect("opens");
    for (theirs, mine) in [
        (
            "SELECT id, master_pkey, status, plan, payment_provider, auto_renewing, unredeemed_unix_ts_ms, \
             redeemed_unix_ts_ms, expiry_unix_ts_ms, COALESCE(grace_period_duration_ms, 0), \
             platform_refund_expiry_unix_ts_ms, revoked_unix_ts_ms, NULLIF(refund_requested_unix_ts_ms, 0), \
             apple_original_tx_id, apple_tx_id, apple_web_line_order_tx_id, google_payment_token, google_order_id, \
             rangeproof_order_id, google_obfuscated_account_id FROM payments ORDER BY id",
            "SELECT id, master_pkey, status, plan, payment_provider, auto_renewing, unredeemed_at, redeemed_at, \
             expires_at, grace_ms, refund_deadline_at, revoked_at, refund_requested_at, apple_original_tx_id, apple_tx_id, \
             apple_web_line_order_tx_id, google_payment_token, google_order_id, rangeproof_order_id, google_account_id \
             FROM entitlement_payments ORDER BY id",
        ),
        (
            "SELECT master_pkey, gen_index, expiry_unix_ts_ms, grace_period_duration_ms, auto_renewing, \
             NULLIF(refund_requested_unix_ts_ms, 0) FROM users ORDER BY master_pkey",
            "SELECT master_pkey, gen_index, expires_at, grace_ms, auto_renewing, refund_requested_at \
             FROM entitlement_users ORDER BY master_pkey",
        ),
        (
            "SELECT gen_index, creation_unix_ts_ms, expiry_unix_ts_ms FROM revocations ORDER BY gen_index",
            "SELECT gen_index, created_at, expires_at FROM entitlement_revocations ORDER BY gen_index",
        ),
        (
            "SELECT gen_index, revocation_ticket, last_expire_unix_ts_ms, apple_notification_checkpoint_unix_ts_ms, \
             (SELECT MAX(id) + 1 FROM payments) FROM runtime",
            "SELECT gen_index, revocation_ticket, expired_until, apple_checkpoint_at, payment_id FROM entitlement_runtime",
        ),
        (
            "SELECT CAST(message_id AS TEXT), handled, payload, expiry_unix_ts_ms FROM google_notification_history",
            "SELECT message_id, handled, payload, expires_at FROM entitlement_google_notifications",
        ),
        (
            "SELECT uuid, expiry_unix_ts_ms FROM apple_notification_uuid_history",
            "SELECT uuid, expires_at FROM entitlement_apple_notifications",
        ),
        (
            "SELECT payment_provider, payment_id, unix_ts_ms FROM user_errors",
            "SELECT payment_provider, payment_id, created_at FROM entitlement_user_errors",
        ),
    ] {
        let rows = all(&original, theirs);
        assert!(!rows.is_empty(), "{theirs}");
        assert_eq!(rows, all(&ours, mine), "{theirs}");
    }

    entitlement(&deployment, &["import", text(&source)]).refused(&["not empty", "29 payments", "nothing was imported"]);
    let printed = deployment.run(&["db", "print"]).json();
    assert_eq!(printed["payments"].as_array().map(Vec::len), Some(29));
    assert!(!printed.to_string().contains("sample-payment-token"), "masked");
    let whole = deployment
        .run(&["db", "print", "--table", "user_errors", "--unmasked"])
        .json();
    assert_eq!(whole["user_errors"][0]["payment_id"], "sample-payment-token");
    assert!(whole.get("payments").is_none());
}

fn all(connection: &Connection, sql: &str) -> Vec<Vec<rusqlite::types::Value>> {
    let mut statement = connection.prepare(sql).expect("is SQL");
    let width = statement.column_count();
    let rows = statement.query_map([], |row| (0..width).map(|column| row.get(column)).collect());
    rows.expect("reads").collect::<Result<_, _>>().expect("reads")
}

#[test]
fn keys_of_one_world_are_not_taken_into_the_other() {
    let deployment = Deployment::migrated();
    entitlement(&deployment, &["import", text(&sample("original.sqlite"))])
        .refused(&["dev mode", "nothing was imported"]);
    assert_eq!(count(&deployment, "entitlement_payments"), 0);

    let folder = dev_folder();
    let import = |name: &str| on_data(folder.path(), &["entitlement", "import", text(&sample(name))]);
    import("original_other_key.sqlite").refused(&["real world", "nothing was imported"]);
    assert_eq!(import("original.sqlite").json()["proof_pkey"], DEV_KEY);
    // And the server goes on with what was taken over.
    let server = Running::dev(folder.path());
    assert_eq!(server.ready["ready"], true);
}

#[test]
fn a_damaged_row_ends_the_import_and_leaves_nothing() {
    let deployment = Deployment::migrated();
    for (damage, words) in [
        (
            "UPDATE payments SET status = 7 WHERE id = 20",
            &["row 20", "payments", "status 7"][..],
        ),
        (
            "UPDATE payments SET master_pkey = x'00' WHERE id = 3",
            &["row 3", "32 bytes"],
        ),
        (
            "UPDATE payments SET redeemed_unix_ts_ms = NULL WHERE id = 1",
            &["row 1", "never redeemed"],
        ),
        (
            "UPDATE payments SET apple_tx_id = '', apple_original_tx_id = '' WHERE id = 1",
            &["row 1", "empty"],
        ),
        (
            "INSERT INTO payments SELECT 99, master_pkey, status, plan, payment_provider, auto_renewing, \
          unredeemed_unix_ts_ms, redeemed_unix_ts_ms, expiry_unix_ts_ms, grace_period_duration_ms, \
          platform_refund_expiry_unix_ts_ms, revoked_unix_ts_ms, apple_original_tx_id, apple_tx_id, \
          apple_web_line_order_tx_id, google_payment_token, google_order_id, rangeproof_order_id, \
          refund_requested_unix_ts_ms, google_obfuscated_account_id, apple_app_account_token FROM payments WHERE id = 1",
            &["row 30", "same ids"],
        ),
        ("DELETE FROM runtime", &["runtime", "0 rows"]),
        ("INSERT INTO runtime SELECT * FROM runtime", &["runtime", "2 rows"]),
        ("DROP TABLE user_errors", &["user_errors", "original"]),
    ] {
        let copy = deployment.path("copy.db");
        std::fs::copy(sample("original_other_key.sqlite"), &copy).expect("copied");
        Connection::open(&copy)
            .expect("opens")
            .execute_batch(damage)
            .expect("damages");
        let key = entitlement(&deployment, &["key"]).json();
        entitlement(&deployment, &["import", text(&copy)]).refused(&[words, &["nothing was imported"]].concat());
        assert_eq!(entitlement(&deployment, &["key"]).json(), key, "{damage}");
        for table in [
            "payments",
            "users",
            "revocations",
            "apple_notifications",
            "google_notifications",
            "user_errors",
        ] {
            assert_eq!(
                count(&deployment, &format!("entitlement_{table}")),
                0,
                "{damage}: {table}"
            );
        }
    }
    entitlement(&deployment, &["import", "/no/such.db"]).refused(&["/no/such.db", "nothing was imported"]);
}

#[test]
fn an_original_in_the_place_of_our_database_is_refused_and_not_touched() {
    let deployment = Deployment::new();
    std::fs::copy(sample("original.sqlite"), deployment.path("c.db")).expect("copied");
    let before = std::fs::read(deployment.path("c.db")).expect("reads");
    for told in [deployment.run(&["migrate", "up"]), deployment.serve()] {
        told.refused(&["c.db", "entitlement import"]);
    }
    assert_eq!(std::fs::read(deployment.path("c.db")).expect("reads"), before);
}

#[test]
fn an_import_beside_a_running_server_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Running::dev(folder.path());
    on_data(
        folder.path(),
        &["entitlement", "import", text(&sample("original.sqlite"))],
    )
    .refused(&["server", "stop it"]);
    drop(server);
}

#[test]
fn settings_of_the_original_become_a_configuration() {
    let deployment = Deployment::new();
    let ini = deployment.write(
        "backend.ini",
        "[base]\nlog_path = /x\nunsafe_logging = 1\n[session_webhook.0]\nurl = u\n",
    );
    let settings = |variables: &[(&str, &str)], arguments: &[&str]| {
        let mut command = binary();
        command
            .args(["entitlement", "import", "--json", "--settings"])
            .args(arguments);
        for (name, value) in variables {
            command.env(name, value);
        }
        run(command, b"")
    };
    let answer = settings(&[("SESH_PRO_BACKEND_DB_PATH", "/old.db")], &[text(&ini)]).json();
    let told = answer["notes"].to_string();
    assert!(
        told.contains("/old.db") && told.contains("log_path") && told.contains("webhook"),
        "{told}"
    );
    assert!(
        answer["config"]
            .as_str()
            .is_some_and(|config| config.contains("unsafe_logging = true"))
    );
    let named = settings(&[("SESH_PRO_BACKEND_INI_PATH", text(&ini))], &[]).json();
    assert!(named["notes"].to_string().contains("log_path"));
    settings(&[], &[]).refused(&["SESH_PRO_BACKEND_"]);
    settings(&[], &["/no/such.ini"]).refused(&["/no/such.ini"]);
}

#[test]
fn a_jump_moves_generation_and_ticket_and_ends_at_31_bits() {
    let deployment = Deployment::migrated();
    let jump = |arguments: &[&str]| entitlement(&deployment, &[&["jump"], arguments].concat());
    assert_eq!(jump(&["--dry-run"]).json()["gen_index"], 1_000_000);
    let moved = jump(&[]).json();
    assert_eq!(
        (&moved["gen_index"], &moved["revocation_ticket"]),
        (&json!(1_000_000), &json!(1_000_000))
    );
    let connection = Connection::open(deployment.path("c.db")).expect("opens");
    let set = |ticket: i64| {
        connection
            .execute("UPDATE entitlement_runtime SET revocation_ticket = ?1", [ticket])
            .expect("updates");
    };
    set((1 << 31) - 1_000_000);
    assert_eq!(jump(&[]).json()["revocation_ticket"], 1_i64 << 31);
    jump(&[]).refused(&["2147483648", "nothing was changed"]);
    let info = deployment.run(&["db", "info"]).json();
    assert_eq!(info["ledger"]["gen_index"], 2_000_000);
}

#[test]
fn a_development_payment_is_made_and_its_refund_noted() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Running::dev(folder.path());
    let client = |arguments: &[&str]| {
        let mut command = binary();
        command.args(["entitlement", "dev-payment"]).args(arguments);
        command.args(["--json", "--url", server.text("issuer")]);
        run(command, b"")
    };
    let added = client(&["add", "--provider", "apple", "--plan", "12M", "--auto-renewing"]).json();
    assert_eq!(added["answer"]["status"], 0, "{added}");
    let (seed, id) = (
        added["master_seed"].as_str().expect("a seed"),
        added["payment_tx"]["apple_tx_id"].as_str().expect("an id"),
    );
    let noted = client(&["refund", "--id", id, "--master-seed", seed]).json();
    assert_eq!(noted["result"]["updated"], true);
    let master = added["master_pkey"].as_str().expect("a key");
    let details = on_data(folder.path(), &["entitlement", "details", master]).json();
    assert_eq!(
        (&details["status"], &details["auto_renewing"]),
        (&json!("active"), &json!(true))
    );
    assert!(details["payments"][0]["refund_requested_at"].is_i64(), "{details}");
    client(&["add", "--provider", "apple", "--id", id]).refused(&["101"]);
    client(&["add", "--id", "GPA.1"]).refused(&["refused"]);
}

/// A PostgreSQL of the original with the rows of the sample, and a key of the real world.
fn original_in_postgres() -> test_stores::Database {
    let database = test_stores::Database::fresh();
    let told = std::process::Command::new("psql")
        .args([
            "--quiet",
            "--no-psqlrc",
            "--set",
            "ON_ERROR_STOP=1",
            "--dbname",
            &database.url(),
            "--file",
        ])
        .arg(sample("original.sql"))
        .args([
            "--command",
            "UPDATE public.runtime SET backend_key = decode(repeat('5a', 32), 'hex')",
        ])
        .output()
        .expect("psql runs");
    assert!(told.status.success(), "{told:?}");
    database
}

#[test]
fn an_original_in_postgresql_is_taken_over_into_either_database() {
    let original = original_in_postgres();
    let own = test_stores::Database::fresh();
    let deployments = [Deployment::new(), Deployment::new()];
    let config = deployments[1].config("https://id.example.org", "c.db");
    let first = config
        .lines()
        .find(|line| line.starts_with("database_url"))
        .expect("a line")
        .to_owned();
    deployments[1].write(
        "c.toml",
        &config.replace(&first, &format!("database_url = {:?}", own.url())),
    );
    let mut keys = Vec::new();
    for deployment in &deployments {
        deployment.run(&["migrate", "up"]).json();
        let imported = entitlement(deployment, &["import", &original.url()]).json();
        assert_eq!(
            imported["imported"],
            json!({
                "runtime": 1, "users": 10, "payments": 22, "revocations": 0, "apple_notification_uuid_history": 0,
                "google_notification_history": 0, "user_errors": 0
            })
        );
        keys.push(imported["proof_pkey"].clone());
        let info = deployment.run(&["db", "info"]).json();
        assert_eq!(
            (&info["ledger"]["gen_index"], &info["entitlements"]["payments"]),
            (&json!(22), &json!(22))
        );
        // Its payments are ours: an owner of two gets a third.
        let master = "2ddba5516915a9e792c0bc4263677286e71c6130f4ab97688951d3f708dc1148";
        let before = entitlement(deployment, &["details", master]).json();
        assert_eq!(before["payments_total"], 4, "{before}");
        entitlement(deployment, &["grant", "--master-pkey", master, "--plan", "12M"]).json();
        assert_eq!(
            entitlement(deployment, &["details", master]).json()["payments_total"],
            5
        );
        entitlement(deployment, &["import", &original.url()]).refused(&["not empty", "nothing was imported"]);
    }
    assert_eq!(keys[0], keys[1]);
    test_stores::psql(&original.url(), "UPDATE schema_version SET version = 8");
    let other = Deployment::migrated();
    entitlement(&other, &["import", &original.url()]).refused(&["schema 8", "nothing was imported"]);
    // In the place of our own database it is refused by name.
    other.write(
        "c.toml",
        &config.replace(&first, &format!("database_url = {:?}", original.url())),
    );
    other
        .run(&["migrate", "up"])
        .refused(&["original", "entitlement import"]);
}

#[test]
fn the_coming_midnight_is_foretold_and_nothing_is_done() {
    let deployment = Deployment::migrated();
    let sweep = || entitlement(&deployment, &["sweep"]).json();
    assert_eq!(sweep()["revocations"], 0);
    let connection = Connection::open(deployment.path("c.db")).expect("opens");
    let insert = "INSERT INTO entitlement_revocations (gen_index, created_at, expires_at) VALUES (1, 1, 2), (2, 1, 900000000000000000)";
    connection.execute(insert, []).expect("inserts");
    for _ in 0..2 {
        assert_eq!(sweep()["revocations"], 1);
    }
}

#[test]
fn an_operator_says_that_the_clock_is_right() {
    let deployment = Deployment::migrated();
    let accept = |more: &[&str]| deployment.run(&[&["db", "accept-clock"], more].concat()).json();
    let dry = accept(&["--dry-run"]);
    assert_eq!((&dry["dry_run"], &dry["last_sweep"]), (&json!(true), &Value::Null));
    assert_eq!(accept(&[])["last_sweep"], Value::Null);
    let again = accept(&[]);
    assert!(
        again["last_sweep"].as_i64() <= again["now"].as_i64() && again["last_sweep"].is_i64(),
        "{again}"
    );
}
