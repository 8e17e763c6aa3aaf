//! PostgreSQL: a pool that reads, and lanes that write.
//!
//! - [`connector`]: one session, opened with the settings that this server relies on; [`tls`]: how it is protected
//! - [`values`], [`trouble`]: parameters and columns, and what an error means for the transaction around it
//! - [`readers`]: the pool
//! - [`setup`]: is the database ours and current, migrations, the lock between processes; [`presence`]: servers at work
//! - [`running`], [`lanes`], [`singles`], [`commands`], [`settle`]: writing

mod commands;
mod connector;
mod lanes;
mod presence;
mod readers;
mod running;
mod settle;
mod setup;
mod singles;
mod tls;
mod trouble;
mod values;

#[cfg(test)]
mod tests;

pub use lanes::Lanes;
pub use presence::Presence;
pub use readers::Readers;
pub use running::Running;

pub(super) use setup::{Setup, open, status};

use std::time::Duration;

/// How long a session may take to open: name, TCP, TLS, password, settings.
const CONNECT_LIMIT: Duration = Duration::from_secs(2);

/// How long a statement may wait for another transaction's lock, by the server's clock.
const LOCK_LIMIT: Duration = Duration::from_secs(2);

/// How long things may take.
#[derive(Clone, Copy, Debug)]
struct Limits {
    /// How long the server may work at one statement, by its own clock.
    statement: Duration,
    /// How long this process waits for what it has sent, by its own clock: a frozen server keeps no limits.
    flight: Duration,
    /// How long one read or write may take in all, tries and settling included.
    whole: Duration,
}

/// While people wait. Shorter in all than whoever asks an actor waits.
const HASTY: Limits = Limits {
    statement: Duration::from_secs(3),
    flight: Duration::from_millis(3_200),
    whole: Duration::from_millis(4_500),
};

/// For start-up and commands, which may touch millions of rows.
const PATIENT: Limits = Limits {
    statement: Duration::from_mins(10),
    flight: Duration::from_mins(11),
    whole: Duration::from_mins(15),
};

/// How often a work is run again after a serialization failure or a deadlock.
const TRIES: u32 = 20;

/// The moment after `span`.
fn after(span: Duration) -> tokio::time::Instant {
    #[expect(
        clippy::disallowed_methods,
        reason = "time limits measure this process's own time, not the world's"
    )]
    let now = tokio::time::Instant::now();
    now + span
}

/// How much is left until `deadline`.
fn left(deadline: tokio::time::Instant) -> Duration {
    deadline.saturating_duration_since(after(Duration::ZERO))
}
