//! The binary from outside: each command does what it says, and each bad input is one sentence, exit code 2, and no
//! change.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const OTHER_KEY: &str = "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// What a run left behind.
#[derive(Debug)]
struct Told {
    code: i32,
    out: String,
    err: String,
}

impl Told {
    fn json(&self) -> Value {
        assert_eq!((self.code, self.err.as_str()), (0, ""), "{self:?}");
        assert_eq!(self.out.lines().count(), 1, "{self:?}");
        serde_json::from_str(&self.out).expect("one JSON document")
    }

    /// One sentence on standard error that has all of `words`, exit code 2, nothing on standard output.
    #[track_caller]
    fn refused(&self, words: &[&str]) {
        assert_eq!((self.code, self.out.as_str()), (2, ""), "{self:?}");
        assert_eq!(self.err.lines().count(), 1, "{self:?}");
        assert!(self.err.starts_with("countersign: "), "{self:?}");
        for word in words {
            assert!(self.err.contains(word), "{word:?} is not in {self:?}");
        }
    }
}

fn binary() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("COUNTERSIGN_") {
            command.env_remove(name);
        }
    }
    command.env("RUST_BACKTRACE", "1");
    command
}

fn run(mut command: Command, input: &[u8]) -> Told {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("starts");
    // A command that refuses its arguments closes its end before reading.
    let _ = child.stdin.take().expect("piped").write_all(input);
    let output = child.wait_with_output().expect("ends");
    Told {
        code: output.status.code().expect("an exit code"),
        out: String::from_utf8(output.stdout).expect("UTF-8"),
        err: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

/// A production deployment in a folder of its own.
struct Deployment {
    folder: TempDir,
}

impl Deployment {
    fn new() -> Self {
        let deployment = Self {
            folder: tempfile::tempdir().expect("a folder"),
        };
        deployment.write("master.key", KEY);
        deployment.write("c.toml", &deployment.config("https://id.example.org", "c.db"));
        deployment
    }

    fn migrated() -> Self {
        let deployment = Self::new();
        deployment.run(&["migrate", "up"]).json();
        deployment
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).expect("written");
        path
    }

    fn config(&self, issuer: &str, database: &str) -> String {
        format!(
            "listen = \"127.0.0.1:0\"\ndatabase_url = \"sqlite:{}\"\nmaster_key_file = \"{}\"\n\
             define.issuer = \"{issuer}\"\nmail.from = \"a@example.org\"\nmail.url = \"smtp://localhost:25\"\n",
            self.path(database).display(),
            self.path("master.key").display()
        )
    }

    fn run(&self, arguments: &[&str]) -> Told {
        self.run_with(arguments, b"")
    }

    /// With `--config` and `--json`.
    fn run_with(&self, arguments: &[&str], input: &[u8]) -> Told {
        let mut command = binary();
        command
            .args(arguments)
            .arg("--json")
            .arg("--config")
            .arg(self.path("c.toml"));
        run(command, input)
    }

    fn serve(&self) -> Told {
        let mut command = binary();
        command.env("COUNTERSIGN_LOG__LEVEL", "error");
        command.args(["serve", "--config"]).arg(self.path("c.toml"));
        run(command, b"")
    }

    fn dump(&self, table: &str) -> Vec<Vec<rusqlite::types::Value>> {
        let connection = rusqlite::Connection::open(self.path("c.db")).expect("opens");
        let mut statement = connection
            .prepare(&format!("SELECT * FROM {table}"))
            .expect("is a table");
        let width = statement.column_count();
        let rows = statement.query_map([], |row| (0..width).map(|column| row.get(column)).collect());
        rows.expect("reads").collect::<Result<_, _>>().expect("reads")
    }

    fn add_ann(&self) {
        self.run_with(
            &["user", "add", "Ann@example.org", "--password-stdin"],
            b"correct horse\n",
        )
        .json();
    }
}

/// A server that runs until it is dropped.
struct Running {
    child: Child,
    ready: Value,
}

impl Running {
    fn start(mut command: Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let ready = lines
            .by_ref()
            .map(|line| line.expect("reads"))
            .find_map(|line| serde_json::from_str(&line).ok())
            .expect("a line in JSON");
        // Goes on reading, so that the server never waits for room.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, ready }
    }

    fn dev(data: &Path) -> Self {
        let mut command = binary();
        command.args(["dev", "--listen", "127.0.0.1:0", "--data"]).arg(data);
        Self::start(command)
    }

    fn text(&self, member: &str) -> &str {
        self.ready[member].as_str().expect("a text")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn on_data(data: &Path, arguments: &[&str]) -> Told {
    let mut command = binary();
    command.env("COUNTERSIGN_LOG__LEVEL", "error");
    command.args(arguments).arg("--json").arg("--data").arg(data);
    run(command, b"")
}

#[test]
fn help_is_no_error_and_wrong_arguments_are_one_sentence() {
    let with = |arguments: &[&str]| {
        let mut command = binary();
        command.args(arguments);
        run(command, b"")
    };
    assert_eq!(with(&["--help"]).code, 0);
    assert!(
        with(&["keys", "reseal", "--help"])
            .out
            .contains("Example: countersign keys reseal")
    );
    assert!(with(&["--version"]).out.starts_with("countersign "));
    assert_eq!(with(&[]).code, 2);
    with(&["frobnicate"]).refused(&["frobnicate", "--help"]);
    with(&["user", "list", "--limit", "0", "--data", "x"]).refused(&["--limit", "countersign user list --help"]);
    with(&["user", "list", "--data", "x", "--config", "y"]).refused(&["--data", "--config"]);
    with(&["user", "list"]).refused(&["--config", "--data"]);
    with(&["dev", "--listen", "localhost"]).refused(&["127.0.0.1:4242"]);
}

#[test]
fn a_configuration_is_checked_and_printed_without_its_secrets() {
    let deployment = Deployment::new();
    assert_eq!(deployment.run(&["config", "check"]).json()["ok"], true);
    let printed = deployment.run(&["config", "print"]).json();
    assert_eq!(printed["define"]["issuer"], "https://id.example.org");
    assert!(!printed.to_string().contains(KEY));
}

#[test]
fn a_bad_configuration_is_refused_by_every_command_with_key_and_mend() {
    let deployment = Deployment::new();
    let good = deployment.config("https://id.example.org", "c.db");
    for (text, words) in [
        (format!("listem = 1\n{good}"), ["listem", "did you mean listen?"]),
        (good.replace("https://id", "http://id"), ["define.issuer", "https"]),
        (
            good.replace("sqlite:", "sqlite//"),
            ["database_url", "sqlite:data/countersign.db"],
        ),
        (good.replace("127.0.0.1:0", "nowhere"), ["listen", "127.0.0.1:4242"]),
        (
            good.replace("master.key", "gone.key"),
            ["master_key_file", "cannot be read"],
        ),
        (good.replace("listen =", "listen"), ["is not TOML", "line 1"]),
    ] {
        deployment.write("c.toml", &text);
        deployment.run(&["config", "check"]).refused(&words);
        deployment.serve().refused(&words);
        deployment.run(&["migrate", "up"]).refused(&words);
    }
    deployment.write("c.toml", &good.replace("master_key_file", "# "));
    deployment.serve().refused(&["master_key", "openssl rand -hex 32"]);
    assert!(!deployment.path("c.db").exists());
    std::fs::remove_file(deployment.path("c.toml")).expect("removed");
    deployment.run(&["user", "list"]).refused(&["c.toml", "--config"]);
}

#[test]
fn reading_never_makes_or_migrates_a_database() {
    let deployment = Deployment::new();
    for arguments in [
        &["user", "list"][..],
        &["client", "list"],
        &["keys", "list"],
        &["migrate", "status"],
        &["keys", "rotate"],
    ] {
        deployment
            .run(arguments)
            .refused(&["there is no database", "countersign migrate up"]);
    }
    assert!(!deployment.path("c.db").exists());

    std::fs::write(deployment.path("c.db"), b"").expect("written");
    deployment.run(&["user", "list"]).refused(&["countersign migrate up"]);
    let status = deployment.run(&["migrate", "status"]).json();
    assert_eq!((&status["schema"], &status["up_to_date"]), (&0.into(), &false.into()));
    assert_eq!(deployment.run(&["migrate", "up"]).json()["up_to_date"], true);
    assert_eq!(deployment.run(&["migrate", "status"]).json()["up_to_date"], true);

    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("none");
    on_data(&data, &["user", "list"]).refused(&["countersign dev"]);
    assert!(!data.exists());
}

#[test]
fn a_database_that_is_not_ours_is_refused_and_stays_as_it_is() {
    let deployment = Deployment::new();
    let connection = rusqlite::Connection::open(deployment.path("c.db")).expect("opens");
    connection
        .execute_batch("CREATE TABLE notes (n TEXT)")
        .expect("makes it");
    drop(connection);
    let before = std::fs::read(deployment.path("c.db")).expect("reads");
    for arguments in [&["migrate", "up"][..], &["user", "list"]] {
        deployment
            .run(arguments)
            .refused(&["another application", "database_url"]);
    }
    deployment.serve().refused(&["another application"]);
    assert_eq!(std::fs::read(deployment.path("c.db")).expect("reads"), before);

    deployment.write("c.db", "This is a letter, and no database at all.");
    deployment
        .serve()
        .refused(&["cannot open the database", "not a database"]);
    deployment.run(&["user", "list"]).refused(&["cannot open the database"]);
    std::fs::remove_file(deployment.path("c.db")).expect("removed");
    std::fs::create_dir(deployment.path("c.db")).expect("made");
    deployment.serve().refused(&["cannot open the database"]);
}

#[test]
fn dev_and_production_do_not_mix() {
    let deployment = Deployment::migrated();
    let data = deployment.path("data");
    let running = Running::dev(&data);
    drop(running);
    let config = deployment.config("https://id.example.org", "data/countersign.db");
    deployment.write("c.toml", &config);
    deployment.serve().refused(&["dev mode", "production mode"]);
    deployment.run(&["user", "list"]).refused(&["dev mode"]);

    let data = deployment.path("other");
    std::fs::create_dir(&data).expect("made");
    deployment.write("other/master.key", KEY);
    std::fs::copy(deployment.path("c.db"), data.join("countersign.db")).expect("copied");
    on_data(&data, &["dev", "--listen", "127.0.0.1:0"]).refused(&["production mode", "dev mode"]);
}

#[test]
fn dev_prints_one_line_for_machines_and_mends_the_demo_client() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let redirect = || {
        let clients = on_data(&data, &["client", "list"]).json();
        assert_eq!(clients.as_array().expect("a list").len(), 1);
        assert_eq!(clients[0]["client_id"], "demo");
        assert_eq!(clients[0]["token_endpoint_auth_method"], "none");
        clients[0]["redirect_uris"][0].as_str().expect("a text").to_owned()
    };
    let first = Running::dev(&data);
    assert_eq!(first.ready["ready"], true);
    assert_eq!(first.text("issuer"), format!("http://{}", first.text("address")));
    assert_eq!(first.text("demo"), format!("{}/demo/", first.text("issuer")));
    // Beside a running server.
    assert_eq!(redirect(), first.text("demo"));
    let refused = on_data(&data, &["dev", "--listen", "127.0.0.1:0"]);
    refused.refused(&["another countersign server", "stop it"]);
    let first_demo = first.text("demo").to_owned();
    drop(first);
    let occupied = TcpListener::bind("127.0.0.1:0").expect("binds");
    let second = Running::dev(&data);
    assert_ne!(second.text("demo"), first_demo);
    assert_eq!(redirect(), second.text("demo"));
    drop((second, occupied));
}

#[test]
fn a_port_in_use_is_one_sentence() {
    let folder = tempfile::tempdir().expect("a folder");
    let occupied = TcpListener::bind("127.0.0.1:0").expect("binds");
    let address = occupied.local_addr().expect("has one").to_string();
    on_data(folder.path(), &["dev", "--listen", &address]).refused(&["cannot listen on", &address]);
}

#[test]
fn dev_listens_everywhere_only_with_an_issuer_and_keeps_its_master_key() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    on_data(&data, &["dev", "--listen", "0.0.0.0:0"]).refused(&["--issuer"]);
    on_data(&data, &["dev", "--listen", "0.0.0.0:0", "--issuer", "http://192.0.2.1"]).refused(&["https"]);
    assert!(!data.exists());
    drop(Running::dev(&data));
    std::fs::remove_file(data.join("master.key")).expect("removed");
    on_data(&data, &["dev", "--listen", "127.0.0.1:0"]).refused(&["master.key", "put the key back"]);
    assert!(!data.join("master.key").exists());
}

#[test]
fn clients_are_added_listed_and_removed() {
    let deployment = Deployment::migrated();
    let redirect = ["--redirect-uri", "https://shop.example.org/back"];
    let added = deployment.run(&[&["client", "add", "--id", "shop", "--name", "Shop"], &redirect[..]].concat());
    let added = added.json();
    let secret = added["client_secret"].as_str().expect("a secret");
    assert_eq!(
        (&added["require_pkce"], &added["id_token_signed_response_alg"]),
        (&true.into(), &"EdDSA".into())
    );
    let public = deployment
        .run(&[&["client", "add", "--public", "--no-refresh"], &redirect[..]].concat())
        .json();
    assert!(public.get("client_secret").is_none());
    assert_eq!(public["grant_types"], serde_json::json!(["authorization_code"]));

    let listed = deployment.run(&["client", "list"]);
    assert!(!listed.out.contains(secret) && !listed.out.contains("secret_hash"));
    assert_eq!(listed.json().as_array().expect("a list").len(), 2);

    let before = deployment.dump("clients");
    deployment
        .run(&[&["client", "add", "--id", "shop"], &redirect[..]].concat())
        .refused(&["shop", "taken"]);
    deployment
        .run(&["client", "add", "--redirect-uri", "http://shop.example.org/"])
        .refused(&["redirect_uris[0]"]);
    deployment.run(&["client", "add"]).refused(&["--redirect-uri"]);
    deployment
        .run(&["client", "remove", "shopp"])
        .refused(&["shopp", "client list"]);
    deployment
        .run(&["client", "remove", "two words"])
        .refused(&["two words"]);
    assert_eq!(deployment.dump("clients"), before);
    assert_eq!(deployment.run(&["client", "remove", "shop"]).json()["removed"], "shop");
    assert_eq!(deployment.dump("clients").len(), 1);
}

#[test]
fn a_file_of_clients_is_registered_whole_or_not_at_all() {
    let deployment = Deployment::migrated();
    let add = |text: &str| {
        let file = deployment.write("clients.json", text);
        deployment.run(&["client", "add", "--file", file.to_str().expect("UTF-8")])
    };
    let kept = r#"{"client_id":"mine","client_secret":"0123456789abcdef","redirect_uris":["https://a.example/b"]}"#;
    let one = add(kept).json();
    assert_eq!(
        (&one["client_id"], &one["client_secret"]),
        (&"mine".into(), &"0123456789abcdef".into())
    );
    assert_eq!(one["id_token_signed_response_alg"], "RS256");
    assert_eq!(one["require_pkce"], false);
    let fresh = r#"{"client_id":"fresh","redirect_uris":["https://a.example/b"]}"#;
    for (text, words) in [
        (format!("[{fresh}, {kept}]"), ["mine", "taken"]),
        (format!("[{fresh}, {fresh}]"), ["fresh", "given twice"]),
        (
            format!("[{fresh}, {{\"redirect_uris\":[\"/b\"]}}]"),
            ["client 2", "redirect_uris[0]"],
        ),
        (format!("[{fresh}, 3]"), ["RFC 7591", "nothing was registered"]),
        (format!("[{fresh}"), ["RFC 7591", "line 1"]),
        ("[]".to_owned(), ["holds no client", "nothing was registered"]),
        (" ".repeat(2 << 20), ["larger than 1 MiB", "nothing was registered"]),
    ] {
        add(&text).refused(&words);
        assert_eq!(deployment.dump("clients").len(), 1, "{words:?}");
    }
    let file = deployment.path("gone.json");
    let gone = file.to_str().expect("UTF-8");
    deployment
        .run(&["client", "add", "--file", gone])
        .refused(&["gone.json", "cannot be read"]);
    deployment
        .run(&["client", "add", "--file", gone, "--name", "x"])
        .refused(&["--name", "--file"]);
    let both = add(&format!("[{fresh}]")).json();
    assert_eq!(both.as_array().expect("an array in, an array out").len(), 1);
    let piped = deployment.run_with(
        &["client", "add", "--file", "-"],
        fresh.replace("fresh", "piped").as_bytes(),
    );
    assert_eq!(piped.json()["client_id"], "piped");
}

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
    add("bob@example.org", &[b'a'; 70_000]).refused(&["65535"]);
    add("ANN@example.org", b"another").refused(&["ann@example.org", "already"]);
    deployment
        .run(&["user", "add", "bob@example.org"])
        .refused(&["--password-stdin"]);
    assert_eq!(deployment.dump("accounts").len(), 1);
}

