//! A whole server, asked over HTTP and looked into from behind: its key-value store, its keys, its actors.

mod dump;
mod fake_record;
mod panics;
mod stopping;

use std::collections::BTreeMap;
use std::thread::JoinHandle;

use futures_util::FutureExt as _;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::*;
use crate::actors::key_ring::secrets::Secrets;
use crate::config::{Connections, DatabaseUrl};
use crate::db::{Decision, Statement, WriteConnection, accounts};
use crate::domain::email::Email;
use crate::domain::opaque::client::{LoggingIn, enrol};
use crate::domain::opaque::wire;
use crate::testing::config_with;

const ISSUER: &str = "https://id.example.org";
const EMAIL: &str = "ada@example.org";
const PASSWORD: &str = "correct horse battery staple";

/// A production server on a port of its own, whose mail server is away.
struct Running {
    app: Data<App>,
    alarm: watch::Receiver<Option<&'static str>>,
    secrets: Arc<Secrets>,
    http: reqwest::Client,
    base: String,
    folder: tempfile::TempDir,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<Result<(), RunError>>>,
}

/// What came back.
struct Answer {
    status: u16,
    location: String,
    cookies: BTreeMap<String, String>,
    text: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("{} {}", self.status, self.text))
    }
}

impl Running {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = format!("sqlite:{}", folder.path().join("countersign.db").display());
        let mut config = config_with(&[
            ("COUNTERSIGN_DATABASE_URL", path.as_str()),
            ("COUNTERSIGN_LISTEN", "127.0.0.1:0"),
            ("COUNTERSIGN_DEFINE__ISSUER", ISSUER),
            ("COUNTERSIGN_MAIL__URL", "smtps://127.0.0.1:1"),
        ]);
        config.define.jobs = Job::ALL.to_vec();
        config.limits.address.burst = 1_000_000;
        config.limits.email_address.burst = 1_000_000;
        config.limits.email.burst = 1_000_000;
        let url = config.database_url.clone();
        let vault = Vault::new(config.master_key.expose());
        let (ready, started) = std::sync::mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let clock = Arc::new(SystemClock::start());
                let server = Server::start(config, clock, Arc::new(SystemRandom))
                    .await
                    .expect("starts");
                let from_inside = (server.app.clone(), server.alarm.clone(), server.ready.address);
                ready.send(from_inside).expect("the test waits");
                let told = async {
                    let _ = stopped.await;
                };
                server.serve(told).await
            })
        });
        let (app, alarm, address) = started.recv().expect("the server is ready");
        let now = app.clock.now();
        let opened = Store::open(&url, Connections::default(), app.config.mode, Migrate::Never, now).now_or_never();
        let (store, mut connection) = opened.expect("SQLite does not wait").expect("the database opens");
        let open = secrets::open(&store, &mut connection, &vault, &SystemRandom, now);
        let secrets = open.now_or_never().expect("does not wait").expect("opens");
        enrol_ada(&mut connection, &secrets, now);
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            // A connection that the server closes while it is taken from a pool would be a failure of the client's.
            .pool_max_idle_per_host(0);
        Self {
            app,
            alarm,
            secrets,
            http: http.build().expect("a client"),
            base: format!("http://{address}"),
            folder,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let response = request.send().await.expect("an answer");
        let header = |name: &str| response.headers().get_all(name).into_iter().map(|value| value.to_str());
        let cookies = header("set-cookie")
            .filter_map(|line| line.ok()?.split_once(';')?.0.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        Answer {
            status: response.status().as_u16(),
            location: header("location").filter_map(Result::ok).collect(),
            cookies,
            text: response.text().await.expect("a body"),
        }
    }

    async fn get(&self, path: &str, cookies: &str) -> Answer {
        self.send(self.http.get(format!("{}{path}", self.base)).header("cookie", cookies))
            .await
    }

    async fn post(&self, path: &str, cookies: &str, body: &Value) -> Answer {
        let request = self.http.post(format!("{}{path}", self.base)).header("cookie", cookies);
        self.send(request.header("origin", ISSUER).json(body)).await
    }

    /// KE1 → KE2 for an address, without a cookie: the answer, the browser cookie, the client's state.
    async fn start_login(&self, email: &str) -> (Value, String, LoggingIn) {
        let (request, logging_in) = LoggingIn::start(PASSWORD, &SystemRandom).expect("starts");
        let body = json!({ "email": email, "client_request": wire::write(&request) });
        let answer = self.post("/login/start/", "", &body).await;
        let browser = answer.cookies["__Host-countersign-browser"].clone();
        (answer.json(), browser, logging_in)
    }

    /// A whole login of Ada: both cookies, browser first.
    async fn log_in(&self) -> (String, String) {
        let (started, browser, logging_in) = self.start_login(EMAIL).await;
        let challenge = wire::read(started["server_message"].as_str().expect("text")).expect("parses");
        let finished = logging_in
            .finish(challenge, &SystemRandom)
            .expect("the password is right");
        let body = json!({ "auth_id": started["auth_id"], "client_request": wire::write(&finished.response) });
        let cookie = format!("__Host-countersign-browser={browser}");
        let answer = self.post("/login/finish/", &cookie, &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        (browser, answer.cookies["__Host-countersign-session"].clone())
    }

    async fn stop(&mut self) -> Result<(), RunError> {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        let thread = self.thread.take().expect("it was not stopped before");
        tokio::task::spawn_blocking(move || thread.join().expect("no panic"))
            .await
            .expect("joins")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn enrol_ada(connection: &mut WriteConnection, secrets: &Secrets, now: crate::domain::clock::Timestamp) {
    let email = Email::parse(EMAIL).expect("an address");
    let identifier = secrets.identifier.identify(&email);
    let record = enrol(&secrets.opaque, identifier, PASSWORD, &SystemRandom).expect("enrols");
    let insert = accounts::insert("ada", &identifier, &email, record.as_bytes(), now);
    write(connection, insert);
}

fn write(connection: &mut WriteConnection, statement: Statement) {
    let done = connection.transact("test", async move |transaction| {
        transaction.query(&statement).await?;
        Ok(Decision::Commit(()))
    });
    let done = done.now_or_never().expect("SQLite does not wait");
    done.expect("the statement runs");
}
