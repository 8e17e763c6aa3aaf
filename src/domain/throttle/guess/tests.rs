//! The four buckets together, on a store as small as can be.

use std::collections::HashMap;
use std::net::IpAddr;

use proptest::prelude::*;

use super::*;
use crate::domain::email::Identifier;
use crate::domain::secret::TokenHash;
use crate::domain::throttle::{ClientAddress, ThrottleHasher};

const MAIL: Identifier = Identifier([7; 32]);

fn limits() -> Limits {
    Limits::default()
}

fn address(last: u8) -> ClientAddress {
    IpAddr::from([192, 0, 2, last]).into()
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

/// Counters by name, as a key-value store holds them.
#[derive(Clone, Debug, Default, PartialEq)]
struct Counters(HashMap<ThrottleKey, i64>);

impl Counters {
    fn levels(&self, attempt: &Attempt) -> Levels {
        let level = |key: &ThrottleKey| self.0.get(key).copied();
        Levels {
            address: level(&attempt.address),
            email_address: level(&attempt.email_address),
            email_browser: attempt.email_browser.as_ref().and_then(level),
            email: level(&attempt.email),
        }
    }

    fn write(&mut self, attempt: &Attempt, levels: Levels) {
        let pairs = [
            (Some(attempt.address), levels.address),
            (Some(attempt.email_address), levels.email_address),
            (attempt.email_browser, levels.email_browser),
            (Some(attempt.email), levels.email),
        ];
        for (key, level) in pairs {
            match (key, level) {
                (Some(key), Some(level)) => drop(self.0.insert(key, level)),
                (Some(key), None) => drop(self.0.remove(&key)),
                (None, _) => {}
            }
        }
    }

    fn guess(&mut self, attempt: &Attempt, now: Timestamp) -> Result<Duration, TooManyAttempts> {
        let charged = charge_guess(self.levels(attempt), attempt.email_browser.is_some(), now, &limits())?;
        self.write(attempt, charged.levels);
        Ok(charged.delay)
    }

    fn complete(&mut self, attempt: &Attempt, now: Timestamp) {
        self.write(attempt, refund_guess(self.levels(attempt), now, &limits()));
    }
}

fn hasher() -> ThrottleHasher {
    ThrottleHasher::new(&mut [1; 32])
}

fn stranger(mail: u8, last: u8) -> Attempt {
    hasher().attempt(&Identifier([mail; 32]), address(last), None)
}

fn owner() -> Attempt {
    hasher().attempt(&MAIL, address(200), Some(&TokenHash::from_bytes([9; 32])))
}

#[test]
fn bf_01_one_address_gets_ten_guesses_at_one_mail_then_waits() {
    let mut counters = Counters::default();
    for _ in 0..10 {
        assert_eq!(counters.guess(&stranger(7, 1), at(0)), Ok(Duration::ZERO));
    }
    let refused = counters.guess(&stranger(7, 1), at(0)).expect_err("too many");
    assert_eq!(refused.retry_after, Duration::from_secs(30));
    assert!(counters.guess(&stranger(7, 1), at(0).plus(refused.retry_after)).is_ok());
}

#[test]
fn bf_01_one_password_tried_on_many_mails_is_stopped_by_the_address() {
    let mut counters = Counters::default();
    let hasher = hasher();
    let passed = (0..1000_u32).filter(|number| {
        let mut mail = [0; 32];
        mail[..4].copy_from_slice(&number.to_be_bytes());
        let attempt = hasher.attempt(&Identifier(mail), address(1), None);
        counters.guess(&attempt, at(0)).is_ok()
    });
    assert_eq!(passed.count(), 300);
}

#[test]
fn many_addresses_at_one_mail_are_delayed_and_never_refused() {
    let mut counters = Counters::default();
    for last in 0..100 {
        let delay = counters.guess(&stranger(7, last), at(0)).expect("only delayed");
        let wanted = if last < 20 {
            Duration::ZERO
        } else {
            limits().longest_delay
        };
        assert_eq!(delay, wanted, "{last}");
    }
}

#[test]
fn a_known_browser_has_a_limit_of_its_own() {
    let mut counters = Counters::default();
    for _ in 0..10 {
        assert_eq!(counters.guess(&owner(), at(0)), Ok(Duration::ZERO));
    }
    assert!(counters.guess(&owner(), at(0)).is_err());
}

#[test]
fn completed_logins_are_free_but_for_the_address() {
    let mut counters = Counters::default();
    for _ in 0..300 {
        counters.guess(&owner(), at(0)).expect("passes");
        counters.complete(&owner(), at(0));
    }
    let levels = counters.levels(&owner());
    assert_eq!(
        (levels.email_address, levels.email_browser, levels.email),
        (None, None, None)
    );
    assert!(counters.guess(&owner(), at(0)).is_err(), "the address is spent");
}

#[test]
fn a_known_browsers_login_gives_strangers_at_its_address_nothing() {
    let mut counters = Counters::default();
    while counters.guess(&stranger(7, 200), at(0)).is_ok() {}
    counters.guess(&owner(), at(0)).expect("passes");
    counters.complete(&owner(), at(0));
    assert!(counters.guess(&stranger(7, 200), at(0)).is_err());
}

#[test]
fn a_refused_guess_changes_nothing() {
    let mut counters = Counters::default();
    while counters.guess(&stranger(7, 1), at(0)).is_ok() {}
    let before = counters.clone();
    assert!(counters.guess(&stranger(7, 1), at(0)).is_err());
    assert_eq!(counters, before);
}

proptest! {
    #[test]
    fn bf_02_strangers_neither_refuse_nor_delay_a_known_browser(
        guesses in prop::collection::vec((0..200_u8, 0..3000_i64), 0..300),
    ) {
        let (mut counters, mut now) = (Counters::default(), 0);
        for (last, step) in guesses {
            now += step;
            let _ = counters.guess(&stranger(7, last), at(now));
        }
        prop_assert_eq!(counters.guess(&owner(), at(now)), Ok(Duration::ZERO));
    }

    #[test]
    fn bf_01_guesses_at_one_moment_may_come_in_any_order(
        guesses in prop::collection::vec((0..3_u8, 0..3_u8), 0..60),
        order in any::<prop::sample::Index>(),
    ) {
        let run = |guesses: &[(u8, u8)]| {
            let mut counters = Counters::default();
            let passed = guesses.iter().filter(|(mail, last)| counters.guess(&stranger(*mail, *last), at(0)).is_ok()).count();
            (counters, passed)
        };
        let mut turned = guesses.clone();
        if !turned.is_empty() {
            let middle = order.index(turned.len());
            turned.rotate_left(middle);
            turned.swap(0, middle);
        }
        prop_assert_eq!(run(&guesses), run(&turned));
    }

    #[test]
    fn no_levels_overflow(
        address: Option<i64>, email_address: Option<i64>, email_browser: Option<i64>, email: Option<i64>,
        known: bool, now: i64,
    ) {
        let levels = Levels { address, email_address, email_browser, email };
        let _ = charge_guess(levels, known, at(now), &limits());
        let _ = refund_guess(levels, at(now), &limits());
    }
}
