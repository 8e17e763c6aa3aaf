//! The mailed link is opened: the address is confirmed, and what follows is handed out.

use super::{Deps, Login, LoginError, links::spend};
use crate::actors::supervise::{Answer, Myself, Request, Serve};
use crate::db::links::NewLink;
use crate::db::{Decision, links};
use crate::domain::account::{Link, LinkPurpose};
use crate::domain::email::Email;
use crate::domain::secret::Token;

/// Confirms an e-mail address by the link that was mailed to it.
pub struct ConfirmEmail {
    /// The link's token.
    pub token: Token,
}

/// The address is confirmed.
pub struct Confirmed {
    /// Which one.
    pub email: String,
    /// What a password may be registered with.
    pub registration: Token,
}

impl Request for ConfirmEmail {
    type Reply = Result<Confirmed, LoginError>;
}

impl Serve<ConfirmEmail> for Login {
    fn serve(&mut self, request: ConfirmEmail, _: &Myself<Self>) -> Answer<Result<Confirmed, LoginError>> {
        let deps = self.deps.clone();
        Answer::later(async move { deps.confirm_email(request).await })
    }
}

impl Deps {
    async fn confirm_email(&self, request: ConfirmEmail) -> Result<Confirmed, LoginError> {
        let now = self.clock.now();
        let registration = Token::generate(self.random.as_ref());
        let link = Link::issue(LinkPurpose::Register, now, &self.config.define.lifetimes);
        let (confirm_hash, register_hash) = (request.token.hash(), registration.hash());
        let email = self
            .writes
            .transact("confirm e-mail", async move |transaction| {
                let Some(spent) = spend(transaction, &confirm_hash, LinkPurpose::ConfirmEmail, now).await? else {
                    return Ok(Decision::Rollback(None));
                };
                let Ok(email) = Email::parse(&spent.email) else {
                    return Ok(Decision::Rollback(None));
                };
                let next = NewLink {
                    token_hash: register_hash,
                    link,
                    identifier: spent.identifier,
                    email,
                    account_id: None,
                    details: None,
                    created_at: now,
                };
                transaction.query(&links::insert(&next)).await?;
                Ok(Decision::Commit(Some(spent.email)))
            })
            .await?;
        let email = email.ok_or(LoginError::Expired)?;
        Ok(Confirmed { email, registration })
    }
}
