//! Login: owns the OPAQUE state machines of login, registration and password reset, from first message to last, and
//! the mails that lead to the latter two.
//!
//! Several shards of one role. Between two messages a state lies sealed in the key-value store, from which it is taken
//! out atomically: whoever takes it has the only one.

pub mod ask_change;
pub mod confirm_email;
pub mod delete_account;
pub mod finish_login;
pub mod finish_registration;
pub mod request_mail;
pub mod start_login;
pub mod start_registration;

mod enrolment;
mod guess;
mod links;
mod mail_limit;
pub mod proof;
mod states;

use std::sync::Arc;
use std::time::Duration;

use super::ask::Door;
use super::failure::Failure;
use super::key_ring::secrets::Secrets;
use super::mailer::letters::Letters;
use super::mailer::{Mailer, Wake};
use super::supervise::Role;
use super::writer::Writes;
use crate::config::Config;
use crate::db::Store;
use crate::db::kv::KeyValue;
use crate::domain::account::ProfileError;
use crate::domain::clock::Clock;
use crate::domain::random::Random;
use crate::domain::throttle::{TooManyAttempts, retry_after_secs};

/// What Login is made from.
#[derive(Clone)]
pub struct Deps {
    /// Reads accounts and links.
    pub store: Store,
    /// States between two messages, throttle counters.
    pub kv: KeyValue,
    /// Writes sessions, accounts and links.
    pub writes: Writes,
    /// Sends mail.
    pub mailer: Door<Mailer>,
    /// The OPAQUE setup, and what identifies, seals and names counters.
    pub secrets: Arc<Secrets>,
    /// Lifetimes, limits, onboarding.
    pub config: Arc<Config>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Everything random.
    pub random: Arc<dyn Random>,
}

/// The role; it has no state but what it depends on.
pub struct Login {
    deps: Arc<Deps>,
}

impl Role for Login {
    const NAME: &'static str = "login";
    type Deps = Deps;

    fn begin(deps: &Deps) -> Self {
        Self {
            deps: Arc::new(deps.clone()),
        }
    }
}

/// Why a step of a login or a registration did not go on.
#[derive(Debug)]
pub enum LoginError {
    /// Wrong password, unknown or disabled account: one answer.
    Refused,
    /// The login state or link is unknown, used or expired: one answer.
    Expired,
    /// Guessed too often; how long to wait, in s.
    TooManyAttempts {
        /// For `Retry-After`.
        retry_after: u64,
    },
    /// This server takes nobody in who was not invited.
    SignUpClosed,
    /// The change needs a login made for it, in this browser, as the account it is about.
    NotProven,
    /// The new address has got an account of its own meanwhile.
    AddressTaken,
    /// Nobody would be left to administer.
    LastAdministrator,
    /// Something that was said of a person does not fit.
    Profile(ProfileError),
    /// A failure of the server.
    Failure(Failure),
}

impl<E: Into<Failure>> From<E> for LoginError {
    fn from(error: E) -> Self {
        Self::Failure(error.into())
    }
}

impl From<TooManyAttempts> for LoginError {
    fn from(error: TooManyAttempts) -> Self {
        Self::TooManyAttempts {
            retry_after: retry_after_secs(error.retry_after),
        }
    }
}

/// An answer, and how long whoever gives it must hold it back: guesses at one e-mail from everywhere are only slowed.
#[derive(Debug)]
pub struct Delayed<T> {
    /// The answer.
    pub answer: T,
    /// For how long.
    pub delay: Duration,
}

impl Deps {
    /// What writes mails.
    fn letters(&self) -> Letters {
        Letters {
            secrets: Arc::clone(&self.secrets),
            config: Arc::clone(&self.config),
            random: Arc::clone(&self.random),
        }
    }

    /// Tells the Mailer that a mail was queued. If it does not hear it, it finds the mail by itself a little later.
    fn wake_mailer(&self) {
        self.mailer.tell(Wake);
    }
}
