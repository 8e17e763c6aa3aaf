//! What is said in access tokens (RFC 9068) and ID tokens (OIDC Core §2).

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use biscuit::SingleOrMultiple;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256, Sha512};

use super::numeric_date;
use crate::domain::clock::Timestamp;
use crate::domain::keys::algorithm::SigningAlgorithm;
use crate::domain::linking::Entitlements;

/// The claims of an access token (RFC 9068 §2.2), header type `at+jwt`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessClaims {
    /// The issuer.
    pub iss: String,
    /// Whom the token speaks for; the client itself when nobody signed in.
    pub sub: String,
    /// The resource servers it is meant for.
    pub aud: SingleOrMultiple<String>,
    /// The client it was issued to.
    pub client_id: String,
    /// When it ends.
    #[serde(with = "numeric_date")]
    pub exp: Timestamp,
    /// When it was issued.
    #[serde(with = "numeric_date")]
    pub iat: Timestamp,
    /// Its own name, for revocation.
    pub jti: String,
    /// The scopes granted, separated by blanks.
    pub scope: String,
    /// When the person signed in.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "numeric_date::option")]
    pub auth_time: Option<Timestamp>,
    /// The session that it ends with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// The refresh family that it ends with (a private claim).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fam: Option<String>,
    /// The key that whoever uses the token must prove (RFC 9449 §6).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Confirmation>,
    /// The name of the token that it was exchanged for, and with which it is revoked (a private claim).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<String>,
}

/// The key that a token is bound to (RFC 7800 §3.1, RFC 9449 §6.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// Its thumbprint.
    pub jkt: String,
}

/// What an access token is issued for.
#[derive(Clone, Debug)]
pub struct AccessGrant<'a> {
    /// The issuer, which is also the audience of this server's own API.
    pub issuer: &'a str,
    /// The audiences; this server itself, where there are none.
    pub audiences: &'a [String],
    /// The account, or the client when nobody signed in.
    pub subject: &'a str,
    /// The client.
    pub client_id: &'a str,
    /// The scopes granted, separated by blanks.
    pub scope: &'a str,
    /// A fresh name for the token.
    pub jti: String,
    /// The sign-in behind it, if there was one.
    pub sign_in: Option<SignIn<'a>>,
    /// The refresh family, if there is one.
    pub family: Option<&'a str>,
    /// The thumbprint of the key that it is bound to.
    pub jkt: Option<&'a str>,
    /// The token that it is exchanged for, if it is.
    pub root: Option<String>,
}

/// The sign-in that a token rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignIn<'a> {
    /// The public id of the session (`sid`), not its cookie.
    pub session: &'a str,
    /// When the person signed in.
    pub at: Timestamp,
}

impl AccessClaims {
    /// The claims of a token issued `now` that lives for `lifetime`.
    #[must_use]
    pub fn issue(grant: AccessGrant<'_>, now: Timestamp, lifetime: Duration) -> Self {
        Self {
            iss: grant.issuer.to_owned(),
            sub: grant.subject.to_owned(),
            aud: audience(grant.issuer, grant.audiences),
            client_id: grant.client_id.to_owned(),
            exp: whole(now.plus(lifetime)),
            iat: whole(now),
            jti: grant.jti,
            scope: grant.scope.to_owned(),
            auth_time: grant.sign_in.map(|sign_in| whole(sign_in.at)),
            sid: grant.sign_in.map(|sign_in| sign_in.session.to_owned()),
            fam: grant.family.map(str::to_owned),
            cnf: grant.jkt.map(|jkt| Confirmation { jkt: jkt.to_owned() }),
            root: grant.root,
        }
    }
}

impl AccessClaims {
    /// What a token says that is exchanged for this one: less, and not for longer. Its name and holder are for the caller.
    #[must_use]
    pub fn narrowed(&self, scope: &str, audiences: &[String], now: Timestamp, lifetime: Duration) -> Self {
        Self {
            aud: audience(&self.iss, audiences),
            exp: whole(now.plus(lifetime)).min(self.exp),
            iat: whole(now),
            scope: scope.to_owned(),
            ..self.clone()
        }
    }
}

fn audience(issuer: &str, audiences: &[String]) -> SingleOrMultiple<String> {
    match audiences {
        [] => SingleOrMultiple::Single(issuer.to_owned()),
        [one] => SingleOrMultiple::Single(one.clone()),
        many => SingleOrMultiple::Multiple(many.to_vec()),
    }
}

