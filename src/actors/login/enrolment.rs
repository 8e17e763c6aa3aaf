//! The transaction that stores a registration: all of it, or nothing.

use super::links::spend;
use super::proof::{Shown, proven};
use super::start_registration::Occasion;
use crate::actors::end_session::end_all_of_account;
use crate::actors::mailer::letters::Letters;
use crate::db::links::StoredLink;
use crate::db::{DbError, Decision, Transaction, accounts, applicants, links, profiles};
use crate::domain::account::{Date, Introduction, Profile, ProfileEdit, ProfileError, terms};
use crate::domain::clock::Timestamp;
use crate::domain::email::{Email, Identifier};
use crate::domain::mail::{Language, MailKind};
use crate::domain::oauth::scope::MEMBER;
use crate::domain::opaque::registration::Record;
use crate::domain::secret::TokenHash;

/// All that the transaction needs; made before it, since it may run more than once.
pub(super) struct Enrolment {
    pub(super) token: TokenHash,
    pub(super) occasion: Occasion,
    pub(super) record: Record,
    /// For whom the password was evaluated.
    pub(super) identifier: Identifier,
    pub(super) shown: Option<Shown>,
    pub(super) new_id: String,
    /// What a new account's owner says of themselves.
    pub(super) said: ProfileEdit,
    pub(super) language: Language,
    pub(super) letters: Letters,
    pub(super) now: Timestamp,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Enrolled {
    /// The record counts.
    Yes,
    /// The link does not, or not any more.
    Expired,
    /// The login made for it is missing.
    NotProven,
    /// Another account has the new address.
    Taken,
    /// What its owner says cannot be.
    NotSaid(ProfileError),
}

impl Enrolment {
    pub(super) async fn run(&self, transaction: &mut Transaction<'_>) -> Result<Decision<Enrolled>, DbError> {
        let Some(link) = spend(transaction, &self.token, self.occasion.purposes(), self.now).await? else {
            return Ok(Decision::Rollback(Enrolled::Expired));
        };
        // The password was evaluated for one identifier; a record for another would never open.
        if link.identifier != self.identifier {
            return Ok(Decision::Rollback(Enrolled::Expired));
        }
        let mut session = None;
        if link.link.purpose.needs_login() {
            session = proven(transaction, self.shown.as_ref(), &self.token, &link, self.now).await?;
            if session.is_none() {
                return Ok(Decision::Rollback(Enrolled::NotProven));
            }
        }
        let enrolled = match self.occasion {
            Occasion::NewAccount => self.make_account(transaction, &link).await?,
            Occasion::NewPassword => self.replace_record(transaction, &link, session.as_deref()).await?,
            Occasion::NewAddress => self.move_account(transaction, &link, session.as_deref()).await?,
        };
        if enrolled != Enrolled::Yes {
            return Ok(Decision::Rollback(enrolled));
        }
        transaction.query(&links::void_all(&link.identifier, self.now)).await?;
        Ok(Decision::Commit(Enrolled::Yes))
    }

    /// Whoever was admitted becomes a member, with what an administrator said of them.
    async fn make_account(&self, transaction: &mut Transaction<'_>, link: &StoredLink) -> Result<Enrolled, DbError> {
        let email = address(link)?;
        let (id, now) = (self.new_id.as_str(), self.now);
        // Where it is tomorrow already, children are born today.
        let mut profile = match introduced(link)?.edit(self.said.clone(), Date::of(now).next()) {
            Ok(profile) => profile,
            Err(error) => return Ok(Enrolled::NotSaid(error)),
        };
        let insert = accounts::insert(id, &link.identifier, &email, self.record.as_bytes(), now);
        if transaction.query_one(&insert).await?.is_none() {
            return Ok(Enrolled::Expired);
        }
        let row = transaction
            .query_one(&applicants::remove_by_identifier(&link.identifier))
            .await?;
        if let Some(applicant) = row.as_ref().map(applicants::read).transpose()?
            && applicant.stage == applicants::Stage::Admitted
        {
            let said = applicant.introduction;
            profile.given_name = profile.given_name.or(said.given_name);
            profile.family_name = profile.family_name.or(said.family_name);
            profile.phone = profile.phone.or(said.phone);
            profile.locale = profile.locale.or(said.locale);
            profile.membership_number = applicant.membership.number;
            profile.joined_on = applicant.membership.joined_on;
            transaction.query(&accounts::add_scope(id, MEMBER, now)).await?;
        }
        transaction.query(&profiles::put(id, &profile, now)).await?;
        for statement in profiles::index(id, &terms(email.as_str(), &profile)) {
            transaction.query(&statement).await?;
        }
        let kind = MailKind::Welcome {
            login_url: self.letters.url("/login/"),
        };
        let language = self.language_of(profile.locale.as_deref());
        transaction
            .query(&self.letters.notice(&kind, &email, language, now))
            .await?;
        Ok(Enrolled::Yes)
    }

