//! The one walk over all keys, which reads them or prints them depending on who walks.

use std::fmt::Display;
use std::ops::RangeInclusive;

use super::raw::Raw;

/// A value of one key.
pub(super) trait Setting: Sized {
    /// What belongs there, as the end of "is not …": with an example.
    const WANTED: &'static str;

    /// Reads the value; the error is a sentence with the mend. A secret's error never repeats the value.
    fn parse(raw: &Raw<'_>) -> Result<Self, String>;

    /// The value as it is written in TOML.
    fn show(&self) -> toml::Value;
}

/// What a key asks of the operator.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// There is a default.
    Optional,
    /// There is none.
    Required,
    /// There is a default, but a password may stand in it: its `show` leaves that out, and `<key>_file` may name a file
    /// that holds it.
    MayHoldSecret,
    /// There is none, it is not printed, and `<key>_file` may name a file that holds it.
    Secret,
}

impl Kind {
    /// Whether `<key>_file` may name a file that holds the value.
    pub(super) const fn may_lie_in_a_file(self) -> bool {
        matches!(self, Self::MayHoldSecret | Self::Secret)
    }

    /// Whether something has to be set.
    pub(super) const fn has_default(self) -> bool {
        matches!(self, Self::Optional | Self::MayHoldSecret)
    }
}

/// Somebody who walks over the keys in order.
pub(super) trait Visitor {
    /// Called for each key; `check` is asked about a value that was read.
    fn setting<T: Setting>(&mut self, key: &str, kind: Kind, slot: &mut T, check: impl Fn(&T) -> Result<(), String>);

    /// Called for each section, after the keys of the one it stands in.
    fn section(&mut self, key: &str, section: &mut impl Section);

    /// A key with a default.
    fn value<T: Setting>(&mut self, key: &str, slot: &mut T) {
        self.setting(key, Kind::Optional, slot, |_| Ok(()));
    }

    /// A key with a default and bounds.
    fn within<T: Setting + PartialOrd>(&mut self, key: &str, slot: &mut T, bounds: RangeInclusive<T>) {
        self.setting(key, Kind::Optional, slot, |value| {
            if bounds.contains(value) {
                return Ok(());
            }
            let (value, least, most) = (value.show(), bounds.start().show(), bounds.end().show());
            Err(format!("{value} is out of range; write a value from {least} to {most}"))
        });
    }

    /// A key without default.
    fn required<T: Setting>(&mut self, key: &str, slot: &mut T) {
        self.setting(key, Kind::Required, slot, |_| Ok(()));
    }

    /// A URL with a default, in which a password may stand.
    fn url<T: Setting>(&mut self, key: &str, slot: &mut T) {
        self.setting(key, Kind::MayHoldSecret, slot, |_| Ok(()));
    }

    /// A secret without default.
    fn secret<T: Setting>(&mut self, key: &str, slot: &mut T) {
        self.setting(key, Kind::Secret, slot, |_| Ok(()));
    }
}

/// A group of keys.
pub(super) trait Section {
    /// Names each key once; keys come before sections.
    fn visit<V: Visitor>(&mut self, v: &mut V);
}

/// The sentence for a value that is not `T`.
pub(super) fn not_wanted<T: Setting>(value: impl Display) -> String {
    format!("{value} is not {}", T::WANTED)
}
