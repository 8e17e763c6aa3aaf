//! The application's name.

use std::fmt;

use super::raw::Raw;
use super::visit::Setting;

/// The name as people see it on pages and in mails: 1 to 64 characters, none of them a control character.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Realm(String);

impl Realm {
    /// The most characters.
    const MAX_CHARS: usize = 64;

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Realm {
    fn default() -> Self {
        Self("Countersign".into())
    }
}

impl fmt::Display for Realm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Setting for Realm {
    const WANTED: &'static str = r#"a name such as "Example App""#;

    fn parse(raw: &Raw<'_>) -> Result<Self, String> {
        let name = raw.text::<Self>()?;
        if name.is_empty() || name.chars().count() > Self::MAX_CHARS || name.contains(char::is_control) {
            return Err(format!(
                "{name:?} is not a name; write 1 to {} characters without line breaks",
                Self::MAX_CHARS
            ));
        }
        Ok(Self(name.into()))
    }

    fn show(&self) -> toml::Value {
        self.0.as_str().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_short_line() {
        assert_eq!(
            Realm::parse(&Raw::Text(" Caf\u{e9} ")).map(|realm| realm.to_string()),
            Ok("Caf\u{e9}".into())
        );
        for bad in ["", "a\r\nBcc: b", &"x".repeat(65)] {
            assert!(Realm::parse(&Raw::Text(bad)).is_err(), "{bad:?}");
        }
    }
}
