//! Scopes: what is asked, what is granted, and which claims each one opens.
//!
//! A scope that the server does not know is ignored (OIDC Core §3.1.2.1), and one that the client may not have
//! is dropped; the `scope` of the token response tells what is left (RFC 6749 §3.3). Only where nothing is left is the
//! request refused with `invalid_scope`.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::error::{ErrorCode, OAuthError};

/// OIDC Core §3.1.2.1: asks for an ID token.
pub const OPENID: &str = "openid";
/// OIDC Core §11: asks for a refresh token that outlives the browser session.
pub const OFFLINE_ACCESS: &str = "offline_access";
/// Asks what the linked master key is entitled to.
pub const ENTITLEMENTS: &str = "entitlements";
/// The role of a member: sees the members' part of the web app's API.
pub const MEMBER: &str = "member";
/// The role of an administrator.
pub const ADMIN: &str = "admin";
/// The roles that this server itself gives meaning to; no administrator gives or takes them over HTTP.
pub const ROLES: [&str; 2] = [MEMBER, ADMIN];
/// The scopes that every deployment knows. All others are roles, which a person holds or not.
pub const STANDARD: [&str; 7] = [
    OPENID,
    "profile",
    "email",
    "phone",
    "address",
    OFFLINE_ACCESS,
    ENTITLEMENTS,
];

/// Longest scope parameter, in bytes.
pub const MAX_BYTES: usize = 2048;
/// Most scopes in one set.
pub const MAX_COUNT: usize = 64;

/// A set of scope tokens. Neither order nor repetition matters; it prints in alphabetical order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ScopeSet(BTreeSet<String>);

impl ScopeSet {
    /// Parses scope tokens with spaces between them (RFC 6749 §3.3). Blank text is the empty set.
    ///
    /// # Errors
    /// `invalid_scope`, if a character is outside `%x21 / %x23-5B / %x5D-7E` or a bound is passed.
    pub fn parse(text: &str) -> Result<Self, OAuthError> {
        let invalid = |description: &str| OAuthError::new(ErrorCode::InvalidScope, description);
        if text.len() > MAX_BYTES {
            return Err(invalid("parameter scope is longer than 2048 bytes"));
        }
        if !text
            .bytes()
            .all(|b| matches!(b, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e))
        {
            return Err(invalid("parameter scope has a character that no scope has"));
        }
        let scopes = Self::of(text.split(' ').filter(|s| !s.is_empty()));
        if scopes.0.len() > MAX_COUNT {
            return Err(invalid("parameter scope has more than 64 scopes"));
        }
        Ok(scopes)
    }

    /// The set of these tokens, which must be well formed.
    pub fn of<'a>(tokens: impl IntoIterator<Item = &'a str>) -> Self {
        Self(tokens.into_iter().map(str::to_owned).collect())
    }

    /// The scopes of [`STANDARD`].
    #[must_use]
    pub fn standard() -> Self {
        Self::of(STANDARD)
    }

    /// Whether `scope` is in the set.
    #[must_use]
    pub fn contains(&self, scope: &str) -> bool {
        self.0.contains(scope)
    }

    /// Whether every scope of `self` is in `other`.
    #[must_use]
    pub fn is_subset(&self, other: &Self) -> bool {
        self.0.is_subset(&other.0)
    }

    /// Whether there is no scope in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is in both sets.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        Self(self.0.intersection(&other.0).cloned().collect())
    }

    /// What is in either set.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self(self.0.union(&other.0).cloned().collect())
    }

    /// The set without `scope`.
    #[must_use]
    pub fn without(mut self, scope: &str) -> Self {
        self.0.remove(scope);
        self
    }

    /// The tokens in alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether there is a scope in it that not everybody holds.
    #[must_use]
    pub fn has_roles(&self) -> bool {
        self.iter().any(|scope| !STANDARD.contains(&scope))
    }

    /// What of it somebody holds who holds these `roles`: the standard scopes are everybody's.
    #[must_use]
    pub fn held(&self, roles: &Self) -> Self {
        let holds = |scope: &&String| STANDARD.contains(&scope.as_str()) || roles.contains(scope);
        Self(self.0.iter().filter(holds).cloned().collect())
    }

    /// The scope of a refreshed access token: `self` is what was granted, `requested` what the client asks for now.
    ///
    /// # Errors
    /// `invalid_scope`, if it asks for more than was granted (RFC 6749 §6) or for nothing.
    pub fn narrow(&self, requested: Option<&Self>) -> Result<Self, OAuthError> {
        match requested {
            None => Ok(self.clone()),
            Some(scope) if !scope.is_empty() && scope.is_subset(self) => Ok(scope.clone()),
            Some(_) => Err(OAuthError::new(
                ErrorCode::InvalidScope,
                "parameter scope asks for more than was granted",
            )),
        }
    }

    /// The userinfo claims that these scopes open, `sub` not counted (OIDC Core §5.4).
    pub fn claims(&self) -> impl Iterator<Item = &'static str> {
        self.iter().flat_map(claims_of).copied()
    }
}

