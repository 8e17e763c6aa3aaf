//! `[limits]`: throttles of guesses and of mail.

use std::time::Duration;

use super::visit::{Section, Visitor};

/// A token bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Tokens in a full bucket: so many may pass at once.
    pub burst: u32,
    /// How long one token takes to come back.
    pub refill_every: Duration,
}

impl Section for Bucket {
    fn visit<V: Visitor>(&mut self, v: &mut V) {
        v.within("burst", &mut self.burst, 1..=1_000_000_000);
        v.within(
            "refill_every",
            &mut self.refill_every,
            Duration::from_millis(1)..=Duration::from_hours(24),
        );
    }
}

/// The buckets. The first four are charged for every guess at a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Guesses from one client address. Refuses; stops one password tried on many accounts.
    pub address: Bucket,
    /// Guesses at one e-mail from one address. Refuses, but not a browser that has signed in before.
    pub email_address: Bucket,
    /// Guesses at one e-mail from a browser that has signed in to it before. Refuses.
    pub email_browser: Bucket,
    /// Guesses at one e-mail from anywhere. Only delays, and never a browser that has signed in before.
    pub email: Bucket,
    /// The longest delay of the bucket above; zero delays nobody.
    pub longest_delay: Duration,
    /// Failed client authentications of one client from one address.
    pub client_address: Bucket,
    /// User codes of devices that were not right, from one address and by one account.
    pub user_code: Bucket,
    /// Device authorizations that one address begins.
    pub device_address: Bucket,
    /// Mails sent to one recipient on request.
    pub mail_recipient: Bucket,
    /// Mails that one address asks for.
    pub mail_address: Bucket,
}

impl Default for Limits {
    fn default() -> Self {
        let bucket = |burst, seconds| Bucket {
            burst,
            refill_every: Duration::from_secs(seconds),
        };
        Self {
            address: bucket(300, 1),
            email_address: bucket(10, 30),
            email_browser: bucket(10, 30),
            email: bucket(20, 10),
            longest_delay: Duration::from_secs(5),
            client_address: bucket(20, 10),
            user_code: bucket(10, 30),
            device_address: bucket(60, 5),
            mail_recipient: bucket(5, 720),
            mail_address: bucket(30, 60),
        }
    }
}

impl Section for Limits {
    fn visit<V: Visitor>(&mut self, v: &mut V) {
        v.within(
            "longest_delay",
            &mut self.longest_delay,
            Duration::ZERO..=Duration::from_secs(30),
        );
        v.section("address", &mut self.address);
        v.section("email_address", &mut self.email_address);
        v.section("email_browser", &mut self.email_browser);
        v.section("email", &mut self.email);
        v.section("client_address", &mut self.client_address);
        v.section("user_code", &mut self.user_code);
        v.section("device_address", &mut self.device_address);
        v.section("mail_recipient", &mut self.mail_recipient);
        v.section("mail_address", &mut self.mail_address);
    }
}
