//! Linking: a signed-in person links a master key to the account, and unlinks it.
//!
//! The one actor that knows of accounts and of entitlements. It keeps nothing between two requests: an open challenge is
//! a row, which the transaction that links deletes.

pub mod challenge;
pub mod link;

use std::sync::Arc;

use super::supervise::Role;
use super::writer::Writes;
use crate::config::Config;
use crate::domain::clock::Clock;
use crate::domain::random::Random;
use crate::domain::secret::{Token, TokenHash};

/// What Linking is made from.
#[derive(Clone)]
pub struct Deps {
    /// Writes challenges and links.
    pub writes: Writes,
    /// The issuer.
    pub config: Arc<Config>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Nonces.
    pub random: Arc<dyn Random>,
}

/// The role; it has no state but what it depends on.
pub struct Linking {
    deps: Deps,
}

impl Role for Linking {
    const NAME: &'static str = "linking";
    type Deps = Deps;

    fn begin(deps: &Deps) -> Self {
        Self { deps: deps.clone() }
    }
}

/// A browser that says it is signed in: both of its cookies.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The browser cookie.
    pub browser: Token,
    /// The session cookie.
    pub session: Token,
}

impl SignedIn {
    fn hashes(&self) -> (TokenHash, TokenHash) {
        (self.session.hash(), self.browser.hash())
    }
}

/// Why a person's wish is not fulfilled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nobody is signed in with these cookies (any more).
    #[error("nobody is signed in here")]
    SignedOut,
    /// There is no such challenge: unknown, answered, replaced or over.
    #[error("this challenge is not open any more")]
    Gone,
    /// The signature is not the master key's over this challenge.
    #[error("the signature is not one of this master key over this challenge")]
    BadSignature,
    /// The key's owner has linked it to another account.
    #[error("this key is linked to another account; unlink it there first")]
    LinkedElsewhere,
}
