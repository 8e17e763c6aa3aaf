//! What is bound to an authorization code, and whether it may be redeemed.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::claims_request::AskedClaims;
use super::client::{Client, ClientId, GrantType};
use super::error::{ErrorCode, OAuthError};
use super::flow::{Grant, SessionFacts};
use super::pkce::{self, CodeChallenge};
use super::scope::ScopeSet;
use super::terms::Terms;
use crate::domain::clock::Timestamp;

/// All that a code stands for. It is stored under the code's hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredCode {
    /// Who may redeem it.
    pub client_id: ClientId,
    /// Where it was sent.
    pub redirect_uri: String,
    /// What its redeemer must show.
    pub code_challenge: Option<CodeChallenge>,
    /// For the ID token.
    pub nonce: Option<String>,
    /// What was granted.
    pub scope: ScopeSet,
    /// Who granted it, in which session, signed in when.
    pub session: SessionFacts,
    /// The thumbprint of the key that it is bound to (RFC 9449 §10).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dpop_jkt: Option<String>,
    /// What was granted beside scopes.
    #[serde(default, skip_serializing_if = "Terms::is_empty")]
    pub terms: Terms,
    /// Claims that the ID token is to have (OIDC Core §5.5).
    #[serde(default, skip_serializing_if = "AskedClaims::is_empty")]
    pub id_claims: AskedClaims,
    /// The ID token is to have `acr`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub acr: bool,
    /// When it was made.
    pub issued_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Whether it has been redeemed.
    pub spent: bool,
}

/// What a token request shows for a code. The client has authenticated as it must.
#[derive(Clone, Copy, Debug)]
pub struct RedemptionAttempt<'a> {
    /// Who asks.
    pub client: &'a Client,
    /// `redirect_uri`, which OAuth 2.0 clients send and OAuth 2.1 clients do not.
    pub redirect_uri: Option<&'a str>,
    /// `code_verifier`.
    pub code_verifier: Option<&'a str>,
    /// The thumbprint of the key that the request proves (RFC 9449 §4).
    pub jkt: Option<&'a str>,
}

/// What becomes of a [`RedemptionAttempt`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redemption {
    /// Mark it spent and give tokens, in one transaction.
    Grant,
    /// The right client presents it again with the right verifier: end what it gave, then answer this `invalid_grant`.
    Replay(OAuthError),
    /// Answer this error; nothing is consumed and nothing revoked.
    Refuse(OAuthError),
}

impl StoredCode {
    /// The code for a grant.
    #[must_use]
    pub fn issue(grant: Grant, now: Timestamp, lifetime: Duration) -> Self {
        Self {
            client_id: grant.request.client_id,
            redirect_uri: grant.request.redirect_uri,
            code_challenge: grant.request.code_challenge,
            nonce: grant.request.nonce,
            scope: grant.request.scope,
            session: grant.session,
            dpop_jkt: grant.request.dpop_jkt,
            terms: Terms {
                resources: grant.request.resources,
                jkt: None,
                userinfo: grant.request.claims.userinfo,
            },
            id_claims: grant.request.claims.id_token,
            acr: grant.request.claims.acr,
            issued_at: now,
            expires_at: now.plus(lifetime),
            spent: false,
        }
    }

    /// Decides on `attempt`. Whoever cannot show client, redirect URI and verifier learns nothing about the code and
    /// changes nothing, or a stranger who saw it could end what it gave (RFC 9700 §4.5).
    #[must_use]
    pub fn redeem(&self, attempt: RedemptionAttempt<'_>, now: Timestamp) -> Redemption {
        if let Err(error) = self.check_holder(attempt) {
            return Redemption::Refuse(error);
        }
        if self.spent {
            return Redemption::Replay(OAuthError::invalid_grant("the code was redeemed before"));
        }
        if now >= self.expires_at || self.issued_at < attempt.client.not_before {
            return Redemption::Refuse(OAuthError::invalid_grant("the code has expired"));
        }
        Redemption::Grant
    }

    fn check_holder(&self, attempt: RedemptionAttempt<'_>) -> Result<(), OAuthError> {
        if !attempt.client.may_use(GrantType::AuthorizationCode) {
            return Err(OAuthError::new(
                ErrorCode::UnauthorizedClient,
                "this client may not use the authorization code grant",
            ));
        }
        if self.client_id != attempt.client.id {
            return Err(unknown());
        }
        // OAuth 2.1 no longer sends it, as PKCE binds the code better; without PKCE it is all there is.
        let redirect_fits = match attempt.redirect_uri {
            Some(uri) => uri == self.redirect_uri,
            None => self.code_challenge.is_some(),
        };
        if !redirect_fits {
            return Err(OAuthError::invalid_grant(
                "parameter redirect_uri is not the one the code was sent to",
            ));
        }
        if !pkce::verifies(self.code_challenge.as_ref(), attempt.code_verifier) {
            return Err(OAuthError::invalid_grant(
                "parameter code_verifier does not fit the code",
            ));
        }
        if self.dpop_jkt.is_some() && self.dpop_jkt.as_deref() != attempt.jkt {
            return Err(OAuthError::invalid_grant("the code is bound to another key"));
        }
        Ok(())
    }
}

