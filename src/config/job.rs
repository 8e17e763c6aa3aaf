//! `define.jobs`: the parts of the server that can be left out.

use super::raw::Raw;
use super::visit::Setting;

/// A part of the server that can be left out; then it has no routes, actors or keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    /// Sign-in, sign-up and the authorization server.
    Identity,
    /// Profiles, the members' directory, admission and administration: the web app's own API.
    Members,
    /// Payments and proofs.
    Entitlements,
}

impl Job {
    /// All jobs.
    pub const ALL: [Self; 3] = [Self::Identity, Self::Members, Self::Entitlements];

    const fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Members => "members",
            Self::Entitlements => "entitlements",
        }
    }
}

impl Setting for Vec<Job> {
    const WANTED: &'static str = r#"a list of jobs; write ["identity", "members", "entitlements"]"#;

    fn parse(raw: &Raw<'_>) -> Result<Self, String> {
        let mut jobs = Self::new();
        for name in raw.list::<Self>()? {
            let Some(job) = Job::ALL.into_iter().find(|job| job.name() == name) else {
                return Err(format!("{name:?} is not a job; the jobs are {}", names()));
            };
            if jobs.contains(&job) {
                return Err(format!("{name:?} stands there twice"));
            }
            jobs.push(job);
        }
        if jobs.is_empty() {
            return Err(r#"is empty, so that nothing would run; write ["identity"]"#.into());
        }
        Ok(jobs)
    }

    fn show(&self) -> toml::Value {
        self.iter().map(|job| job.name()).collect::<Vec<_>>().into()
    }
}

fn names() -> String {
    Job::ALL.map(|job| format!("{:?}", job.name())).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_are_named_once_and_at_least_one() {
        assert_eq!(Vec::<Job>::parse(&Raw::Text("identity")), Ok(vec![Job::Identity]));
        let all = Vec::<Job>::parse(&Raw::Text("identity, members, entitlements"));
        assert_eq!(all, Ok(Job::ALL.to_vec()));
        for bad in ["identity,identity", "idendity"] {
            assert!(Vec::<Job>::parse(&Raw::Text(bad)).is_err(), "{bad}");
        }
        assert!(Vec::<Job>::parse(&Raw::File(&toml::Value::Array(Vec::new()))).is_err());
    }
}