/// The claims of an ID token (OIDC Core §2), header type `JWT`. What the scopes ask for is answered by userinfo.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdClaims {
    /// The issuer.
    pub iss: String,
    /// Who signed in.
    pub sub: String,
    /// The client; one, so there is no `azp`.
    pub aud: String,
    /// When it ends.
    #[serde(with = "numeric_date")]
    pub exp: Timestamp,
    /// When it was issued.
    #[serde(with = "numeric_date")]
    pub iat: Timestamp,
    /// When the person signed in.
    #[serde(with = "numeric_date")]
    pub auth_time: Timestamp,
    /// The client's own nonce, byte for byte.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// The hash of the access token beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_hash: Option<String>,
    /// The session, for logout.
    pub sid: String,
    /// What the linked master key is entitled to, under the scope of that name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entitlements: Option<Entitlements>,
    /// How the person signed in, where that was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// Claims that were asked of the ID token one by one (OIDC Core §5.5).
    #[serde(flatten)]
    pub asked: Map<String, Value>,
}

/// What an ID token is issued for.
#[derive(Clone, Debug)]
pub struct IdGrant<'a> {
    /// The issuer.
    pub issuer: &'a str,
    /// The account.
    pub subject: &'a str,
    /// The client.
    pub client_id: &'a str,
    /// The sign-in.
    pub sign_in: SignIn<'a>,
    /// The nonce of the authorization request; none at a refresh.
    pub nonce: Option<&'a str>,
    /// The access token that goes out with it.
    pub access_token: Option<&'a str>,
    /// The algorithm that will sign the ID token: it decides the hash of `at_hash`.
    pub algorithm: SigningAlgorithm,
    /// What the account's master key is entitled to, if that is asked for and a key is linked.
    pub entitlements: Option<Entitlements>,
    /// How the person signed in, where that was asked.
    pub acr: Option<&'a str>,
    /// Claims that were asked of the ID token one by one; none of those above.
    pub asked: Map<String, Value>,
}

impl IdClaims {
    /// The claims of a token issued `now` that lives for `lifetime`.
    #[must_use]
    pub fn issue(grant: IdGrant<'_>, now: Timestamp, lifetime: Duration) -> Self {
        Self {
            iss: grant.issuer.to_owned(),
            sub: grant.subject.to_owned(),
            aud: grant.client_id.to_owned(),
            exp: whole(now.plus(lifetime)),
            iat: whole(now),
            auth_time: whole(grant.sign_in.at),
            nonce: grant.nonce.map(str::to_owned),
            at_hash: grant.access_token.map(|token| at_hash(grant.algorithm, token)),
            sid: grant.sign_in.session.to_owned(),
            entitlements: grant.entitlements,
            acr: grant.acr.map(str::to_owned),
            asked: grant.asked,
        }
    }
}

/// The claims of a logout token (OIDC Back-Channel Logout §2.4), header type `logout+jwt`. It never has a `nonce`, so that
/// it passes for no ID token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LogoutClaims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    #[serde(with = "numeric_date")]
    iat: Timestamp,
    #[serde(with = "numeric_date")]
    exp: Timestamp,
    jti: String,
    sid: &'a str,
    events: LogoutEvents,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
struct LogoutEvents {
    #[serde(rename = "http://schemas.openid.net/event/backchannel-logout")]
    logout: Empty,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
struct Empty {}

/// The end of a session, as one client is told of it.
#[derive(Clone, Debug)]
pub struct LogoutNotice<'a> {
    /// The issuer.
    pub issuer: &'a str,
    /// Whose session it was, as this client knows the person.
    pub subject: &'a str,
    /// The client.
    pub client_id: &'a str,
    /// The session.
    pub session: &'a str,
    /// A fresh name for the token.
    pub jti: String,
}

impl<'a> LogoutClaims<'a> {
    /// The claims of a token made `now` that lives for `lifetime`.
    #[must_use]
    pub fn issue(notice: LogoutNotice<'a>, now: Timestamp, lifetime: Duration) -> Self {
        Self {
            iss: notice.issuer,
            sub: notice.subject,
            aud: notice.client_id,
            iat: whole(now),
            exp: whole(now.plus(lifetime)),
            jti: notice.jti,
            sid: notice.session,
            events: LogoutEvents::default(),
        }
    }
}

/// `at_hash` (OIDC Core §3.1.3.6): the left half of the access token's hash, base64url.
///
/// The hash is that of the ID token's `alg`: SHA-256 for RS256 and ES256. `EdDSA` names none; SHA-512, which Ed25519
/// itself uses, is what the libraries agree on.
#[must_use]
pub fn at_hash(algorithm: SigningAlgorithm, access_token: &str) -> String {
    fn left_half(hash: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode(hash.split_at(hash.len() / 2).0)
    }
    match algorithm {
        SigningAlgorithm::Es256 | SigningAlgorithm::Rs256 => left_half(&Sha256::digest(access_token)),
        SigningAlgorithm::EdDsa => left_half(&Sha512::digest(access_token)),
    }
}

