//! Who owns what at run time, and in which order things happen.
//!
//! - [`supervise`]: the shell around every actor that survives panics; restart budget and escalation
//! - [`ask`]: bounded doors to actors
//! - [`outgoing`]: the one way out to addresses that clients registered
//! - one folder for each actor: `mod.rs` holds its state and what it depends on, one file for each request

pub mod ask;
pub mod end_session;
pub mod failure;
pub mod grants;
pub mod key_ring;
pub mod ledger;
pub mod linking;
pub mod login;
pub mod mailer;
pub mod members;
pub mod notifier;
pub mod outgoing;
pub mod sector;
pub mod supervise;
pub mod supervisor;
pub mod sweeper;
pub mod writer;
