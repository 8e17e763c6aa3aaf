//! The server under load: the real binary as a child process, and what the kernel says about it.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::cost;
use crate::http::{Connection, ISSUER};
use crate::load;

/// The master key of every server here.
pub const MASTER_KEY: [u8; 32] = *b"the master key of a bench server";

/// The binary that is measured.
pub const OURS: &str = env!("CARGO_BIN_EXE_countersign");

/// A running server; it is told to stop when dropped.
pub struct Process {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// From spawning it to its first whole answer.
    pub started_in: Duration,
    /// The process of PostgreSQL that all others are children of, if what these use counts too.
    postmaster: Option<u32>,
}

impl Process {
    /// Starts the release binary as in production, but for throttles that nobody here reaches.
    pub fn start(database: &Path) -> Self {
        Self::start_on(&format!("sqlite:{}", database.display()), None)
    }

    /// The same on any database, whose own CPU counts too where its `postmaster` is known.
    pub fn start_on(database_url: &str, postmaster: Option<u32>) -> Self {
        Self::start_build(Path::new(OURS), database_url, postmaster)
    }

    /// The same of any build of the server.
    pub fn start_build(binary: &Path, database_url: &str, postmaster: Option<u32>) -> Self {
        let mut command = Command::new(binary);
        command
            .arg("serve")
            .env("COUNTERSIGN_LISTEN", "127.0.0.1:0")
            .env("COUNTERSIGN_DATABASE_URL", database_url)
            .env("COUNTERSIGN_MASTER_KEY", URL_SAFE_NO_PAD.encode(MASTER_KEY))
            .env("COUNTERSIGN_DEFINE__ISSUER", ISSUER)
            .env("COUNTERSIGN_DEFINE__JOBS", "identity,entitlements")
            .env("COUNTERSIGN_MAIL__FROM", "bench@example.org")
            .env("COUNTERSIGN_MAIL__URL", "smtp://127.0.0.1:9");
        for bucket in ["ADDRESS", "EMAIL_ADDRESS", "EMAIL_BROWSER", "EMAIL", "CLIENT_ADDRESS"] {
            command.env(format!("COUNTERSIGN_LIMITS__{bucket}__BURST"), "1000000000");
        }
        let mut process = Self::spawn(command, "/healthz");
        process.postmaster = postmaster;
        process
    }

    /// Starts a server that says in a line of JSON where it listens, and asks it for `first`.
    pub fn spawn(mut command: Command, first: &str) -> Self {
        let started = Instant::now();
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the server starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped"))
            .read_line(&mut line)
            .expect("the ready line");
        let ready: serde_json::Value = serde_json::from_str(&line).expect("the server is ready");
        let address = ready["address"].as_str().expect("an address").parse().expect("parses");
        load::wait_for(async { Connection::open(address).await.get(first, "").await.expect(200) });
        Self {
            child,
            address,
            started_in: started.elapsed(),
            postmaster: None,
        }
    }

    /// User and system time of all its threads since it started, and of its database's processes.
    pub fn cpu(&self) -> Duration {
        let path = format!("/proc/{}/stat", self.child.id());
        let stat = std::fs::read_to_string(path).expect("proc(5)");
        // The second field is the name in parentheses, which may hold anything.
        let (_, fields) = stat.rsplit_once(") ").expect("a name");
        let ticks: u64 = fields
            .split(' ')
            .skip(11)
            .take(2)
            .map(|field| field.parse::<u64>().expect("ticks"))
            .sum();
        // USER_HZ is 100 on every Linux that anybody runs.
        Duration::from_millis(ticks * 10) + self.postmaster.map_or(Duration::ZERO, cost::family)
    }

    /// A line of `/proc/<pid>/status` in MiB: `VmRSS` now, `VmHWM` at its peak.
    pub fn memory(&self, name: &str) -> f64 {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).expect("proc(5)");
        let line = status.lines().find(|line| line.starts_with(name)).expect("the line");
        let kib: f64 = line.split_whitespace().nth(1).expect("a value").parse().expect("KiB");
        kib / 1024.0
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let told = Command::new("kill").arg(self.child.id().to_string()).status();
        if told.is_err() {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

/// The size of the binary in MB.
pub fn binary_size() -> f64 {
    let file = std::fs::metadata(OURS).expect("the binary");
    #[expect(clippy::cast_precision_loss, reason = "a file of some MB")]
    let bytes = file.len() as f64;
    bytes / 1e6
}
