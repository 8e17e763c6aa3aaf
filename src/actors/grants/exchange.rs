//! Token exchange (RFC 8693): a client that holds an access token gets one that reaches less far, to hand on.
//!
//! The new token speaks for the same person or client, for no more audiences and scopes, for no longer, and it is revoked
//! with the one it was exchanged for.

use super::Deps;
use super::authenticate::Authenticated;
use super::introspect;
use super::refusal::{TokenRefusal, oauth};
use super::tokens::{Tokens, internal};
use crate::domain::keys::algorithm::SigningAlgorithm;
use crate::domain::oauth::client::{Client, GrantType};
use crate::domain::oauth::error::{ErrorCode, OAuthError};
use crate::domain::oauth::parameters::Parameters;
use crate::domain::oauth::resource;
use crate::domain::oauth::scope::{OFFLINE_ACCESS, OPENID, ScopeSet};
use crate::domain::token::claims::{AccessClaims, Confirmation};
use crate::domain::token::jws::{self, TokenType};
use crate::domain::token::verify::verify_own_access;

/// The type of what is given (RFC 8693 §3).
pub const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
/// Our access tokens are JWTs, so they may be asked for by this name too.
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";

impl Deps {
    pub(super) async fn exchange_token(
        &self,
        authenticated: &Authenticated,
        parameters: &Parameters,
    ) -> Result<Tokens, TokenRefusal> {
        let client = &authenticated.client;
        if let Err(error) = check(client, parameters) {
            return oauth(error);
        }
        let subject = parameters.require("subject_token").map_err(TokenRefusal::OAuth)?;
        let keys = self.keys.current();
        let now = self.clock.now();
        let subject = verify_own_access(subject, &keys, self.issuer(), now, std::time::Duration::ZERO);
        let subject = match subject {
            Ok(claims) if self.may_exchange(client, &claims) && self.stands(&claims, now).await? => claims,
            _ => return oauth(unacceptable()),
        };
        let (scope, audiences) = match self.narrow(client, &subject, parameters) {
            Ok(narrowed) => narrowed,
            Err(error) => return oauth(error),
        };
        self.spend(authenticated).await?;
        let lifetime = self.config.define.lifetimes.access.min(subject.exp.since(now));
        let root = subject.root.clone().unwrap_or_else(|| subject.jti.clone());
        let claims = AccessClaims {
            client_id: client.id.to_string(),
            jti: self.token_name(),
            root: Some(root),
            // Whoever exchanges it proves itself, and may have the new one for a key of its own.
            cnf: authenticated.key.as_ref().map(|key| Confirmation {
                jkt: key.thumbprint.clone(),
            }),
            ..subject.narrowed(&scope.to_string(), &audiences, now, lifetime)
        };
        Ok(Tokens {
            access: jws::sign(keys.signer(SigningAlgorithm::EdDsa), TokenType::Access, &claims).map_err(internal)?,
            expires_in: lifetime,
            id: None,
            refresh: None,
            scope: claims.scope,
            bound: authenticated.key.is_some(),
            dpop_nonce: authenticated.key.as_ref().map(|key| key.nonce.clone()),
            issued_token_type: Some(ACCESS_TOKEN),
        })
    }

    /// A client may exchange what was issued to it, and what it was given as one of the servers that the token is for.
    fn may_exchange(&self, client: &Client, subject: &AccessClaims) -> bool {
        let is_for =
            |audience: &str| audience == client.id.as_str() || client.resources.iter().any(|own| own == audience);
        subject.client_id == client.id.as_str()
            || introspect::audiences(&subject.aud)
                .into_iter()
                .filter(|audience| *audience != self.issuer())
                .any(is_for)
    }

    /// The scope and the audiences of the new token.
    fn narrow(
        &self,
        client: &Client,
        subject: &AccessClaims,
        parameters: &Parameters,
    ) -> Result<(ScopeSet, Vec<String>), OAuthError> {
        let held: Vec<String> = introspect::audiences(&subject.aud)
            .into_iter()
            .map(str::to_owned)
            .collect();
        let mut asked = resource::requested(parameters, client, self.issuer())?;
        asked.extend(parameters.all("audience").map(str::to_owned));
        asked.dedup();
        let audiences = resource::narrow(&held, asked, self.issuer())?;
        let held = ScopeSet::parse(&subject.scope)?.without(OFFLINE_ACCESS);
        // Who holds the token now may have no more than it could have asked for itself.
        let held = held.intersection(&client.scopes);
        let scope = match parameters.get("scope") {
            Some(text) => held.narrow(Some(&ScopeSet::parse(text)?))?,
            None => held,
        };
        // Without this server among its audiences it opens no userinfo.
        let for_userinfo = audiences.iter().any(|audience| audience == self.issuer());
        Ok((if for_userinfo { scope } else { scope.without(OPENID) }, audiences))
    }
}

/// RFC 8693 §2.1, as far as it can be said without looking at the token.
fn check(client: &Client, parameters: &Parameters) -> Result<(), OAuthError> {
    if client.is_public() || !client.may_use(GrantType::TokenExchange) {
        return Err(OAuthError::new(
            ErrorCode::UnauthorizedClient,
            "this client may not use the token exchange grant",
        ));
    }
    let is_ours = |kind: &str| [ACCESS_TOKEN, JWT].contains(&kind);
    if !is_ours(parameters.require("subject_token_type")?) {
        return Err(OAuthError::invalid_request(
            "parameter subject_token_type must be that of an access token",
        ));
    }
    if parameters
        .get("requested_token_type")
        .is_some_and(|kind| !is_ours(kind))
    {
        return Err(OAuthError::invalid_request(
            "parameter requested_token_type must be that of an access token",
        ));
    }
    if parameters.get("actor_token").is_some() || parameters.get("actor_token_type").is_some() {
        return Err(OAuthError::invalid_request("parameter actor_token is not supported"));
    }
    Ok(())
}

/// RFC 8693 §2.2.2: one answer, whatever is wrong with the token.
fn unacceptable() -> OAuthError {
    OAuthError::invalid_request(
        "the subject token is not one of this server that is good now and that this client may exchange",
    )
}