/// The scope that opens a userinfo claim; `None` for a claim that this server does not have.
#[must_use]
pub fn opener_of(claim: &str) -> Option<&'static str> {
    ["profile", "email", "phone", "address"]
        .into_iter()
        .find(|scope| claims_of(scope).contains(&claim))
}

fn claims_of(scope: &str) -> &'static [&'static str] {
    match scope {
        "profile" => &[
            "name",
            "family_name",
            "given_name",
            "nickname",
            "birthdate",
            "locale",
            "updated_at",
        ],
        "email" => &["email", "email_verified"],
        "address" => &["address"],
        "phone" => &["phone_number", "phone_number_verified"],
        ENTITLEMENTS => &["entitlements"],
        _ => &[],
    }
}

impl fmt::Display for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, scope) in self.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            f.write_str(scope)?;
        }
        Ok(())
    }
}

impl From<ScopeSet> for String {
    fn from(scopes: ScopeSet) -> Self {
        scopes.to_string()
    }
}

impl TryFrom<String> for ScopeSet {
    type Error = OAuthError;

    fn try_from(text: String) -> Result<Self, OAuthError> {
        Self::parse(&text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn scopes(text: &str) -> ScopeSet {
        ScopeSet::parse(text).expect("parses")
    }

    #[test]
    fn az_37_order_and_repetition_do_not_matter() {
        assert_eq!(scopes("email openid"), scopes("openid  email openid "));
        assert_eq!(scopes("profile openid email").to_string(), "email openid profile");
    }

    #[test]
    fn characters_outside_the_grammar_are_invalid_scope() {
        for bad in ["open\"id", "a\\b", "a\tb", "a\nb", "\u{e9}", "a\u{7f}"] {
            let error = ScopeSet::parse(bad).expect_err("refused");
            assert_eq!(error.code(), ErrorCode::InvalidScope, "{bad:?}");
        }
    }

    #[test]
    fn ab_a_long_scope_is_refused_before_it_is_taken_apart() {
        assert!(ScopeSet::parse(&"a ".repeat(MAX_BYTES)).is_err());
        let many = |count: usize| (0..count).map(|i| format!("s{i}")).collect::<Vec<_>>().join(" ");
        assert!(ScopeSet::parse(&many(MAX_COUNT)).is_ok());
        assert!(ScopeSet::parse(&many(MAX_COUNT + 1)).is_err());
    }

    #[test]
    fn rf_03_refresh_narrows_and_never_widens() {
        let granted = scopes("openid email");
        assert_eq!(granted.narrow(None), Ok(granted.clone()));
        assert_eq!(granted.narrow(Some(&scopes("email"))), Ok(scopes("email")));
        for wider in ["openid email profile", "profile", ""] {
            let error = granted.narrow(Some(&scopes(wider))).expect_err("refused");
            assert_eq!(error.code(), ErrorCode::InvalidScope, "{wider}");
        }
    }

    #[test]
    fn a_role_is_given_to_who_holds_it() {
        let asked = scopes("openid admin member");
        assert!(asked.has_roles() && !scopes("openid email").has_roles());
        assert_eq!(asked.held(&scopes("member editor")), scopes("openid member"));
        assert_eq!(asked.held(&ScopeSet::default()), scopes("openid"));
    }

    #[test]
    fn each_scope_opens_its_claims_only() {
        assert_eq!(scopes("openid offline_access").claims().count(), 0);
        assert_eq!(
            scopes("openid email phone").claims().collect::<Vec<_>>(),
            ["email", "email_verified", "phone_number", "phone_number_verified"]
        );
    }

    proptest! {
        #[test]
        fn a_set_comes_back_from_json_and_text(text in "[!#-\\[\\]-~ ]{0,200}") {
            if let Ok(set) = ScopeSet::parse(&text) {
                let json = serde_json::to_string(&set).expect("serialises");
                prop_assert_eq!(&serde_json::from_str::<ScopeSet>(&json).expect("parses"), &set);
                prop_assert_eq!(ScopeSet::parse(&set.to_string()), Ok(set));
            }
        }

        #[test]
        fn rf_03_whatever_is_asked_the_answer_is_within_the_grant(granted in "([a-e] ){0,5}", asked in "([a-e] ){0,5}") {
            if let Ok(scope) = scopes(&granted).narrow(Some(&scopes(&asked))) {
                prop_assert!(scope.is_subset(&scopes(&granted)) && !scope.is_empty());
            }
        }
    }
}
