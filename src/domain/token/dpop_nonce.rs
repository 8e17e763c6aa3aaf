//! The nonces that DPoP proofs must bring back (RFC 9449 §8): a proof made in advance, or on a machine with a wrong clock,
//! is worth nothing.
//!
//! A nonce is a time and its keyed hash, so that nothing is stored and every process knows those of the others.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use zeroize::Zeroize as _;

use crate::domain::clock::Timestamp;

/// How long a nonce is accepted after its time.
const LIFETIME: Duration = Duration::from_mins(5);
/// Nonces made within one step are the same, so that a client need not change it with each answer.
const STEP_SECS: i64 = 60;
/// Bytes of the keyed hash.
const TAG: usize = 16;

/// Makes and knows nonces.
pub struct Nonces(hmac::Key);

impl Nonces {
    /// Takes over 32 key bytes; the caller's copy is zeroized.
    #[must_use]
    pub fn new(key: &mut [u8; 32]) -> Self {
        let nonces = Self(hmac::Key::new(hmac::HMAC_SHA256, key));
        key.zeroize();
        nonces
    }

    /// The nonce of now.
    #[must_use]
    pub fn current(&self, now: Timestamp) -> String {
        self.at(now.as_secs().div_euclid(STEP_SECS))
    }

    /// Whether a nonce is one of ours, and of now or of the last minutes. A clock of ours may be a step ahead.
    #[must_use]
    pub fn knows(&self, nonce: &str, now: Timestamp) -> bool {
        let Ok(raw) = URL_SAFE_NO_PAD.decode(nonce) else {
            return false;
        };
        let Some((step, tag)) = raw.split_first_chunk::<8>() else {
            return false;
        };
        let step = i64::from_be_bytes(*step);
        let current = now.as_secs().div_euclid(STEP_SECS);
        let oldest = now.minus(LIFETIME).as_secs().div_euclid(STEP_SECS);
        if !(oldest..=current.saturating_add(1)).contains(&step) || tag.len() != TAG {
            return false;
        }
        // Its bytes are those that we would make; compared in constant time, as whoever guesses may try again.
        subtle::ConstantTimeEq::ct_eq(self.at(step).as_bytes(), nonce.as_bytes()).into()
    }

    fn at(&self, step: i64) -> String {
        let step = step.to_be_bytes();
        let tag = hmac::sign(&self.0, &step);
        let short = tag.as_ref().iter().take(TAG);
        URL_SAFE_NO_PAD.encode(step.iter().chain(short).copied().collect::<Vec<u8>>())
    }
}

impl fmt::Debug for Nonces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Nonces(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);

    fn later(seconds: u64) -> Timestamp {
        NOW.plus(Duration::from_secs(seconds))
    }

    #[test]
    fn dpop_06_a_nonce_lives_for_minutes_and_only_under_its_key() {
        let nonces = Nonces::new(&mut [1; 32]);
        let nonce = nonces.current(NOW);
        for seconds in [0, 60, 299] {
            assert!(nonces.knows(&nonce, later(seconds)), "{seconds}");
        }
        assert!(!nonces.knows(&nonce, later(361)));
        assert!(!nonces.knows(&nonces.current(later(180)), NOW));
        assert!(!Nonces::new(&mut [2; 32]).knows(&nonce, NOW));
    }

    #[test]
    fn dpop_06_what_is_not_ours_is_not_known_and_panics_nowhere() {
        let nonces = Nonces::new(&mut [1; 32]);
        let right = nonces.current(NOW);
        for bad in [
            String::new(),
            "x".to_owned(),
            "!".repeat(32),
            right.chars().rev().collect(),
            format!("{right}A"),
            format!("{right}="),
            right[..right.len() - 1].to_owned(),
            URL_SAFE_NO_PAD.encode([0xff; 24]),
            URL_SAFE_NO_PAD.encode([0x7f; 24]),
            "A".repeat(10_000),
        ] {
            assert!(!nonces.knows(&bad, NOW), "{bad}");
        }
        assert_eq!(format!("{nonces:?}"), "Nonces(..)");
    }
}
