//! `prompt` and `max_age`: how much the client wants the person to be asked (OIDC Core §3.1.2.1).

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::error::OAuthError;

/// One value of `prompt`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PromptValue {
    /// Show nothing; fail where something would have to be shown.
    None,
    /// Ask for the password again.
    Login,
    /// Ask for consent again.
    Consent,
    /// Let the person choose an account. There is one account to a browser session, so this asks for a login.
    SelectAccount,
    /// Let the person make an account (OIDC Prompt Create 1.0).
    Create,
}

impl PromptValue {
    /// All values, in the order in which discovery lists them.
    pub const ALL: [Self; 5] = [
        Self::None,
        Self::Login,
        Self::Consent,
        Self::SelectAccount,
        Self::Create,
    ];

    /// The value as it is sent.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Login => "login",
            Self::Consent => "consent",
            Self::SelectAccount => "select_account",
            Self::Create => "create",
        }
    }
}

/// The set of `prompt` values in a request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Prompt(BTreeSet<PromptValue>);

impl Prompt {
    /// Parses values with spaces between them.
    ///
    /// # Errors
    /// `invalid_request` for an unknown value, and for `none` beside another.
    pub fn parse(text: &str) -> Result<Self, OAuthError> {
        let mut values = BTreeSet::new();
        for word in text.split(' ').filter(|w| !w.is_empty()) {
            let value = PromptValue::ALL.into_iter().find(|v| v.as_str() == word);
            values.insert(value.ok_or_else(|| {
                OAuthError::invalid_request("parameter prompt knows none, login, consent, select_account and create")
            })?);
        }
        if values.contains(&PromptValue::None) && values.len() > 1 {
            return Err(OAuthError::invalid_request(
                "parameter prompt has none beside another value",
            ));
        }
        Ok(Self(values))
    }

    /// Nothing may be shown.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.0.contains(&PromptValue::None)
    }

    /// A login must be part of this flow. Whoever makes an account signs in to it afterwards.
    #[must_use]
    pub fn wants_login(&self) -> bool {
        [PromptValue::Login, PromptValue::SelectAccount, PromptValue::Create]
            .iter()
            .any(|value| self.0.contains(value))
    }

    /// The person is to be shown how to make an account.
    #[must_use]
    pub fn wants_account(&self) -> bool {
        self.0.contains(&PromptValue::Create)
    }

    /// Consent must be part of this flow.
    #[must_use]
    pub fn wants_consent(&self) -> bool {
        self.0.contains(&PromptValue::Consent)
    }
}

/// Parses `max_age`: seconds since the person last typed the password. A number too great for 64 bits is as good as none.
///
/// # Errors
/// `invalid_request`, if it is anything but decimal digits.
pub fn parse_max_age(text: &str) -> Result<Duration, OAuthError> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(OAuthError::invalid_request(
            "parameter max_age must be a number of seconds, 0 or more",
        ));
    }
    Ok(Duration::from_secs(text.parse().unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_stands_alone() {
        assert!(Prompt::parse("none").expect("parses").is_silent());
        for bad in [
            "none login",
            "consent none",
            "None",
            "login,consent",
            "Create",
            "none create",
        ] {
            assert!(Prompt::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn select_account_is_answered_by_a_login() {
        assert!(Prompt::parse("select_account").expect("parses").wants_login());
        let both = Prompt::parse("consent login").expect("parses");
        assert!(both.wants_login() && both.wants_consent() && !both.is_silent());
    }

    #[test]
    fn create_shows_how_to_make_an_account_and_is_met_by_a_login() {
        let create = Prompt::parse("create").expect("parses");
        assert!(create.wants_account() && create.wants_login() && !create.is_silent());
        assert!(!Prompt::parse("login").expect("parses").wants_account());
    }

    #[test]
    fn az_24_max_age_is_text_made_of_digits() {
        for (text, seconds) in [
            ("0", 0),
            ("1", 1),
            ("10000", 10_000),
            ("007", 7),
            ("99999999999999999999999", u64::MAX),
        ] {
            assert_eq!(parse_max_age(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for bad in ["", "-1", "+1", "1.5", "1e3", " 1", "0x10", "\u{661}", "abc"] {
            assert!(parse_max_age(bad).is_err(), "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_parses_or_is_refused(text in ".{0,60}") {
            let _ = (Prompt::parse(&text), parse_max_age(&text));
        }
    }
}
