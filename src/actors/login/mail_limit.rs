//! How many mails may be asked for: by one address of a client, and to one recipient, known or not.

use std::time::Duration;

use super::{Deps, LoginError};
use crate::actors::failure::Failure;
use crate::domain::email::Identifier;
use crate::domain::throttle::{self, ClientAddress, Verdict};

impl Deps {
    /// Charges a mail to both; refused where one of them has had enough.
    pub(super) async fn charge_mail(&self, identifier: &Identifier, address: ClientAddress) -> Result<(), LoginError> {
        let now = self.clock.now();
        let limits = &self.config.limits;
        let keys = [
            self.secrets.throttle.mail_recipient(identifier),
            self.secrets.throttle.mail_address(address),
        ];
        let buckets = [&limits.mail_recipient, &limits.mail_address];
        let wait = self
            .kv
            .count(&keys, now, |levels| {
                let charged: Vec<_> = levels
                    .iter()
                    .zip(buckets)
                    .map(|(level, bucket)| throttle::charge(*level, now, bucket))
                    .collect();
                let wait = charged
                    .iter()
                    .map(|(_, verdict)| waiting(*verdict))
                    .max()
                    .unwrap_or_default();
                if wait.is_zero() {
                    levels
                        .iter_mut()
                        .zip(&charged)
                        .for_each(|(level, (next, _))| *level = *next);
                }
                wait
            })
            .await
            .map_err(Failure::from)?;
        if wait.is_zero() {
            return Ok(());
        }
        Err(LoginError::TooManyAttempts {
            retry_after: throttle::retry_after_secs(wait),
        })
    }
}

const fn waiting(verdict: Verdict) -> Duration {
    match verdict {
        Verdict::Pass => Duration::ZERO,
        Verdict::Wait(wait) => wait,
    }
}
