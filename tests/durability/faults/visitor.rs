//! Somebody who asks all servers the same simple things all the time, and notes what each answer was and how long it took.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::kill::on_this_thread;
use crate::support::{Answer, Browser, Log, LoggingIn, Wire};

/// How long anybody may wait for a refusal while a store is away.
const SOON: Duration = Duration::from_secs(6);

/// How long a question that asks no store may take on a busy machine.
const AT_ONCE: Duration = Duration::from_secs(2);

/// From one round of questions to the next.
const PAUSE: Duration = Duration::from_millis(100);

/// One answer.
#[derive(Debug)]
struct Visit {
    asked: Instant,
    took: Duration,
    what: &'static str,
    status: Option<u16>,
    says_when: bool,
}

/// What was seen.
#[derive(Debug, Default)]
pub struct Visitor {
    visits: Mutex<Vec<Visit>>,
    is_over: AtomicBool,
}

impl Visitor {
    /// Asks the servers at `addresses` while `work` runs.
    pub fn around<T>(addresses: &[String], work: impl FnOnce() -> T) -> (T, Self) {
        let visitor = Self::default();
        let worked = std::thread::scope(|scope| {
            for address in addresses {
                for ask in [Self::ask_stores, Self::ask_health] {
                    let visitor = &visitor;
                    scope.spawn(move || {
                        while !visitor.is_over.load(Ordering::SeqCst) {
                            ask(visitor, address);
                            std::thread::sleep(PAUSE);
                        }
                    });
                }
            }
            let worked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
            visitor.is_over.store(true, Ordering::SeqCst);
            worked.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        (worked, visitor)
    }

    fn ask_health(&self, address: &str) {
        self.note(address, "/healthz", async |wire| {
            Browser::default().get(wire, "/healthz").await
        });
        self.note(address, "/readyz", async |wire| {
            Browser::default().get(wire, "/readyz").await
        });
    }

    /// A login charges throttles, reads the database and leaves a state; a token is looked up in the database alone.
    fn ask_stores(&self, address: &str) {
        self.note(address, "login", async |wire| {
            let (message, _) = LoggingIn::start("a guess");
            let body = json!({ "email": "nobody@example.org", "client_request": message });
            Browser::default().post(wire, "/login/start/", &body).await
        });
        self.note(address, "refresh", async |wire| wire.refresh("a.b.c.d.e").await);
    }

    fn note(&self, address: &str, what: &'static str, ask: impl AsyncFnOnce(&Wire<'_>) -> Option<Answer>) {
        let log = Log::default();
        let asked = Instant::now();
        let answer = on_this_thread(async { ask(&Wire::to(address, &log)).await });
        self.visits.lock().unwrap().push(Visit {
            asked,
            took: asked.elapsed(),
            what,
            status: answer.as_ref().map(|answer| answer.status),
            says_when: answer.is_some_and(|answer| answer.headers.contains_key("retry-after")),
        });
    }

    /// Holds what was seen against the rules: a store was away from `away` to `back`, and all is well after `well`.
    pub fn judge(&self, away: Instant, back: Instant, well: Instant) {
        let visits = self.visits.lock().unwrap();
        let of = |what: &'static str| visits.iter().filter(move |visit| visit.what == what);
        for visit in visits.iter() {
            let (fine, most) = match (visit.what, visit.status) {
                ("/healthz", status) => (status == Some(200), AT_ONCE),
                ("/readyz", status) => (matches!(status, Some(200 | 503)), SOON),
                ("login", Some(200)) | ("refresh", Some(400)) => (true, SOON),
                (_, Some(503)) => (visit.says_when && visit.asked < well, SOON),
                _ => (false, SOON),
            };
            assert!(
                fine && visit.took <= most,
                "{visit:?}, {:?} after the store was back",
                visit.asked.checked_duration_since(back)
            );
        }
        let during = |visit: &&Visit| visit.asked > away && visit.asked < back;
        if back - away > Duration::from_secs(3) {
            let refused = of("login")
                .filter(during)
                .filter(|visit| visit.status == Some(503))
                .count();
            assert!(refused > 0, "nobody was told that the store was away");
            let told = of("/readyz")
                .filter(during)
                .filter(|visit| visit.status == Some(503))
                .count();
            assert!(told > 0, "/readyz did not tell that the store was away");
        }
        for what in ["/healthz", "/readyz", "login", "refresh"] {
            assert!(
                of(what).any(|visit| visit.asked > well),
                "{what} was not asked in the end"
            );
        }
        let late = of("/readyz").find(|visit| visit.asked > well && visit.status != Some(200));
        assert!(late.is_none(), "not ready in time: {late:?}");
        let slowest = visits.iter().max_by_key(|visit| visit.took);
        println!("{} visits, the slowest {slowest:?}", visits.len());
    }
}
