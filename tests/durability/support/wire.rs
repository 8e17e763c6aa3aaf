//! HTTP to a server that may die at any moment, with a log of what was asked and what was answered.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
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
}

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

    /// Of the requests sent before `moment`: how many had no answer then, and how many never had one.
    pub fn unanswered_at(&self, moment: Instant) -> (usize, usize) {
        let asked = self.asked.lock().unwrap();
        let before = asked.iter().filter(|(sent, _)| *sent < moment);
        let open = before.filter(|(_, answered)| answered.is_none_or(|at| at > moment));
        let (never, later): (Vec<&(_, _)>, Vec<&(_, _)>) = open.partition(|(_, answered)| answered.is_none());
        (never.len() + later.len(), never.len())
    }
}

/// A way to one server, for one thread: its connections end with the runtime that made them.
pub struct Wire<'a> {
    http: reqwest::Client,
    base: String,
    /// Where requests are noted.
    pub log: &'a Log,
}

impl<'a> Wire<'a> {
    /// To the server at `address`, with connections of its own.
    pub fn to(address: &str, log: &'a Log) -> Self {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(60))
            .build()
            .expect("a client");
        Self {
            http,
            base: format!("http://{address}"),
            log,
        }
    }

    /// A request to be completed and sent.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let host = ISSUER.trim_start_matches("http://");
        self.http
            .request(method, format!("{}{path}", self.base))
            .header("host", host)
    }

    /// The answer, whole; `None` if there was none.
    pub async fn send(&self, request: RequestBuilder) -> Option<Answer> {
        let number = {
            let mut asked = self.log.asked.lock().unwrap();
            asked.push((Instant::now(), None));
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
        if answer.is_some() {
            self.log.asked.lock().unwrap()[number].1 = Some(Instant::now());
        }
        answer
    }
}
