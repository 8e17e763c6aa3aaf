//! Last message of a registration: the record is stored and the link spent, in one transaction (RFC 9807 §5.2.3).

use super::links::spend;
use super::start_registration::Occasion;
use super::states::Exchange;
use super::{Deps, Login, LoginError};
use crate::actors::mailer::queue::enqueue;
use crate::actors::supervise::{Answer, Myself, Request, Serve};
use crate::db::links::StoredLink;
use crate::db::{DbError, Decision, Statement, Transaction, accounts, codes, families, links, sessions};
use crate::domain::account::AccountId;
use crate::domain::clock::Timestamp;
use crate::domain::email::Email;
use crate::domain::mail::{MailKind, render};
use crate::domain::opaque::registration::{Record, Registration};
use crate::domain::opaque::wire::RegistrationUpload;
use crate::domain::secret::{Token, TokenHash};

/// Finishes a registration.
pub struct FinishRegistration {
    /// Under which the state waits.
    pub auth_id: Token,
    /// What the registration was started for.
    pub occasion: Occasion,
    /// The client's last message.
    pub upload: RegistrationUpload,
}

impl Request for FinishRegistration {
    type Reply = Result<(), LoginError>;
}

impl Serve<FinishRegistration> for Login {
    fn serve(&mut self, request: FinishRegistration, _: &Myself<Self>) -> Answer<Result<(), LoginError>> {
        let deps = self.deps.clone();
        Answer::later(async move { deps.finish_registration(request).await })
    }
}

/// All that the transaction needs; made before it, since it may run more than once.
struct Enrolment {
    link: TokenHash,
    occasion: Occasion,
    registration: Registration,
    record: Record,
    new_id: String,
    notice: Option<Statement>,
    now: Timestamp,
}

impl Deps {
    async fn finish_registration(&self, request: FinishRegistration) -> Result<(), LoginError> {
        let Some(state) = self.take(Exchange::Registration, &request.auth_id).await? else {
            return Err(LoginError::Expired);
        };
        let (link, rest) = state.split_first_chunk::<32>().ok_or(LoginError::Expired)?;
        let link = TokenHash::from_bytes(*link);
        let registration = Registration::from_bytes(rest).ok_or(LoginError::Expired)?;
        let enrolment = Enrolment {
            occasion: request.occasion,
            registration: registration.clone(),
            record: registration.finish(request.upload),
            link,
            new_id: AccountId::generate(self.random.as_ref()).to_string(),
            notice: self.notice(request.occasion, &link).await?,
            now: self.clock.now(),
        };
        let tells = enrolment.notice.is_some();
        let done = self
            .writes
            .transact("finish registration", async move |transaction| {
                enrolment.run(transaction).await
            })
            .await?;
        if !done {
            return Err(LoginError::Expired);
        }
        metrics::counter!("countersign_registrations_total").increment(1);
        if tells {
            self.wake_mailer();
        }
        Ok(())
    }

    /// A changed password is told to the address it belongs to.
    async fn notice(&self, occasion: Occasion, link: &TokenHash) -> Result<Option<Statement>, LoginError> {
        if occasion == Occasion::NewAccount {
            return Ok(None);
        }
        let stored = self.find_link(link, occasion.purpose()).await?;
        let Ok(email) = Email::parse(&stored.email) else {
            return Ok(None);
        };
        let define = &self.config.define;
        let kind = MailKind::PasswordChanged {
            reset_url: define.issuer.url("/forgot/"),
        };
        let mail = render(&kind, &email, define.realm.as_str());
        let now = self.clock.now();
        let expires_at = now.plus(self.config.mail.give_up_after);
        Ok(Some(enqueue(
            &self.secrets,
            self.random.as_ref(),
            &mail,
            now,
            expires_at,
        )))
    }
}

impl Enrolment {
    async fn run(&self, transaction: &mut Transaction<'_>) -> Result<Decision<bool>, DbError> {
        let Some(link) = spend(transaction, &self.link, self.occasion.purpose(), self.now).await? else {
            return Ok(Decision::Rollback(false));
        };
        // The password was evaluated for one identifier; a record for another would never open.
        if link.identifier != *self.registration.identifier() {
            return Ok(Decision::Rollback(false));
        }
        let stored = match self.occasion {
            Occasion::NewAccount => self.make_account(transaction, &link).await?,
            Occasion::ResetPassword => self.replace_record(transaction, &link).await?,
        };
        if !stored {
            return Ok(Decision::Rollback(false));
        }
        transaction.query(&links::void_all(&link.identifier, self.now)).await?;
        if let Some(notice) = &self.notice {
            transaction.query(notice).await?;
        }
        Ok(Decision::Commit(true))
    }

    async fn make_account(&self, transaction: &mut Transaction<'_>, link: &StoredLink) -> Result<bool, DbError> {
        let email =
            Email::parse(&link.email).map_err(|error| DbError::Inconsistent(format!("links.email: {error}")))?;
        let insert = accounts::insert(&self.new_id, &link.identifier, &email, self.record.as_bytes(), self.now);
        Ok(transaction.query_one(&insert).await?.is_some())
    }

    /// A new password ends everything that the old one opened: sessions, families, codes.
    async fn replace_record(&self, transaction: &mut Transaction<'_>, link: &StoredLink) -> Result<bool, DbError> {
        let Some(account_id) = &link.account_id else {
            return Ok(false);
        };
        let replace = accounts::replace_record(account_id, self.record.as_bytes(), self.now);
        if transaction.query_one(&replace).await?.is_none() {
            return Ok(false);
        }
        transaction.query(&sessions::end_all(account_id, self.now)).await?;
        transaction
            .query(&families::end_of_account(account_id, self.now))
            .await?;
        transaction.query(&codes::void_of_account(account_id)).await?;
        Ok(true)
    }
}
