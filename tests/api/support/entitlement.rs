//! A server whose clock stands still, so that recorded requests are in time.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use countersign::app;
use countersign::config::{Config, Connections, Dev, MasterKey};
use countersign::db::store::Migrate;
use countersign::db::{Decision, Statement, Store};
use countersign::domain::clock::{Clock, Timestamp};
use countersign::system::{SystemClock, SystemRandom};
use futures_util::FutureExt as _;
use serde_json::Value;
use tokio::sync::oneshot;

use super::MASTER_KEY;

/// A wall clock that stands still; the other goes on.
pub struct Frozen {
    wall: Timestamp,
    system: SystemClock,
}

impl Frozen {
    /// A clock that shows `millis`.
    pub fn at(millis: i64) -> Arc<Self> {
        Arc::new(Self {
            wall: Timestamp::from_millis(millis),
            system: SystemClock::start(),
        })
    }
}

impl Clock for Frozen {
    fn now(&self) -> Timestamp {
        self.wall
    }

    fn monotonic(&self) -> Duration {
        self.system.monotonic()
    }
}

/// A development server. It stops in order when dropped.
pub struct House {
    /// HTTP without redirects.
    pub http: reqwest::Client,
    base: String,
    folder: tempfile::TempDir,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl House {
    /// In a folder of its own.
    pub fn start(clock: Arc<Frozen>, change: impl FnOnce(&mut Config)) -> Self {
        Self::start_in(tempfile::tempdir().expect("a folder"), clock, change)
    }

    /// In a folder where one may have run before.
    pub fn start_in(folder: tempfile::TempDir, clock: Arc<Frozen>, change: impl FnOnce(&mut Config)) -> Self {
        let dev = Dev {
            listen: "127.0.0.1:0".parse().expect("an address"),
            data_dir: folder.path(),
            issuer: None,
        };
        let none = std::iter::empty::<(String, String)>();
        let mut config = Config::dev(dev, &MasterKey::new(MASTER_KEY), none).expect("a configuration");
        change(&mut config);
        let (ready, started) = std::sync::mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let server = app::Server::start(config, clock, Arc::new(SystemRandom))
                    .await
                    .expect("the server starts");
                ready.send(server.ready.issuer.clone()).expect("the test waits");
                let told = async {
                    let _ = stopped.await;
                };
                server.serve(told).await.expect("the server ends well");
            });
        });
        Self {
            http: reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .expect("a client"),
            base: started.recv().expect("the server is ready"),
            folder,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// A URL of this server.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Status and JSON body of a POST; `null` if the body is none.
    pub async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let response = self
            .http
            .post(self.url(path))
            .json(body)
            .send()
            .await
            .expect("an answer");
        (response.status().as_u16(), response.json().await.unwrap_or(Value::Null))
    }

    /// Status of a GET.
    pub async fn get(&self, path: &str) -> u16 {
        let response = self.http.get(self.url(path)).send().await.expect("an answer");
        response.status().as_u16()
    }

    /// Text of a GET.
    pub async fn text(&self, path: &str) -> String {
        let response = self.http.get(self.url(path)).send().await.expect("an answer");
        response.text().await.expect("a text")
    }

    /// JSON of a GET.
    pub async fn json(&self, path: &str) -> Value {
        serde_json::from_str(&self.text(path).await).expect("JSON")
    }

    /// Asks for the list until it has `ticket`, which must be soon.
    pub async fn until_ticket(&self, body: &Value, ticket: i64) -> Value {
        for _ in 0..200 {
            let (_, json) = self.post("/get_pro_revocations", body).await;
            if json["result"]["ticket"] == ticket {
                return json;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the ticket does not come");
    }

    /// Runs a statement beside the server, as a command does.
    pub fn write(&self, statement: Statement) {
        let url = countersign::config::DatabaseUrl::SqliteFile(self.folder.path().join("countersign.db"));
        let mode = countersign::config::Mode::Dev;
        let (sizes, now) = (Connections::default(), Timestamp::from_millis(0));
        let opened = Store::open(&url, sizes, mode, Migrate::Never, now).now_or_never();
        let (_, mut connection) = opened.expect("SQLite does not wait").expect("the database opens");
        connection
            .transact("test", async move |transaction| {
                transaction.query(&statement).await?;
                Ok(Decision::Commit(()))
            })
            .now_or_never()
            .expect("SQLite does not wait")
            .expect("the statement runs");
    }

    /// Stops it and gives the folder back.
    pub fn stop(mut self) -> tempfile::TempDir {
        self.end();
        std::mem::replace(&mut self.folder, tempfile::tempdir().expect("a folder"))
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

impl Drop for House {
    fn drop(&mut self) {
        self.end();
    }
}
