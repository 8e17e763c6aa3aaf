//! Charging a guess before it is answered: every evaluation of the OPRF is one, on every route.

use std::time::Duration;

use super::{Deps, LoginError};
use crate::actors::failure::Failure;
use crate::db::accounts;
use crate::domain::email::Identifier;
use crate::domain::secret::TokenHash;
use crate::domain::throttle::{Attempt, ClientAddress, Levels, ThrottleKey, charge_guess, refund_guess};

impl Deps {
    /// Charges a guess at `identifier` to its four buckets; the delay to hold the answer back.
    pub(super) async fn charge(
        &self,
        identifier: &Identifier,
        address: ClientAddress,
        browser: Option<&TokenHash>,
    ) -> Result<Duration, LoginError> {
        let attempt = self.attempt(identifier, address, browser).await?;
        let now = self.clock.now();
        let limits = &self.config.limits;
        let known = attempt.email_browser.is_some();
        let charged = self
            .kv
            .count(&keys(&attempt), now, |levels| {
                let charged = charge_guess(read(levels), known, now, limits)?;
                write(levels, &charged.levels);
                Ok::<_, crate::domain::throttle::TooManyAttempts>(charged.delay)
            })
            .await?;
        if charged.is_err() {
            metrics::counter!("countersign_guesses_refused_total").increment(1);
        }
        Ok(charged?)
    }

    /// Gives a completed login its own charge back.
    pub(super) async fn refund(
        &self,
        identifier: &Identifier,
        address: ClientAddress,
        browser: &TokenHash,
        was_known: bool,
    ) -> Result<(), Failure> {
        let known = was_known.then_some(browser);
        let attempt = self.secrets.throttle.attempt(identifier, address, known);
        let now = self.clock.now();
        let limits = &self.config.limits;
        self.kv
            .count(&keys(&attempt), now, |levels| {
                let refunded = refund_guess(read(levels), now, limits);
                write(levels, &refunded);
            })
            .await?;
        Ok(())
    }

    async fn attempt(
        &self,
        identifier: &Identifier,
        address: ClientAddress,
        browser: Option<&TokenHash>,
    ) -> Result<Attempt, Failure> {
        let known = match browser {
            Some(browser) if self.knows(browser, identifier).await? => Some(browser),
            _ => None,
        };
        Ok(self.secrets.throttle.attempt(identifier, address, known))
    }

    /// Whether this browser has completed a login for this address.
    async fn knows(&self, browser: &TokenHash, identifier: &Identifier) -> Result<bool, Failure> {
        Ok(self
            .store
            .query_one(&accounts::knows_browser(browser, identifier))
            .await?
            .is_some())
    }
}

fn keys(attempt: &Attempt) -> Vec<ThrottleKey> {
    let mut keys = vec![attempt.address, attempt.email_address, attempt.email];
    keys.extend(attempt.email_browser);
    keys
}

/// The levels in the order of [`keys`].
fn read(levels: &[Option<i64>]) -> Levels {
    let level = |index: usize| levels.get(index).copied().flatten();
    Levels {
        address: level(0),
        email_address: level(1),
        email: level(2),
        email_browser: level(3),
    }
}

fn write(levels: &mut [Option<i64>], new: &Levels) {
    let new = [new.address, new.email_address, new.email, new.email_browser];
    levels.iter_mut().zip(new).for_each(|(level, new)| *level = new);
}
