//! Deployments in folders of their own, and runs of the binary.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

pub const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
pub const OTHER_KEY: &str = "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// What a run left behind.
#[derive(Debug)]
pub struct Told {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Told {
    pub fn json(&self) -> Value {
        assert_eq!((self.code, self.err.as_str()), (0, ""), "{self:?}");
        assert_eq!(self.out.lines().count(), 1, "{self:?}");
        serde_json::from_str(&self.out).expect("one JSON document")
    }

    /// One sentence on standard error that has all of `words`, exit code 2, nothing on standard output.
    #[track_caller]
    pub fn refused(&self, words: &[&str]) {
        assert_eq!((self.code, self.out.as_str()), (2, ""), "{self:?}");
        assert_eq!(self.err.lines().count(), 1, "{self:?}");
        assert!(self.err.starts_with("countersign: "), "{self:?}");
        for word in words {
            assert!(self.err.contains(word), "{word:?} is not in {self:?}");
        }
    }
}

pub fn binary() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("COUNTERSIGN_") {
            command.env_remove(name);
        }
    }
    command.env("RUST_BACKTRACE", "1");
    command
}

pub fn run(mut command: Command, input: &[u8]) -> Told {
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
pub struct Deployment {
    folder: TempDir,
}

impl Deployment {
    pub fn new() -> Self {
        let deployment = Self {
            folder: tempfile::tempdir().expect("a folder"),
        };
        deployment.write("master.key", KEY);
        deployment.write("c.toml", &deployment.config("https://id.example.org", "c.db"));
        deployment
    }

    pub fn migrated() -> Self {
        let deployment = Self::new();
        deployment.run(&["migrate", "up"]).json();
        deployment
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).expect("written");
        path
    }

    pub fn config(&self, issuer: &str, database: &str) -> String {
        format!(
            "listen = \"127.0.0.1:0\"\ndatabase_url = \"sqlite:{}\"\nmaster_key_file = \"{}\"\n\
             define.issuer = \"{issuer}\"\nmail.from = \"a@example.org\"\nmail.url = \"smtp://localhost:25\"\n",
            self.path(database).display(),
            self.path("master.key").display()
        )
    }

    pub fn run(&self, arguments: &[&str]) -> Told {
        self.run_with(arguments, b"")
    }

    /// With `--config` and `--json`.
    pub fn run_with(&self, arguments: &[&str], input: &[u8]) -> Told {
        let mut command = binary();
        command
            .args(arguments)
            .arg("--json")
            .arg("--config")
            .arg(self.path("c.toml"));
        run(command, input)
    }

    pub fn serve(&self) -> Told {
        let mut command = binary();
        command.env("COUNTERSIGN_LOG__LEVEL", "error");
        command.args(["serve", "--config"]).arg(self.path("c.toml"));
        run(command, b"")
    }

    pub fn dump(&self, table: &str) -> Vec<Vec<rusqlite::types::Value>> {
        let connection = rusqlite::Connection::open(self.path("c.db")).expect("opens");
        let mut statement = connection
            .prepare(&format!("SELECT * FROM {table}"))
            .expect("is a table");
        let width = statement.column_count();
        let rows = statement.query_map([], |row| (0..width).map(|column| row.get(column)).collect());
        rows.expect("reads").collect::<Result<_, _>>().expect("reads")
    }

    pub fn add_ann(&self) {
        self.run_with(
            &["user", "add", "Ann@example.org", "--password-stdin"],
            b"correct horse\n",
        )
        .json();
    }
}

/// A server that runs until it is dropped.
pub struct Running {
    child: Child,
    pub ready: Value,
}

impl Running {
    pub fn start(mut command: Command) -> Self {
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

    pub fn dev(data: &Path) -> Self {
        let mut command = binary();
        command.args(["dev", "--listen", "127.0.0.1:0", "--data"]).arg(data);
        Self::start(command)
    }

    pub fn text(&self, member: &str) -> &str {
        self.ready[member].as_str().expect("a text")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn on_data(data: &Path, arguments: &[&str]) -> Told {
    let mut command = binary();
    command.env("COUNTERSIGN_LOG__LEVEL", "error");
    command.args(arguments).arg("--json").arg("--data").arg(data);
    run(command, b"")
}
