//! The mailed link is opened: the address is confirmed, and what follows is handed out.

use super::{Deps, Login, LoginError, links::spend};
use crate::actors::supervise::{Answer, Myself, Request, Serve};
use crate::config::Onboarding;
use crate::db::applicants::{self, Applicant, Stage};
use crate::db::links::{NewLink, StoredLink};
use crate::db::{DbError, Decision, Transaction, links};
use crate::domain::account::{Introduction, Link, LinkPurpose, Membership};
use crate::domain::clock::Timestamp;
use crate::domain::email::Email;
use crate::domain::random::name;
use crate::domain::secret::{Token, TokenHash};

/// Confirms an e-mail address by the link that was mailed to it.
pub struct ConfirmEmail {
    /// The link's token.
    pub token: Token,
}

/// The address is confirmed.
pub struct Confirmed {
    /// Which one.
    pub email: String,
    /// What a password may be registered with; `None` if an administrator has to admit them first.
    pub registration: Option<Token>,
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

/// All that the transaction needs; made before it, since it may run more than once.
struct Confirmation {
    link: TokenHash,
    registration: TokenHash,
    next: Link,
    /// Whether an administrator decides; then the name of a new applicant, and when they are forgotten.
    applicant: Option<(String, Timestamp)>,
    now: Timestamp,
}

/// What a confirmed address may do.
enum Next {
    Register(String),
    Wait(String),
}

impl Deps {
    async fn confirm_email(&self, request: ConfirmEmail) -> Result<Confirmed, LoginError> {
        let define = &self.config.define;
        if !define.onboarding.takes_applications() {
            return Err(LoginError::Expired);
        }
        let now = self.clock.now();
        let registration = Token::generate(self.random.as_ref());
        let decides = define.onboarding == Onboarding::Approval;
        let confirmation = Confirmation {
            link: request.token.hash(),
            registration: registration.hash(),
            next: Link::issue(LinkPurpose::Register, now, &define.lifetimes),
            applicant: decides.then(|| (name(self.random.as_ref()), now.plus(define.lifetimes.application))),
            now,
        };
        let next = self
            .writes
            .transact("confirm e-mail", async move |transaction| {
                confirmation.run(transaction).await
            })
            .await?;
        match next.ok_or(LoginError::Expired)? {
            Next::Register(email) => Ok(Confirmed {
                email,
                registration: Some(registration),
            }),
            Next::Wait(email) => Ok(Confirmed {
                email,
                registration: None,
            }),
        }
    }
}

impl Confirmation {
    async fn run(&self, transaction: &mut Transaction<'_>) -> Result<Decision<Option<Next>>, DbError> {
        let Some(spent) = spend(transaction, &self.link, &[LinkPurpose::ConfirmEmail], self.now).await? else {
            return Ok(Decision::Rollback(None));
        };
        let Ok(email) = Email::parse(&spent.email) else {
            return Ok(Decision::Rollback(None));
        };
        if let Some((id, expires_at)) = &self.applicant
            && !self.is_admitted(transaction, &spent).await?
        {
            let applicant = Applicant {
                id: id.clone(),
                email,
                stage: Stage::Waiting,
                introduction: said(&spent)?,
                membership: Membership::default(),
                created_at: self.now,
                expires_at: *expires_at,
            };
            transaction
                .query(&applicants::insert(&applicant, &spent.identifier))
                .await?;
            return Ok(Decision::Commit(Some(Next::Wait(spent.email))));
        }
        let next = NewLink {
            token_hash: self.registration,
            link: self.next,
            identifier: spent.identifier,
            email,
            account_id: None,
            details: spent.details,
            created_at: self.now,
        };
        transaction.query(&links::insert(&next)).await?;
        Ok(Decision::Commit(Some(Next::Register(spent.email))))
    }

    /// Who was admitted and has lost the mail need not wait again.
    async fn is_admitted(&self, transaction: &mut Transaction<'_>, link: &StoredLink) -> Result<bool, DbError> {
        let row = transaction
            .query_one(&applicants::by_identifier(&link.identifier))
            .await?;
        let applicant = row.as_ref().map(applicants::read).transpose()?;
        Ok(applicant.is_some_and(|applicant| applicant.stage == Stage::Admitted))
    }
}

/// What was said at sign-up.
fn said(link: &StoredLink) -> Result<Introduction, DbError> {
    let details = link.details.as_deref().map(serde_json::from_str).transpose();
    let said = details.map_err(|error| DbError::Inconsistent(format!("links.details: {error}")))?;
    Ok(said.unwrap_or_default())
}
