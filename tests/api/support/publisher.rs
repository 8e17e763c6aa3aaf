//! A small web server of a client: it publishes what a test puts there, and counts who asks.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// Answers every request alike.
pub struct Publisher {
    /// Where it is.
    pub url: String,
    answer: Arc<Mutex<String>>,
    asked: Arc<AtomicUsize>,
}

impl Publisher {
    /// One that publishes this document.
    pub fn start(document: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("binds");
        let url = format!("http://{}/document", listener.local_addr().expect("an address"));
        let publisher = Self {
            url,
            answer: Arc::default(),
            asked: Arc::default(),
        };
        publisher.publish(document);
        let (answer, asked) = (Arc::clone(&publisher.answer), Arc::clone(&publisher.asked));
        // It ends with the process: the thread waits for connections that nobody opens any more.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.expect("a connection");
                let mut lines = BufReader::new(stream.try_clone().expect("a stream")).lines();
                while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
                asked.fetch_add(1, Ordering::SeqCst);
                let answer = answer.lock().expect("not poisoned").clone();
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        publisher
    }

    /// Publishes another document.
    pub fn publish(&self, document: &str) {
        self.answer("200 OK", "", document);
    }

    /// Answers anything.
    pub fn answer(&self, status: &str, headers: &str, body: &str) {
        let length = body.len();
        let answer =
            format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}");
        *self.answer.lock().expect("not poisoned") = answer;
    }

    /// How often somebody asked.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}
