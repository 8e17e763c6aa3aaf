//! The `claims` parameter and `acr_values` (OIDC Core §5.5, §3.1.2.1): single claims that a client asks for, and where.
//!
//! A claim is given only where a scope opens it that the client may ask for, and the person is asked as for that scope:
//! `claims` is no way around consent. What is unknown is ignored (§5.5), so what is kept is bounded by the claims there are.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::error::{ErrorCode, OAuthError};
use super::parameters::Parameters;
use super::scope::{self, ScopeSet};

/// The authentication context class of a sign-in here: a password, proved by OPAQUE.
pub const ACR: &str = "urn:countersign:acr:password";
/// Most values that one claim may be asked with.
const MAX_VALUES: usize = 16;

/// Claims by name, each with the values that alone are wanted; none for any value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AskedClaims(BTreeMap<String, Vec<Value>>);

impl AskedClaims {
    /// Whether nothing is asked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `name` is asked for, and `value` one that is wanted.
    #[must_use]
    pub fn wants(&self, name: &str, value: &Value) -> bool {
        self.0
            .get(name)
            .is_some_and(|wanted| wanted.is_empty() || wanted.contains(value))
    }

    /// The scopes that open these claims.
    fn scopes(&self) -> ScopeSet {
        ScopeSet::of(self.0.keys().filter_map(|name| scope::opener_of(name)))
    }

    fn retain_opened_by(&mut self, scopes: &ScopeSet) {
        self.0
            .retain(|name, _| scope::opener_of(name).is_some_and(|opener| scopes.contains(opener)));
    }
}

/// What a request asks for beside scopes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimsRequest {
    /// Of userinfo.
    #[serde(default, skip_serializing_if = "AskedClaims::is_empty")]
    pub userinfo: AskedClaims,
    /// Of the ID token.
    #[serde(default, skip_serializing_if = "AskedClaims::is_empty")]
    pub id_token: AskedClaims,
    /// `acr` goes into the ID token.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub acr: bool,
    /// Whom the person must be (§5.5.1): `sub` asked for with a value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
}

impl ClaimsRequest {
    /// Reads `claims` and `acr_values` of a client that may ask for `scopes`.
    ///
    /// # Errors
    /// `invalid_request` if `claims` is not an object of the form of §5.5; `unmet_authentication_requirements` if it asks
    /// for an `acr` that no sign-in here has, as essential (§5.5.1.1).
    pub fn from_parameters(parameters: &Parameters, scopes: &ScopeSet) -> Result<Self, OAuthError> {
        let mut asked = Self {
            acr: parameters.get("acr_values").is_some(),
            ..Self::default()
        };
        if let Some(text) = parameters.get("claims") {
            asked.read(text)?;
            asked.userinfo.retain_opened_by(scopes);
            asked.id_token.retain_opened_by(scopes);
        }
        Ok(asked)
    }

    /// Whether nothing is asked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The scopes that open what is asked: the person is asked for these too.
    #[must_use]
    pub fn scopes(&self) -> ScopeSet {
        self.userinfo.scopes().union(&self.id_token.scopes())
    }

