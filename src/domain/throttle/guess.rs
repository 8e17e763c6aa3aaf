//! A guess at a password and the four buckets it is charged to, all in one step and before it is answered.

use std::time::Duration;

use super::bucket::{Verdict, charge, charge_and_delay, refund};
use super::keys::ThrottleKey;
use crate::config::Limits;
use crate::domain::clock::Timestamp;

/// The buckets of one guess.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The client address.
    pub address: ThrottleKey,
    /// E-mail and client address.
    pub email_address: ThrottleKey,
    /// E-mail and browser, if that browser has signed in to it before.
    pub email_browser: Option<ThrottleKey>,
    /// The e-mail.
    pub email: ThrottleKey,
}

/// The states of an attempt's buckets, as they lie in the store under its keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Levels {
    /// Under [`Attempt::address`].
    pub address: Option<i64>,
    /// Under [`Attempt::email_address`].
    pub email_address: Option<i64>,
    /// Under [`Attempt::email_browser`]; `None` for a browser that is not known.
    pub email_browser: Option<i64>,
    /// Under [`Attempt::email`].
    pub email: Option<i64>,
}

/// The guess may be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charged {
    /// What to write back in the same step.
    pub levels: Levels,
    /// How long to hold the answer back; at most [`Limits::longest_delay`].
    pub delay: Duration,
}

/// The guess is not answered and nothing is charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many attempts")]
pub struct TooManyAttempts {
    /// When the next one may pass.
    pub retry_after: Duration,
}

/// Charges a guess to all its buckets, or to none.
///
/// The address refuses; (e-mail, address) refuses a browser that is not known; (e-mail, browser) refuses a known one;
/// the e-mail delays one that is not known. A known browser is charged everywhere too, but strangers, whatever they do
/// elsewhere, can neither refuse nor delay it.
///
/// Reading the levels, this decision and writing them back must be one atomic step.
///
/// # Errors
/// [`TooManyAttempts`] with the longest of the waits.
pub fn charge_guess(
    levels: Levels,
    known_browser: bool,
    now: Timestamp,
    limits: &Limits,
) -> Result<Charged, TooManyAttempts> {
    let (address, by_address) = charge(levels.address, now, &limits.address);
    let (email, delay) = charge_and_delay(levels.email, now, &limits.email, limits.longest_delay);
    let (email_address, email_browser, own) = if known_browser {
        // Charged though not judged, and though it may be empty: the refund must not give away what was never taken.
        let debt = limits
            .email_address
            .refill_every
            .saturating_mul(limits.email_address.burst);
        let (email_address, _) = charge_and_delay(levels.email_address, now, &limits.email_address, debt);
        let (email_browser, own) = charge(levels.email_browser, now, &limits.email_browser);
        (email_address, email_browser, own)
    } else {
        let (email_address, own) = charge(levels.email_address, now, &limits.email_address);
        (email_address, levels.email_browser, own)
    };
    let retry_after = wait(by_address).max(wait(own));
    if !retry_after.is_zero() {
        return Err(TooManyAttempts { retry_after });
    }
    Ok(Charged {
        levels: Levels {
            address,
            email_address,
            email_browser,
            email,
        },
        delay: if known_browser { Duration::ZERO } else { delay },
    })
}

/// Gives a completed login its own charge back, once; never the address's, or one's own account would pay for guesses at
/// others.
#[must_use]
pub fn refund_guess(levels: Levels, now: Timestamp, limits: &Limits) -> Levels {
    Levels {
        address: levels.address,
        email_address: refund(levels.email_address, now, &limits.email_address),
        email_browser: refund(levels.email_browser, now, &limits.email_browser),
        email: refund(levels.email, now, &limits.email),
    }
}

const fn wait(verdict: Verdict) -> Duration {
    match verdict {
        Verdict::Pass => Duration::ZERO,
        Verdict::Wait(wait) => wait,
    }
}

#[cfg(test)]
mod tests;
