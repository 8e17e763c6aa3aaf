//! The keys that rotate: JOSE signing keys and refresh-encryption keys, from birth to withdrawal.

pub mod algorithm;
pub mod foreign;
pub mod jwk;
pub mod keyset;
pub mod lifecycle;
pub mod refresh;
pub mod rotation;
pub mod signing;
pub mod verifying;

#[cfg(test)]
pub(crate) mod testing;