    fn read(&mut self, text: &str) -> Result<(), OAuthError> {
        let whole: Value = serde_json::from_str(text).map_err(|_| malformed())?;
        let whole = whole.as_object().ok_or_else(malformed)?;
        for (member, value) in whole {
            let claims = match value {
                Value::Null => continue,
                value => value.as_object(),
            };
            match member.as_str() {
                "userinfo" => {
                    let claims = claims.ok_or_else(malformed)?;
                    self.userinfo = known(claims)?;
                    self.read_subject(claims)?;
                }
                "id_token" => {
                    let claims = claims.ok_or_else(malformed)?;
                    self.id_token = known(claims)?;
                    self.read_subject(claims)?;
                    self.read_acr(claims)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn read_subject(&mut self, claims: &Map<String, Value>) -> Result<(), OAuthError> {
        if let Some(Value::String(subject)) = claims.get("sub").and_then(|sub| sub.get("value")) {
            if self.subject.as_ref().is_some_and(|other| other != subject) {
                return Err(malformed());
            }
            self.subject = Some(subject.clone());
        }
        Ok(())
    }

    fn read_acr(&mut self, claims: &Map<String, Value>) -> Result<(), OAuthError> {
        let Some(acr) = claims.get("acr") else { return Ok(()) };
        self.acr = true;
        let wanted = values_of(acr)?;
        let is_essential = acr.get("essential") == Some(&Value::Bool(true));
        if is_essential && !wanted.is_empty() && !wanted.contains(&Value::from(ACR)) {
            return Err(OAuthError::new(
                ErrorCode::UnmetAuthenticationRequirements,
                "no sign-in here has the acr that is essential to this request",
            ));
        }
        Ok(())
    }
}

/// The claims of a member that this server has.
fn known(claims: &Map<String, Value>) -> Result<AskedClaims, OAuthError> {
    let mut asked = BTreeMap::new();
    for (name, wish) in claims {
        if scope::opener_of(name).is_some() {
            asked.insert(name.clone(), values_of(wish)?);
        }
    }
    Ok(AskedClaims(asked))
}

/// The values that alone are wanted: `value`, or each of `values`.
fn values_of(wish: &Value) -> Result<Vec<Value>, OAuthError> {
    let wish = match wish {
        Value::Null => return Ok(Vec::new()),
        Value::Object(wish) => wish,
        _ => return Err(malformed()),
    };
    match (wish.get("value"), wish.get("values")) {
        (Some(value), None) => Ok(vec![value.clone()]),
        (None, Some(Value::Array(values))) if values.len() <= MAX_VALUES => Ok(values.clone()),
        (None, None) => Ok(Vec::new()),
        _ => Err(malformed()),
    }
}

fn malformed() -> OAuthError {
    OAuthError::invalid_request("parameter claims is not a claims request of OpenID Connect Core 5.5")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(claims: &Value) -> Result<ClaimsRequest, OAuthError> {
        read_text(&claims.to_string(), &ScopeSet::standard())
    }

    fn read_text(claims: &str, scopes: &ScopeSet) -> Result<ClaimsRequest, OAuthError> {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("claims", claims);
        let parameters = Parameters::parse(form.finish().as_bytes()).expect("parses");
        ClaimsRequest::from_parameters(&parameters, scopes)
    }

    #[test]
    fn az_44_claims_are_asked_each_where_it_is_wanted() {
        // OIDC Core §5.5.
        let asked = read(&json!({
            "userinfo": {
                "given_name": { "essential": true }, "nickname": null, "email": { "essential": true },
                "http://example.info/claims/groups": null
            },
            "id_token": { "auth_time": { "essential": true }, "acr": { "values": [ACR] }, "email_verified": null }
        }))
        .expect("is one");
        let any = json!("x");
        assert!(
            ["given_name", "nickname", "email"]
                .iter()
                .all(|name| asked.userinfo.wants(name, &any))
        );
        assert!(!asked.userinfo.wants("email_verified", &any) && asked.id_token.wants("email_verified", &any));
        assert!(!asked.userinfo.wants("http://example.info/claims/groups", &any));
        assert!(asked.acr);
        assert_eq!(asked.scopes(), ScopeSet::of(["email", "profile"]));
        let json = serde_json::to_string(&asked).expect("writes");
        assert_eq!(serde_json::from_str::<ClaimsRequest>(&json).expect("reads"), asked);
    }

    #[test]
    fn az_44_a_value_that_is_wanted_is_given_only_if_it_is_the_one() {
        let asked = read(&json!({ "userinfo": {
            "locale": { "value": "nl" }, "nickname": { "values": ["Ada", "Countess"] }
        } }))
        .expect("is one");
        assert!(asked.userinfo.wants("locale", &json!("nl")) && !asked.userinfo.wants("locale", &json!("de")));
        assert!(asked.userinfo.wants("nickname", &json!("Countess")));
        assert!(!asked.userinfo.wants("nickname", &json!("Lady")));
    }

    #[test]
    fn az_46_a_claim_whose_scope_the_client_may_not_ask_for_is_dropped() {
        let claims = r#"{"userinfo":{"email":null,"phone_number":null},"id_token":{"email":null}}"#;
        let asked = read_text(claims, &ScopeSet::of(["openid", "phone"])).expect("is one");
        assert!(asked.id_token.is_empty() && asked.scopes() == ScopeSet::of(["phone"]));
        assert!(read_text(claims, &ScopeSet::of(["openid"])).expect("is one").is_empty());
    }

    #[test]
    fn az_36_an_essential_acr_that_nobody_has_is_told_and_a_wish_is_not() {
        let with = |acr: Value| read(&json!({ "id_token": { "acr": acr } }));
        for acr in [
            json!(null),
            json!({ "essential": true }),
            json!({ "values": ["loa3"] }),
            json!({ "essential": true, "values": ["loa3", ACR] }),
        ] {
            assert!(with(acr.clone()).is_ok_and(|asked| asked.acr), "{acr}");
        }
        for acr in [
            json!({ "essential": true, "values": ["loa3"] }),
            json!({ "essential": true, "value": "loa3" }),
        ] {
            let error = with(acr.clone()).expect_err("cannot be met");
            assert_eq!(error.code(), ErrorCode::UnmetAuthenticationRequirements, "{acr}");
        }
    }

    #[test]
    fn whom_the_person_must_be_is_one_subject() {
        let sub = |value: &str| json!({ "sub": { "value": value } });
        assert_eq!(
            read(&json!({ "id_token": sub("u1") }))
                .expect("is one")
                .subject
                .as_deref(),
            Some("u1")
        );
        assert!(read(&json!({ "id_token": sub("u1"), "userinfo": sub("u2") })).is_err());
    }

    #[test]
    fn what_is_no_claims_request_is_invalid_request() {
        for text in [
            "{not json",
            "[]",
            "1",
            r#"{"userinfo":[]}"#,
            r#"{"userinfo":{"email":true}}"#,
            r#"{"userinfo":{"email":{"value":1,"values":[1]}}}"#,
            r#"{"userinfo":{"email":{"values":"x"}}}"#,
            &format!(r#"{{"id_token":{{"email":{{"values":{}}}}}}}"#, json!(vec![1; 17])),
            &"[".repeat(200),
        ] {
            let error = read_text(text, &ScopeSet::standard()).expect_err(text);
            assert_eq!(error.code(), ErrorCode::InvalidRequest, "{text}");
        }
        assert!(
            read_text(r#"{"userinfo":null,"other":1}"#, &ScopeSet::standard())
                .expect("is one")
                .is_empty()
        );
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[{}\\[\\]\":,a-z0-9 ]{0,80}") {
            let _ = read_text(&text, &ScopeSet::standard());
        }
    }
}
