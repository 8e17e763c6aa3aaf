//! OPAQUE (RFC 9807): registration and login, the server's side and the client's.
//!
//! Fixed by the design: both identities unset (the public keys stand in), empty context, the credential identifier is
//! the keyed hash of the canonical e-mail. So the domain of the server may change without killing a password.

pub mod client;
pub mod login;
pub mod registration;
pub mod setup;
pub mod suite;
pub mod wire;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;
