//! The claims of a person, as scopes open them and as single claims are asked for (OIDC Core §5.1, §5.4, §5.5).

use serde_json::{Map, Value, json};

use super::claims_request::AskedClaims;
use super::scope::ScopeSet;
use crate::domain::account::{Address, Profile};
use crate::domain::clock::Timestamp;

/// What is known of a person.
#[derive(Clone, Copy, Debug)]
pub struct Person<'a> {
    /// The address, which is confirmed.
    pub email: &'a str,
    /// What they say about themselves.
    pub profile: &'a Profile,
    /// When they last changed that.
    pub updated_at: Option<Timestamp>,
}

impl Person<'_> {
    /// The claims that `scope` opens, and those of `asked`, as far as something is known (§5.3.2: a claim that is not is
    /// left out).
    #[must_use]
    pub fn claims(&self, scope: &ScopeSet, asked: &AskedClaims) -> Map<String, Value> {
        let mut claims = self.known();
        let opened: Vec<&str> = scope.claims().collect();
        claims.retain(|name, value| opened.contains(&name.as_str()) || asked.wants(name, value));
        claims
    }

    fn known(&self) -> Map<String, Value> {
        let mut known = Map::new();
        let mut put = |name: &str, value: Value| {
            if !value.is_null() {
                known.insert(name.to_owned(), value);
            }
        };
        let profile = self.profile;
        put("email", self.email.into());
        put("email_verified", true.into());
        put("name", json!(profile.name()));
        put("given_name", json!(profile.given_name));
        put("family_name", json!(profile.family_name));
        put("nickname", json!(profile.call_name));
        put("birthdate", json!(profile.birth_date.map(|date| date.to_string())));
        put("locale", json!(profile.locale));
        put("updated_at", json!(self.updated_at.map(Timestamp::as_secs)));
        put("address", address(&profile.address));
        if let Some(phone) = &profile.phone {
            put("phone_number", phone.as_str().into());
            // Nobody has called it.
            put("phone_number_verified", false.into());
        }
        known
    }
}

/// Whether a scope or a claim that is asked for needs the profile, beside the account itself.
#[must_use]
pub fn needs_profile(scope: &ScopeSet) -> bool {
    ["profile", "phone", "address"]
        .iter()
        .any(|opener| scope.contains(opener))
}

fn address(address: &Address) -> Value {
    if address.is_empty() {
        return Value::Null;
    }
    let mut members = Map::new();
    for (name, value) in [
        ("formatted", address.formatted()),
        ("street_address", address.street_address.clone()),
        ("locality", address.locality.clone()),
        ("region", address.region.clone()),
        ("postal_code", address.postal_code.clone()),
        ("country", address.country.clone()),
    ] {
        if let Some(value) = value {
            members.insert(name.to_owned(), value.into());
        }
    }
    Value::Object(members)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::oauth::scope::ENTITLEMENTS;

    fn profile() -> Profile {
        Profile {
            given_name: Some("Ada".to_owned()),
            family_name: Some("Lovelace".to_owned()),
            phone: Some("+31201234567".to_owned()),
            address: Address {
                locality: Some("Delft".to_owned()),
                ..Address::default()
            },
            ..Profile::default()
        }
    }

    fn claims(scope: &[&str], asked: &AskedClaims) -> Value {
        let profile = profile();
        let person = Person {
            email: "ada@example.org",
            profile: &profile,
            updated_at: Some(Timestamp::from_millis(1_700_000_000_500)),
        };
        Value::Object(person.claims(&ScopeSet::of(scope.iter().copied()), asked))
    }

    #[test]
    fn az_45_each_scope_opens_its_claims_and_no_other() {
        let none = AskedClaims::default();
        assert_eq!(claims(&["openid"], &none), json!({}));
        assert_eq!(
            claims(&["email"], &none),
            json!({ "email": "ada@example.org", "email_verified": true })
        );
        assert_eq!(
            claims(&["profile"], &none),
            json!({ "name": "Ada Lovelace", "given_name": "Ada", "family_name": "Lovelace", "updated_at": 1_700_000_000 })
        );
        assert_eq!(
            claims(&["phone"], &none),
            json!({ "phone_number": "+31201234567", "phone_number_verified": false })
        );
        assert_eq!(
            claims(&["address"], &none),
            json!({ "address": { "formatted": "Delft", "locality": "Delft" } })
        );
    }

    #[test]
    fn az_44_single_claims_come_beside_what_scopes_open() {
        let asked: AskedClaims =
            serde_json::from_value(json!({ "given_name": [], "family_name": ["Byron"] })).expect("reads");
        assert_eq!(claims(&["openid"], &asked), json!({ "given_name": "Ada" }));
    }

    #[test]
    fn every_claim_that_is_said_to_be_supported_can_be_known() {
        let profile = Profile {
            call_name: Some("Ada".to_owned()),
            birth_date: Some("1990-12-10".parse().expect("a day")),
            locale: Some("en".to_owned()),
            ..profile()
        };
        let person = Person {
            email: "ada@example.org",
            profile: &profile,
            updated_at: Some(Timestamp::from_millis(0)),
        };
        let known = person.claims(&ScopeSet::standard(), &AskedClaims::default());
        // What a master key is entitled to is known elsewhere.
        let of_person = ScopeSet::standard().without(ENTITLEMENTS);
        for name in of_person.claims() {
            assert!(known.contains_key(name), "{name}");
        }
    }
}
