//! `[http]`: bounds of requests and connections.

use std::time::Duration;

use super::visit::{Section, Visitor};

/// What a client may send and how long it may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Http {
    /// The longest request body in bytes; a longer one answers 413.
    pub body_bytes: usize,
    /// From the first byte of a request to the end of its headers.
    pub header_timeout: Duration,
    /// From the end of the headers to the end of the body.
    pub body_timeout: Duration,
    /// How long an idle connection is kept.
    pub keep_alive: Duration,
    /// The most connections at once, over all workers.
    pub max_connections: usize,
    /// How long a stop waits for requests that were accepted.
    pub drain_timeout: Duration,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            body_bytes: 64 * 1024,
            header_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(15),
            keep_alive: Duration::from_secs(15),
            max_connections: 10_000,
            drain_timeout: Duration::from_secs(30),
        }
    }
}

impl Section for Http {
    fn visit<V: Visitor>(&mut self, v: &mut V) {
        let span = Duration::from_millis(100)..=Duration::from_mins(10);
        // The longest message of the sign-in page and the longest token fit in 8 KiB.
        v.within("body_bytes", &mut self.body_bytes, 8192..=1_048_576);
        v.within("header_timeout", &mut self.header_timeout, span.clone());
        v.within("body_timeout", &mut self.body_timeout, span.clone());
        v.within("keep_alive", &mut self.keep_alive, span.clone());
        v.within("max_connections", &mut self.max_connections, 1..=1_000_000);
        v.within("drain_timeout", &mut self.drain_timeout, span);
    }
}
