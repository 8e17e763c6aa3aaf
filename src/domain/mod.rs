//! Pure decisions: no I/O, no clock and no randomness but what is passed in.

pub mod account;
pub mod clock;
pub mod destination;
pub mod drift;
pub mod email;
pub mod entitlement;
pub mod keys;
pub mod lease;
pub mod linking;
pub mod mail;
pub mod oauth;
pub mod opaque;
pub mod random;
pub mod seal;
pub mod secret;
pub mod throttle;
pub mod token;
pub mod vault;
