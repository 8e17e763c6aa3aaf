//! A refresh token for new tokens (RFC 6749 §6), with rotation and reuse detection (RFC 9700 §4.14.2).

use super::Deps;
use super::authenticate::{Authenticated, Replayed};
use super::refusal::{TokenRefusal, oauth};
use super::tokens::{Issue, Tokens};
use crate::actors::failure::Failure;
use crate::db::{Decision, Statement, families};
use crate::domain::oauth::client::Client;
use crate::domain::oauth::family::{self, Family, Refresh, RefreshAttempt};
use crate::domain::oauth::parameters::Parameters;
use crate::domain::oauth::scope::ScopeSet;
use crate::domain::token::refresh::RefreshToken;

/// How often a decision is made anew because another request was quicker. The second look sees what that one did.
const LOOKS: usize = 3;

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
        let asked = match parameters.get("scope").map(ScopeSet::parse).transpose() {
            Ok(asked) => asked,
            Err(error) => return oauth(error),
        };
        let Ok(token) = RefreshToken::open(presented, &self.keys.current()) else {
            return oauth(family::not_live());
        };
        for _ in 0..LOOKS {
            if let Some(tokens) = self.try_refresh(authenticated, &token, asked.as_ref()).await? {
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
        asked: Option<&ScopeSet>,
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
            scope: asked,
        };
        match stored.refresh(attempt, &self.family_lifetimes(), now) {
            Refresh::Refuse(error) => oauth(error),
            Refresh::Reuse(error) => {
                self.writes.execute(families::end(&token.family, now)).await?;
                metrics::counter!("countersign_refresh_reuse_total").increment(1);
                oauth(error)
            }
            Refresh::Retry { scope } => {
                self.spend(authenticated).await?;
                let tokens = self.issue_refreshed(client, &token.family, &stored, &scope).await?;
                Ok(Some(tokens))
            }
            Refresh::Rotate { next, scope } => {
                let rotate = families::rotate(&token.family, &stored, &next, client.required_scope.as_deref())?;
                if !self.rotate(authenticated, rotate).await? {
                    return Ok(None);
                }
                let tokens = self.issue_refreshed(client, &token.family, &next, &scope).await?;
                Ok(Some(tokens))
            }
        }
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
        client: &Client,
        family_id: &str,
        family: &Family,
        scope: &ScopeSet,
    ) -> Result<Tokens, TokenRefusal> {
        self.issue(&Issue {
            client,
            family_id,
            family,
            scope,
            nonce: None,
            now: self.clock.now(),
        })
        .await
    }
}
