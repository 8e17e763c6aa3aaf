//! `[define]`: public constants, the same on every deployment of one application. Changing them breaks tokens.

use std::time::Duration;

use super::issuer::Issuer;
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
            jobs: vec![Job::Identity],
            onboarding: Onboarding::Open,
            lifetimes: Lifetimes::default(),
            keys: KeyRotation::default(),
            entitlements: Entitlements::default(),
        }
    }
}

impl Section for Define {
    fn visit<V: Visitor>(&mut self, v: &mut V) {
        v.required("issuer", &mut self.issuer);
        v.value("realm", &mut self.realm);
        v.value("jobs", &mut self.jobs);
        v.value("onboarding", &mut self.onboarding);
        v.section("lifetimes", &mut self.lifetimes);
        v.section("keys", &mut self.keys);
        v.section("entitlements", &mut self.entitlements);
    }
}

/// A part of the server that can be left out; then it has no routes, actors or keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    /// Sign-in, sign-up and the authorization server.
    Identity,
    /// Payments and proofs.
    Entitlements,
}

impl Job {
    /// All jobs of this version.
    pub const ALL: [Self; 2] = [Self::Identity, Self::Entitlements];

    const fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Entitlements => "entitlements",
        }
    }
}

impl Setting for Vec<Job> {
    const WANTED: &'static str = r#"a list of jobs; write ["identity", "entitlements"]"#;

    fn parse(raw: &Raw<'_>) -> Result<Self, String> {
        let mut jobs = Self::new();
        for name in raw.list::<Self>()? {
            match Job::ALL.into_iter().find(|job| job.name() == name) {
                Some(job) if jobs.contains(&job) => return Err(format!("{name:?} stands there twice")),
                Some(job) => jobs.push(job),
                None if name == "members" => {
                    return Err(format!(
                        "{name:?} is not in this version; \"identity\" and \"entitlements\" are the jobs it has"
                    ));
                }
                None => {
                    return Err(format!("{name:?} is not a job; write \"identity\" or \"entitlements\""));
                }
            }
        }
        if jobs.is_empty() {
            return Err(r#"is empty, so that nothing would run; write ["identity", "entitlements"]"#.into());
        }
        Ok(jobs)
    }

    fn show(&self) -> toml::Value {
        self.iter().map(|job| job.name()).collect::<Vec<_>>().into()
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
    /// Nobody; accounts are made with `countersign user add`.
    Closed,
}

impl Setting for Onboarding {
    const WANTED: &'static str = r#"an onboarding policy; write "open" or "closed""#;

    fn parse(raw: &Raw<'_>) -> Result<Self, String> {
        match raw.text::<Self>()? {
            "open" => Ok(Self::Open),
            "closed" => Ok(Self::Closed),
            policy @ ("approval" | "invitation") => Err(format!(
                "{policy:?} is not in this version; write \"open\" or \"closed\""
            )),
            other => Err(not_wanted::<Self>(format!("{other:?}"))),
        }
    }

    fn show(&self) -> toml::Value {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
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
    fn a_job_or_policy_of_a_later_version_is_refused_in_words() {
        let refusal = Vec::<Job>::parse(&Raw::Text("identity,members")).expect_err("not yet");
        assert!(refusal.contains("not in this version"), "{refusal}");
        let refusal = Onboarding::parse(&Raw::Text("approval")).expect_err("not yet");
        assert!(refusal.contains("not in this version"), "{refusal}");
    }

    #[test]
    fn jobs_are_named_once_and_at_least_one() {
        assert_eq!(Vec::<Job>::parse(&Raw::Text("identity")), Ok(vec![Job::Identity]));
        let all = Vec::<Job>::parse(&Raw::Text("identity, entitlements"));
        assert_eq!(all.map(|jobs| jobs.show()), Ok(Job::ALL.to_vec().show()));
        assert!(Vec::<Job>::parse(&Raw::Text("identity,identity")).is_err());
        assert!(Vec::<Job>::parse(&Raw::Text("idendity")).is_err());
        assert!(Vec::<Job>::parse(&Raw::File(&toml::Value::Array(Vec::new()))).is_err());
    }
}
