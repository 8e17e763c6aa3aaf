//! A refresh token for new tokens (RFC 6749 §6), with rotation and reuse detection (RFC 9700 §4.14.2).

use std::sync::Arc;

use super::Deps;
use super::authenticate::{Authenticated, Replayed};
use super::refusal::{TokenRefusal, oauth};
use super::tokens::{Issue, Tokens, Wishes};
use crate::actors::failure::Failure;
use crate::db::{Decision, Statement, families};
use crate::domain::oauth::client::{Client, GrantType};
use crate::domain::oauth::error::OAuthError;
use crate::domain::oauth::family::{self, Family, Refresh, RefreshAttempt};
use crate::domain::oauth::parameters::Parameters;
use crate::domain::oauth::resource;
use crate::domain::oauth::scope::{OPENID, ScopeSet};
use crate::domain::token::refresh::RefreshToken;

/// How often a decision is made anew because another request was quicker. The second look sees what that one did.
const LOOKS: usize = 3;

/// What a request wants of what was granted.
struct Asked {
    scope: Option<ScopeSet>,
    resources: Vec<String>,
}

impl Deps {
    pub(super) async fn refresh_tokens(
        &self,
        authenticated: &Authenticated,
        parameters: &Parameters,
    ) -> Result<Tokens, TokenRefusal> {
        let presented = match parameters.require("refresh_token") {
            Ok(text) => text,
            Err(error) => return oauth(error),
        };
        let asked = match self.asked_of_refresh(&authenticated.client, parameters) {
            Ok(asked) => asked,
            Err(error) => return oauth(error),
        };
        let keys = self.keys.current();
        let Ok(token) = RefreshToken::open(presented, &keys) else {
            return oauth(family::not_live());
        };
        let tokens = match self.step(authenticated, &token, &asked).await? {
            Some(tokens) => tokens,
            None => self.look_and_refresh(authenticated, &token, &asked).await?,
        };
        // A key that was withdrawn meanwhile must not live on in a token under the next one.
        let now = self.keys.current();
        if !Arc::ptr_eq(&keys, &now) && RefreshToken::open(presented, &now).is_err() {
            return oauth(family::not_live());
        }
        Ok(tokens)
    }

    fn asked_of_refresh(&self, client: &Client, parameters: &Parameters) -> Result<Asked, OAuthError> {
        Ok(Asked {
            scope: parameters.get("scope").map(ScopeSet::parse).transpose()?,
            resources: resource::requested(parameters, client, self.issuer())?,
        })
    }

    /// The step of most refreshes, in one statement: where the request asks for nothing special, and nothing of the family
    /// has to be weighed. `None` if this is not one of those, or if the token is not the live one.
    async fn step(
        &self,
        authenticated: &Authenticated,
        token: &RefreshToken,
        asked: &Asked,
    ) -> Result<Option<Tokens>, TokenRefusal> {
        if !is_plain(authenticated, asked) {
            return Ok(None);
        }
        let (client, now) = (&authenticated.client, self.clock.now());
        let settled = self.family_lifetimes().settled(now);
        let Some(step) = families::step(&token.family, token.sequence, client, settled, now) else {
            return Ok(None);
        };
        let rows = self.writes.execute(step).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let family = families::read(row)?;
        let scope = family.scope.intersection(&client.scopes);
        let tokens = self.issue_refreshed(authenticated, &token.family, &family, &scope, &[]);
        tokens.await.map(Some)
    }

    async fn look_and_refresh(
        &self,
        authenticated: &Authenticated,
        token: &RefreshToken,
        asked: &Asked,
    ) -> Result<Tokens, TokenRefusal> {
        for _ in 0..LOOKS {
            if let Some(tokens) = self.try_refresh(authenticated, token, asked).await? {
                return Ok(tokens);
            }
        }
        Err(Failure::Unavailable("the refresh family is in use elsewhere".to_owned()).into())
    }

