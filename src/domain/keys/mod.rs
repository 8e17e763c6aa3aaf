//! The keys that rotate: JOSE signing keys and refresh-encryption keys, from birth to withdrawal; and the public keys of clients.

pub mod algorithm;
pub mod client_key;
pub mod jwk;
pub mod keyset;
pub mod lifecycle;
pub mod refresh;
pub mod rotation;
pub mod signing;
pub mod verifying;

#[cfg(test)]
pub(crate) mod testing;
