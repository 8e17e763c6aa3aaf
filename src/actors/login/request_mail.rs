//! Sign-up and forgotten password: an address asks for a mail. Known and unknown addresses get the same answer, after
//! the same work.

use std::time::Duration;

use super::{Deps, Login, LoginError};
use crate::actors::failure::Failure;
use crate::actors::mailer::queue::enqueue;
use crate::actors::supervise::{Answer, Myself, Request, Serve};
use crate::config::Onboarding;
use crate::db::links::NewLink;
use crate::db::{Decision, accounts, links};
use crate::domain::account::{Link, LinkPurpose};
use crate::domain::email::{Email, Identifier};
use crate::domain::mail::{MailKind, render};
use crate::domain::secret::Token;
use crate::domain::throttle::{self, ClientAddress, Verdict};

/// Asks for a mail.
pub struct RequestMail {
    /// To whom.
    pub email: Email,
    /// What for.
    pub wish: Wish,
    /// Where it comes from.
    pub address: ClientAddress,
}

/// What somebody wants a mail for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// To sign up.
    SignUp,
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
        if request.wish == Wish::SignUp && self.config.define.onboarding == Onboarding::Closed {
            return Err(LoginError::SignUpClosed);
        }
        let identifier = self.secrets.identifier.identify(&request.email);
        self.charge_mail(&identifier, request.address).await?;
        let row = self.store.query_one(&accounts::by_identifier(&identifier)).await?;
        let account = row.as_ref().map(accounts::read).transpose()?;
        let usable = account.filter(|account| account.active);
        let now = self.clock.now();
        let token = Token::generate(self.random.as_ref());
        let (purpose, kind) = self.letter(request.wish, usable.is_some(), &token);
        let link = Link::issue(purpose, now, &self.config.define.lifetimes);
        let mail = render(&kind, &request.email, self.config.define.realm.as_str());
        let queue = enqueue(&self.secrets, self.random.as_ref(), &mail, now, link.expires_at);
        let insert = links::insert(&NewLink {
            token_hash: token.hash(),
            link,
            identifier,
            email: request.email.clone(),
            account_id: usable.as_ref().map(|account| account.id.clone()),
            details: None,
            created_at: now,
        });
        // Nobody to reset: the same statements run, and are undone.
        let wanted = request.wish == Wish::SignUp || usable.is_some();
        self.writes
            .transact("request mail", async move |transaction| {
                transaction.query(&insert).await?;
                transaction.query(&queue).await?;
                Ok(if wanted {
                    Decision::Commit(())
                } else {
                    Decision::Rollback(())
                })
            })
            .await?;
        self.wake_mailer();
        Ok(())
    }

    /// What to write. Signing up with an address that has an account is answered in that mailbox alone.
    fn letter(&self, wish: Wish, has_account: bool, token: &Token) -> (LinkPurpose, MailKind) {
        let define = &self.config.define;
        // The token is in the fragment: it reaches no server, log or referrer until the page posts it.
        let link = |page: &str| format!("{}#{}", define.issuer.url(page), token.reveal());
        match wish {
            Wish::ResetPassword => {
                let valid = define.lifetimes.reset_link;
                (
                    LinkPurpose::ResetPassword,
                    MailKind::ResetPassword {
                        link: link("/reset/"),
                        valid,
                    },
                )
            }
            Wish::SignUp if has_account => {
                let (reset_url, login_url) = (define.issuer.url("/forgot/"), define.issuer.url("/login/"));
                // A link row is made all the same, of which nobody learns the token.
                (
                    LinkPurpose::ConfirmEmail,
                    MailKind::AlreadyRegistered { reset_url, login_url },
                )
            }
            Wish::SignUp => {
                let valid = define.lifetimes.confirm_link;
                (
                    LinkPurpose::ConfirmEmail,
                    MailKind::ConfirmSignup {
                        link: link("/confirm/"),
                        valid,
                    },
                )
            }
        }
    }

    async fn charge_mail(&self, identifier: &Identifier, address: ClientAddress) -> Result<(), LoginError> {
        let now = self.clock.now();
        let limits = &self.config.limits;
        let keys = [
            self.secrets.throttle.mail_recipient(identifier),
            self.secrets.throttle.mail_address(address),
        ];
        let buckets = [&limits.mail_recipient, &limits.mail_address];
        let wait = self
            .kv
            .count(&keys, now, |levels| {
                let charged: Vec<_> = levels
                    .iter()
                    .zip(buckets)
                    .map(|(level, bucket)| throttle::charge(*level, now, bucket))
                    .collect();
                let wait = charged
                    .iter()
                    .map(|(_, verdict)| waiting(*verdict))
                    .max()
                    .unwrap_or_default();
                if wait.is_zero() {
                    levels
                        .iter_mut()
                        .zip(&charged)
                        .for_each(|(level, (next, _))| *level = *next);
                }
                wait
            })
            .await
            .map_err(Failure::from)?;
        if wait.is_zero() {
            return Ok(());
        }
        Err(LoginError::TooManyAttempts {
            retry_after: throttle::retry_after_secs(wait),
        })
    }
}

const fn waiting(verdict: Verdict) -> Duration {
    match verdict {
        Verdict::Pass => Duration::ZERO,
        Verdict::Wait(wait) => wait,
    }
}
