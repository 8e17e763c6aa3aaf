//! An administrator sends a registration mail again, or takes an admission or an application back.

use std::sync::Arc;

use super::invitation::send;
use super::{Deps, Members, MembersError};
use crate::actors::supervise::{Answer, Myself, Request, Serve};
use crate::db::{Decision, applicants, links};
use crate::domain::email::Identifier;

/// Sends the registration mail again; the link in the one before no longer counts.
pub struct Resend {
    /// The applicant's name in the list.
    pub id: String,
}

impl Request for Resend {
    type Reply = Result<(), MembersError>;
}

impl Serve<Resend> for Members {
    fn serve(&mut self, request: Resend, _: &Myself<Self>) -> Answer<Result<(), MembersError>> {
        let deps = self.deps.clone();
        Answer::later(async move { deps.resend(request).await })
    }
}

/// Forgets an applicant: links that they have do not count any more.
pub struct Withdraw {
    /// The applicant's name in the list.
    pub id: String,
}

impl Request for Withdraw {
    type Reply = Result<(), MembersError>;
}

impl Serve<Withdraw> for Members {
    fn serve(&mut self, request: Withdraw, _: &Myself<Self>) -> Answer<Result<(), MembersError>> {
        let deps = self.deps.clone();
        Answer::later(async move { deps.withdraw(request).await })
    }
}

impl Deps {
    async fn resend(&self, request: Resend) -> Result<(), MembersError> {
        let (letters, now) = (self.letters(), self.clock.now());
        let expires_at = now.plus(self.config.define.lifetimes.invitation);
        let secrets = Arc::clone(&self.secrets);
        let sent = self
            .writes
            .transact("send registration mail again", async move |transaction| {
                if transaction
                    .query_one(&applicants::prolong(&request.id, expires_at))
                    .await?
                    .is_none()
                {
                    return Ok(Decision::Rollback(false));
                }
                let row = transaction.query_one(&applicants::by_id(&request.id)).await?;
                let Some(applicant) = row.as_ref().map(applicants::read).transpose()? else {
                    return Ok(Decision::Rollback(false));
                };
                let identifier = secrets.identifier.identify(&applicant.email);
                send(transaction, &letters, &applicant, &identifier, now).await?;
                Ok(Decision::Commit(true))
            })
            .await?;
        if !sent {
            return Err(MembersError::NotFound);
        }
        self.wake_mailer();
        Ok(())
    }

    async fn withdraw(&self, request: Withdraw) -> Result<(), MembersError> {
        let now = self.clock.now();
        let gone = self
            .writes
            .transact("withdraw", async move |transaction| {
                let Some(row) = transaction.query_one(&applicants::remove(&request.id)).await? else {
                    return Ok(Decision::Rollback(false));
                };
                transaction
                    .query(&links::void_all(&Identifier(row.bytes(0)?), now))
                    .await?;
                Ok(Decision::Commit(true))
            })
            .await?;
        if gone { Ok(()) } else { Err(MembersError::NotFound) }
    }
}
