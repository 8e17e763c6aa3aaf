//! Every command against PostgreSQL, alone and beside running servers.

use serde_json::json;
use test_stores::{Database, psql};

use crate::support::{Deployment, KEY, OTHER_KEY, Running, Told, binary, run};

/// A deployment whose database is on PostgreSQL.
struct OnPostgres {
    deployment: Deployment,
    database: Database,
}

impl OnPostgres {
    fn new() -> Self {
        let on = Self {
            deployment: Deployment::new(),
            database: Database::fresh(),
        };
        on.point_to(&on.database.url());
        on
    }

    fn migrated() -> Self {
        let on = Self::new();
        on.run(&["migrate", "up"]).json();
        on
    }

    /// Writes the configuration.
    fn point_to(&self, url: &str) {
        let config = self.deployment.config("https://id.example.org", "unused.db");
        let lines = config.lines().map(|line| {
            if line.starts_with("database_url") {
                format!("database_url = \"{url}\"\n")
            } else {
                format!("{line}\n")
            }
        });
        self.deployment.write("c.toml", &lines.collect::<String>());
    }

    fn run(&self, arguments: &[&str]) -> Told {
        self.deployment.run(arguments)
    }

    fn serving(&self) -> Running {
        let mut command = binary();
        command.args(["serve", "--config"]).arg(self.deployment.path("c.toml"));
        Running::start(command)
    }
}

#[test]
fn a_database_is_made_by_command_alone_and_then_serves_all_of_them() {
    let on = OnPostgres::new();
    on.run(&["config", "check"]).json();
    on.run(&["user", "list"]).refused(&["countersign migrate up"]);
    assert_eq!(
        psql(
            &on.database.url(),
            "SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public'"
        ),
        "0"
    );
    assert_eq!(on.run(&["migrate", "status"]).json()["up_to_date"], json!(false));
    assert_eq!(on.run(&["migrate", "up"]).json()["up_to_date"], json!(true));
    on.deployment.add_ann();
    let again = ["user", "add", "ann@example.org", "--password-stdin"];
    on.deployment.run_with(&again, b"another\n").refused(&["account"]);
    on.run(&["user", "scope", "ann@example.org", "--add", "admin"]).json();
    on.run(&["user", "disable", "ann@example.org"])
        .refused(&["the last administrator", "--force"]);
    on.run(&["user", "disable", "ann@example.org", "--force"]).json();
    assert_eq!(on.run(&["user", "list"]).json()["users"][0]["status"], "disabled");
    let shop = [
        "client",
        "add",
        "--name",
        "Shop",
        "--redirect-uri",
        "https://shop.example.org/b",
    ];
    let id = on.run(&shop).json()["client_id"].as_str().expect("an id").to_owned();
    on.run(&["client", "remove", &id]).json();
    on.run(&["client", "remove", &id]).refused(&["no client"]);
}

#[test]
fn a_compromised_key_is_replaced_by_one_that_every_server_knew_before() {
    let on = OnPostgres::migrated();
    on.run(&["keys", "rotate", "--purpose", "EdDSA", "--now"]).json();
    let first = on.run(&["keys", "list"]).json();
    assert_eq!(
        (first[0]["state"].as_str(), first.as_array().map(Vec::len)),
        (Some("active"), Some(1))
    );
    on.run(&["keys", "rotate", "--purpose", "EdDSA", "--now"]).json();
    let both = on.run(&["keys", "list"]).json();
    assert_eq!(
        (both[0]["kid"].clone(), both[0]["state"].as_str()),
        (first[0]["kid"].clone(), Some("retired"))
    );
    assert_eq!(both[1]["state"], "active");
    // It was published seconds before it became active.
    let published: i64 = psql(&on.database.url(), "SELECT MAX(created_at) FROM rotating_keys")
        .parse()
        .expect("a time");
    assert!(
        both[1]["since"].as_i64().expect("a time") - published >= 2_500,
        "{both}"
    );
}

#[test]
fn commands_work_beside_a_server_but_for_those_that_must_not() {
    let on = OnPostgres::migrated();
    let server = on.serving();
    on.deployment.add_ann();
    assert_eq!(on.run(&["user", "list"]).json()["users"][0]["email"], "ann@example.org");
    let new = on.deployment.write("new.key", OTHER_KEY);
    let reseal = ["keys", "reseal", "--new-master-key-file", new.to_str().expect("UTF-8")];
    on.run(&reseal).refused(&["a server is using", "stop it"]);
    // A second server could not share the first one's memory.
    on.deployment.serve().refused(&["kv_url", "redis://"]);
    drop(server);
    on.run(&reseal).json();
    on.deployment.serve().refused(&["another master key"]);
}

#[test]
fn what_is_wrong_with_the_database_is_one_sentence() {
    let on = OnPostgres::migrated();
    let url = on.database.url();
    for (wrong, words) in [
        (url.replace(":secret@", ":wrong@"), ["pg_hba.conf", "database_url"]),
        (url.replace("127.0.0.1", "127.0.0.2"), ["host and port", "see that"]),
        (format!("{url}-not"), ["createdb", "does not exist"]),
    ] {
        on.point_to(&wrong);
        on.run(&["user", "list"]).refused(&words);
        on.deployment.serve().refused(&words);
    }
    on.point_to(&format!("{url}?colour=red"));
    on.run(&["user", "list"]).refused(&["database_url", "colour"]);

    let mut command = binary();
    let secret = on.deployment.write("url", &url);
    command.env("COUNTERSIGN_DATABASE_URL_FILE", &secret);
    command.env("COUNTERSIGN_MASTER_KEY", KEY);
    command.env("COUNTERSIGN_DEFINE__ISSUER", "https://id.example.org");
    command.env("COUNTERSIGN_MAIL__FROM", "a@example.org");
    command.env("COUNTERSIGN_MAIL__URL", "smtp://localhost:25");
    command.args(["user", "list", "--json"]);
    assert_eq!(run(command, b"").json()["users"], json!([]));
}
