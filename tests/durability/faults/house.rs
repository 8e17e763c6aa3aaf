//! Stores of one's own and the servers on them.

use std::time::{Duration, Instant};

use test_stores::{Keeper, psql};

use crate::kill::on_this_thread;
use crate::support::{Browser, Folder, Log, Process, Stores, Wire, command, run};

/// How soon everything is well again once the stores are.
pub const RECOVERY: Duration = Duration::from_secs(5);

/// A deployment.
pub struct House {
    /// Its servers; some may be dead.
    pub servers: Vec<Process>,
    /// Its database server.
    pub postgres: Keeper,
    /// Its key-value store.
    pub redis: Keeper,
    /// What is common to its servers, and the way around them.
    pub folder: Folder,
    variables: Vec<(String, String)>,
}

impl House {
    /// With so many servers on fresh stores.
    pub fn with(servers: usize) -> Self {
        let mut house = Self::empty();
        house.add(servers);
        house
    }

    /// Without a server yet.
    pub fn empty() -> Self {
        Self::on(test_stores::postgres(&[]), test_stores::redis(&[]), |url| {
            url.to_owned()
        })
    }

    /// On these stores, as `spell` writes their URLs; without a server yet.
    pub fn on(postgres: Keeper, redis: Keeper, spell: impl Fn(&str) -> String) -> Self {
        for setting in ["fsync", "full_page_writes", "synchronous_commit"] {
            // A kill of the server cannot see that one of these is off.
            assert_eq!(psql(&postgres.url, &format!("SHOW {setting}")), "on", "{setting}");
        }
        let folder = Folder::on(Stores {
            database_url: spell(&postgres.url),
            kv_url: spell(&redis.url),
        });
        Self {
            servers: Vec::new(),
            postgres,
            redis,
            folder,
            variables: Vec::new(),
        }
    }

    /// What its servers are told besides.
    pub fn tell(&mut self, name: &str, value: impl Into<String>) {
        self.variables.push((name.to_owned(), value.into()));
    }

    /// Starts so many servers more.
    pub fn add(&mut self, servers: usize) {
        for _ in 0..servers {
            let server = self.start(&[]);
            self.servers.push(server);
        }
    }

    /// Starts a server that is told this besides.
    pub fn start(&self, variables: &[(&str, &str)]) -> Process {
        let mut all: Vec<(&str, &str)> = self
            .variables
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        all.extend(variables);
        Process::serve(&self.folder, &all)
    }

    /// Kills a server and starts another in its place.
    pub fn replace(&mut self, index: usize) {
        self.servers[index].kill();
        self.servers[index] = self.start(&[]);
    }

    /// Where its servers listen.
    pub fn addresses(&self) -> Vec<String> {
        self.servers.iter().map(|server| server.address().to_owned()).collect()
    }

    /// Registers clients; before the servers start, so that all of them know these.
    pub fn register(&self, metadata: &serde_json::Value) {
        let file = self.folder.path().join("clients.json");
        std::fs::write(&file, metadata.to_string()).expect("is written");
        self.command(&["client", "add", "--file", file.to_str().expect("UTF-8")]);
    }

    /// Runs a command beside the servers and gives what it printed.
    pub fn command(&self, arguments: &[&str]) -> serde_json::Value {
        let mut command = command(&self.folder, arguments);
        command.arg("--json");
        let told = run(command, "");
        assert_eq!(told.code, Some(0), "{told:?}");
        serde_json::from_str(&told.out).expect("JSON")
    }

    /// Waits until every server says that it is ready, and fails if that takes longer than it may.
    pub fn recovered(&self) {
        let began = Instant::now();
        for server in &self.servers {
            until(RECOVERY, "every server is ready again", || {
                status(server, "/readyz") == Some(200)
            });
        }
        println!("ready again after {:?}", began.elapsed());
    }
}

/// What a server answers to a GET; `None` if it does not.
pub fn status(server: &Process, path: &str) -> Option<u16> {
    get(server, path).map(|(status, _)| status)
}

/// Status and body of a GET.
pub fn get(server: &Process, path: &str) -> Option<(u16, String)> {
    let log = Log::default();
    on_this_thread(async {
        let wire = Wire::to(server.address(), &log);
        let answer = Browser::default().get(&wire, path).await?;
        Some((answer.status, answer.text))
    })
}

/// Waits until `done`, at most for `most`.
pub fn until(most: Duration, what: &str, mut done: impl FnMut() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < most, "waited in vain for {most:?} until {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