    /// Decides from the family as it is and writes on condition that it still is; `None` if it is not.
    async fn try_refresh(
        &self,
        authenticated: &Authenticated,
        token: &RefreshToken,
        asked: &Asked,
    ) -> Result<Option<Tokens>, TokenRefusal> {
        let now = self.clock.now();
        let client = &authenticated.client;
        let by_id = families::by_id(&token.family, client.required_scope.as_deref());
        let Some(row) = self.store.query_one(&by_id).await? else {
            return oauth(family::not_live());
        };
        let stored = families::read(&row)?;
        let attempt = RefreshAttempt {
            client,
            sequence: token.sequence,
            scope: asked.scope.as_ref(),
            jkt: authenticated.key.as_ref().map(|key| key.thumbprint.as_str()),
        };
        match stored.refresh(attempt, &self.family_lifetimes(), now) {
            Refresh::Refuse(error) => oauth(error),
            Refresh::Reuse(error) => {
                self.writes.execute(families::end(&token.family, now)).await?;
                metrics::counter!("countersign_refresh_reuse_total").increment(1);
                oauth(error)
            }
            Refresh::Retry { scope } => {
                let scope = self.held_still(&stored, &scope).await?;
                let resources = self.narrowed(&stored, asked)?;
                self.spend(authenticated).await?;
                self.issue_refreshed(authenticated, &token.family, &stored, &scope, &resources)
                    .await
                    .map(Some)
            }
            Refresh::Rotate { next, scope } => {
                let scope = self.held_still(&next, &scope).await?;
                let resources = self.narrowed(&next, asked)?;
                let rotate = families::rotate(&token.family, &stored, &next, client.required_scope.as_deref())?;
                if !self.rotate(authenticated, rotate).await? {
                    return Ok(None);
                }
                self.issue_refreshed(authenticated, &token.family, &next, &scope, &resources)
                    .await
                    .map(Some)
            }
        }
    }

    /// What of `scope` the person holds now; nothing is spent where nothing is left.
    async fn held_still(&self, family: &Family, scope: &ScopeSet) -> Result<ScopeSet, TokenRefusal> {
        let held = self.held(&family.session.account_id, scope).await?;
        if held.is_empty() {
            return Err(TokenRefusal::OAuth(family::not_live()));
        }
        Ok(held)
    }

    fn narrowed(&self, family: &Family, asked: &Asked) -> Result<Vec<String>, TokenRefusal> {
        resource::narrow(&family.terms.resources, asked.resources.clone(), self.issuer()).map_err(TokenRefusal::OAuth)
    }

    /// Writes the step; `false` if another request was quicker. An assertion is spent in the same transaction, so that it
    /// is good for one step at most, and for none that did not happen.
    async fn rotate(&self, authenticated: &Authenticated, rotate: Statement) -> Result<bool, TokenRefusal> {
        let spend = authenticated.spend();
        if !spend.is_needed() {
            return Ok(!self.writes.execute(rotate).await?.is_empty());
        }
        let rotated: Result<bool, Replayed> = self
            .writes
            .transact("refresh", async move |transaction| {
                if let Err(replayed) = spend.within(transaction).await? {
                    return Ok(Decision::Rollback(Err(replayed)));
                }
                if transaction.query_one(&rotate).await?.is_none() {
                    return Ok(Decision::Rollback(Ok(false)));
                }
                Ok(Decision::Commit(Ok(true)))
            })
            .await?;
        rotated.or_else(|replayed| oauth(replayed.into()))
    }

    async fn issue_refreshed(
        &self,
        authenticated: &Authenticated,
        family_id: &str,
        family: &Family,
        scope: &ScopeSet,
        resources: &[String],
    ) -> Result<Tokens, TokenRefusal> {
        self.issue(Issue {
            client: &authenticated.client,
            family_id,
            family,
            scope,
            resources,
            key: authenticated.key.as_ref(),
            wishes: Wishes::default(),
            now: self.clock.now(),
        })
        .await
    }
}

/// Whether a request asks for what was granted and no less, and whether all of that is what everybody holds. A public
/// client with a key has families that are bound to it, which have to be looked at.
fn is_plain(authenticated: &Authenticated, asked: &Asked) -> bool {
    let client = &authenticated.client;
    asked.scope.is_none()
        && asked.resources.is_empty()
        && !authenticated.spend().is_needed()
        && !(client.is_public() && authenticated.key.is_some())
        && client.may_use(GrantType::RefreshToken)
        && client.scopes.contains(OPENID)
        && !client.scopes.has_roles()
}
