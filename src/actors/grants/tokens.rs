//! Signing what a grant gives: access token, ID token, refresh token.

use std::time::Duration;

use serde_json::{Map, Value};

use super::Deps;
use super::dpop::ProvenKey;
use super::refusal::TokenRefusal;
use crate::actors::failure::Failure;
use crate::db;
use crate::domain::clock::Timestamp;
use crate::domain::keys::algorithm::SigningAlgorithm;
use crate::domain::linking::Entitlements;
use crate::domain::oauth::claims_request::ACR;
use crate::domain::oauth::client::{Client, GrantType};
use crate::domain::oauth::family::{self, Family};
use crate::domain::oauth::resource;
use crate::domain::oauth::scope::{ENTITLEMENTS, OPENID, ScopeSet};
use crate::domain::token::claims::{AccessClaims, AccessGrant, IdClaims, IdGrant, SignIn};
use crate::domain::token::jws::{self, TokenType};
use crate::domain::token::refresh::RefreshToken;

/// What the token endpoint answers (RFC 6749 §5.1, OIDC Core §3.1.3.3).
pub struct Tokens {
    /// The access token.
    pub access: String,
    /// How long it lives.
    pub expires_in: Duration,
    /// The ID token, if `openid` was granted.
    pub id: Option<String>,
    /// The refresh token, if the client may use one.
    pub refresh: Option<String>,
    /// What was granted.
    pub scope: String,
    /// The access token is bound to a key (RFC 9449 §5).
    pub bound: bool,
    /// The nonce for the next proof, if this request had one.
    pub dpop_nonce: Option<String>,
    /// What kind the access token is, where one was exchanged for another (RFC 8693 §2.2.1).
    pub issued_token_type: Option<&'static str>,
}

/// What tokens are issued for.
pub(super) struct Issue<'a> {
    pub(super) client: &'a Client,
    pub(super) family_id: &'a str,
    pub(super) family: &'a Family,
    pub(super) scope: &'a ScopeSet,
    /// The resource servers that the access token is for.
    pub(super) resources: &'a [String],
    /// The key that it is bound to.
    pub(super) key: Option<&'a ProvenKey>,
    pub(super) wishes: Wishes<'a>,
    pub(super) now: Timestamp,
}

/// What an authorization request wants of the ID token; nothing at a refresh.
#[derive(Default)]
pub(super) struct Wishes<'a> {
    pub(super) nonce: Option<&'a str>,
    pub(super) acr: bool,
    /// Claims that were asked one by one, as far as they are known.
    pub(super) claims: Map<String, Value>,
}

impl Deps {
    pub(super) fn family_lifetimes(&self) -> family::Lifetimes {
        let lifetimes = &self.config.define.lifetimes;
        family::Lifetimes {
            idle: lifetimes.refresh_idle,
            absolute: lifetimes.refresh_absolute,
            retry_window: lifetimes.refresh_retry,
        }
    }

    /// Signs the tokens. What was spent and granted is committed before this is called.
    pub(super) async fn issue(&self, issue: Issue<'_>) -> Result<Tokens, TokenRefusal> {
        let entitlements = self.entitlements(&issue).await?;
        let keys = self.keys.current();
        let lifetimes = &self.config.define.lifetimes;
        let session = &issue.family.session;
        let sign_in = SignIn {
            session: &session.sid,
            at: session.authenticated_at,
        };
        let scope = issue.scope.to_string();
        let subject = self.subject(issue.client, &session.account_id);
        let audiences = resource::audiences(issue.resources, self.issuer(), issue.scope.contains(OPENID));
        let grant = AccessGrant {
            issuer: self.issuer(),
            audiences: &audiences,
            subject: &subject,
            client_id: issue.client.id.as_str(),
            scope: &scope,
            jti: self.token_name(),
            sign_in: Some(sign_in),
            family: Some(issue.family_id),
            jkt: issue.key.map(|key| key.thumbprint.as_str()),
            root: None,
        };
        let claims = AccessClaims::issue(grant, issue.now, lifetimes.access);
        let access = jws::sign(keys.signer(SigningAlgorithm::EdDsa), TokenType::Access, &claims).map_err(internal)?;
        let id = if issue.scope.contains(OPENID) {
            let algorithm = issue.client.id_token_alg;
            let grant = IdGrant {
                issuer: self.issuer(),
                subject: &subject,
                client_id: issue.client.id.as_str(),
                sign_in,
                nonce: issue.wishes.nonce,
                access_token: Some(&access),
                algorithm,
                acr: issue.wishes.acr.then_some(ACR),
                asked: issue.wishes.claims,
                entitlements,
            };
            let claims = IdClaims::issue(grant, issue.now, lifetimes.id);
            Some(jws::sign(keys.signer(algorithm), TokenType::Id, &claims).map_err(internal)?)
        } else {
            None
        };
        let refresh = if issue.client.may_use(GrantType::RefreshToken) {
            let token = RefreshToken {
                family: issue.family_id.to_owned(),
                sequence: issue.family.sequence,
            };
            Some(token.seal(&keys).map_err(internal)?)
        } else {
            None
        };
        Ok(Tokens {
            access,
            expires_in: lifetimes.access,
            id,
            refresh,
            scope,
            bound: issue.key.is_some(),
            dpop_nonce: issue.key.map(|key| key.nonce.clone()),
            issued_token_type: None,
        })
    }
}

impl Deps {
    /// What the scope `entitlements` asks for.
    async fn entitlements(&self, issue: &Issue<'_>) -> Result<Option<Entitlements>, TokenRefusal> {
        if !issue.scope.contains(ENTITLEMENTS) {
            return Ok(None);
        }
        let account = &issue.family.session.account_id;
        let claim = db::linking::claim(&self.store, account, issue.now).await;
        claim.map_err(|error| TokenRefusal::Failure(error.into()))
    }
}

pub(super) fn internal(error: impl std::fmt::Display) -> TokenRefusal {
    TokenRefusal::Failure(Failure::Internal(error.to_string()))
}
