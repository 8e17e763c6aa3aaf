//! A day of the calendar, without time or zone: a birth date is the same everywhere.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike as _, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::domain::clock::Timestamp;

/// A day from 1900 to 2199, written `YYYY-MM-DD` (ISO 8601, the `birthdate` of OIDC Core §5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Date(NaiveDate);

/// A text is no day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("that is not a day of the calendar from 1900 to 2199; write it as 2004-02-29")]
pub struct NotADate;

impl Date {
    /// The day in UTC at this moment, kept within the range.
    #[must_use]
    pub fn of(now: Timestamp) -> Self {
        let day = DateTime::from_timestamp_millis(now.as_millis()).map_or(NaiveDate::MIN, |moment| moment.date_naive());
        Self(day.clamp(first(), last()))
    }

    /// Month and day as one number: 1231 is the last of December.
    #[must_use]
    pub fn day_of_year(self) -> i64 {
        i64::from(self.0.month() * 100 + self.0.day())
    }

    /// The day after.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.succ_opt().unwrap_or(self.0).min(last()))
    }
}

fn first() -> NaiveDate {
    NaiveDate::from_ymd_opt(1900, 1, 1).unwrap_or(NaiveDate::MIN)
}

fn last() -> NaiveDate {
    NaiveDate::from_ymd_opt(2199, 12, 31).unwrap_or(NaiveDate::MAX)
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.format("%Y-%m-%d").fmt(f)
    }
}

impl FromStr for Date {
    type Err = NotADate;

    /// Reads its own writing only.
    fn from_str(text: &str) -> Result<Self, NotADate> {
        let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text.as_bytes() else {
            return Err(NotADate);
        };
        let number = |digits: &[u8]| -> Result<u32, NotADate> {
            digits.iter().try_fold(0, |sum, digit| {
                let digit = char::from(*digit).to_digit(10).ok_or(NotADate)?;
                Ok(sum * 10 + digit)
            })
        };
        let year = i32::try_from(number(&[*y1, *y2, *y3, *y4])?).map_err(|_| NotADate)?;
        let day = NaiveDate::from_ymd_opt(year, number(&[*m1, *m2])?, number(&[*d1, *d2])?).ok_or(NotADate)?;
        if day < first() || day > last() {
            return Err(NotADate);
        }
        Ok(Self(day))
    }
}

impl From<Date> for String {
    fn from(date: Date) -> Self {
        date.to_string()
    }
}

impl TryFrom<String> for Date {
    type Error = NotADate;

    fn try_from(text: String) -> Result<Self, NotADate> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_survives_the_way_through_text() {
        for text in ["1900-01-01", "2000-02-29", "2004-02-29", "2199-12-31"] {
            assert_eq!(text.parse::<Date>().expect("a day").to_string(), text);
        }
    }

    #[test]
    fn days_that_do_not_exist_and_other_writings_are_refused() {
        for bad in [
            "",
            "2001-02-29",
            "1900-02-29",
            "2001-13-01",
            "2001-00-10",
            "2001-04-31",
            "1899-12-31",
            "2200-01-01",
            "2001-1-1",
            "01-02-2001",
            "2001/02/03",
            "2001-02-03T00:00",
            "+001-02-03",
            "२००१-०१-०१",
        ] {
            assert_eq!(bad.parse::<Date>(), Err(NotADate), "{bad:?}");
        }
    }

    #[test]
    fn a_moment_has_a_day_and_a_day_a_place_in_the_year() {
        let date = Date::of(Timestamp::from_secs(951_782_400));
        assert_eq!((date.to_string().as_str(), date.day_of_year()), ("2000-02-29", 229));
        assert_eq!(date.next().to_string(), "2000-03-01");
        assert_eq!(Date::of(Timestamp::from_millis(i64::MIN)).to_string(), "1900-01-01");
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,12}") {
            let _ = text.parse::<Date>();
        }
    }
}