#[test]
fn keys_are_listed_and_rotated() {
    let deployment = Deployment::migrated();
    let states = || {
        let keys = deployment.run(&["keys", "list"]).json();
        let of = |key: &Value| format!("{} {}", key["purpose"], key["state"]).replace('"', "");
        let mut states: Vec<String> = keys.as_array().expect("a list").iter().map(of).collect();
        states.sort();
        states
    };
    let rotate = |arguments: &[&str]| {
        deployment
            .run(&[&["keys", "rotate", "--purpose"], arguments].concat())
            .json()
    };
    assert_eq!(rotate(&["EdDSA"])["created"], true);
    assert_eq!(rotate(&["EdDSA"])["created"], false);
    assert_eq!(states(), ["EdDSA pending"]);
    let answer = rotate(&["EdDSA", "--now"]);
    assert_eq!(answer["withdrawn"].as_array().expect("a list").len(), 1);
    assert_eq!(states(), ["EdDSA active", "EdDSA retired"]);
    deployment
        .run(&["keys", "rotate", "--purpose", "none"])
        .refused(&["EdDSA, ES256, RS256 or refresh"]);
    let mut command = binary();
    command
        .args(["keys", "rotate", "--purpose", "refresh", "--now", "--config"])
        .arg(deployment.path("c.toml"));
    let told = run(command, b"");
    assert!(told.out.contains("every refresh token has ended"), "{told:?}");
}

