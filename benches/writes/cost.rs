//! What something cost: CPU here and at the server, commits, syncs, time.

use std::process::Command;
use std::time::{Duration, Instant};

use metrics_exporter_prometheus::PrometheusHandle;

/// Reads the meters of one database.
pub enum Meter {
    /// A PostgreSQL server, looked at from a database of its own.
    Postgres {
        /// The process that all sessions are children of.
        postmaster: u32,
        url: String,
    },
    /// SQLite in this process, whose Writer counts commits.
    Sqlite(PrometheusHandle),
}

/// The meters between two spans of work. Asking takes time and CPU, which belong to neither.
pub struct Reading {
    /// Before it was asked: the end of the span before.
    end: Moment,
    /// After: the beginning of the next.
    begin: Moment,
    commits: Option<u64>,
    syncs: Option<u64>,
}

struct Moment {
    at: Instant,
    own: Duration,
    server: Duration,
}

/// Counted for each write; `None` where nobody counts.
#[derive(Clone, Copy)]
pub struct Counted {
    pub commits: Option<f64>,
    pub syncs: Option<f64>,
}

/// What one write cost.
#[derive(Clone, Copy)]
pub struct Cost {
    /// µs of CPU, here and at the server.
    pub cpu: f64,
    /// µs of CPU here.
    pub own_cpu: f64,
    pub counted: Counted,
    /// Writes in a second.
    pub rate: f64,
}

impl Meter {
    /// `url` is the database in `server` that is measured.
    pub fn of_postgres(server: &str, url: &str) -> Self {
        Self::Postgres {
            postmaster: postmaster(server),
            url: url.to_owned(),
        }
    }

    /// `handle` is of the recorder that Writer counts with.
    pub const fn of_sqlite(handle: PrometheusHandle) -> Self {
        Self::Sqlite(handle)
    }

    /// Reads all of them.
    pub async fn read(&self) -> Reading {
        let end = self.moment();
        let (commits, syncs) = match self {
            Self::Postgres { url, .. } => {
                // Sessions hand in what they counted ten seconds after they have become idle.
                actix_rt::time::sleep(Duration::from_secs(11)).await;
                let told = test_stores::psql(
                    url,
                    "SELECT (SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()), \
                     (SELECT wal_sync FROM pg_stat_wal)",
                );
                let (commits, syncs) = told.split_once('|').expect("two columns");
                (commits.parse().ok(), syncs.parse().ok())
            }
            Self::Sqlite(handle) => (commits_of(handle), None),
        };
        Reading {
            end,
            begin: self.moment(),
            commits,
            syncs,
        }
    }

    fn moment(&self) -> Moment {
        Moment {
            at: Instant::now(),
            own: cpu("/proc/self/stat", 11),
            server: match self {
                Self::Postgres { postmaster, .. } => family(*postmaster),
                Self::Sqlite(_) => Duration::ZERO,
            },
        }
    }
}

impl Reading {
    /// What each of `writes` cost since `before`.
    pub fn since(&self, before: &Self, writes: usize) -> Cost {
        let writes = writes as f64;
        let micros = |now: Duration, then: Duration| (now.saturating_sub(then)).as_secs_f64() * 1e6 / writes;
        let each = |now: Option<u64>, then: Option<u64>| Some(now?.saturating_sub(then?) as f64 / writes);
        let own_cpu = micros(self.end.own, before.begin.own);
        Cost {
            cpu: own_cpu + micros(self.end.server, before.begin.server),
            own_cpu,
            counted: Counted {
                commits: each(self.commits, before.commits),
                syncs: each(self.syncs, before.syncs),
            },
            rate: writes / (self.end.at - before.begin.at).as_secs_f64(),
        }
    }
}

/// The process of the PostgreSQL at `server` that all its sessions are children of.
pub fn postmaster(server: &str) -> u32 {
    let told = test_stores::psql(
        server,
        "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'",
    );
    field(&stat(&format!("/proc/{told}/stat")).expect("runs"), 1)
}

/// What the server's process and its children have used, those that have ended included.
pub fn family(postmaster: u32) -> Duration {
    let path = |pid: u32| format!("/proc/{pid}/stat");
    let whole = cpu(&path(postmaster), 11) + cpu(&path(postmaster), 13);
    let children = Command::new("ps")
        .args(["-o", "pid=", "--ppid", &postmaster.to_string()])
        .output()
        .expect("ps runs");
    let children = String::from_utf8(children.stdout).expect("numbers");
    let alive = children.split_whitespace().map(|pid| pid.parse().expect("a pid"));
    whole + alive.map(|pid| cpu(&path(pid), 11)).sum::<Duration>()
}

/// User and system time in two fields of proc(5)'s `stat`, counted from behind the name; nothing if it has ended.
fn cpu(path: &str, first: usize) -> Duration {
    let Some(stat) = stat(path) else { return Duration::ZERO };
    let ticks = u64::from(field(&stat, first)) + u64::from(field(&stat, first + 1));
    // USER_HZ is 100 on every Linux that anybody runs.
    Duration::from_millis(ticks * 10)
}

fn stat(path: &str) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    Some(text.rsplit_once(") ")?.1.to_owned())
}

fn field(stat: &str, index: usize) -> u32 {
    stat.split(' ')
        .nth(index)
        .and_then(|field| field.parse().ok())
        .expect("a number")
}

fn commits_of(handle: &PrometheusHandle) -> Option<u64> {
    let text = handle.render();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("countersign_commits_total "))?;
    line.parse().ok()
}
