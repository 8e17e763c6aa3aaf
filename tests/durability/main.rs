//! What must stay true when the machine does not play along: kills, full disks, wrong files, signals.
//!
//! Every test runs the real binary in a folder of its own. `kill` is the long one: see docs/durability.md.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "tests fail by panicking, and these measure real time on real processes"
)]

mod changes;
mod environment;
mod faults;
mod kill;
mod neighbours;
mod stopping;
mod support;
mod sync_calls;
