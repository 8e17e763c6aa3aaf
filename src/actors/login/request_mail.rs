//! Sign-up and forgotten password: an address asks for a mail. Known and unknown addresses get the same answer, after
//! the same work.

use super::{Deps, Login, LoginError};
use crate::actors::mailer::letters::Letters;
use crate::actors::supervise::{Answer, Myself, Request, Serve};
use crate::db::links::NewLink;
use crate::db::{DbError, Decision, accounts, links};
use crate::domain::account::{Introduction, Link, LinkPurpose};
use crate::domain::email::{Email, Identifier};
use crate::domain::mail::{Language, MailKind};
use crate::domain::secret::Token;
use crate::domain::throttle::ClientAddress;

/// Asks for a mail.
pub struct RequestMail {
    /// To whom.
    pub email: Email,
    /// What for.
    pub wish: Wish,
    /// Where it comes from.
    pub address: ClientAddress,
    /// In which language, for somebody who has not said another.
    pub language: Language,
}

/// What somebody wants a mail for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// To sign up; what they say of themselves.
    SignUp(Introduction),
    /// To choose another password.
    ResetPassword,
}

impl Request for RequestMail {
    type Reply = Result<(), LoginError>;
}

impl Serve<RequestMail> for Login {
    fn serve(&mut self, request: RequestMail, _: &Myself<Self>) -> Answer<Result<(), LoginError>> {
        let deps = self.deps.clone();
        Answer::later(async move { deps.request_mail(request).await })
    }
}

impl Deps {
    async fn request_mail(&self, request: RequestMail) -> Result<(), LoginError> {
        let signs_up = matches!(request.wish, Wish::SignUp(_));
        if signs_up && !self.config.define.onboarding.takes_applications() {
            return Err(LoginError::SignUpClosed);
        }
        let identifier = self.secrets.identifier.identify(&request.email);
        self.charge_mail(&identifier, request.address).await?;
        let row = self.store.query_one(&accounts::by_identifier(&identifier)).await?;
        let account = row.as_ref().map(accounts::read).transpose()?;
        let usable = account.filter(|account| account.active);
        let language = self.language(&identifier, request.language).await?;
        let now = self.clock.now();
        let token = Token::generate(self.random.as_ref());
        let letters = self.letters();
        let (purpose, kind) = self.letter(&letters, &request.wish, usable.is_some(), &token);
        let link = Link::issue(purpose, now, &self.config.define.lifetimes);
        // Nobody to reset: the same rows are written, of which nobody learns the token, and the mail is never sent.
        let sent_until = if signs_up || usable.is_some() {
            link.expires_at
        } else {
            now
        };
        let queue = letters.queue(&kind, &request.email, language, now, sent_until);
        let insert = links::insert(&NewLink {
            token_hash: token.hash(),
            link,
            identifier,
            email: request.email.clone(),
            account_id: usable.as_ref().map(|account| account.id.clone()),
            details: details(&request.wish)?,
            created_at: now,
        });
        self.writes
            .transact("request mail", async move |transaction| {
                transaction.query(&insert).await?;
                transaction.query(&queue).await?;
                Ok(Decision::Commit(()))
            })
            .await?;
        self.wake_mailer();
        Ok(())
    }

    /// The language to write to this address in: what its owner has said, else what the request says.
    pub(super) async fn language(&self, identifier: &Identifier, asked: Language) -> Result<Language, DbError> {
        let row = self.store.query_one(&accounts::locale(identifier)).await?;
        let locale = row.as_ref().map(|row| row.optional_text(0)).transpose()?.flatten();
        Ok(locale.and_then(Language::of).unwrap_or(asked))
    }

    /// What to write. Signing up with an address that has an account is answered in that mailbox alone.
    fn letter(&self, letters: &Letters, wish: &Wish, has_account: bool, token: &Token) -> (LinkPurpose, MailKind) {
        let lifetimes = &self.config.define.lifetimes;
        match wish {
            Wish::ResetPassword => {
                let (link, valid) = (letters.link("/reset/", token), lifetimes.reset_link);
                (LinkPurpose::ResetPassword, MailKind::ResetPassword { link, valid })
            }
            Wish::SignUp(_) if has_account => {
                let (reset_url, login_url) = (letters.url("/forgot/"), letters.url("/login/"));
                // A link row is made all the same, of which nobody learns the token.
                (
                    LinkPurpose::ConfirmEmail,
                    MailKind::AlreadyRegistered { reset_url, login_url },
                )
            }
            Wish::SignUp(_) => {
                let (link, valid) = (letters.link("/confirm/", token), lifetimes.confirm_link);
                (LinkPurpose::ConfirmEmail, MailKind::ConfirmSignup { link, valid })
            }
        }
    }
}

/// What a link carries of a wish.
fn details(wish: &Wish) -> Result<Option<String>, LoginError> {
    let Wish::SignUp(said) = wish else { return Ok(None) };
    let text = serde_json::to_string(said).map_err(|error| DbError::Inconsistent(error.to_string()))?;
    Ok(Some(text))
}
