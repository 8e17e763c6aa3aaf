//! A client that proves itself by a token it signed (`private_key_jwt`: OIDC Core §9, RFC 7523 §3).

use std::time::Duration;

use serde::{Deserialize, Deserializer};
use sha2::{Digest as _, Sha256};

use super::client::ClientId;
use crate::domain::clock::Timestamp;
use crate::domain::keys::client_key::{ClientAlgorithm, ClientKeys};
use crate::domain::token::client_jws::{ClientJws, ClientJwsError};
use crate::domain::token::numeric_date::LATEST;

/// The only `client_assertion_type` (RFC 7523 §2.2).
pub const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How long an assertion may be good for: it must be remembered until it has ended.
pub const LONGEST: Duration = Duration::from_hours(1);

/// How far the clocks of a client and of ours may be apart.
pub const LEEWAY: Duration = Duration::from_secs(30);

/// Longest `jti`, in bytes.
pub const MAX_JTI: usize = 512;

/// Why an assertion does not prove who sent it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AssertionError {
    /// Form, key or signature.
    #[error("the client assertion is refused: {0}")]
    Jws(#[from] ClientJwsError),
    /// A claim is missing or has another form.
    #[error("the claims of the client assertion are not those of RFC 7523")]
    Claims,
    /// `iss` and `sub` are not both the client.
    #[error("iss and sub of the client assertion must be the client")]
    Identity,
    /// `aud` is not this server alone.
    #[error("aud of the client assertion must be this server and nobody else")]
    Audience,
    /// Expired, too long-lived, or from the future.
    #[error("the client assertion is not good at this time, or for too long")]
    Time,
}

/// An assertion that was sent, not yet verified.
pub struct ClientAssertion {
    token: String,
    client_id: ClientId,
}

impl std::fmt::Debug for ClientAssertion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ClientAssertion({})", self.client_id)
    }
}

/// An assertion that proved its client. It is good once: whoever acts on it must note its name in the same transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvenAssertion {
    /// SHA-256 of its `jti`.
    pub jti_hash: [u8; 32],
    /// When it may be forgotten.
    pub expires_at: Timestamp,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    #[serde(deserialize_with = "audience")]
    aud: String,
    exp: Seconds,
    nbf: Option<Seconds>,
    iat: Option<Seconds>,
    jti: String,
}

/// A `NumericDate` (RFC 7519 §2), which may have a fraction.
#[derive(Clone, Copy)]
struct Seconds(Timestamp);

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seconds = f64::deserialize(deserializer)?;
        #[expect(clippy::cast_precision_loss, reason = "exact: it is below 2^53")]
        let latest = LATEST as f64;
        if !(0.0..=latest).contains(&seconds) {
            return Err(serde::de::Error::custom("not a time from 1970 to 9999"));
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "in range, and the fraction does not matter"
        )]
        Ok(Self(Timestamp::from_secs(seconds as i64)))
    }
}

/// One audience, as text or as a list of one. A token that is for several could be used by one of them at another.
fn audience<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Audience {
        One(String),
        List([String; 1]),
    }
    Ok(match Audience::deserialize(deserializer)? {
        Audience::One(text) | Audience::List([text]) => text,
    })
}

/// Who an assertion says it is from: what is looked at before the key is known.
#[derive(Deserialize)]
struct Sender {
    sub: String,
}

impl ClientAssertion {
    /// Takes an assertion; `None` if it is none of any client.
    #[must_use]
    pub fn read(token: &str) -> Option<Self> {
        let jws = ClientJws::read(token).ok()?;
        let sender: Sender = object(jws.unverified())?;
        Some(Self {
            client_id: ClientId::parse(&sender.sub)?,
            token: token.to_owned(),
        })
    }

    /// The client that it says it is from.
    #[must_use]
    pub const fn client_id(&self) -> &ClientId {
        &self.client_id
    }

    /// Verifies it against the keys of that client. `audiences` are the names of this server and endpoint.
    ///
    /// # Errors
    /// [`AssertionError`].
    pub fn verify(
        &self,
        keys: &ClientKeys,
        registered: Option<ClientAlgorithm>,
        audiences: &[String],
        now: Timestamp,
    ) -> Result<ProvenAssertion, AssertionError> {
        let jws = ClientJws::read(&self.token)?;
        // Tokens of other kinds, signed by the same key, are no assertions (RFC 8725 §3.11).
        if !matches!(jws.typ().as_deref(), None | Some("jwt" | "client-authentication+jwt")) {
            return Err(ClientJwsError::Malformed.into());
        }
        let claims: Claims = object(jws.verify(keys, registered)?).ok_or(AssertionError::Claims)?;
        if claims.iss != claims.sub || claims.sub != self.client_id.as_str() {
            return Err(AssertionError::Identity);
        }
        if !audiences.contains(&claims.aud) {
            return Err(AssertionError::Audience);
        }
        if claims.jti.is_empty() || claims.jti.len() > MAX_JTI {
            return Err(AssertionError::Claims);
        }
        let soon = now.plus(LEEWAY);
        let ended = claims.exp.0.plus(LEEWAY) <= now;
        let too_long = claims.exp.0 > soon.plus(LONGEST);
        let early = [claims.nbf, claims.iat].into_iter().flatten().any(|time| time.0 > soon);
        if ended || too_long || early {
            return Err(AssertionError::Time);
        }
        Ok(ProvenAssertion {
            jti_hash: Sha256::digest(claims.jti.as_bytes()).into(),
            expires_at: claims.exp.0.plus(LEEWAY),
        })
    }
}

