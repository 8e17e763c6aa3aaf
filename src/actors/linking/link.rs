//! A challenge answered, and a link undone.

use super::{Deps, Linking, Refusal, SignedIn};
use crate::actors::failure::Failure;
use crate::actors::supervise::{Answer, Myself, Request, Serve};
use crate::db::{Decision, linking};
use crate::domain::linking::Challenge;
use crate::domain::secret::Token;

/// The answer to a challenge.
pub struct FinishLink {
    /// Who answers.
    pub who: SignedIn,
    /// The nonce of the challenge.
    pub nonce: Token,
    /// The master key's signature over [`Challenge::hash`].
    pub signature: [u8; 64],
}

impl Request for FinishLink {
    type Reply = Result<Result<(), Refusal>, Failure>;
}

impl Serve<FinishLink> for Linking {
    fn serve(&mut self, request: FinishLink, _: &Myself<Self>) -> Answer<Result<Result<(), Refusal>, Failure>> {
        let deps = self.deps.clone();
        Answer::later(async move { deps.finish(request).await })
    }
}

/// A signed-in person unlinks the key of the account. What is not linked stays so.
pub struct Unlink {
    /// Who asks.
    pub who: SignedIn,
}

impl Request for Unlink {
    type Reply = Result<Result<(), Refusal>, Failure>;
}

impl Serve<Unlink> for Linking {
    fn serve(&mut self, request: Unlink, _: &Myself<Self>) -> Answer<Result<Result<(), Refusal>, Failure>> {
        let deps = self.deps.clone();
        Answer::later(async move { deps.unlink(request).await })
    }
}

impl Deps {
    /// Everything is looked at in the transaction that links: the session, the challenge, who else has the key. What is
    /// refused is rolled back, so that a wrong signature spends nothing.
    async fn finish(&self, request: FinishLink) -> Result<Result<(), Refusal>, Failure> {
        let now = self.clock.now();
        let issuer = self.config.define.issuer.as_str().to_owned();
        let (session, browser) = request.who.hashes();
        let FinishLink { nonce, signature, .. } = request;
        let (hash, nonce) = (nonce.hash(), nonce.reveal());
        let done = self
            .writes
            .transact("link a master key", async move |transaction| {
                let refuse = |why| Ok(Decision::Rollback(Err(why)));
                let Some(account) = linking::signed_in(transaction, &session, &browser, now).await? else {
                    return refuse(Refusal::SignedOut);
                };
                let taken = transaction.query_one(&linking::take_challenge(&account, &hash)).await?;
                let Some(open) = taken.as_ref().map(linking::read_challenge).transpose()? else {
                    return refuse(Refusal::Gone);
                };
                if now >= open.expires_at {
                    return refuse(Refusal::Gone);
                }
                let challenge = Challenge {
                    master: &open.master,
                    issuer: &issuer,
                    account: &account,
                    nonce: &nonce,
                    expires_at: open.expires_at,
                };
                if !challenge.is_answered_by(&signature, now) {
                    return refuse(Refusal::BadSignature);
                }
                transaction.query(&linking::unlink(&account)).await?;
                let link = linking::link(&account, &open.master, now);
                Ok(match transaction.query_one(&link).await? {
                    Some(_) => Decision::Commit(Ok(())),
                    None => Decision::Rollback(Err(Refusal::LinkedElsewhere)),
                })
            })
            .await?;
        Ok(done)
    }

    async fn unlink(&self, request: Unlink) -> Result<Result<(), Refusal>, Failure> {
        let now = self.clock.now();
        let (session, browser) = request.who.hashes();
        let done = self
            .writes
            .transact("unlink a master key", async move |transaction| {
                let Some(account) = linking::signed_in(transaction, &session, &browser, now).await? else {
                    return Ok(Decision::Rollback(Err(Refusal::SignedOut)));
                };
                transaction.query(&linking::unlink(&account)).await?;
                Ok(Decision::Commit(Ok(())))
            })
            .await?;
        Ok(done)
    }
}
