//! `[define]`: public constants, the same on every deployment of one application. Changing them breaks tokens.

use std::time::Duration;

use super::issuer::Issuer;
use super::job::Job;
use super::lifetimes::Lifetimes;
use super::raw::Raw;
use super::realm::Realm;
use super::visit::{Section, Setting, Visitor, not_wanted};

/// The `[define]` part.
#[derive(Clone, Debug)]
pub struct Define {
    /// Who issues the tokens: the public address of this server.
    pub issuer: Issuer,
    /// The application's name as people see it on pages and in mails.
    pub realm: Realm,
    /// What this server does; at least one.
    pub jobs: Vec<Job>,
    /// Who may sign up.
    pub onboarding: Onboarding,
    /// Whether clients may register themselves.
    pub client_registration: ClientRegistration,
    /// How long things last.
    pub lifetimes: Lifetimes,
    /// When signing and encryption keys change.
    pub keys: KeyRotation,
    /// What proofs look like.
    pub entitlements: Entitlements,
}

impl Define {
    pub(super) fn blank() -> Self {
        Self {
            issuer: Issuer::placeholder(),
            realm: Realm::default(),
            jobs: vec![Job::Identity, Job::Members],
            onboarding: Onboarding::Open,
            client_registration: ClientRegistration::Off,
            lifetimes: Lifetimes::default(),
            keys: KeyRotation::default(),
            entitlements: Entitlements::default(),
        }
    }
}

impl Define {
    /// Whether this server does `job`.
    #[must_use]
    pub fn does(&self, job: Job) -> bool {
        self.jobs.contains(&job)
    }
}

impl Section for Define {
    fn visit<V: Visitor>(&mut self, v: &mut V) {
        v.required("issuer", &mut self.issuer);
        v.value("realm", &mut self.realm);
        v.value("jobs", &mut self.jobs);
        v.value("onboarding", &mut self.onboarding);
        v.value("client_registration", &mut self.client_registration);
        v.section("lifetimes", &mut self.lifetimes);
        v.section("keys", &mut self.keys);
        v.section("entitlements", &mut self.entitlements);
    }
}

/// `[define.entitlements]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Entitlements {
    /// Whether a proof that is asked for ends on a midnight, like one that comes with a payment. Existing servers of the
    /// protocol let it end with the subscription's grace, to the millisecond.
    pub proofs_end_at_midnight: bool,
}

impl Section for Entitlements {
    fn visit<V: Visitor>(&mut self, v: &mut V) {
        v.value("proofs_end_at_midnight", &mut self.proofs_end_at_midnight);
    }
}

/// Who may sign up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Onboarding {
    /// Everybody who confirms an e-mail address.
    Open,
    /// Everybody who confirms an e-mail address, once an administrator has admitted them.
    Approval,
    /// Whom an administrator invites.
    Invite,
    /// Nobody; accounts are made with `countersign user add`.
    Closed,
}

impl Onboarding {
    /// Whether somebody may ask to be taken in.
    #[must_use]
    pub const fn takes_applications(self) -> bool {
        matches!(self, Self::Open | Self::Approval)
    }

    /// As it is written in the configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Approval => "approval",
            Self::Invite => "invite",
            Self::Closed => "closed",
        }
    }
}

impl Setting for Onboarding {
    const WANTED: &'static str = r#"an onboarding policy; write "open", "approval", "invite" or "closed""#;

    fn parse(raw: &Raw<'_>) -> Result<Self, String> {
        match raw.text::<Self>()? {
            "open" => Ok(Self::Open),
            "approval" => Ok(Self::Approval),
            "invite" => Ok(Self::Invite),
            "closed" => Ok(Self::Closed),
            other => Err(not_wanted::<Self>(format!("{other:?}"))),
        }
    }

    fn show(&self) -> toml::Value {
        self.name().into()
    }
}

/// Whether clients may register themselves (RFC 7591).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientRegistration {
    /// They may not; clients are made with `countersign client add`.
    Off,
    /// Those may that bring an initial access token, made with `countersign client invite`.
    Token,
}

impl Setting for ClientRegistration {
    const WANTED: &'static str = r#"a policy of client registration; write "off" or "token""#;

    fn parse(raw: &Raw<'_>) -> Result<Self, String> {
        match raw.text::<Self>()? {
            "off" => Ok(Self::Off),
            "token" => Ok(Self::Token),
            other => Err(not_wanted::<Self>(format!("{other:?}"))),
        }
    }

    fn show(&self) -> toml::Value {
        match self {
            Self::Off => "off",
            Self::Token => "token",
        }
        .into()
    }
}

/// `[define.keys]`: pending (published, not used) → active → retiring (published until its last token expired) → retired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyRotation {
    /// How long a key stays active.
    pub rotate_every: Duration,
    /// How long a key is published before it signs; at least `jwks_cache`.
    pub publish_ahead: Duration,
    /// How long others may cache the key set (`max-age` of the JWKS).
    pub jwks_cache: Duration,
}

impl Default for KeyRotation {
    fn default() -> Self {
        Self {
            rotate_every: Duration::from_hours(90 * 24),
            publish_ahead: Duration::from_hours(48),
            jwks_cache: Duration::from_hours(1),
        }
    }
}

impl Section for KeyRotation {
    fn visit<V: Visitor>(&mut self, v: &mut V) {
        let day = Duration::from_hours(24);
        v.within(
            "rotate_every",
            &mut self.rotate_every,
            Duration::from_mins(1)..=3660 * day,
        );
        v.within(
            "publish_ahead",
            &mut self.publish_ahead,
            Duration::from_secs(1)..=366 * day,
        );
        v.within("jwks_cache", &mut self.jwks_cache, Duration::from_secs(1)..=7 * day);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_one_of_four() {
        for policy in [
            Onboarding::Open,
            Onboarding::Approval,
            Onboarding::Invite,
            Onboarding::Closed,
        ] {
            let shown = policy.show();
            assert_eq!(Onboarding::parse(&Raw::File(&shown)), Ok(policy));
        }
        assert!(Onboarding::parse(&Raw::Text("invitation")).is_err());
    }
}
