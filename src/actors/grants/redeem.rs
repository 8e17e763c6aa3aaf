//! A code for tokens (RFC 6749 §4.1.3, RFC 7636 §4.6).

use serde_json::{Map, Value};

use super::Deps;
use super::authenticate::Authenticated;
use super::refusal::{TokenRefusal, oauth};
use super::tokens::{Issue, Tokens, Wishes};
use crate::db::{Decision, codes, families, profiles};
use crate::domain::clock::Timestamp;
use crate::domain::oauth::claims_request::AskedClaims;
use crate::domain::oauth::code::{self, Redemption, RedemptionAttempt, StoredCode};
use crate::domain::oauth::error::OAuthError;
use crate::domain::oauth::family::Family;
use crate::domain::oauth::parameters::Parameters;
use crate::domain::oauth::resource;
use crate::domain::oauth::scope::ScopeSet;
use crate::domain::oauth::userinfo::Person;
use crate::domain::secret::Token;

/// What the transaction decided.
enum Redeemed {
    /// Spent on this family.
    Granted(Box<(StoredCode, Family, Vec<String>)>),
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
        let asked = match resource::requested(parameters, client, self.issuer()) {
            Ok(asked) => asked,
            Err(error) => return oauth(error),
        };
        let jkt = authenticated.key.as_ref().map(|key| key.thumbprint.clone());
        let issuer = self.issuer().to_owned();
        let family_id = self.family_name();
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
                    jkt: jkt.as_deref(),
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
                        let resources = match resource::narrow(&stored.terms.resources, asked.clone(), &issuer) {
                            Ok(resources) => resources,
                            Err(error) => return refuse(error),
                        };
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
                        // A confidential client proves itself at each refresh; a public one has its key for that.
                        let bound = jkt.as_deref().filter(|_| owned.is_public());
                        let family = Family::start(&stored, bound, &lifetimes, now);
                        transaction.query(&families::insert(&id, &family)?).await?;
                        Ok(Decision::Commit(Redeemed::Granted(Box::new((
                            stored, family, resources,
                        )))))
                    }
                }
            })
            .await?;
        match redeemed {
            Redeemed::Refused(error) => oauth(error),
            Redeemed::Granted(granted) => self.give(authenticated, &family_id, *granted, now).await,
        }
    }

    /// Signs what a code was spent on.
    async fn give(
        &self,
        authenticated: &Authenticated,
        family_id: &str,
        granted: (StoredCode, Family, Vec<String>),
        now: Timestamp,
    ) -> Result<Tokens, TokenRefusal> {
        let (stored, family, resources) = granted;
        let account_id = &family.session.account_id;
        let scope = self.held(account_id, &family.scope).await?;
        if scope.is_empty() {
            return oauth(code::unknown());
        }
        let claims = self.asked_claims(account_id, &stored.id_claims).await?;
        self.issue(Issue {
            client: &authenticated.client,
            family_id,
            family: &family,
            scope: &scope,
            resources: &resources,
            key: authenticated.key.as_ref(),
            wishes: Wishes {
                nonce: stored.nonce.as_deref(),
                acr: stored.acr,
                claims,
            },
            now,
        })
        .await
    }

    /// Claims that were asked of the ID token one by one. The store is asked only if some were.
    async fn asked_claims(&self, account_id: &str, asked: &AskedClaims) -> Result<Map<String, Value>, TokenRefusal> {
        if asked.is_empty() {
            return Ok(Map::new());
        }
        let Some(row) = self.store.query_one(&profiles::person(account_id)).await? else {
            return Ok(Map::new());
        };
        let (profile, updated_at) = profiles::read(&row, 1)?;
        let person = Person {
            email: row.text(0)?,
            profile: &profile,
            updated_at,
        };
        Ok(person.claims(&ScopeSet::default(), asked))
    }
}