#[test]
fn a_wrong_master_key_writes_nothing() {
    let deployment = Deployment::migrated();
    deployment.add_ann();
    deployment.run(&["keys", "rotate", "--purpose", "refresh"]).json();
    let tables = || ["secrets", "rotating_keys", "accounts"].map(|table| deployment.dump(table));
    let before = tables();
    deployment.write("master.key", OTHER_KEY);
    let new = deployment.write("new.key", KEY);
    for arguments in [
        &["keys", "rotate", "--purpose", "EdDSA"][..],
        &["keys", "rotate", "--purpose", "EdDSA", "--now"],
        &["user", "disable", "ann@example.org"],
        &["user", "add", "bob@example.org", "--password-stdin"],
        &["keys", "reseal", "--new-master-key-file", new.to_str().expect("UTF-8")],
    ] {
        deployment
            .run_with(arguments, b"password")
            .refused(&["another master key"]);
    }
    deployment.serve().refused(&["another master key"]);
    assert_eq!(tables(), before);
}

#[test]
fn resealing_leaves_everything_to_the_new_master_key() {
    let deployment = Deployment::migrated();
    deployment.add_ann();
    deployment
        .run(&["keys", "rotate", "--purpose", "refresh", "--now"])
        .json();
    deployment
        .run(&["keys", "rotate", "--purpose", "refresh", "--now"])
        .json();
    let new = deployment.write("new.key", OTHER_KEY);
    let reseal = |path: &Path| {
        let path = path.to_str().expect("UTF-8");
        deployment.run(&["keys", "reseal", "--new-master-key-file", path])
    };
    reseal(&deployment.path("gone.key")).refused(&["gone.key", "cannot be read"]);
    reseal(&deployment.write("short.key", "abc")).refused(&["short.key", "openssl rand -hex 32"]);
    reseal(&deployment.path("master.key")).refused(&["in use"]);
    let count = deployment.dump("secrets").len() + 1;
    assert_eq!(reseal(&new).json()["resealed"], count);
    deployment
        .run(&["user", "disable", "ann@example.org"])
        .refused(&["another master key"]);
    deployment.write("master.key", OTHER_KEY);
    deployment.run(&["user", "disable", "ann@example.org"]).json();
    deployment.run(&["keys", "rotate", "--purpose", "refresh"]).json();
}

