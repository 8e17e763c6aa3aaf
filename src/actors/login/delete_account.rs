//! The end of an account: proved by a login made for it, all in one transaction.

use super::links::spend;
use super::proof::{Proof, Shown, proven};
use super::{Deps, Login, LoginError};
use crate::actors::end_session::tell_of_account;
use crate::actors::mailer::letters::Letters;
use crate::actors::supervise::{Answer, Myself, Request, Serve};
use crate::db::{DbError, Decision, Transaction, accounts, applicants, links, profiles};
use crate::domain::account::LinkPurpose;
use crate::domain::clock::Timestamp;
use crate::domain::email::{Email, Identifier};
use crate::domain::mail::{Language, MailKind};
use crate::domain::secret::{Token, TokenHash};

/// Deletes one's own account.
pub struct DeleteAccount {
    /// What the login was made for.
    pub token: Token,
    /// What proves it.
    pub proof: Proof,
    /// To write to somebody in who has not said which language they want.
    pub language: Language,
}

impl Request for DeleteAccount {
    type Reply = Result<(), LoginError>;
}

impl Serve<DeleteAccount> for Login {
    fn serve(&mut self, request: DeleteAccount, _: &Myself<Self>) -> Answer<Result<(), LoginError>> {
        let deps = self.deps.clone();
        Answer::later(async move { deps.delete_account(request).await })
    }
}

/// What became of it.
enum Deleted {
    Yes,
    Expired,
    NotProven,
    LastAdministrator,
}

/// All that the transaction needs.
struct Deletion {
    token: TokenHash,
    shown: Option<Shown>,
    language: Language,
    letters: Letters,
    now: Timestamp,
}

impl Deps {
    async fn delete_account(&self, request: DeleteAccount) -> Result<(), LoginError> {
        let deletion = Deletion {
            token: request.token.hash(),
            shown: request.proof.shown(),
            language: request.language,
            letters: self.letters(),
            now: self.clock.now(),
        };
        let deleted = self
            .writes
            .transact("delete account", async move |transaction| {
                deletion.run(transaction).await
            })
            .await?;
        self.wake_mailer();
        match deleted {
            Deleted::Yes => Ok(()),
            Deleted::Expired => Err(LoginError::Expired),
            Deleted::NotProven => Err(LoginError::NotProven),
            Deleted::LastAdministrator => Err(LoginError::LastAdministrator),
        }
    }
}

impl Deletion {
    async fn run(&self, transaction: &mut Transaction<'_>) -> Result<Decision<Deleted>, DbError> {
        let link = spend(transaction, &self.token, &[LinkPurpose::DeleteAccount], self.now).await?;
        let Some(link) = link else {
            return Ok(Decision::Rollback(Deleted::Expired));
        };
        let proof = proven(transaction, self.shown.as_ref(), &self.token, &link, self.now).await?;
        let (Some(account_id), true) = (&link.account_id, proof.is_some()) else {
            return Ok(Decision::Rollback(Deleted::NotProven));
        };
        if transaction
            .query_one(&accounts::is_administrator(account_id))
            .await?
            .is_some()
        {
            transaction.query(&accounts::guard_administrators()).await?;
            if transaction
                .query_one(&accounts::other_administrator(account_id))
                .await?
                .is_none()
            {
                return Ok(Decision::Rollback(Deleted::LastAdministrator));
            }
        }
        let row = transaction.query_one(&profiles::by_account(account_id)).await?;
        let locale = row
            .map(|row| profiles::read(&row, 0))
            .transpose()?
            .and_then(|(profile, _)| profile.locale);
        tell_of_account(transaction, account_id, None, self.now).await?;
        let Some(gone) = transaction.query_one(&accounts::remove(account_id)).await? else {
            return Ok(Decision::Rollback(Deleted::Expired));
        };
        let identifier = Identifier(gone.bytes(0)?);
        for forget in [
            accounts::forget_browsers(&identifier),
            links::remove_all(&identifier),
            applicants::remove_by_identifier(&identifier),
        ] {
            transaction.query(&forget).await?;
        }
        if let Ok(email) = Email::parse(gone.text(1)?) {
            let kind = MailKind::AccountDeleted {
                home_url: self.letters.url("/"),
            };
            let language = locale.as_deref().and_then(Language::of).unwrap_or(self.language);
            transaction
                .query(&self.letters.notice(&kind, &email, language, self.now))
                .await?;
        }
        Ok(Decision::Commit(Deleted::Yes))
    }
}
