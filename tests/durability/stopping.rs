//! SIGTERM: what was accepted is answered, what was acknowledged stays, and the exit code is 0.

use std::time::{Duration, Instant};

use countersign::domain::account::LinkPurpose;
use futures_util::future::join_all;
use serde_json::json;

use crate::support::{Answer, Browser, Folder, Log, Process, Wire};

/// Requests in flight when the signal comes.
const IN_FLIGHT: usize = 40;

#[test]
fn sigterm_answers_everything_in_flight_and_a_second_one_does_no_harm() {
    let folder = Folder::new();
    let addresses: Vec<_> = (0..IN_FLIGHT).map(|n| (format!("p{n}@example.org"), None)).collect();
    let links = folder.plant(LinkPurpose::ConfirmEmail, &addresses);
    let server = Process::dev(&folder.path());
    let log = Log::default();
    let address = server.address().to_owned();
    let answers: Vec<Option<Answer>> = std::thread::scope(|scope| {
        let asking = scope.spawn(|| {
            let wire = Wire::to(&address, &log);
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async {
                // Connections are made before: the signal closes the door for new ones.
                join_all((0..IN_FLIGHT).map(async |_| Browser::default().get(&wire, "/healthz").await)).await;
                join_all(links.iter().map(async |link| {
                    Browser::default()
                        .post(&wire, "/onboard/email/", &json!({ "token": link }))
                        .await
                }))
                .await
            })
        });
        let started = Instant::now();
        while !(log.in_flight() > 0 && log.asked() > IN_FLIGHT + IN_FLIGHT / 2) {
            assert!(
                started.elapsed() < Duration::from_mins(1),
                "the requests do not come: {log:?}"
            );
            std::hint::spin_loop();
        }
        server.terminate();
        server.terminate();
        asking.join().expect("the requests end")
    });
    let (status, printed) = server.ended();
    assert_eq!(status.code(), Some(0), "{status}");
    assert!(!printed.contains("ready"), "the ready line is printed once: {printed}");

    let spent: i64 = folder
        .reader()
        .query_row(
            "SELECT COUNT(*) FROM links WHERE purpose = 'confirm-email' AND spent_at IS NOT NULL",
            [],
            |row| row.get(0),
        )
        .expect("reads");
    let done = answers.iter().flatten().filter(|answer| answer.status == 200).count();
    // Nothing was done without an answer; what came after the end of the door was refused as a whole.
    assert_eq!(i64::try_from(done).expect("small"), spent, "{answers:?}");
    for answer in answers.iter().flatten() {
        assert!(matches!(answer.status, 200 | 503), "{answer:?}");
    }
    assert!(done > 0, "{answers:?}");
}