#[test]
fn resealing_under_a_running_server_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let new = folder.path().join("new.key");
    std::fs::write(&new, KEY).expect("written");
    let running = Running::dev(&data);
    let arguments = ["keys", "reseal", "--new-master-key-file", new.to_str().expect("UTF-8")];
    on_data(&data, &arguments).refused(&["a server is using", "stop it"]);
    drop(running);
    on_data(&data, &arguments).json();
}

#[test]
fn a_full_disk_is_one_sentence_and_nothing_is_written() {
    let deployment = Deployment::migrated();
    let before = deployment.dump("clients");
    // Files may not grow beyond what the database has already: as a full disk, for this process alone.
    let mut command = Command::new("sh");
    command.args([
        "-c",
        "trap '' XFSZ; ulimit -f 1; exec \"$0\" \"$@\"",
        env!("CARGO_BIN_EXE_countersign"),
    ]);
    command.args([
        "client",
        "add",
        "--redirect-uri",
        "https://shop.example.org/",
        "--config",
    ]);
    command.arg(deployment.path("c.toml"));
    let told = run(command, b"");
    assert_eq!(
        (told.code, told.out.as_str(), told.err.lines().count()),
        (2, "", 1),
        "{told:?}"
    );
    assert_eq!(deployment.dump("clients"), before);
}

