//! Entitlements: a payment becomes a subscription, and a subscription becomes short-lived proofs for a person's devices.
//!
//! - [`key`]: public keys and their signatures, the key that signs proofs
//! - [`hash`]: what is signed in requests; [`request`]: requests whose signatures have been checked
//! - [`generation`], [`proof`]: what a proof says, and how it is signed and verified
//! - [`ids`], [`payment`]: payments, how they are told apart, and the states they go through
//! - [`standing`]: what all payments of a person come to
//! - [`renewal`], [`revocation`]: renewals that need no device; refunds
//! - [`day`]: everything that is rounded or clamped
//! - [`onion`]: requests inside requests; [`verify`]: checking a proof offline
//! - [`report`], [`mask`]: what operators are shown
//! - [`grant`]: what an operator gives by hand; [`dev`]: what a development server mints

pub mod day;
pub mod dev;
pub mod generation;
pub mod grant;
pub mod hash;
pub mod ids;
pub mod key;
pub mod mask;
pub mod onion;
pub mod payment;
pub mod proof;
pub mod renewal;
pub mod report;
pub mod request;
pub mod revocation;
pub mod standing;
#[cfg(test)]
pub(crate) mod vectors;
pub mod verify;
