//! What a command says on standard output: text for people, or one JSON document in one line.

use std::fmt::Write as _;
use std::io::{ErrorKind, Write as _};

use serde::Serialize;

use super::failure::Failure;
use crate::domain::clock::Timestamp;

/// Prints a line, or several.
pub(super) fn line(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Ok(()) => Ok(()),
        // Whoever read has had enough, as `head` does.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::operator(format!(
            "standard output cannot be written: {error}; send it to a place that has room"
        ))),
    }
}

/// Prints `value` as JSON in one line.
pub(super) fn json(value: &impl Serialize) -> Result<(), Failure> {
    line(&serde_json::to_string(value).map_err(|error| Failure::fault(error.to_string()))?)
}

/// Prints either form.
pub(super) fn either(as_json: bool, value: &impl Serialize, text: impl FnOnce() -> String) -> Result<(), Failure> {
    if as_json { json(value) } else { line(&text()) }
}

/// Columns under a heading, aligned.
pub(super) fn table<const N: usize>(heading: [&str; N], rows: &[[String; N]]) -> String {
    let mut widths = heading.map(|cell| cell.chars().count());
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let heading = heading.map(str::to_owned);
    let mut lines = Vec::with_capacity(rows.len() + 1);
    for row in std::iter::once(&heading).chain(rows) {
        let mut text = String::new();
        for (width, cell) in widths.iter().zip(row) {
            // Writing to a String cannot fail.
            let _ = write!(text, "{cell:<width$}  ");
        }
        lines.push(text.trim_end().to_owned());
    }
    lines.join("\n")
}

/// A moment as RFC 3339 writes it, in whole seconds of UTC.
pub(super) fn moment(at: Timestamp) -> String {
    let (days, seconds) = (at.as_secs().div_euclid(86_400), at.as_secs().rem_euclid(86_400));
    // Years begin in March here, so that the leap day is the last; 400 years have 146 097 days.
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, carry) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let year = era * 400 + year + carry;
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_read_as_rfc_3339() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_251_200, "2024-03-01T00:00:00Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
        ] {
            assert_eq!(moment(Timestamp::from_secs(seconds)), text);
        }
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let text = table(["A", "LONG"], &[["three".to_owned(), "x".to_owned()]]);
        assert_eq!(text, "A      LONG\nthree  x");
    }

    proptest::proptest! {
        #[test]
        fn no_moment_panics(millis: i64) {
            let _ = moment(Timestamp::from_millis(millis));
        }
    }
}
