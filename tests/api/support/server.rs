//! A server in this process, on a free port and stores of its own: embedded ones, or where `TEST_STORES=scaled` says so
//! PostgreSQL and Redis.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use countersign::app;
use countersign::config::{Config, Connections, Dev, Issuer, MasterKey, Mode};
use countersign::db::store::Migrate;
use countersign::db::{Statement, Store, WriteConnection, clients};
use countersign::domain::clock::{Clock, Timestamp};
use countersign::domain::oauth::metadata::{ClientMetadata, Registered, Registrar};
use countersign::system::{SystemClock, SystemRandom};
use test_stores::Database;
use tokio::sync::oneshot;

/// The master key of every test server.
pub const MASTER_KEY: [u8; 32] = *b"the master key of a test server.";

/// The system's clock, moved by as much as the test says.
pub struct TestClock {
    system: SystemClock,
    ahead_millis: AtomicI64,
}

impl TestClock {
    /// Moves both clocks forward.
    pub fn advance(&self, span: Duration) {
        self.ahead_millis
            .fetch_add(i64::try_from(span.as_millis()).expect("a short span"), Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.system.now().as_millis() + self.ahead_millis.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Duration {
        self.system.monotonic() + Duration::from_millis(self.ahead_millis.load(Ordering::SeqCst).unsigned_abs())
    }
}

/// Whether servers stand on PostgreSQL and Redis.
pub fn is_scaled() -> bool {
    match std::env::var("TEST_STORES").as_deref() {
        Ok("scaled") => true,
        Ok("embedded") | Err(_) => false,
        Ok(other) => panic!("TEST_STORES={other:?} is neither embedded nor scaled"),
    }
}

/// What outlives a server: its folder, and where it shares its stores a database and a corner of Redis.
pub struct Home {
    folder: tempfile::TempDir,
    shared: Option<(Database, String)>,
}

impl Home {
    /// A fresh one.
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a folder"),
            shared: is_scaled().then(|| {
                let migrated = Database::copy_of("migrated", migrate);
                (migrated, test_stores::fresh_redis())
            }),
        }
    }

    /// Goes on as if the key-value store had been emptied, as one in memory is by a stop of its server.
    pub fn forget(&mut self) {
        if let Some((_, redis)) = &mut self.shared {
            *redis = test_stores::fresh_redis();
        }
    }

    /// Whether its database has this text somewhere, as it is or in hexadecimal.
    pub fn holds(&self, text: &str) -> bool {
        let has = |bytes: &[u8], sought: &[u8]| bytes.windows(sought.len()).any(|window| window == sought);
        let mut stored: Vec<Vec<u8>> = std::fs::read_dir(self.folder.path())
            .expect("a folder")
            .filter_map(|file| std::fs::read(file.expect("a file").path()).ok())
            .collect();
        if let Some((database, _)) = &self.shared {
            let dump = std::process::Command::new("pg_dump").arg(database.url()).output();
            stored.push(dump.expect("PostgreSQL is dumped").stdout);
        }
        let hexadecimal = hex::encode(text);
        stored
            .iter()
            .any(|bytes| has(bytes, text.as_bytes()) || has(bytes, hexadecimal.as_bytes()))
    }

    /// A development server's configuration for it.
    pub fn config(&self) -> Config {
        let dev = Dev {
            listen: "127.0.0.1:0".parse().expect("an address"),
            data_dir: self.folder.path(),
            issuer: None,
        };
        let none = std::iter::empty::<(String, String)>();
        let mut config = Config::dev(dev, &MasterKey::new(MASTER_KEY), none).expect("a configuration");
        if let Some((database, redis)) = &self.shared {
            let shared = scaled(&database.url(), redis);
            (config.database_url, config.kv_url) = (shared.database_url, shared.kv_url);
            // Hundreds of tests share one server.
            config.postgres = Connections { readers: 4, writers: 2 };
        }
        config
    }

    /// Connections to its database, as a command beside a server has.
    pub async fn store(&self, now: Timestamp) -> (Store, WriteConnection) {
        let config = self.config();
        let opened = Store::open(&config.database_url, config.postgres, Mode::Dev, Migrate::Never, now).await;
        opened.expect("the database opens")
    }

    /// Works on its database from a thread of its own, and waits for that.
    pub fn beside<T: Send>(&self, now: Timestamp, work: impl AsyncFnOnce(Store, WriteConnection) -> T + Send) -> T {
        std::thread::scope(|scope| {
            let working = scope.spawn(|| {
                let runtime = actix_web::rt::Runtime::new().expect("a runtime");
                runtime.block_on(async {
                    let (store, connection) = self.store(now).await;
                    work(store, connection).await
                })
            });
            working.join().expect("the work is done")
        })
    }
}

