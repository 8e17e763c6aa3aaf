//! Durations as people write them: `15 min`.

use std::time::Duration;

use super::raw::Raw;
use super::visit::{Setting, not_wanted};

/// The units, longest first, with their length in milliseconds.
const UNITS: [(&str, u64); 5] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("min", 60_000),
    ("s", 1000),
    ("ms", 1),
];

/// A hundred years: longer is a slip of the pen, and would overflow somewhere.
const LONGEST_MS: u64 = 100 * 366 * 86_400_000;

fn read(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let (_, length) = UNITS.iter().find(|(name, _)| *name == unit.trim())?;
    let millis = number.parse::<u64>().ok()?.checked_mul(*length)?;
    (millis <= LONGEST_MS).then(|| Duration::from_millis(millis))
}

/// The shortest exact writing.
fn write(span: Duration) -> String {
    let millis = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    for (name, length) in UNITS {
        if millis >= length && millis.is_multiple_of(length) {
            return format!("{} {name}", millis / length);
        }
    }
    "0 s".into()
}

impl Setting for Duration {
    const WANTED: &'static str = r#"a duration: write a whole number and ms, s, min, h or d, such as "15 min""#;

    fn parse(raw: &Raw<'_>) -> Result<Self, String> {
        let text = raw.text::<Self>()?;
        read(text).ok_or_else(|| not_wanted::<Self>(format!("{text:?}")))
    }

    fn show(&self) -> toml::Value {
        write(*self).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_is_read() {
        for (text, millis) in [
            ("7 ms", 7),
            ("7s", 7000),
            ("15 min", 900_000),
            ("1 h", 3_600_000),
            ("30 d", 2_592_000_000),
        ] {
            assert_eq!(
                Duration::parse(&Raw::Text(text)),
                Ok(Duration::from_millis(millis)),
                "{text}"
            );
        }
    }

    #[test]
    fn a_number_without_unit_is_no_duration() {
        for bad in [
            "",
            "15",
            "min",
            "1.5 h",
            "-1 s",
            "1 m",
            "1 month",
            "99999999999999999999 s",
            "40000000 h",
        ] {
            assert!(Duration::parse(&Raw::Text(bad)).is_err(), "{bad:?}");
        }
        assert!(Duration::parse(&Raw::File(&15.into())).is_err());
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_reads_back(millis in 0..LONGEST_MS) {
            let span = Duration::from_millis(millis);
            proptest::prop_assert_eq!(read(&write(span)), Some(span));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,20}") {
            let _ = read(&text);
        }
    }
}