fn whole(time: Timestamp) -> Timestamp {
    Timestamp::from_secs(time.as_secs())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_999);
    const SIGN_IN: SignIn<'_> = SignIn {
        session: "s1",
        at: Timestamp::from_millis(1_699_999_000_500),
    };

    fn access() -> AccessGrant<'static> {
        AccessGrant {
            issuer: "https://id.example",
            audiences: &[],
            subject: "u1",
            client_id: "demo",
            scope: "openid email",
            jti: "j1".to_owned(),
            sign_in: Some(SIGN_IN),
            family: Some("f1"),
            jkt: None,
            root: None,
        }
    }

    #[test]
    fn an_access_token_says_what_rfc_9068_asks() {
        let claims = AccessClaims::issue(access(), NOW, Duration::from_hours(1));
        assert_eq!(
            serde_json::to_value(&claims).expect("writes"),
            json!({
                "iss": "https://id.example", "sub": "u1", "aud": "https://id.example", "client_id": "demo",
                "exp": 1_700_003_600, "iat": 1_700_000_000, "jti": "j1", "scope": "openid email",
                "auth_time": 1_699_999_000, "sid": "s1", "fam": "f1"
            })
        );
        let text = serde_json::to_string(&claims).expect("writes");
        assert_eq!(serde_json::from_str::<AccessClaims>(&text).expect("reads"), claims);
    }

    #[test]
    fn audiences_stand_in_their_order_and_absent_claims_are_left_out() {
        let grant = AccessGrant {
            audiences: &["https://id.example".to_owned(), "https://api.example".to_owned()],
            sign_in: None,
            family: None,
            ..access()
        };
        let claims = AccessClaims::issue(grant, NOW, Duration::from_secs(1));
        let written = serde_json::to_value(&claims).expect("writes");
        assert_eq!(written["aud"], json!(["https://id.example", "https://api.example"]));
        assert!(
            written
                .get("sid")
                .or(written.get("fam"))
                .or(written.get("root"))
                .or(written.get("auth_time"))
                .is_none()
        );
        assert_eq!(serde_json::from_value::<AccessClaims>(written).expect("reads"), claims);
    }

    #[test]
    fn an_id_token_says_who_signed_in_when_and_nothing_of_the_profile() {
        let grant = IdGrant {
            issuer: "https://id.example",
            subject: "u1",
            client_id: "demo",
            sign_in: SIGN_IN,
            nonce: Some("n"),
            access_token: Some("token"),
            algorithm: SigningAlgorithm::Rs256,
            entitlements: None,
            acr: None,
            asked: Map::new(),
        };
        assert_eq!(
            serde_json::to_value(IdClaims::issue(grant, NOW, Duration::from_mins(1))).expect("writes"),
            json!({
                "iss": "https://id.example", "sub": "u1", "aud": "demo", "exp": 1_700_000_060, "iat": 1_700_000_000,
                "auth_time": 1_699_999_000, "nonce": "n", "at_hash": at_hash(SigningAlgorithm::Rs256, "token"), "sid": "s1"
            })
        );
    }

    #[test]
    fn bc_01_a_logout_token_says_who_where_and_that_it_is_one() {
        let notice = LogoutNotice {
            issuer: "https://id.example",
            subject: "u1",
            client_id: "demo",
            session: "s1",
            jti: "j1".to_owned(),
        };
        assert_eq!(
            serde_json::to_value(LogoutClaims::issue(notice, NOW, Duration::from_mins(2))).expect("writes"),
            json!({
                "iss": "https://id.example", "sub": "u1", "aud": "demo", "iat": 1_700_000_000, "exp": 1_700_000_120, "jti": "j1",
                "sid": "s1", "events": { "http://schemas.openid.net/event/backchannel-logout": {} }
            })
        );
    }

    #[test]
    fn dpop_12_a_bound_access_token_names_its_key() {
        let grant = AccessGrant {
            jkt: Some("k1"),
            ..access()
        };
        let claims = AccessClaims::issue(grant, NOW, Duration::from_hours(1));
        let written = serde_json::to_value(&claims).expect("writes");
        assert_eq!(written["cnf"], json!({ "jkt": "k1" }));
        assert_eq!(serde_json::from_value::<AccessClaims>(written).expect("reads"), claims);
    }

    #[test]
    fn at_hash_is_the_left_half_of_the_algorithms_hash() {
        // OIDC Core appendix A.3: this access token, this at_hash.
        assert_eq!(
            at_hash(SigningAlgorithm::Rs256, "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"),
            "77QmUPtjPfzWtF2AnpK9RQ"
        );
        assert_eq!(at_hash(SigningAlgorithm::Es256, "x").len(), 22);
        assert_eq!(at_hash(SigningAlgorithm::EdDsa, "x").len(), 43);
    }
}
