//! Numbers in English words.

use std::time::Duration;

/// "24 hours": rounded down, so that it never promises too much.
pub(super) fn duration(span: Duration) -> String {
    let minutes = span.as_secs() / 60;
    match minutes {
        0 => "less than a minute".into(),
        _ if minutes >= 2880 && minutes.is_multiple_of(1440) => count(minutes / 1440, "day"),
        _ if minutes.is_multiple_of(60) => count(minutes / 60, "hour"),
        _ => count(minutes, "minute"),
    }
}

fn count(number: u64, unit: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {unit}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        for (seconds, words) in [
            (59, "less than a minute"),
            (60, "1 minute"),
            (5400, "90 minutes"),
            (3600, "1 hour"),
            (86_400, "24 hours"),
            (172_800, "2 days"),
        ] {
            assert_eq!(duration(Duration::from_secs(seconds)), words);
        }
    }
}
