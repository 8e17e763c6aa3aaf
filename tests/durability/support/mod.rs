//! What the tests here share.

mod browser;
mod folder;
mod opaque;
mod process;
mod signer;
mod wire;

pub use browser::{Browser, claims, header};
pub use folder::{CLIENT, Folder, REDIRECT_URI, Stores};
pub use opaque::{Enrolling, LoggingIn};
pub use process::{Process, Told, binary, command, limits_raised, run};
pub use signer::Signer;
pub use wire::{Answer, ISSUER, Log, Wire};