/// serde would also read the fields from a list, by their order.
fn object<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Option<T> {
    let is_object = json.trim_ascii_start().first() == Some(&b'{');
    is_object.then(|| serde_json::from_slice(json).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::keys::algorithm::SigningAlgorithm;
    use crate::domain::token::client_jws::testing::{jwks, token};

    const NOW: i64 = 1_700_000_000;

    fn claims() -> Value {
        json!({
            "iss": "app", "sub": "app", "aud": "https://id.example", "jti": "one",
            "iat": NOW, "exp": NOW + 60,
        })
    }

    fn with(name: &str, value: Value) -> Value {
        let mut claims = claims();
        claims[name] = value;
        claims
    }

    fn without(name: &str) -> Value {
        let mut claims = claims();
        claims.as_object_mut().expect("an object").remove(name);
        claims
    }

    fn check_with(header: &Value, claims: &Value) -> Result<ProvenAssertion, AssertionError> {
        let keys = ClientKeys::read(&jwks(SigningAlgorithm::EdDsa)).expect("keys");
        let token = token(SigningAlgorithm::EdDsa, header, claims);
        let audiences = [
            "https://id.example".to_owned(),
            "https://id.example/oauth/token/".to_owned(),
        ];
        ClientAssertion::read(&token).ok_or(AssertionError::Claims)?.verify(
            &keys,
            None,
            &audiences,
            Timestamp::from_secs(NOW),
        )
    }

    fn check(claims: &Value) -> Result<ProvenAssertion, AssertionError> {
        check_with(&json!({ "alg": "EdDSA", "typ": "JWT" }), claims)
    }

    #[test]
    fn tk_12_an_assertion_to_issuer_or_endpoint_proves_its_client() {
        let proven = check(&claims()).expect("proves");
        assert_eq!(proven.expires_at, Timestamp::from_secs(NOW + 90));
        assert!(check(&with("aud", json!("https://id.example/oauth/token/"))).is_ok());
        assert!(check(&with("aud", json!(["https://id.example"]))).is_ok());
        assert!(check(&without("iat")).is_ok());
    }

    #[test]
    fn tk_12a_missing_claims_and_foreign_names_are_refused() {
        for name in ["iss", "sub", "aud", "exp", "jti"] {
            assert_eq!(check(&without(name)), Err(AssertionError::Claims), "{name}");
        }
        assert_eq!(check(&with("iss", json!("other"))), Err(AssertionError::Identity));
        for aud in [
            json!("https://evil.example"),
            json!("https://id.example/"),
            json!(["https://id.example", "https://evil.example"]),
            json!([]),
            json!(""),
            json!(null),
        ] {
            assert!(check(&with("aud", aud.clone())).is_err(), "{aud}");
        }
        for jti in [json!(""), json!("x".repeat(MAX_JTI + 1)), json!(1)] {
            assert_eq!(check(&with("jti", jti)), Err(AssertionError::Claims));
        }
    }

    #[test]
    fn tk_12c_its_time_is_bounded_on_both_sides() {
        for (name, seconds, fits) in [
            ("exp", -300, false),
            ("exp", -31, false),
            ("exp", -10, true),
            ("exp", 3600, true),
            ("exp", 3700, false),
            ("nbf", 8, true),
            ("nbf", 61, false),
            ("iat", 8, true),
            ("iat", 61, false),
            ("iat", -86400, true),
        ] {
            let result = check(&with(name, json!(NOW + seconds)));
            assert_eq!(result.is_ok(), fits, "{name} {seconds}: {result:?}");
        }
        assert!(check(&with("exp", json!(1_700_000_060.5))).is_ok());
    }

    #[test]
    fn tk_12d_times_out_of_range_are_refused_without_a_panic() {
        for time in [
            json!(1e18),
            json!(i64::MAX),
            json!(u64::MAX),
            json!(-1),
            json!(1e300),
            json!("1700000060"),
            json!(true),
        ] {
            for name in ["exp", "nbf", "iat"] {
                assert_eq!(
                    check(&with(name, time.clone())),
                    Err(AssertionError::Claims),
                    "{name} {time}"
                );
            }
        }
    }

    #[test]
    fn tk_12d_a_token_of_another_kind_is_no_assertion() {
        for (typ, fits) in [
            ("jwt", true),
            ("client-authentication+jwt", true),
            ("application/JWT", true),
            ("at+jwt", false),
            ("dpop+jwt", false),
            ("oauth-authz-req+jwt", false),
        ] {
            let header = json!({ "alg": "EdDSA", "typ": typ });
            assert_eq!(check_with(&header, &claims()).is_ok(), fits, "{typ}");
        }
    }

    #[test]
    fn tk_12b_one_jti_has_one_hash() {
        let (one, same) = (check(&claims()).expect("proves"), check(&claims()).expect("proves"));
        let other = check(&with("jti", json!("two"))).expect("proves");
        assert_eq!(one.jti_hash, same.jti_hash);
        assert_ne!(one.jti_hash, other.jti_hash);
    }

    #[test]
    fn tk_12d_claims_as_a_list_or_twice_there_are_refused() {
        assert!(
            ClientAssertion::read(&token(
                SigningAlgorithm::EdDsa,
                &json!({ "alg": "EdDSA" }),
                &json!(["app"])
            ))
            .is_none()
        );
        assert!(object::<Sender>(br#"{"sub":"a","sub":"b"}"#).is_none());
    }
}
