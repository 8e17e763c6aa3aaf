//! The binary from outside: each command does what it says, and each bad input is one sentence, exit code 2, and no
//! change.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

mod arguments;
mod clients;
mod database;
mod entitlements;
mod keys;
mod postgres;
mod server;
mod support;
mod users;