/// The answer to a code that does not exist, or not for this client.
#[must_use]
pub fn unknown() -> OAuthError {
    OAuthError::invalid_grant("the code is unknown or was given to another client")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::oauth::client::testing;

    // RFC 7636 appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    const REDIRECT_URI: &str = "https://app.example/cb";

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_secs(1_000 + seconds)
    }

    fn code() -> StoredCode {
        StoredCode {
            client_id: testing::public().id,
            redirect_uri: REDIRECT_URI.to_owned(),
            code_challenge: Some(CodeChallenge::parse(CHALLENGE).expect("parses")),
            nonce: None,
            scope: ScopeSet::of(["openid"]),
            session: SessionFacts {
                account_id: "a".to_owned(),
                sid: "s".to_owned(),
                authenticated_at: at(-5),
            },
            dpop_jkt: None,
            terms: Terms::default(),
            id_claims: AskedClaims::default(),
            acr: false,
            issued_at: at(0),
            expires_at: at(60),
            spent: false,
        }
    }

    fn right(client: &Client) -> RedemptionAttempt<'_> {
        RedemptionAttempt {
            client,
            redirect_uri: Some(REDIRECT_URI),
            code_verifier: Some(VERIFIER),
            jkt: None,
        }
    }

    fn is_refused(redemption: &Redemption) -> bool {
        matches!(redemption, Redemption::Refuse(error) if error.code() == ErrorCode::InvalidGrant)
    }

    #[test]
    fn the_right_client_with_the_right_verifier_redeems() {
        let client = testing::public();
        assert_eq!(code().redeem(right(&client), at(1)), Redemption::Grant);
    }

    #[test]
    fn co_09_a_code_lives_sixty_seconds() {
        let client = testing::public();
        assert_eq!(code().redeem(right(&client), at(59)), Redemption::Grant);
        assert!(is_refused(&code().redeem(right(&client), at(60))));
        // A clock that leaps back makes no code younger than new.
        assert_eq!(code().redeem(right(&client), at(-10)), Redemption::Grant);
    }

    #[test]
    fn co_07_a_second_redemption_is_a_replay_even_after_the_code_expired() {
        let client = testing::public();
        let spent = StoredCode { spent: true, ..code() };
        for seconds in [1, 30, 61, 10_000] {
            assert!(
                matches!(spent.redeem(right(&client), at(seconds)), Redemption::Replay(_)),
                "{seconds}"
            );
        }
    }

    #[test]
    fn co_05_a_failed_redemption_neither_consumes_nor_revokes() {
        let client = testing::public();
        let other = Client {
            id: ClientId::parse("other").expect("parses"),
            ..testing::public()
        };
        let attempts = [
            RedemptionAttempt {
                client: &other,
                ..right(&client)
            },
            RedemptionAttempt {
                redirect_uri: Some("https://app.example/other"),
                ..right(&client)
            },
            RedemptionAttempt {
                code_verifier: Some(CHALLENGE),
                ..right(&client)
            },
            RedemptionAttempt {
                code_verifier: None,
                ..right(&client)
            },
        ];
        for attempt in attempts {
            for spent in [false, true] {
                let code = StoredCode { spent, ..code() };
                assert!(is_refused(&code.redeem(attempt, at(1))), "{attempt:?}");
            }
        }
    }

    #[test]
    fn redirect_uri_may_be_left_out_only_with_pkce() {
        let client = testing::confidential();
        let without = RedemptionAttempt {
            redirect_uri: None,
            ..right(&client)
        };
        assert_eq!(code().redeem(without, at(1)), Redemption::Grant);
        let bare = StoredCode {
            code_challenge: None,
            ..code()
        };
        let plain = RedemptionAttempt {
            code_verifier: None,
            ..right(&client)
        };
        assert_eq!(bare.redeem(plain, at(1)), Redemption::Grant);
        assert!(is_refused(&bare.redeem(
            RedemptionAttempt {
                redirect_uri: None,
                ..plain
            },
            at(1)
        )));
    }

    #[test]
    fn co_03_a_verifier_for_a_code_without_challenge_is_refused() {
        let client = testing::confidential();
        let bare = StoredCode {
            code_challenge: None,
            ..code()
        };
        assert!(is_refused(&bare.redeem(right(&client), at(1))));
    }

    #[test]
    fn dpop_10_a_code_that_is_bound_to_a_key_needs_its_proof() {
        let client = testing::public();
        let bound = StoredCode {
            dpop_jkt: Some("k1".to_owned()),
            ..code()
        };
        let with = |jkt| RedemptionAttempt { jkt, ..right(&client) };
        assert_eq!(bound.redeem(with(Some("k1")), at(1)), Redemption::Grant);
        assert!(is_refused(&bound.redeem(with(Some("k2")), at(1))));
        assert!(is_refused(&bound.redeem(with(None), at(1))));
        assert_eq!(code().redeem(with(Some("k2")), at(1)), Redemption::Grant);
    }

    #[test]
    fn a_code_of_an_earlier_version_is_read() {
        let mut stored = serde_json::to_value(code()).expect("writes");
        assert!(stored.get("terms").is_none(), "what was not asked for takes no room");
        stored["terms"] = serde_json::json!({});
        assert_eq!(serde_json::from_value::<StoredCode>(stored).expect("reads"), code());
    }

    #[test]
    fn a_code_from_before_the_clients_not_before_is_void() {
        let client = Client {
            not_before: at(1),
            ..testing::public()
        };
        assert!(is_refused(&code().redeem(right(&client), at(2))));
    }
}
