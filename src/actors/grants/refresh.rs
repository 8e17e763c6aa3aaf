//! A refresh token for new tokens (RFC 6749 §6), with rotation and reuse detection (RFC 9700 §4.14.2).

use super::Deps;
use super::refusal::{TokenRefusal, oauth};
use super::tokens::{Issue, Tokens};
use crate::actors::failure::Failure;
use crate::db::families;
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
        client: &Client,
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
            if let Some(tokens) = self.try_refresh(client, &token, asked.as_ref()).await? {
                return Ok(tokens);
            }
        }
        Err(Failure::Unavailable("the refresh family is in use elsewhere".to_owned()).into())
    }

    /// Decides from the family as it is and writes on condition that it still is; `None` if it is not.
    async fn try_refresh(
        &self,
        client: &Client,
        token: &RefreshToken,
        asked: Option<&ScopeSet>,
    ) -> Result<Option<Tokens>, TokenRefusal> {
        let now = self.clock.now();
        let Some(row) = self.store.query_one(&families::by_id(&token.family)).await? else {
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
            Refresh::Retry { scope } => self.issue_refreshed(client, &token.family, &stored, &scope).map(Some),
            Refresh::Rotate { next, scope } => {
                let rotate = families::rotate(&token.family, &stored, &next)?;
                if self.writes.execute(rotate).await?.is_empty() {
                    return Ok(None);
                }
                self.issue_refreshed(client, &token.family, &next, &scope).map(Some)
            }
        }
    }

    fn issue_refreshed(
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
    }
}
