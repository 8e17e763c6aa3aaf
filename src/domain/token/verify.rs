//! Judging our own tokens when they come back.

use std::time::Duration;

use super::claims::{AccessClaims, IdClaims};
use super::jws::{self, TokenError, TokenType};
use crate::domain::clock::Timestamp;
use crate::domain::keys::keyset::KeySet;

/// Whose tokens are expected, for whom, and when.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The issuer, byte for byte.
    pub issuer: &'a str,
    /// One of the token's audiences.
    pub audience: &'a str,
    /// The time to judge by.
    pub now: Timestamp,
    /// How far the clocks of our own processes may be apart.
    pub leeway: Duration,
}

/// The claims of an access token that is ours, for this audience, and in its time (RFC 9068 §4). Whether it was revoked
/// is for the store to say.
///
/// # Errors
/// [`TokenError`].
pub fn verify_access(token: &str, keys: &KeySet, expected: &Expected<'_>) -> Result<AccessClaims, TokenError> {
    let claims = verify_own_access(token, keys, expected.issuer, expected.now, expected.leeway)?;
    if claims.aud.contains(expected.audience) {
        Ok(claims)
    } else {
        Err(TokenError::WrongAudience)
    }
}

/// The same whoever it is for: for those who are told about a token, not let in by it.
///
/// # Errors
/// [`TokenError`].
pub fn verify_own_access(
    token: &str,
    keys: &KeySet,
    issuer: &str,
    now: Timestamp,
    leeway: Duration,
) -> Result<AccessClaims, TokenError> {
    let claims: AccessClaims = jws::verify(token, TokenType::Access, keys)?;
    if claims.iss != issuer {
        return Err(TokenError::WrongIssuer);
    }
    if claims.exp.plus(leeway) <= now {
        return Err(TokenError::Expired);
    }
    if claims.iat > now.plus(leeway) {
        return Err(TokenError::NotYetValid);
    }
    Ok(claims)
}

/// What an `id_token_hint` tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdTokenHint {
    /// The client that it was issued to.
    pub audience: String,
    /// Who had signed in.
    pub subject: String,
    /// The session then.
    pub session: String,
}

/// Reads an `id_token_hint`: an ID token that is ours, expired or not (OIDC Core §3.1.2.1, RP-Initiated Logout §2).
///
/// # Errors
/// [`TokenError`]; also for a token whose key has been retired, which is then just no hint.
pub fn verify_id_token_hint(token: &str, keys: &KeySet, issuer: &str) -> Result<IdTokenHint, TokenError> {
    let claims: IdClaims = jws::verify(token, TokenType::Id, keys)?;
    if claims.iss != issuer {
        return Err(TokenError::WrongIssuer);
    }
    Ok(IdTokenHint {
        audience: claims.aud,
        subject: claims.sub,
        session: claims.sid,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::keys::algorithm::SigningAlgorithm;
    use crate::domain::keys::testing::key_set;
    use crate::domain::token::claims::{AccessGrant, IdGrant, SignIn};

    const ISSUER: &str = "https://id.example";
    const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);
    const LIFE: Duration = Duration::from_hours(1);
    const SIGN_IN: SignIn<'_> = SignIn { session: "s1", at: NOW };

    fn access_token(issuer: &str, keys: &KeySet) -> String {
        let grant = AccessGrant {
            issuer,
            audiences: &[issuer.to_owned(), "https://api.example".to_owned()],
            subject: "u1",
            client_id: "demo",
            scope: "openid",
            jti: "j1".to_owned(),
            sign_in: Some(SIGN_IN),
            family: None,
            root: None,
            jkt: None,
        };
        let claims = AccessClaims::issue(grant, NOW, LIFE);
        jws::sign(keys.signer(SigningAlgorithm::EdDsa), TokenType::Access, &claims).expect("signs")
    }

    fn id_token(issuer: &str, algorithm: SigningAlgorithm, keys: &KeySet) -> String {
        let grant = IdGrant {
            issuer,
            subject: "u1",
            client_id: "demo",
            sign_in: SIGN_IN,
            nonce: None,
            access_token: None,
            algorithm,
            acr: None,
            asked: serde_json::Map::new(),
            entitlements: None,
        };
        let claims = IdClaims::issue(grant, NOW, LIFE);
        jws::sign(keys.signer(algorithm), TokenType::Id, &claims).expect("signs")
    }

    fn expected(now: Timestamp) -> Expected<'static> {
        Expected {
            issuer: ISSUER,
            audience: ISSUER,
            now,
            leeway: Duration::from_secs(5),
        }
    }

    #[test]
    fn an_access_token_is_accepted_from_issue_to_expiry() {
        let keys = key_set();
        let token = access_token(ISSUER, &keys);
        let judge = |now| verify_access(&token, &keys, &expected(now)).map(|claims| claims.sub);
        let (leeway, tick) = (Duration::from_secs(5), Duration::from_millis(1));
        assert_eq!(judge(NOW.minus(leeway + tick)), Err(TokenError::NotYetValid));
        assert_eq!(judge(NOW.minus(leeway)), Ok("u1".to_owned()));
        assert_eq!(judge(NOW.plus(LIFE + leeway).minus(tick)), Ok("u1".to_owned()));
        assert_eq!(judge(NOW.plus(LIFE + leeway)), Err(TokenError::Expired));
    }

    #[test]
    fn issuer_and_audience_must_be_the_ones_expected() {
        let keys = key_set();
        let token = access_token(ISSUER, &keys);
        for (audience, good) in [
            (ISSUER, true),
            ("https://api.example", true),
            ("https://other.example", false),
        ] {
            let expected = Expected {
                audience,
                ..expected(NOW)
            };
            assert_eq!(verify_access(&token, &keys, &expected).is_ok(), good, "{audience}");
        }
        let foreign = access_token("https://id.example/", &keys);
        assert_eq!(
            verify_access(&foreign, &keys, &expected(NOW)),
            Err(TokenError::WrongIssuer)
        );
    }

    #[test]
    fn ui_05_token_types_are_not_interchangeable() {
        let keys = key_set();
        let id = id_token(ISSUER, SigningAlgorithm::EdDsa, &keys);
        assert_eq!(verify_access(&id, &keys, &expected(NOW)), Err(TokenError::WrongType));
        let access = access_token(ISSUER, &keys);
        assert_eq!(verify_id_token_hint(&access, &keys, ISSUER), Err(TokenError::WrongType));
    }

    #[test]
    fn a_hint_is_read_whatever_its_algorithm_and_from_our_issuer_only() {
        let keys = key_set();
        for algorithm in SigningAlgorithm::ALL {
            let token = id_token(ISSUER, algorithm, &keys);
            assert_eq!(
                verify_id_token_hint(&token, &keys, ISSUER),
                Ok(IdTokenHint {
                    audience: "demo".to_owned(),
                    subject: "u1".to_owned(),
                    session: "s1".to_owned()
                })
            );
        }
        let foreign = id_token("https://other.example", SigningAlgorithm::EdDsa, &keys);
        assert_eq!(
            verify_id_token_hint(&foreign, &keys, ISSUER),
            Err(TokenError::WrongIssuer)
        );
    }
}
