//! A device asks whether the person has decided, and gets tokens once (RFC 8628 §3.4).

use std::sync::Arc;

use super::Deps;
use super::authenticate::Authenticated;
use super::refusal::{TokenRefusal, oauth};
use super::tokens::{Issue, Tokens, Wishes};
use crate::db::{DbError, Decision, Transaction, devices, families, sessions};
use crate::domain::clock::Timestamp;
use crate::domain::oauth::client::Client;
use crate::domain::oauth::device::{self, DeviceGrant, Poll};
use crate::domain::oauth::error::OAuthError;
use crate::domain::oauth::family::{Family, Lifetimes};
use crate::domain::oauth::flow::SessionFacts;
use crate::domain::oauth::parameters::Parameters;
use crate::domain::oauth::terms::Terms;
use crate::domain::secret::{Token, TokenHash};

/// What the transaction decided.
enum Answered {
    /// Spent on this family.
    Granted(Box<Family>),
    /// Not yet, or never.
    Refused(OAuthError),
}

impl Deps {
    pub(super) async fn redeem_device_code(
        &self,
        authenticated: &Authenticated,
        parameters: &Parameters,
    ) -> Result<Tokens, TokenRefusal> {
        let presented = match parameters.require("device_code") {
            Ok(text) => text,
            Err(error) => return oauth(error),
        };
        let Some(code) = Token::parse(presented) else {
            return oauth(device::unknown());
        };
        let question = Question {
            code: code.hash(),
            client: authenticated.client.clone(),
            jkt: authenticated.key.as_ref().map(|key| key.thumbprint.clone()),
            family_id: self.family_name(),
            lifetimes: self.family_lifetimes(),
            now: self.clock.now(),
        };
        let (family_id, now) = (question.family_id.clone(), question.now);
        let spend = authenticated.spend();
        let answered = self
            .writes
            .transact("redeem device code", async move |transaction| {
                if let Err(replayed) = spend.within(transaction).await? {
                    return Ok(Decision::Rollback(Answered::Refused(replayed.into())));
                }
                question.answer(transaction).await.map(Decision::Commit)
            })
            .await?;
        match answered {
            Answered::Refused(error) => oauth(error),
            Answered::Granted(family) => {
                let scope = self.held(&family.session.account_id, &family.scope).await?;
                self.issue(Issue {
                    client: &authenticated.client,
                    family_id: &family_id,
                    family: &family,
                    scope: &scope,
                    resources: &family.terms.resources,
                    key: authenticated.key.as_ref(),
                    wishes: Wishes::default(),
                    now,
                })
                .await
            }
        }
    }
}

/// What a device asks, with all that the answer rests on.
struct Question {
    code: TokenHash,
    client: Arc<Client>,
    /// The key that the device has proved.
    jkt: Option<String>,
    family_id: String,
    lifetimes: Lifetimes,
    now: Timestamp,
}

impl Question {
    async fn answer(&self, transaction: &mut Transaction<'_>) -> Result<Answered, DbError> {
        let Some(row) = transaction.query_one(&devices::by_code(&self.code)).await? else {
            return Ok(Answered::Refused(device::unknown()));
        };
        let grant = devices::read(&row)?;
        match grant.poll(&self.client, self.now) {
            Poll::Refuse(error) => Ok(Answered::Refused(error)),
            Poll::Wait { pause, error } => {
                transaction.query(&devices::polled(&self.code, pause, self.now)).await?;
                Ok(Answered::Refused(error))
            }
            Poll::Grant(session) => self.grant(transaction, &grant, session).await,
        }
    }

    /// The session in which it was allowed must still be there, the account active and admitted, and the code unspent. All
    /// are looked at before anything is written.
    async fn grant(
        &self,
        transaction: &mut Transaction<'_>,
        grant: &DeviceGrant,
        session: SessionFacts,
    ) -> Result<Answered, DbError> {
        let is_live = sessions::is_live(&session.sid, self.now);
        let may_begin = families::may_begin(&session.account_id, self.client.required_scope.as_deref());
        for needed in [is_live, may_begin, devices::spend(&self.code, self.now)] {
            if transaction.query_one(&needed).await?.is_none() {
                return Ok(Answered::Refused(device::unknown()));
            }
        }
        let family = Family {
            terms: Terms {
                resources: grant.resources.clone(),
                jkt: self.jkt.clone().filter(|_| self.client.is_public()),
                ..Terms::default()
            },
            ..Family::begin(&grant.client_id, &grant.scope, session, &self.lifetimes, self.now)
        };
        transaction.query(&families::insert(&self.family_id, &family)?).await?;
        Ok(Answered::Granted(Box::new(family)))
    }
}
