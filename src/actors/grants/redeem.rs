//! A code for tokens (RFC 6749 §4.1.3, RFC 7636 §4.6).

use super::Deps;
use super::authenticate::Authenticated;
use super::refusal::{TokenRefusal, oauth};
use super::tokens::{Issue, Tokens};
use crate::db::{Decision, codes, families};
use crate::domain::oauth::code::{self, Redemption, RedemptionAttempt, StoredCode};
use crate::domain::oauth::error::OAuthError;
use crate::domain::oauth::family::Family;
use crate::domain::oauth::parameters::Parameters;
use crate::domain::secret::Token;

/// What the transaction decided.
enum Redeemed {
    /// Spent on this family.
    Granted(Box<(StoredCode, Family)>),
    /// Refused; after a replay, what the code gave has been ended.
    Refused(OAuthError),
}

impl Deps {
    pub(super) async fn redeem_code(
        &self,
        authenticated: &Authenticated,
        parameters: &Parameters,
    ) -> Result<Tokens, TokenRefusal> {
        let client = &authenticated.client;
        let presented = match parameters.require("code") {
            Ok(text) => text,
            Err(error) => return oauth(error),
        };
        let Some(token) = Token::parse(presented) else {
            return oauth(code::unknown());
        };
        let code_hash = token.hash();
        let redirect_uri = parameters.get("redirect_uri").map(str::to_owned);
        let code_verifier = parameters.get("code_verifier").map(str::to_owned);
        let family_id = self.fresh_name();
        let (owned, id, now) = (client.clone(), family_id.clone(), self.clock.now());
        let lifetimes = self.family_lifetimes();
        let spend = authenticated.spend();
        let redeemed = self
            .writes
            .transact("redeem code", async move |transaction| {
                if let Err(replayed) = spend.within(transaction).await? {
                    return Ok(Decision::Rollback(Redeemed::Refused(replayed.into())));
                }
                // Where an assertion was spent, it stays so whatever becomes of the code.
                let refuse = |error| {
                    if spend.is_needed() {
                        Ok(Decision::Commit(Redeemed::Refused(error)))
                    } else {
                        Ok(Decision::Rollback(Redeemed::Refused(error)))
                    }
                };
                let Some(row) = transaction.query_one(&codes::by_hash(&code_hash)).await? else {
                    return refuse(code::unknown());
                };
                let (stored, gave) = codes::read(&row)?;
                let attempt = RedemptionAttempt {
                    client: &owned,
                    redirect_uri: redirect_uri.as_deref(),
                    code_verifier: code_verifier.as_deref(),
                };
                match stored.redeem(attempt, now) {
                    Redemption::Refuse(error) => refuse(error),
                    Redemption::Replay(error) => {
                        if let Some(family) = gave {
                            transaction.query(&families::end(&family, now)).await?;
                        }
                        Ok(Decision::Commit(Redeemed::Refused(error)))
                    }
                    Redemption::Grant => {
                        let account = &stored.session.account_id;
                        let may_begin = families::may_begin(account, owned.required_scope.as_deref());
                        if transaction.query_one(&may_begin).await?.is_none() {
                            return refuse(code::unknown());
                        }
                        if transaction
                            .query_one(&codes::spend(&code_hash, &id, now))
                            .await?
                            .is_none()
                        {
                            return refuse(code::unknown());
                        }
                        let family = Family::start(&stored, &lifetimes, now);
                        transaction.query(&families::insert(&id, &family)?).await?;
                        Ok(Decision::Commit(Redeemed::Granted(Box::new((stored, family)))))
                    }
                }
            })
            .await?;
        match redeemed {
            Redeemed::Refused(error) => oauth(error),
            Redeemed::Granted(granted) => {
                let (stored, family) = *granted;
                self.issue(&Issue {
                    client,
                    family_id: &family_id,
                    family: &family,
                    scope: &family.scope,
                    nonce: stored.nonce.as_deref(),
                    now,
                })
                .await
            }
        }
    }
}
