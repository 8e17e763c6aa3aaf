//! A server in this process, on a free port and a folder of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use countersign::app;
use countersign::config::{Config, Connections, DatabaseUrl, Dev, Issuer, MasterKey, Mode};
use countersign::db::store::Migrate;
use countersign::db::{Statement, Store, WriteConnection, clients};
use countersign::domain::clock::{Clock, Timestamp};
use countersign::domain::oauth::metadata::{ClientMetadata, Registered, Registrar};
use countersign::system::{SystemClock, SystemRandom};
use futures_util::FutureExt as _;
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

/// A running server. It stops in order when dropped, and fails the test if it cannot.
pub struct Server {
    /// Its issuer, without a slash at the end.
    pub issuer: String,
    /// Its folder.
    pub folder: tempfile::TempDir,
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
        Self::start_in(tempfile::tempdir().expect("a folder"), change)
    }

    /// The same, in a folder where a server may have run before.
    pub fn start_in(folder: tempfile::TempDir, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = config(&folder);
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
            folder,
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

    /// Stops it and gives the folder back.
    pub fn stop(mut self) -> tempfile::TempDir {
        self.end();
        std::mem::replace(&mut self.folder, tempfile::tempdir().expect("a folder"))
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

    /// A second pair of connections to its database, as a command beside it has.
    pub fn store(&self) -> (Store, WriteConnection) {
        let url = DatabaseUrl::SqliteFile(self.folder.path().join("countersign.db"));
        let sizes = Connections::default();
        let opened = Store::open(&url, sizes, Mode::Dev, Migrate::Never, self.clock.now()).now_or_never();
        opened.expect("SQLite does not wait").expect("the database opens")
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
        let (_, mut connection) = self.store();
        connection
            .transact("test", async move |transaction| {
                transaction.query(&statement).await?;
                Ok(countersign::db::Decision::Commit(()))
            })
            .now_or_never()
            .expect("SQLite does not wait")
            .expect("the statement runs");
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

fn config(folder: &tempfile::TempDir) -> Config {
    let listen = "127.0.0.1:0".parse().expect("an address");
    let dev = Dev {
        listen,
        data_dir: folder.path(),
        issuer: None,
    };
    let none = std::iter::empty::<(String, String)>();
    let mut config = Config::dev(dev, &MasterKey::new(MASTER_KEY), none).expect("a configuration");
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
