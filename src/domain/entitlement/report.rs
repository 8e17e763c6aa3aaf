//! Reports: what happened in a day, a week or a month. All of UTC.

use chrono::{DateTime, Datelike as _, Days, Months, NaiveDate};
use serde::Serialize;

use crate::domain::clock::Timestamp;

/// How long a period is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cycle {
    /// From midnight to midnight.
    Daily,
    /// An ISO 8601 week: from Monday to Sunday.
    Weekly,
    /// A calendar month.
    Monthly,
}

/// A period of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    /// `2026-11-26`, `2026-W48` or `2026-11`.
    pub label: String,
    /// When it begins.
    pub start: Timestamp,
    /// The moment after it.
    pub end: Timestamp,
    /// Whether it is over.
    pub complete: bool,
}

/// What happened in a period.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// Its label.
    pub period: String,
    /// Whether it is over; if not, the figures are those until now.
    pub complete: bool,
    /// Who is entitled at its end, or now.
    pub active_users: i64,
    /// Payments made in it.
    pub new: i64,
    /// Of these, those that nobody has claimed yet.
    pub unredeemed: i64,
    /// Of these, by Google Play.
    pub google: i64,
    /// Of these, by the App Store.
    pub apple: i64,
    /// Of these, given by hand.
    pub granted: i64,
    /// Of these, for a month.
    pub one_month: i64,
    /// Of these, for three months.
    pub three_months: i64,
    /// Of these, for twelve months.
    pub twelve_months: i64,
    /// Payments whose refund was asked for in it.
    pub refunds_started: i64,
    /// Payments revoked in it.
    pub revoked: i64,
    /// Payments that end in it and do not renew.
    pub cancelling: i64,
}

/// The last `count` periods, the one that holds `now` first. Times that no calendar has give no periods.
#[must_use]
pub fn periods(cycle: Cycle, now: Timestamp, count: u32) -> Vec<Period> {
    let mut found = Vec::new();
    let Some(today) = DateTime::from_timestamp_millis(now.as_millis()).map(|moment| moment.date_naive()) else {
        return found;
    };
    let mut start = cycle.first_day(today);
    while let Some(first) = start
        && found.len() < usize::try_from(count).unwrap_or(usize::MAX)
    {
        let Some(next) = cycle.after(first) else { break };
        let end = midnight(next);
        found.push(Period {
            label: cycle.label(first),
            start: midnight(first),
            end,
            complete: end <= now,
        });
        start = first.pred_opt().and_then(|day| cycle.first_day(day));
    }
    found
}

impl Cycle {
    /// The first day of the period that holds `day`.
    fn first_day(self, day: NaiveDate) -> Option<NaiveDate> {
        match self {
            Self::Daily => Some(day),
            Self::Weekly => day.checked_sub_days(Days::new(day.weekday().num_days_from_monday().into())),
            Self::Monthly => day.with_day(1),
        }
    }

    fn after(self, first: NaiveDate) -> Option<NaiveDate> {
        match self {
            Self::Daily => first.succ_opt(),
            Self::Weekly => first.checked_add_days(Days::new(7)),
            Self::Monthly => first.checked_add_months(Months::new(1)),
        }
    }

    fn label(self, first: NaiveDate) -> String {
        match self {
            Self::Daily => first.format("%Y-%m-%d"),
            Self::Weekly => first.format("%G-W%V"),
            Self::Monthly => first.format("%Y-%m"),
        }
        .to_string()
    }
}

fn midnight(day: NaiveDate) -> Timestamp {
    let days = day.signed_duration_since(NaiveDate::default()).num_days();
    Timestamp::from_secs(days.saturating_mul(86_400))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn labels(cycle: Cycle, seconds: i64, count: u32) -> Vec<String> {
        let periods = periods(cycle, Timestamp::from_secs(seconds), count);
        periods.into_iter().map(|period| period.label).collect()
    }

    #[test]
    fn periods_are_those_of_the_calendar() {
        // 2027-01-02T12:00:00Z, a Saturday: its ISO week belongs to the year before.
        let noon = 1_798_891_200;
        assert_eq!(
            labels(Cycle::Daily, noon, 3),
            ["2027-01-02", "2027-01-01", "2026-12-31"]
        );
        assert_eq!(labels(Cycle::Weekly, noon, 3), ["2026-W53", "2026-W52", "2026-W51"]);
        assert_eq!(labels(Cycle::Monthly, noon, 3), ["2027-01", "2026-12", "2026-11"]);
        // Before the year's first Monday, and a leap day.
        assert_eq!(labels(Cycle::Weekly, 1_704_067_200, 1), ["2024-W01"]);
        assert_eq!(labels(Cycle::Daily, 1_709_251_199, 1), ["2024-02-29"]);
    }

    #[test]
    fn only_the_first_is_not_over_and_a_midnight_begins_a_day() {
        let midnight = Timestamp::from_secs(86_400);
        let found = periods(Cycle::Daily, midnight, 2);
        assert_eq!((found[0].start, found[0].complete), (midnight, false));
        assert_eq!((found[1].end, found[1].complete), (midnight, true));
    }

    proptest! {
        #[test]
        fn periods_follow_each_other_without_gaps(millis: i64, count in 0_u32..40) {
            for cycle in [Cycle::Daily, Cycle::Weekly, Cycle::Monthly] {
                let now = Timestamp::from_millis(millis);
                let found = periods(cycle, now, count);
                prop_assert!(found.len() <= count as usize);
                if let Some(first) = found.first() {
                    prop_assert!(first.start <= now && now < first.end && !first.complete);
                }
                for pair in found.windows(2) {
                    prop_assert!(pair[1].end == pair[0].start && pair[1].start < pair[1].end && pair[1].complete);
                }
            }
        }
    }
}
