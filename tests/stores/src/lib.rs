//! Throwaway stores for tests: real PostgreSQL and Redis servers on free ports, which end with whoever started them.
//!
//! Needs `postgresql` (its server binaries lie where `pg_config --bindir` says) and `redis-server`. A run of many
//! processes may share one of each: `scripts/with-stores COMMAND` starts them and names them in the environment.

mod authority;
mod keeper;

use std::fs::File;
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

pub use authority::{Authority, Pair};
pub use keeper::Keeper;

/// A Redis of one's own, to be stopped, frozen and emptied; `options` are those of redis-server.
pub fn redis(options: &[&str]) -> Keeper {
    Keeper::start("redis.sh", options)
}

/// A PostgreSQL of one's own; `options` are those of postgres.
pub fn postgres(options: &[&str]) -> Keeper {
    Keeper::start("postgres.sh", options)
}

/// A PostgreSQL of one's own that takes nobody in but by TLS, with this certificate.
pub fn encrypted_postgres(pair: &Pair) -> Keeper {
    Keeper::start("postgres.sh", &["--tls", &pair.certificate, &pair.key])
}

/// A PostgreSQL of one's own on a disk of its own, of so many MB, to be filled. Whoever runs the tests must be allowed to mount
/// file systems that nobody else sees, as root is, and on most systems everybody.
pub fn postgres_on_a_small_disk(megabytes: usize) -> Keeper {
    Keeper::start("postgres.sh", &["--disk", &format!("{megabytes}m")])
}

/// A Redis of one's own that takes nobody in but by TLS, with this certificate, and with this password.
pub fn encrypted_redis(pair: &Pair, password: &str) -> Keeper {
    redis(&[
        "--tls-cert-file",
        &pair.certificate,
        "--tls-key-file",
        &pair.key,
        "--tls-auth-clients",
        "no",
        "--requirepass",
        password,
    ])
}

/// `kv_url` of a corner of a Redis that this whole run shares.
pub fn fresh_redis() -> String {
    static OWN: OnceLock<Keeper> = OnceLock::new();
    let base = std::env::var("TEST_REDIS_URL").unwrap_or_else(|_| OWN.get_or_init(|| redis(&[])).url.clone());
    format!("{base}/0?prefix={}", fresh_name())
}

/// The PostgreSQL that this whole run shares.
fn shared_postgres() -> String {
    static OWN: OnceLock<Keeper> = OnceLock::new();
    std::env::var("TEST_POSTGRES_URL").unwrap_or_else(|_| OWN.get_or_init(|| postgres(&[])).url.clone())
}

/// A database of its own in a PostgreSQL that this whole run shares; it goes when this is dropped.
pub struct Database {
    server: String,
    name: String,
}

impl Database {
    /// An empty one.
    pub fn fresh() -> Self {
        Self::within(&shared_postgres())
    }

    /// A copy of a template that `make` fills, given its URL, the first time that anybody of this run asks for it.
    pub fn copy_of(template: &str, make: impl FnOnce(&str)) -> Self {
        let server = shared_postgres();
        let copy = Self {
            server: server.clone(),
            name: fresh_name(),
        };
        let port = server.rsplit(':').next().and_then(|rest| rest.split('/').next());
        let lock = format!("countersign-template-{}.lock", port.expect("a port"));
        let lock = File::create(std::env::temp_dir().join(lock)).expect("is made");
        lock.lock().expect("is locked");
        let known = format!("SELECT COUNT(*) FROM pg_database WHERE datname = '{template}'");
        if psql(&server, &known) == "0" {
            let new = Self::within(&server);
            make(&new.url());
            psql(&server, &format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'", new.name));
            psql(&server, &format!("ALTER DATABASE {} RENAME TO {template}", new.name));
        }
        drop(lock);
        psql(&server, &format!("CREATE DATABASE {} TEMPLATE {template}", copy.name));
        copy
    }

    /// An empty one in the server at `server`.
    pub fn within(server: &str) -> Self {
        let database = Self {
            server: server.to_owned(),
            name: fresh_name(),
        };
        database.ask_server(&format!("CREATE DATABASE {}", database.name));
        database
    }

    /// `database_url`.
    pub fn url(&self) -> String {
        let (server, _) = self.server.rsplit_once('/').expect("a URL with a database");
        format!("{server}/{}", self.name)
    }

    fn ask_server(&self, sql: &str) {
        psql(&self.server, sql);
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // Whoever used it may have been killed a moment ago. A server that is gone has taken it along.
        let sql = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let _ = psql_command(&self.server, &sql).output();
    }
}

/// What `sql` gives, without headings: columns separated by `|`.
pub fn psql(url: &str, sql: &str) -> String {
    let output = psql_command(url, sql).output().expect("psql starts");
    assert!(
        output.status.success(),
        "{sql}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("UTF-8").trim().to_owned()
}

fn psql_command(url: &str, sql: &str) -> Command {
    let mut command = Command::new("psql");
    command.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", sql]);
    command
}

/// A name that no other test of this run has.
fn fresh_name() -> String {
    static NAMES: AtomicU32 = AtomicU32::new(0);
    let number = NAMES.fetch_add(1, Ordering::Relaxed);
    format!("t{}_{number}", std::process::id())
}
