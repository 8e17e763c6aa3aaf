//! The server from outside, over HTTP: every request goes through a real socket, a real store and real actors.
//!
//! Each file is one matter; the ids in the names of tests are those of the checks that they show. A test starts a
//! server of its own, in this process, with a clock that it can move.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod abuse;
mod authorize;
mod bounds;
mod cross_site;
mod enumeration;
mod guessing;
mod guessing_shares;
mod leaks;
mod opaque;
mod redirect_uri;
mod routes;
mod sessions;
mod sign_in;
mod storage;
mod support;
