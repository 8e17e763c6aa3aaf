//! Other processes on one folder: a second server is refused, commands work beside a running one.

use std::time::{Duration, Instant};

use countersign::domain::opaque::client::LoggingIn;
use countersign::domain::opaque::wire;
use countersign::system::SystemRandom;
use serde_json::Value;

use crate::support::{Browser, Folder, Log, Process, Told, Wire, binary, run};

fn command(folder: &Folder, arguments: &[&str], input: &str) -> Told {
    let mut command = binary();
    command.args(arguments).arg("--json").arg("--data").arg(folder.path());
    run(command, input)
}

fn json(told: &Told) -> Value {
    assert_eq!(told.code, Some(0), "{told:?}");
    serde_json::from_str(&told.out).expect("JSON")
}

#[test]
fn a_second_server_on_one_folder_is_refused_and_the_first_goes_on() {
    let folder = Folder::new();
    let server = Process::dev(&folder.path());
    let second = run(Process::command(&folder.path()), "");
    second.refused(&["another countersign server is using", "stop it first"]);
    assert_eq!(get(&server, "/healthz"), Some(200));
}

#[test]
fn what_commands_do_beside_a_running_server_is_seen_by_it() {
    let folder = Folder::new();
    let server = Process::dev(&folder.path());

    let password = "correct horse";
    let input = format!("{password}\n");
    json(&command(
        &folder,
        &["user", "add", "ann@example.org", "--password-stdin"],
        &input,
    ));
    assert!(signs_in(&server, "ann@example.org", password));

    let added = json(&command(
        &folder,
        &[
            "client",
            "add",
            "--public",
            "--first-party",
            "--redirect-uri",
            "http://127.0.0.1/back",
        ],
        "",
    ));
    let id = added["client_id"]
        .as_str()
        .unwrap_or_else(|| panic!("a client id in {added}"));
    let path = format!(
        "/oauth/authorize/?client_id={id}&redirect_uri=http%3A%2F%2F127.0.0.1%2Fback&response_type=code&scope=openid\
         &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"
    );
    until("the client is known", || {
        get(&server, &path).is_some_and(|status| (300..400).contains(&status))
    });

    let before = keys(&server);
    let rotated = command(&folder, &["keys", "rotate", "--purpose", "EdDSA"], "");
    assert_eq!(json(&rotated)["created"], true);
    until("the new keys are published", || keys(&server) != before);
}

/// Polls; the server looks for changed keys every few seconds.
fn until(what: &str, done: impl Fn() -> bool) {
    let started = Instant::now();
    while !done() {
        assert!(
            started.elapsed() < Duration::from_mins(1),
            "not within a minute: {what}"
        );
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Signs in as a page does, with the slow hash of every real client.
fn signs_in(server: &Process, email: &str, password: &str) -> bool {
    let (ke1, logging_in) = LoggingIn::start(password, &SystemRandom).expect("starts");
    let mut browser = Browser::default();
    on(server, async |wire| {
        let body = serde_json::json!({ "email": email, "client_request": wire::write(&ke1) });
        let started = browser
            .post(&wire, "/login/start/", &body)
            .await
            .expect("an answer")
            .json();
        let ke2 = wire::read(started["server_message"].as_str().expect("KE2")).expect("parses");
        let finished = logging_in.finish(ke2, &SystemRandom).expect("the password is right");
        let ke3 = wire::write(&finished.response);
        let body = serde_json::json!({ "auth_id": started["auth_id"], "client_request": ke3 });
        browser
            .post(&wire, "/login/finish/", &body)
            .await
            .expect("an answer")
            .status
            == 200
    })
}

fn get(server: &Process, path: &str) -> Option<u16> {
    fetch(server, path).map(|(status, _)| status)
}

fn keys(server: &Process) -> String {
    fetch(server, "/.well-known/jwks.json/").expect("an answer").1
}

fn fetch(server: &Process, path: &str) -> Option<(u16, String)> {
    on(server, async |wire| {
        let answer = wire.send(wire.request(reqwest::Method::GET, path)).await?;
        Some((answer.status, answer.text))
    })
}

fn on<T>(server: &Process, ask: impl AsyncFnOnce(Wire<'_>) -> T) -> T {
    let log = Log::default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime
        .expect("a runtime")
        .block_on(ask(Wire::to(server.address(), &log)))
}