/// A configuration for these stores; the rest of it is of no matter.
fn scaled(database_url: &str, kv_url: &str) -> Config {
    let env = [
        ("COUNTERSIGN_DATABASE_URL", database_url),
        ("COUNTERSIGN_KV_URL", kv_url),
        (
            "COUNTERSIGN_MASTER_KEY",
            "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
        ),
        ("COUNTERSIGN_DEFINE__ISSUER", "https://id.example.org"),
        ("COUNTERSIGN_MAIL__FROM", "a@example.org"),
        ("COUNTERSIGN_MAIL__URL", "smtp://localhost"),
    ];
    Config::load(None, env).expect("a configuration")
}

/// Makes the tables that every server of a run begins with.
fn migrate(url: &str) {
    let config = scaled(url, "memory:");
    let migrating = std::thread::spawn(move || {
        let runtime = actix_web::rt::Runtime::new().expect("a runtime");
        let now = SystemClock::start().now();
        let opened = Store::open(&config.database_url, config.postgres, Mode::Dev, Migrate::Up, now);
        runtime.block_on(opened).map(drop).expect("migrates");
    });
    migrating.join().expect("migrates");
}

/// A running server. It stops in order when dropped, and fails the test if it cannot.
pub struct Server {
    /// Its issuer, without a slash at the end.
    pub issuer: String,
    /// What outlives it.
    pub home: Home,
    /// Its clock.
    pub clock: Arc<TestClock>,
    /// HTTP without redirects or cookies of its own.
    pub http: reqwest::Client,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// A development server with limits that no test reaches by accident.
    pub fn start() -> Self {
        Self::start_with(|_| {})
    }

    /// The same, with a configuration that the test changes.
    pub fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        Self::start_in(Home::new(), change)
    }

    /// The same, where a server may have run before.
    pub fn start_in(home: Home, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = generous(home.config());
        change(&mut config);
        let clock = Arc::new(TestClock {
            system: SystemClock::start(),
            ahead_millis: AtomicI64::new(0),
        });
        let (ready, started) = std::sync::mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let own_clock = Arc::clone(&clock);
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let server = app::Server::start(config, own_clock, Arc::new(SystemRandom))
                    .await
                    .expect("the server starts");
                ready.send(server.ready.issuer.clone()).expect("the test waits");
                let told = async {
                    let _ = stopped.await;
                };
                server.serve(told).await.expect("the server ends well");
            });
        });
        let issuer = started.recv().expect("the server is ready");
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("a client");
        Self {
            issuer,
            home,
            clock,
            http,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// A URL of this server.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.issuer)
    }

    /// What its clock shows, in seconds since 1970.
    pub fn now(&self) -> i64 {
        self.clock.now().as_secs()
    }

    /// Stops it and gives back what outlives it.
    pub fn stop(mut self) -> Home {
        self.end();
        let shared = self.home.shared.take();
        let empty = tempfile::tempdir().expect("a folder");
        Home {
            folder: std::mem::replace(&mut self.home.folder, empty),
            shared,
        }
    }

    /// Stops it and starts it again on the same port, so that what it issued is still its own. The clock is the system's again.
    pub fn restart(self) -> Self {
        let issuer = Issuer::parse(&self.issuer).expect("an issuer");
        let address = self.issuer.trim_start_matches("http://").parse().expect("an address");
        Self::start_in(self.stop(), |config| {
            config.listen = address;
            config.define.issuer = issuer;
        })
    }

    /// Connections to its database, as a command beside it has.
    pub async fn store(&self) -> (Store, WriteConnection) {
        self.home.store(self.clock.now()).await
    }

    /// Registers a client from RFC 7591 metadata.
    pub fn register(&self, metadata: &serde_json::Value) -> Registered {
        let metadata: ClientMetadata = serde_json::from_value(metadata.clone()).expect("metadata");
        let registrar = Registrar {
            random: &SystemRandom,
            loopback_issuer: true,
            by_operator: true,
        };
        let registered = metadata.register(registrar).expect("is registered");
        let insert = clients::insert(&registered.client, self.clock.now()).expect("a statement");
        self.write(insert);
        registered
    }

    /// Runs a statement beside the server.
    pub fn write(&self, statement: Statement) {
        self.home.beside(self.clock.now(), async move |_, mut connection| {
            connection
                .transact("test", async move |transaction| {
                    transaction.query(&statement).await?;
                    Ok(countersign::db::Decision::Commit(()))
                })
                .await
                .expect("the statement runs");
        });
    }

    fn end(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let result = thread.join();
            assert!(std::thread::panicking() || result.is_ok(), "the server panicked");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

/// Limits that no test reaches by accident.
fn generous(mut config: Config) -> Config {
    for bucket in [
        &mut config.limits.address,
        &mut config.limits.email_address,
        &mut config.limits.email_browser,
        &mut config.limits.email,
        &mut config.limits.client_address,
        &mut config.limits.user_code,
        &mut config.limits.device_address,
        &mut config.limits.mail_recipient,
        &mut config.limits.mail_address,
    ] {
        bucket.burst = 1_000_000;
    }
    config
}
