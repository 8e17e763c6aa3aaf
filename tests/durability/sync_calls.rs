//! A kill does not show a missing fsync, since the system keeps what was written. So the system calls are watched: what a
//! request wrote is synced before its answer leaves.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use countersign::domain::account::LinkPurpose;
use serde_json::json;

use crate::support::{Browser, Folder, Log, Process, Wire, limits_raised};

/// Calls that write, sync or send, with the paths of their descriptors.
const CALLS: &str = "trace=fdatasync,fsync,pwrite64,write,writev,sendto,sendmsg";

#[test]
fn every_acknowledged_write_is_synced_before_its_answer_is_sent() {
    let folder = Folder::new();
    let email = "ada@example.org".to_owned();
    let link = folder
        .plant(LinkPurpose::ConfirmEmail, &[(email.clone(), None)])
        .remove(0);
    let trace = folder.path().with_extension("trace");
    let server = start_traced(&folder.path(), &trace);
    let log = Log::default();
    let wire = Wire::to(server.address(), &log);
    let answers = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(one_of_each(&wire, &email, &link));
    server.terminate();
    let id = server.id();
    server.ended();
    let calls = whole_trace(&trace, id);
    let seen = answers_in(&calls);
    assert_eq!(
        seen.len(),
        answers.len(),
        "each answer is in the trace: {seen:?} {answers:?}\n{calls}"
    );
    for ((name, writes), seen) in answers.iter().zip(&seen) {
        assert!(
            !writes || seen.synced > 0,
            "{name} was answered before its write was synced: {seen:?}"
        );
    }
}

/// One request after the other, each waiting for its answer: its name, and whether it writes.
async fn one_of_each(wire: &Wire<'_>, email: &str, link: &str) -> Vec<(&'static str, bool)> {
    let mut browser = Browser::default();
    let confirmed = browser
        .post(wire, "/onboard/email/", &json!({ "token": link }))
        .await
        .expect("an answer");
    let token = confirmed.json()["token"].as_str().expect("a token").to_owned();
    let registered = browser.register(wire, &token, "a password").await.expect("an answer");
    assert_eq!(registered.status, 200, "{registered:?}");
    assert_eq!(browser.log_in(wire, email, "a password").await, Some(true));
    let code = browser
        .authorize(wire, "openid offline_access")
        .await
        .expect("an answer");
    let code = code.code().expect("a code");
    let tokens = wire.redeem(&code).await.expect("an answer").json();
    let refreshed = wire
        .refresh(tokens["refresh_token"].as_str().expect("one"))
        .await
        .expect("an answer");
    assert_eq!(refreshed.status, 200, "{refreshed:?}");
    let access = refreshed.json()["access_token"].as_str().expect("one").to_owned();
    let read = wire.userinfo(&access).await.expect("an answer");
    assert_eq!(read.status, 200, "{read:?}");
    for token in [
        access,
        refreshed.json()["refresh_token"].as_str().expect("one").to_owned(),
    ] {
        assert_eq!(wire.revoke(&token).await.expect("an answer").status, 200);
    }
    let ended = browser
        .post(wire, "/account/logout/", &json!({}))
        .await
        .expect("an answer");
    assert_eq!(ended.status, 200, "{ended:?}");
    vec![
        ("confirm", true),
        ("register start", false),
        ("register finish", true),
        ("login start", false),
        ("login finish", true),
        ("authorize", true),
        ("redeem", true),
        ("refresh", true),
        ("userinfo", false),
        ("revoke an access token", true),
        ("revoke a family", true),
        ("logout", true),
    ]
}

/// What the trace holds between one answer and the next.
#[derive(Debug, Default)]
struct Seen {
    /// Writes to the WAL that are not synced yet.
    written: usize,
    /// Writes to the WAL that were synced.
    synced: usize,
}

/// Goes through the trace. Calls of several threads may be cut in two: a write counts when it begins, a sync when it ends,
/// and for what was written when it began.
fn answers_in(calls: &str) -> Vec<Seen> {
    let mut seen = Vec::new();
    let mut now = Seen::default();
    let mut syncing: Vec<(&str, usize)> = Vec::new();
    for line in calls.lines() {
        let thread = line.split_whitespace().next().unwrap_or_default();
        let is_wal = line.contains("-wal>");
        if line.contains("pwrite64(") && is_wal {
            now.written += 1;
        } else if line.contains("sync(") && is_wal {
            if line.contains("<unfinished") {
                syncing.push((thread, now.written));
            } else {
                now.synced += std::mem::take(&mut now.written);
            }
        } else if line.contains("sync resumed>") {
            if let Some(place) = syncing.iter().position(|(who, _)| *who == thread) {
                let covered = syncing.remove(place).1.min(now.written);
                now.synced += covered;
                now.written -= covered;
            }
        } else if line.contains("\"HTTP/1.1 ") {
            seen.push(std::mem::take(&mut now));
        }
    }
    seen
}

/// A server that strace watches from the side, so that signals to the child reach the server.
fn start_traced(data: &Path, trace: &Path) -> Process {
    let known = Command::new("strace").arg("-V").stdout(Stdio::null()).status();
    assert!(
        known.is_ok_and(|status| status.success()),
        "strace is missing: apt-get install strace"
    );
    let mut plain = Process::command(data);
    limits_raised(&mut plain);
    let mut tracer = Command::new("strace");
    tracer
        .args(["-D", "-f", "-yy", "-s", "16", "-e", CALLS, "-o"])
        .arg(trace);
    tracer.arg(plain.get_program()).args(plain.get_args());
    for (name, value) in plain.get_envs() {
        match value {
            Some(value) => tracer.env(name, value),
            None => tracer.env_remove(name),
        };
    }
    Process::start(tracer, data)
}

/// The trace, once strace has seen the end of the process.
fn whole_trace(trace: &Path, id: u32) -> String {
    let started = Instant::now();
    loop {
        let calls = std::fs::read_to_string(trace).expect("a trace");
        let is_whole = calls
            .lines()
            .any(|line| line.starts_with(&id.to_string()) && line.contains("+++ exited with 0 +++"));
        if is_whole {
            return calls;
        }
        assert!(
            started.elapsed() < Duration::from_mins(1),
            "strace does not end:\n{calls}"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
}
