//! Randomness as a value that is passed in, so that a test can replay it.

use rand::{CryptoRng, Error, RngCore};
use uuid::Uuid;

use super::clock::Timestamp;

/// Where random bytes come from. Implementations must be fit for keys.
pub trait Random: Send + Sync {
    /// Fills `out` with unpredictable bytes.
    fn fill(&self, out: &mut [u8]);
}

/// `N` fresh random bytes.
#[must_use]
pub fn bytes<const N: usize>(random: &dyn Random) -> [u8; N] {
    let mut out = [0; N];
    random.fill(&mut out);
    out
}

/// A fresh name for a row, a token or a process: 128 random bits as 32 hexadecimal digits.
#[must_use]
pub fn name(random: &dyn Random) -> String {
    format!("{:032x}", u128::from_be_bytes(bytes(random)))
}

/// A fresh name for a row, whose first 48 bits are the time: rows that are made together lie together in every index, so that
/// a commit writes few pages. Nobody guesses it, for 74 bits are random, but it tells when it was made.
#[must_use]
pub fn name_at(now: Timestamp, random: &dyn Random) -> String {
    uuid_at(now, random).as_simple().to_string()
}

/// A UUID of version 7 (RFC 9562 §5.7).
#[must_use]
pub fn uuid_at(now: Timestamp, random: &dyn Random) -> Uuid {
    let millis = u64::try_from(now.as_millis()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &bytes(random)).into_uuid()
}

/// A [`Random`] in the shape that the cryptographic crates ask for.
pub struct Rng<'a>(pub &'a dyn Random);

impl RngCore for Rng<'_> {
    fn next_u32(&mut self) -> u32 {
        u32::from_le_bytes(bytes(self.0))
    }

    fn next_u64(&mut self) -> u64 {
        u64::from_le_bytes(bytes(self.0))
    }

    fn fill_bytes(&mut self, dest: &mut [u8]) {
        self.0.fill(dest);
    }

    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), Error> {
        self.0.fill(dest);
        Ok(())
    }
}

impl CryptoRng for Rng<'_> {}
