//! What the tests here share.

mod browser;
mod folder;
mod opaque;
mod process;
mod wire;

pub use browser::{Browser, claims};
pub use folder::{CLIENT, Folder, REDIRECT_URI};
pub use opaque::{Enrolling, LoggingIn};
pub use process::{Process, Told, binary, limits_raised, run};
pub use wire::{Answer, ISSUER, Log, Wire};
