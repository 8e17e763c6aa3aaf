//! What all clients saw, held against the rules that concern more than one answer.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Spends and violations.
#[derive(Debug, Default)]
pub struct History {
    /// What each single-use thing gave.
    spent: Mutex<HashMap<String, String>>,
    violations: Mutex<Vec<String>>,
    /// Unknown outcomes that were settled after a restart.
    settled: AtomicUsize,
    /// Refusals because the server was busy.
    busy: AtomicUsize,
}

impl History {
    /// Notes that `what` was accepted and gave `result`. A code or a link gives a new result each time, so a second
    /// success is a violation; a refresh token may be honoured again, but only with the same successor.
    pub fn spent(&self, what: &str, result: &str) {
        let earlier = self.spent.lock().unwrap().insert(what.to_owned(), result.to_owned());
        if let Some(earlier) = earlier.filter(|earlier| earlier != result) {
            self.violation(format!("{what} was spent twice: {earlier} and {result}"));
        }
    }

    /// Notes something that must not be.
    pub fn violation(&self, text: impl Into<String>) {
        self.violations.lock().unwrap().push(text.into());
    }

    /// Notes something that must not be, unless `fine`.
    pub fn demand(&self, fine: bool, text: impl FnOnce() -> String) {
        if !fine {
            self.violation(text());
        }
    }

    /// Notes that an unknown outcome is known now.
    pub fn settled(&self) {
        self.settled.fetch_add(1, Ordering::SeqCst);
    }

    /// Notes an answer 503.
    pub fn busy(&self) {
        self.busy.fetch_add(1, Ordering::SeqCst);
    }

    /// Fails if a rule was broken.
    pub fn assert_clean(&self, round: usize) {
        let violations = self.violations.lock().unwrap();
        let first: Vec<_> = violations.iter().take(10).collect();
        assert!(
            first.is_empty(),
            "round {round}: {} violations, first {first:#?}",
            violations.len()
        );
    }
}

impl std::fmt::Display for History {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} spends, {} unknown outcomes settled, {} answers 503",
            self.spent.lock().unwrap().len(),
            self.settled.load(Ordering::SeqCst),
            self.busy.load(Ordering::SeqCst)
        )
    }
}