#[test]
fn healthcheck_tells_ready_from_not() {
    let ask = |status: &'static str| {
        let listener = TcpListener::bind("127.0.0.1:0").expect("binds");
        let address = listener.local_addr().expect("has one");
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("is asked");
            let mut request = [0; 64];
            let count = stream.read(&mut request).expect("reads");
            assert!(request[..count].starts_with(b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1:"));
            stream.write_all(status.as_bytes()).expect("answers");
        });
        let mut command = binary();
        command.args(["healthcheck", "--url", &format!("http://{address}")]);
        let told = run(command, b"");
        server.join().expect("was asked");
        told
    };
    assert_eq!(ask("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").code, 0);
    for bad in ["HTTP/1.1 503 Service Unavailable\r\n\r\n", "SSH-2.0-x\r\n", ""] {
        let told = ask(bad);
        assert_eq!((told.code, told.err.lines().count()), (1, 1), "{told:?}");
    }
    let closed = TcpListener::bind("127.0.0.1:0")
        .expect("binds")
        .local_addr()
        .expect("has one");
    let mut command = binary();
    command.args(["healthcheck", "--url", &format!("http://{closed}")]);
    assert_eq!(run(command, b"").code, 1);
    let mut command = binary();
    command.args(["healthcheck", "--url", "https://id.example.org"]);
    run(command, b"").refused(&["http://127.0.0.1:4242"]);
    Deployment::new().run(&["healthcheck"]).refused(&["--url"]);
}

#[test]
fn a_reader_that_has_had_enough_is_no_error() {
    let deployment = Deployment::migrated();
    let mut command = binary();
    command
        .args(["config", "print", "--config"])
        .arg(deployment.path("c.toml"));
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    drop(child.stdout.take());
    let mut said = String::new();
    child
        .stderr
        .take()
        .expect("piped")
        .read_to_string(&mut said)
        .expect("reads");
    assert_eq!((child.wait().expect("ends").code(), said.as_str()), (Some(0), ""));
}
