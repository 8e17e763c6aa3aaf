//! How long a mail waits for its next try.

use std::time::Duration;

use crate::config;

/// The pause after try number `attempts` (1 is the first): it doubles from `first_retry` to `longest_retry`, less up to
/// half of it by `spread`, so that mails which failed together do not come back together.
pub(super) fn pause(config: &config::Mail, attempts: i64, spread: u32) -> Duration {
    let doublings = u32::try_from(attempts.saturating_sub(1).max(0)).unwrap_or(u32::MAX);
    let whole = config
        .first_retry
        .saturating_mul(2_u32.saturating_pow(doublings))
        .min(config.longest_retry);
    let half = whole / 2;
    whole.saturating_sub(half.mul_f64(f64::from(spread) / f64::from(u32::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::config;

    #[test]
    fn the_pause_doubles_up_to_the_longest() {
        let mail = config().mail;
        let seconds: Vec<_> = (1..=8).map(|attempts| pause(&mail, attempts, 0).as_secs()).collect();
        assert_eq!(seconds, [10, 20, 40, 80, 160, 320, 600, 600]);
        assert_eq!(pause(&mail, i64::MAX, 0), mail.longest_retry);
    }

    proptest::proptest! {
        #[test]
        fn spreading_takes_at_most_half(attempts: i64, spread: u32) {
            let mail = config().mail;
            let (whole, spread) = (pause(&mail, attempts, 0), pause(&mail, attempts, spread));
            proptest::prop_assert!(spread <= whole && spread >= whole / 2);
        }
    }
}
