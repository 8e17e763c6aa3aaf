//! The tokens this server issues: their claims, their signatures, and how they are read back.

pub mod claims;
pub mod client_jws;
pub mod jws;
pub mod numeric_date;
pub mod refresh;
pub mod verify;
