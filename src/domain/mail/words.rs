//! Numbers in words.

use std::time::Duration;

use super::Language;

/// "24 hours": rounded down, so that it never promises too much.
pub(super) fn duration(span: Duration, language: Language) -> String {
    let words = match language {
        Language::English => &ENGLISH,
        Language::Dutch => &DUTCH,
    };
    let minutes = span.as_secs() / 60;
    match minutes {
        0 => words.moment.into(),
        _ if minutes >= 2880 && minutes.is_multiple_of(1440) => count(minutes / 1440, words.day),
        _ if minutes.is_multiple_of(60) => count(minutes / 60, words.hour),
        _ => count(minutes, words.minute),
    }
}

/// One and many of each unit.
struct Words {
    moment: &'static str,
    minute: [&'static str; 2],
    hour: [&'static str; 2],
    day: [&'static str; 2],
}

const ENGLISH: Words = Words {
    moment: "less than a minute",
    minute: ["minute", "minutes"],
    hour: ["hour", "hours"],
    day: ["day", "days"],
};

const DUTCH: Words = Words {
    moment: "minder dan een minuut",
    minute: ["minuut", "minuten"],
    hour: ["uur", "uur"],
    day: ["dag", "dagen"],
};

fn count(number: u64, [one, many]: [&str; 2]) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        for (seconds, english, dutch) in [
            (59, "less than a minute", "minder dan een minuut"),
            (60, "1 minute", "1 minuut"),
            (5400, "90 minutes", "90 minuten"),
            (3600, "1 hour", "1 uur"),
            (86_400, "24 hours", "24 uur"),
            (172_800, "2 days", "2 dagen"),
        ] {
            let span = Duration::from_secs(seconds);
            assert_eq!(duration(span, Language::English), english);
            assert_eq!(duration(span, Language::Dutch), dutch);
        }
    }
}
