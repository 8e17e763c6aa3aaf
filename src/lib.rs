//! Countersign: an identity and entitlement server.
//!
//! # Layout
//!
//! In dependency order; a layer may use those above it, never those below (`tests/architecture.rs` checks it).
//!
//! - [`config`]: what the operator sets
//! - [`domain`]: pure decisions
//! - [`db`]: the store
//! - [`actors`]: who owns what at run time

pub mod actors;
pub mod config;
pub mod db;
pub mod domain;

#[cfg(test)]
pub(crate) mod testing;
