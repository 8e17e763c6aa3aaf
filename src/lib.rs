//! Countersign: an identity and entitlement server.
//!
//! # Layout
//!
//! In dependency order; a layer may use those above it, never those below (`tests/architecture.rs` checks it).
//!
//! - [`config`]: what the operator sets
//! - [`domain`]: pure decisions

pub mod config;
pub mod domain;
