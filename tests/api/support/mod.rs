//! What the tests stand on: a server, people who sign in to it, and clients that they sign in with.

pub mod api;
mod browser;
mod client;
pub mod entitlement;
pub mod jwt;
mod person;
mod proofs;
mod publisher;
mod server;
mod signer;
pub mod socket;
pub mod steps;
mod tls;
mod wire;

pub use browser::{Answer, Browser};
pub use client::{Client, Tokens, VERIFIER, query_of};
pub use person::Person;
pub use publisher::Publisher;
pub use server::{Home, MASTER_KEY, Server, is_scaled};
pub use signer::{ASSERTION_TYPE, Signer, assertion_claims};
pub use wire::FORM;
