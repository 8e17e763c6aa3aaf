//! Times in claims: JWT `NumericDate` (RFC 7519 §2), whole seconds up to the end of the year 9999.
//!
//! For `#[serde(with = …)]`. The range is checked here because chrono, which biscuit's own claims use, panics beyond it.

use serde::de::{Deserialize as _, Deserializer, Error as _, Unexpected};
use serde::ser::Serializer;

use crate::domain::clock::Timestamp;

/// 9999-12-31T23:59:59Z.
pub const LATEST: i64 = 253_402_300_799;

/// Writes whole seconds.
///
/// # Errors
/// The serializer's own.
pub fn serialize<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_i64(time.as_secs())
}

/// Reads whole seconds from 0 to [`LATEST`].
///
/// # Errors
/// Anything else: fractions, text, times out of range.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    let seconds = i64::deserialize(deserializer)?;
    if (0..=LATEST).contains(&seconds) {
        Ok(Timestamp::from_secs(seconds))
    } else {
        Err(D::Error::invalid_value(
            Unexpected::Signed(seconds),
            &"seconds from 1970 to 9999",
        ))
    }
}

/// The same for a claim that may be absent; to be used with `default` and `skip_serializing_if`.
pub mod option {
    use super::{Deserializer, Serializer, Timestamp};

    /// Writes whole seconds.
    ///
    /// # Errors
    /// The serializer's own.
    pub fn serialize<S: Serializer>(time: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => super::serialize(time, serializer),
            None => serializer.serialize_none(),
        }
    }

    /// Reads whole seconds of a claim that is there.
    ///
    /// # Errors
    /// As [`super::deserialize`]; `null` is no time either.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
        super::deserialize(deserializer).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::*;

    #[derive(Serialize, Deserialize)]
    struct At(#[serde(with = "super")] Timestamp);

    #[test]
    fn only_seconds_of_this_era_are_read() {
        for good in ["0", "1700000000", "253402300799"] {
            let At(time) = serde_json::from_str(good).expect("in range");
            assert_eq!(serde_json::to_string(&At(time)).expect("writes"), good);
        }
        for bad in [
            "-1",
            "253402300800",
            "1e18",
            "1.5",
            "9223372036854775807",
            "99999999999999999999",
            "\"1\"",
            "null",
        ] {
            assert!(serde_json::from_str::<At>(bad).is_err(), "{bad}");
        }
    }
}
