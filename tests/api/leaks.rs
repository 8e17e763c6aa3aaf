//! No secret reaches the log or the metrics (OWASP ASVS 16.2.5).

use std::io::Write;
use std::sync::{Arc, LazyLock};

use parking_lot::Mutex;
use serde_json::{Value, json};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::support::{Browser, Client, Person, Server, Tokens, VERIFIER, query_of};

/// What any test in this process logs.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Everything of ours, and of libraries what the default level shows.
static LOG: LazyLock<Log> = LazyLock::new(|| {
    let log = Log::default();
    let writer = log.clone();
    let layer = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(move || writer.clone());
    let filter = tracing_subscriber::EnvFilter::new("info,countersign=trace");
    tracing_subscriber::registry().with(filter).with(layer).init();
    log
});

/// Every text of at least 16 letters in a JSON document: tokens, ids, messages.
fn texts(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::String(text) if text.len() >= 16 && !text.contains(' ') => into.push(text.clone()),
        Value::Array(values) => values.iter().for_each(|value| texts(value, into)),
        Value::Object(fields) => fields.values().for_each(|value| texts(value, into)),
        _ => {}
    }
}

async fn sign_in(client: &Client, person: &mut Person, secrets: &mut Vec<String>) -> String {
    let begun = person.browser.get(&client.authorize_path(&[])).await;
    let flow_id = begun.location().split("flow_id=").nth(1).expect("a flow").to_owned();
    let (started, logging_in) = person.start_login().await;
    let body = Person::finish_body(&started, logging_in, Some(&flow_id)).expect("right");
    texts(&started, secrets);
    texts(&body, secrets);
    let finished = person.browser.post("/login/finish/", &body).await;
    let next = finished.json()["next"].as_str().expect("next").to_owned();
    let done = person.browser.get(&next).await;
    secrets.extend(person.browser.cookies.values().cloned());
    query_of(done.location())["code"].clone()
}

#[actix_web::test]
async fn lk_01_nothing_secret_is_logged_or_measured() {
    let log = LOG.clone();
    let server = Server::start();
    let email = "lk01.ada.lovelace@leak.example.org";
    let mut secrets = vec![email.to_owned(), "lk01.ada.lovelace".to_owned(), VERIFIER.to_owned()];

    let mut person = Person::signed_up(&server, email).await;
    secrets.push(person.password.clone());
    let client = Client::confidential(&server);
    secrets.push(client.secret.clone().expect("a secret"));
    let code = sign_in(&client, &mut person, &mut secrets).await;
    secrets.push(code.clone());
    let tokens = Tokens(client.redeem(&server, &code).await.json());
    texts(&tokens.0, &mut secrets);
    let refreshed = Tokens(client.refresh(&server, tokens.refresh()).await.json());
    texts(&refreshed.0, &mut secrets);
    Client::userinfo(&server, refreshed.access()).await;

    // What goes wrong is where servers say too much.
    client.redeem(&server, &code).await;
    client.refresh(&server, "lk01-not-a-refresh-token").await;
    Client::userinfo(&server, "lk01-not-an-access-token").await;
    let mut wrong = client.clone();
    wrong.secret = Some("lk01-wrong-client-secret".to_owned());
    wrong.refresh(&server, refreshed.refresh()).await;
    secrets.extend(
        [
            "lk01-not-a-refresh-token",
            "lk01-not-an-access-token",
            "lk01-wrong-client-secret",
        ]
        .map(str::to_owned),
    );
    let mut guesser = Person::stranger(&server, email);
    guesser.password = "lk01-wrong-password".to_owned();
    let (started, _) = guesser.start_login().await;
    let body = json!({ "auth_id": started["auth_id"], "client_request": "B".repeat(85) + "A" });
    texts(&body, &mut secrets);
    guesser.browser.post("/login/finish/", &body).await;
    for path in [
        "/login/start/",
        "/onboard/signup/",
        "/onboard/email/",
        "/update/password/start/",
    ] {
        let body =
            json!({ "email": "lk01 not an address", "token": "lk01-bad-token", "client_request": "lk01-bad-message" });
        guesser.browser.post(path, &body).await;
    }
    secrets.extend(["lk01 not an address", "lk01-bad-token", "lk01-bad-message"].map(str::to_owned));
    Browser::new(&server)
        .get("/oauth/authorize/?client_id=lk01-who&state=lk01-state")
        .await;
    secrets.push("lk01-state".to_owned());

    // Reset, revocation, logout.
    person
        .browser
        .post("/update/password/reset/", &json!({ "email": email }))
        .await;
    let token = person.mailed_token(&server, "/reset/").await;
    secrets.push(token.clone());
    person.password = "lk01 another password".to_owned();
    secrets.push(person.password.clone());
    assert_eq!(person.reset(&token).await.status, 200);
    person.reset(&token).await;
    client.revoke(&server, refreshed.refresh()).await;
    person.browser.cookies.remove("countersign-session");
    sign_in(&client, &mut person, &mut secrets).await;
    let hint = format!("/oauth/logout/?id_token_hint={}", tokens.id());
    person.browser.get(&hint).await;
    person.browser.post("/account/logout/", &json!({})).await;

    let metrics = Browser::new(&server).get("/metrics").await;
    assert_eq!(metrics.status, 200);
    server.stop();
    let logged = String::from_utf8_lossy(&log.0.lock()).into_owned();
    assert!(logged.contains("countersign"), "something is logged at all");
    secrets.sort();
    secrets.dedup();
    assert!(secrets.len() > 30, "{}", secrets.len());
    for secret in secrets.iter().filter(|secret| !is_public(secret)) {
        for line in logged.lines() {
            assert!(!line.contains(secret.as_str()), "{secret} in the log: {line}");
        }
        assert!(!metrics.text.contains(secret.as_str()), "{secret} in the metrics");
    }
}

/// Not secret, though it stands among what is.
fn is_public(text: &str) -> bool {
    text == "openid email offline_access" || text.starts_with("http://127.0.0.1")
}
