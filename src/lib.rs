//! Countersign: an identity and entitlement server.
//!
//! # Layout
//!
//! In dependency order; a layer may use those above it, never those below (`tests/architecture/` checks it).
//!
//! - [`config`]: what the operator sets
//! - [`domain`]: pure decisions
//! - [`db`]: the store
//! - [`actors`]: who owns what at run time
//! - [`http`]: routes and pages
//! - [`cli`]: the commands of the binary
//!
//! Beside them, [`system`]: the machine's clock and random source, which are passed in; [`app`] puts all together.

pub mod actors;
pub mod app;
pub mod cli;
pub mod config;
pub mod db;
pub mod domain;
pub mod http;
pub mod system;
#[cfg(test)]
pub(crate) mod testing;
