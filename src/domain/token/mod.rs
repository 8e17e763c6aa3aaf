//! The tokens this server issues: their claims, their signatures, and how they are read back. And those that others sign.

pub mod claims;
pub mod client_jws;
pub mod dpop;
pub mod dpop_nonce;
pub mod jws;
pub mod numeric_date;
pub mod refresh;
pub mod verify;
