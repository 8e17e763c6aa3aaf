//! HTTP to a server that may die at any moment, with a log of what was asked and what was answered.

use std::cell::Cell;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder};
use serde_json::Value;

/// The issuer of every server here: it stays while ports change, and so do tokens.
pub const ISSUER: &str = "http://127.0.0.1:4242";

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub text: String,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Where it redirects to.
    pub fn location(&self) -> Option<&str> {
        self.headers.get("location")?.to_str().ok()
    }
}

/// What all clients of one server asked, and heard.
#[derive(Debug, Default)]
pub struct Log {
    in_flight: AtomicUsize,
    acknowledged: AtomicUsize,
    asked: Mutex<Vec<(Instant, Option<Instant>)>>,
    /// Set when the load is to end.
    over: AtomicBool,
    /// Whether each request has a connection of its own.
    one_by_one: bool,
    /// Requests that got no answer, or a 5xx.
    failed: AtomicUsize,
    /// Answers that said that it cannot be done now.
    unavailable: AtomicUsize,
    /// What must not be about such answers.
    complaints: Mutex<Vec<String>>,
}

/// The longest that a request to servers without their stores may wait for its refusal.
const LONGEST_REFUSAL: Duration = Duration::from_secs(10);

impl Log {
    /// Requests without an answer now.
    pub fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::SeqCst)
    }

    /// Requests ever sent.
    pub fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    /// Writes whose answer said that they are done.
    pub fn acknowledged(&self) -> usize {
        self.acknowledged.load(Ordering::SeqCst)
    }

    /// Notes such a write.
    pub fn acknowledge(&self) {
        self.acknowledged.fetch_add(1, Ordering::SeqCst);
    }

    /// Has each request go by a connection of its own: a proxy that is reloaded closes what is idle, and a browser sends
    /// again what such a connection did not take, but the client here does not.
    pub fn without_keep_alive(mut self) -> Self {
        self.one_by_one = true;
        self
    }

    /// Requests that got no answer, or a 5xx.
    pub fn failed(&self) -> usize {
        self.failed.load(Ordering::SeqCst)
    }

    /// Lets no further request out, so that everybody stops.
    pub fn end(&self) {
        self.over.store(true, Ordering::SeqCst);
    }

    /// How many answers were 503.
    pub fn unavailable(&self) -> usize {
        self.unavailable.load(Ordering::SeqCst)
    }

    /// Fails if a refusal was not as it has to be.
    pub fn assert_well_refused(&self) {
        let complaints = self.complaints.lock().unwrap();
        assert!(
            complaints.is_empty(),
            "{} answers, first {:#?}",
            complaints.len(),
            complaints.first()
        );
    }

    /// Takes an answer, which is none where it says that nobody knows whether it was done.
    fn take(&self, answer: Answer, took: Duration) -> Option<Answer> {
        if took > LONGEST_REFUSAL {
            let complaint = format!("answered after {took:?}: {answer:?}");
            self.complaints.lock().unwrap().push(complaint);
        }
        if answer.status != 503 {
            return Some(answer);
        }
        self.unavailable.fetch_add(1, Ordering::SeqCst);
        if !answer.headers.contains_key("retry-after") {
            let complaint = format!("does not say when to try again: {answer:?}");
            self.complaints.lock().unwrap().push(complaint);
        }
        None
    }

    /// Of the requests sent before `moment`: how many had no answer then, and how many never had one.
    pub fn unanswered_at(&self, moment: Instant) -> (usize, usize) {
        let asked = self.asked.lock().unwrap();
        let before = asked.iter().filter(|(sent, _)| *sent < moment);
        let open = before.filter(|(_, answered)| answered.is_none_or(|at| at > moment));
        let (never, later): (Vec<&(_, _)>, Vec<&(_, _)>) = open.partition(|(_, answered)| answered.is_none());
        (never.len() + later.len(), never.len())
    }
}

/// A way to one server or to several in turn, for one thread: its connections end with the runtime that made them.
pub struct Wire<'a> {
    http: reqwest::Client,
    bases: Vec<String>,
    turn: Cell<usize>,
    /// Whether a 503 is taken for no answer, and a state that the key-value store has lost for bad luck.
    pub forgives: bool,
    /// How often a request is sent again that was answered 503.
    patience: usize,
    /// Where requests are noted.
    pub log: &'a Log,
}

impl<'a> Wire<'a> {
    /// To the server at `address`, with connections of its own.
    pub fn to(address: &str, log: &'a Log) -> Self {
        Self::among(&[address.to_owned()], log)
    }

    /// To the servers at `addresses`, each request to the next: what one begins, another goes on with.
    pub fn among(addresses: &[String], log: &'a Log) -> Self {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_mins(1))
            .pool_max_idle_per_host(if log.one_by_one { 0 } else { usize::MAX })
            .build()
            .expect("a client");
        Self {
            http,
            bases: addresses.iter().map(|address| format!("http://{address}")).collect(),
            turn: Cell::new(0),
            forgives: false,
            patience: 0,
            log,
        }
    }

    /// For servers whose stores are about to fail.
    pub fn forgiving(mut self) -> Self {
        self.forgives = true;
        self
    }

    /// For a machine so busy that stores answer too late now and then: does what a 503 says, and tries again.
    pub fn patient(mut self) -> Self {
        self.patience = 20;
        self
    }

    /// A request to be completed and sent.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let host = ISSUER.trim_start_matches("http://");
        let turn = self.turn.get();
        self.turn.set(turn + 1);
        let base = &self.bases[turn % self.bases.len()];
        self.http.request(method, format!("{base}{path}")).header("host", host)
    }

    /// The answer, whole; `None` if there was none.
    pub async fn send(&self, request: RequestBuilder) -> Option<Answer> {
        for _ in 0..self.patience {
            let again = request.try_clone().expect("its body is in memory");
            let answer = self.send_once(again).await;
            if answer.as_ref().is_none_or(|answer| answer.status != 503) {
                return answer;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        self.send_once(request).await
    }

    async fn send_once(&self, request: RequestBuilder) -> Option<Answer> {
        if self.log.over.load(Ordering::SeqCst) {
            return None;
        }
        let sent = Instant::now();
        let number = {
            let mut asked = self.log.asked.lock().unwrap();
            asked.push((sent, None));
            asked.len() - 1
        };
        self.log.in_flight.fetch_add(1, Ordering::SeqCst);
        let answer = async {
            let response = request.send().await.ok()?;
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            let text = response.text().await.ok()?;
            Some(Answer { status, headers, text })
        }
        .await;
        self.log.in_flight.fetch_sub(1, Ordering::SeqCst);
        if answer.as_ref().is_none_or(|answer| answer.status >= 500) {
            self.log.failed.fetch_add(1, Ordering::SeqCst);
        }
        if answer.is_some() {
            self.log.asked.lock().unwrap()[number].1 = Some(Instant::now());
        }
        if self.forgives {
            answer.and_then(|answer| self.log.take(answer, sent.elapsed()))
        } else {
            answer
        }
    }
}