    /// A new password ends everything that the old one opened, but for the session that proves a change.
    async fn replace_record(
        &self,
        transaction: &mut Transaction<'_>,
        link: &StoredLink,
        session: Option<&str>,
    ) -> Result<Enrolled, DbError> {
        let Some(account_id) = &link.account_id else {
            return Ok(Enrolled::Expired);
        };
        let replace = accounts::replace_record(account_id, self.record.as_bytes(), self.now);
        if transaction.query_one(&replace).await?.is_none() {
            return Ok(Enrolled::Expired);
        }
        end_all(transaction, account_id, session, self.now).await?;
        let kind = MailKind::PasswordChanged {
            reset_url: self.letters.url("/forgot/"),
        };
        let language = self.stored_language(transaction, account_id).await?;
        let notice = self.letters.notice(&kind, &address(link)?, language, self.now);
        transaction.query(&notice).await?;
        Ok(Enrolled::Yes)
    }

    /// Address and record change together; the old address is told, and so is whoever wanted the new one too.
    async fn move_account(
        &self,
        transaction: &mut Transaction<'_>,
        link: &StoredLink,
        session: Option<&str>,
    ) -> Result<Enrolled, DbError> {
        let (Some(account_id), email) = (&link.account_id, address(link)?) else {
            return Ok(Enrolled::Expired);
        };
        let Some(row) = transaction.query_one(&accounts::by_id(account_id)).await? else {
            return Ok(Enrolled::Expired);
        };
        let before = accounts::read(&row)?;
        if !before.active {
            return Ok(Enrolled::Expired);
        }
        let moved = accounts::move_to(account_id, &link.identifier, &email, self.record.as_bytes(), self.now);
        if transaction.query_one(&moved).await?.is_none() {
            return Ok(Enrolled::Taken);
        }
        let (profile, _) = match transaction.query_one(&profiles::by_account(account_id)).await? {
            Some(row) => profiles::read(&row, 0)?,
            None => (Profile::default(), None),
        };
        for statement in profiles::index_anew(account_id, &terms(email.as_str(), &profile)) {
            transaction.query(&statement).await?;
        }
        // Somebody who only waits to be admitted with this address has an account now.
        transaction
            .query(&applicants::remove_by_identifier(&link.identifier))
            .await?;
        let told = self.language_of(profile.locale.as_deref());
        let kind = MailKind::EmailChanged {
            home_url: self.letters.url("/"),
        };
        let old =
            Email::parse(&before.email).map_err(|error| DbError::Inconsistent(format!("accounts.email: {error}")))?;
        transaction
            .query(&self.letters.notice(&kind, &old, told, self.now))
            .await?;
        self.tell_rivals(transaction, link, account_id).await?;
        end_all(transaction, account_id, session, self.now).await?;
        Ok(Enrolled::Yes)
    }

    async fn tell_rivals(
        &self,
        transaction: &mut Transaction<'_>,
        link: &StoredLink,
        account_id: &str,
    ) -> Result<(), DbError> {
        let kind = MailKind::EmailNotChanged {
            login_url: self.letters.url("/login/"),
        };
        for row in transaction
            .query(&links::rivals(&link.identifier, account_id, self.now))
            .await?
        {
            let Ok(email) = Email::parse(row.text(0)?) else {
                continue;
            };
            let language = self.language_of(row.optional_text(1)?);
            transaction
                .query(&self.letters.notice(&kind, &email, language, self.now))
                .await?;
        }
        Ok(())
    }

    fn language_of(&self, locale: Option<&str>) -> Language {
        locale.and_then(Language::of).unwrap_or(self.language)
    }

    async fn stored_language(&self, transaction: &mut Transaction<'_>, account_id: &str) -> Result<Language, DbError> {
        let row = transaction.query_one(&profiles::by_account(account_id)).await?;
        let locale = row
            .map(|row| profiles::read(&row, 0))
            .transpose()?
            .and_then(|(profile, _)| profile.locale);
        Ok(self.language_of(locale.as_deref()))
    }
}

/// Ends what the old record opened: sessions but for `session`, families, codes, links.
async fn end_all(
    transaction: &mut Transaction<'_>,
    account_id: &str,
    session: Option<&str>,
    now: Timestamp,
) -> Result<(), DbError> {
    end_all_of_account(transaction, account_id, session, now).await?;
    transaction.query(&links::void_of_account(account_id, now)).await?;
    Ok(())
}

/// What was said at sign-up, which the link has carried here.
fn introduced(link: &StoredLink) -> Result<Profile, DbError> {
    let Some(details) = &link.details else {
        return Ok(Profile::default());
    };
    let said: Introduction =
        serde_json::from_str(details).map_err(|error| DbError::Inconsistent(format!("links.details: {error}")))?;
    Ok(said.into())
}

fn address(link: &StoredLink) -> Result<Email, DbError> {
    Email::parse(&link.email).map_err(|error| DbError::Inconsistent(format!("links.email: {error}")))
}
