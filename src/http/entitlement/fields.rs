//! Takes fields out of a body and remembers everything that is wrong with them.

use super::json::{Int, Json};
use crate::domain::entitlement::key::PublicKey;
use crate::domain::entitlement::proof::VERSION;

/// An object whose fields are being taken.
pub struct Fields<'a> {
    members: &'a [(Option<String>, Json)],
    /// Empty, or the name of the object and a dot.
    prefix: &'static str,
}

/// Everything that is wrong with a request, each as one sentence.
#[derive(Debug, Default)]
pub struct Wrong(Vec<String>);

impl Wrong {
    /// One more thing.
    pub fn note(&mut self, what: impl Into<String>) {
        self.0.push(what.into());
    }

    /// What was taken, unless something is wrong.
    ///
    /// # Errors
    /// The sentences.
    pub fn or<T>(self, taken: Option<T>) -> Result<T, Vec<String>> {
        match taken {
            Some(taken) if self.0.is_empty() => Ok(taken),
            _ => Err(self.0),
        }
    }
}

impl<'a> Fields<'a> {
    /// The fields of a whole body.
    pub fn of(body: &'a Json) -> Option<Self> {
        match body {
            Json::Object(members) => Some(Self { members, prefix: "" }),
            _ => None,
        }
    }

    /// A field that may be left out. Of several the last counts.
    pub fn optional(&self, name: &str) -> Option<&'a Json> {
        let mut found = self.members.iter().rev();
        found
            .find(|(known, _)| known.as_deref() == Some(name))
            .map(|(_, value)| value)
    }

    fn required<T>(
        &self,
        name: &str,
        wanted: &str,
        wrong: &mut Wrong,
        take: impl FnOnce(&'a Json) -> Option<T>,
    ) -> Option<T> {
        let prefix = self.prefix;
        let Some(value) = self.optional(name) else {
            wrong.note(format!("{prefix}{name} is missing; it must be {wanted}"));
            return None;
        };
        let taken = take(value);
        if taken.is_none() {
            wrong.note(format!("{prefix}{name} must be {wanted}"));
        }
        taken
    }

    /// An integer.
    pub fn int(&self, name: &str, wrong: &mut Wrong) -> Option<Int> {
        self.required(name, "an integer", wrong, |value| match value {
            Json::Int(int) => Some(*int),
            _ => None,
        })
    }

    /// A text.
    pub fn text(&self, name: &str, wrong: &mut Wrong) -> Option<&'a str> {
        self.required(name, "a string", wrong, |value| match value {
            Json::Text(text) => text.as_deref(),
            _ => None,
        })
    }

    /// An object, with its own fields.
    pub fn object(&self, name: &str, prefix: &'static str, wrong: &mut Wrong) -> Option<Self> {
        self.required(name, "an object", wrong, |value| match value {
            Json::Object(members) => Some(Self { members, prefix }),
            _ => None,
        })
    }
}

/// Notes a version that is not ours.
pub fn check_version(version: Int, wrong: &mut Wrong) {
    if version != Int::Small(i128::from(VERSION)) {
        wrong.note(format!(
            "version is not one that this server knows; it must be {VERSION}"
        ));
    }
}

/// `N` bytes in hexadecimal digits of either case.
pub fn hex<const N: usize>(name: &str, text: &str, wrong: &mut Wrong) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    if hex::decode_to_slice(text, &mut bytes).is_err() {
        wrong.note(format!("{name} must be {} hexadecimal digits", 2 * N));
        return None;
    }
    Some(bytes)
}

/// A public key in hexadecimal digits.
pub fn key(name: &str, text: &str, wrong: &mut Wrong) -> Option<PublicKey> {
    hex(name, text, wrong).map(PublicKey::from_bytes)
}

/// The integer, if it is a moment that can be: not before the epoch, and not beyond what a column holds.
pub fn millis(int: Int) -> Option<i64> {
    match int {
        Int::Small(number) => i64::try_from(number).ok().filter(|number| *number >= 0),
        Int::Least | Int::Most => None,
    }
}
