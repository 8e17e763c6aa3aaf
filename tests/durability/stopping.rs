//! SIGTERM: what was accepted is answered, what was acknowledged stays, and the exit code is 0.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use countersign::domain::account::LinkPurpose;
use futures_util::future::join_all;
use serde_json::json;

use crate::support::{Answer, Browser, Folder, ISSUER, Log, Process, Wire};

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

#[test]
fn a_request_that_was_accepted_before_sigterm_is_answered_though_its_body_comes_after() {
    let folder = Folder::new();
    let addresses: Vec<_> = (0..IN_FLIGHT).map(|n| (format!("p{n}@example.org"), None)).collect();
    let links = folder.plant(LinkPurpose::ConfirmEmail, &addresses);
    let server = Process::dev(&folder.path());
    let address = server.address().to_owned();
    let waiting: Vec<_> = links.iter().map(|link| Accepted::ask(&address, link)).collect();

    server.terminate();
    let started = Instant::now();
    while TcpStream::connect(&address).is_ok() {
        assert!(started.elapsed() < Duration::from_mins(1), "the door stays open");
        std::thread::sleep(Duration::from_millis(5));
    }
    server.terminate();
    for accepted in waiting {
        let answer = accepted.answer();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer:?}");
    }
    let (status, _) = server.ended();
    assert_eq!(status.code(), Some(0), "{status}");

    let server = Process::dev(&folder.path());
    for link in &links {
        let answer = Accepted::ask(server.address(), link).answer();
        assert!(
            answer.starts_with("HTTP/1.1 410"),
            "an acknowledged use is kept: {answer:?}"
        );
    }
}

/// A request that the server has begun to serve: it has asked for the body (RFC 9110 §10.1.1), which is not sent yet.
struct Accepted {
    stream: BufReader<TcpStream>,
    body: String,
}

impl Accepted {
    fn ask(address: &str, link: &str) -> Self {
        let mut stream = TcpStream::connect(address).expect("connects");
        stream.set_read_timeout(Some(Duration::from_mins(1))).expect("sets");
        let body = json!({ "token": link }).to_string();
        let head = format!(
            "POST /onboard/email/ HTTP/1.1\r\nHost: {}\r\nOrigin: {ISSUER}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\nExpect: 100-continue\r\n\r\n",
            ISSUER.trim_start_matches("http://"),
            body.len()
        );
        stream.write_all(head.as_bytes()).expect("writes");
        let mut stream = BufReader::new(stream);
        let mut line = String::new();
        stream.read_line(&mut line).expect("an interim answer");
        assert!(line.starts_with("HTTP/1.1 100"), "{line:?}");
        line.clear();
        stream.read_line(&mut line).expect("its end");
        assert_eq!(line, "\r\n");
        Self { stream, body }
    }

    /// Sends the body; the whole answer.
    fn answer(mut self) -> String {
        self.stream.get_mut().write_all(self.body.as_bytes()).expect("writes");
        let mut answer = String::new();
        self.stream.read_to_string(&mut answer).expect("an answer");
        answer
    }
}
