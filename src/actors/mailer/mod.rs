//! Mailer: outgoing mail, tried until it is delivered, refused or expired; in dev a mailbox that can be looked at.

pub mod queue;
