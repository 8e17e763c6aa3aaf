//! Signed request objects by value (RFC 9101): an authorization request that nobody but the client can have written.
//!
//! What is in the object is the request, and all of it (§6.3): parameters beside it are not looked at, but for `client_id`,
//! which must agree. Unsigned ones are refused; one by reference is never fetched (`pushed` is the way for those).

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::client::Client;
use super::error::{ErrorCode, OAuthError};
use super::parameters::Parameters;
use crate::domain::clock::Timestamp;
use crate::domain::token::numeric_date;

/// The `typ` of a request object (§10.8). Objects without one, or with the `JWT` of before the RFC, are taken too.
pub const TYPES: [&str; 2] = ["oauth-authz-req+jwt", "jwt"];
/// Longest time from `nbf` (or from now, where there is none) to `exp`.
const MAX_LIFETIME: Duration = Duration::from_hours(1);
/// How far apart the clocks may be.
const LEEWAY: Duration = Duration::from_mins(1);
/// Claims about the object itself, which are no parameters.
const OWN: [&str; 7] = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"];

/// The claims that an object is judged by.
#[derive(Deserialize)]
struct About {
    iss: Option<String>,
    aud: Audience,
    #[serde(with = "numeric_date")]
    exp: Timestamp,
    #[serde(default, with = "numeric_date::option")]
    nbf: Option<Timestamp>,
    client_id: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    fn has(&self, issuer: &str) -> bool {
        match self {
            Self::One(one) => one == issuer,
            Self::Several(several) => several.iter().any(|one| one == issuer),
        }
    }
}

/// The parameters in the claims of an object that `client` has signed.
///
/// # Errors
/// `invalid_request_object`, and what is wrong: it must be for this issuer, from this client, within its time, live for an
/// hour at most, and not lead to another object.
pub fn parameters(payload: &[u8], client: &Client, issuer: &str, now: Timestamp) -> Result<Parameters, OAuthError> {
    let claims: Map<String, Value> =
        serde_json::from_slice(payload).map_err(|_| invalid("its claims are not a JSON object"))?;
    let about = About::deserialize(Value::Object(claims.clone()))
        .map_err(|_| invalid("it must have aud, exp and client_id, each of the right form"))?;
    if about.client_id != client.id.as_str() || about.iss.is_some_and(|iss| iss != client.id.as_str()) {
        return Err(invalid("it is from another client"));
    }
    if !about.aud.has(issuer) {
        return Err(invalid("its aud is not this server's issuer"));
    }
    if about.exp.plus(LEEWAY) <= now {
        return Err(invalid("it has expired"));
    }
    let from = about.nbf.unwrap_or(now);
    if from > now.plus(LEEWAY) {
        return Err(invalid("its nbf is in the future"));
    }
    if about.exp > from.plus(MAX_LIFETIME).plus(LEEWAY) {
        return Err(invalid("it lives longer than an hour"));
    }
    if claims.contains_key("request") || claims.contains_key("request_uri") {
        return Err(invalid("it must not lead to another request"));
    }
    let asked = claims
        .into_iter()
        .filter(|(name, _)| !OWN.contains(&name.as_str()))
        .collect();
    Parameters::from_claims(&asked).map_err(|error| invalid(&error.to_string()))
}

/// `invalid_request_object` with this reason.
#[must_use]
pub fn invalid(reason: &str) -> OAuthError {
    OAuthError::new(
        ErrorCode::InvalidRequestObject,
        &format!("the request object is not valid: {reason}"),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::oauth::client::testing;

    const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);
    const ISSUER: &str = "https://id.example";

    fn object() -> Value {
        json!({
            "iss": "app", "aud": ISSUER, "exp": NOW.as_secs() + 300, "nbf": NOW.as_secs(), "iat": NOW.as_secs(), "jti": "1",
            "client_id": "app", "response_type": "code", "scope": "openid", "max_age": 60
        })
    }

    fn read(object: &Value) -> Result<Parameters, OAuthError> {
        parameters(object.to_string().as_bytes(), &testing::public(), ISSUER, NOW)
    }

    fn with(name: &str, value: Value) -> Result<Parameters, OAuthError> {
        let mut object = object();
        object[name] = value;
        read(&object)
    }

    #[test]
    fn az_14b_what_is_in_the_object_is_the_request() {
        let parameters = read(&object()).expect("is valid");
        assert_eq!(
            (parameters.get("scope"), parameters.get("max_age")),
            (Some("openid"), Some("60"))
        );
        assert_eq!(
            (parameters.get("client_id"), parameters.get("iss")),
            (Some("app"), None)
        );
        assert!(with("aud", json!([ISSUER, "https://other.example"])).is_ok());
    }

    #[test]
    fn az_14b_times_are_bounded_both_ways() {
        let now = NOW.as_secs();
        for (name, value, fits) in [
            ("exp", json!(now - 30), true),
            ("exp", json!(now - 300), false),
            ("exp", json!(now + 3600), true),
            ("exp", json!(now + 2 * 3600), false),
            ("nbf", json!(now + 8), true),
            ("nbf", json!(now + 120), false),
            ("nbf", json!(now - 2 * 3600), false),
            ("exp", json!(i64::MAX), false),
            ("exp", json!(1e18), false),
            ("exp", json!("soon"), false),
            ("nbf", json!(-1), false),
        ] {
            let what = format!("{name} {value}");
            assert_eq!(with(name, value).is_ok(), fits, "{what}");
        }
        let mut forever = object();
        let members = forever.as_object_mut().expect("an object");
        members.remove("exp");
        assert!(read(&forever).is_err());
        let mut unborn = object();
        unborn.as_object_mut().expect("an object").remove("nbf");
        assert!(read(&unborn).is_ok());
    }

    #[test]
    fn az_14b_another_client_audience_or_nested_object_is_refused() {
        for (name, value) in [
            ("iss", json!("other")),
            ("client_id", json!("other")),
            ("client_id", Value::Null),
            ("aud", json!("https://other.example")),
            ("aud", json!([])),
            ("aud", json!(1)),
            ("request", json!("e.y.J")),
            ("request_uri", json!("https://evil.example/")),
            ("state", json!("a\u{0}b")),
        ] {
            let what = format!("{name} {value}");
            let error = with(name, value).expect_err(&what);
            assert_eq!(error.code(), ErrorCode::InvalidRequestObject, "{what}");
        }
        for payload in ["", "[]", "1", "{", "\u{0}"] {
            assert!(parameters(payload.as_bytes(), &testing::public(), ISSUER, NOW).is_err());
        }
    }
}
