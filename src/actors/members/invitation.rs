//! Taking somebody in, inside a transaction: for requests of administrators, and for the commands.

use crate::actors::mailer::letters::Letters;
use crate::db::applicants::{self, Applicant, Stage};
use crate::db::links::NewLink;
use crate::db::{DbError, Statement, Transaction, accounts, links, profiles};
use crate::domain::account::{Introduction, Link, LinkPurpose, Membership};
use crate::domain::clock::Timestamp;
use crate::domain::email::{Email, Identifier};
use crate::domain::mail::{Language, MailKind};
use crate::domain::random::name;
use crate::domain::secret::Token;

/// Somebody to take in.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// The address.
    pub email: Email,
    /// Keyed hash of it.
    pub identifier: Identifier,
    /// What is known of them.
    pub introduction: Introduction,
    /// What an administrator says of them.
    pub membership: Membership,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invited {
    /// The registration mail is queued.
    Yes,
    /// The address has an account.
    HasAccount,
    /// It has been invited or admitted before; no second mail is sent.
    Before,
    /// Somebody else has the membership number.
    NumberTaken,
}

/// Takes somebody in, whether they have applied or not. What is written stays only if it is [`Invited::Yes`].
///
/// # Errors
/// [`DbError`] as the database sees it.
pub async fn invite(
    transaction: &mut Transaction<'_>,
    letters: &Letters,
    invitation: &Invitation,
    now: Timestamp,
) -> Result<Invited, DbError> {
    let identifier = &invitation.identifier;
    if transaction
        .query_one(&accounts::by_identifier(identifier))
        .await?
        .is_some()
    {
        return Ok(Invited::HasAccount);
    }
    let row = transaction.query_one(&applicants::by_identifier(identifier)).await?;
    if let Some(applicant) = row.as_ref().map(applicants::read).transpose()? {
        return match applicant.stage {
            Stage::Waiting => {
                admit(
                    transaction,
                    letters,
                    &applicant,
                    identifier,
                    &invitation.membership,
                    now,
                )
                .await
            }
            Stage::Admitted => Ok(Invited::Before),
        };
    }
    let applicant = Applicant {
        id: name(letters.random.as_ref()),
        email: invitation.email.clone(),
        stage: Stage::Admitted,
        introduction: invitation.introduction.clone(),
        membership: invitation.membership.clone(),
        created_at: now,
        expires_at: now.plus(letters.config.define.lifetimes.invitation),
    };
    if is_taken(transaction, &applicant.membership, &applicant.id).await? {
        return Ok(Invited::NumberTaken);
    }
    if transaction
        .query_one(&applicants::insert(&applicant, identifier))
        .await?
        .is_none()
    {
        return Ok(Invited::Before);
    }
    send(transaction, letters, &applicant, identifier, now).await?;
    Ok(Invited::Yes)
}

/// Admits somebody who waits. What is written stays only if it is [`Invited::Yes`].
///
/// # Errors
/// [`DbError`] as the database sees it.
pub async fn admit(
    transaction: &mut Transaction<'_>,
    letters: &Letters,
    applicant: &Applicant,
    identifier: &Identifier,
    membership: &Membership,
    now: Timestamp,
) -> Result<Invited, DbError> {
    if is_taken(transaction, membership, &applicant.id).await? {
        return Ok(Invited::NumberTaken);
    }
    let expires_at = now.plus(letters.config.define.lifetimes.invitation);
    let admitted = applicants::admit(&applicant.id, membership, expires_at);
    if transaction.query_one(&admitted).await?.is_none() {
        return Ok(Invited::Before);
    }
    send(transaction, letters, applicant, identifier, now).await?;
    Ok(Invited::Yes)
}

/// Sends the registration mail, once more or for the first time; links sent before no longer count.
///
/// # Errors
/// [`DbError`] as the database sees it.
pub async fn send(
    transaction: &mut Transaction<'_>,
    letters: &Letters,
    applicant: &Applicant,
    identifier: &Identifier,
    now: Timestamp,
) -> Result<(), DbError> {
    transaction.query(&links::void_all(identifier, now)).await?;
    for statement in mail(letters, applicant, identifier, now) {
        transaction.query(&statement).await?;
    }
    Ok(())
}

fn mail(letters: &Letters, applicant: &Applicant, identifier: &Identifier, now: Timestamp) -> [Statement; 2] {
    let token = Token::generate(letters.random.as_ref());
    let valid = letters.config.define.lifetimes.invitation;
    let link = Link::lasting(LinkPurpose::Register, now, valid);
    let kind = MailKind::Admitted {
        link: letters.link("/register/", &token),
        valid,
    };
    let locale = applicant.introduction.locale.as_deref();
    let language = locale.and_then(Language::of).unwrap_or_default();
    let queue = letters.queue(&kind, &applicant.email, language, now, link.expires_at);
    let insert = links::insert(&NewLink {
        token_hash: token.hash(),
        link,
        identifier: *identifier,
        email: applicant.email.clone(),
        account_id: None,
        details: None,
        created_at: now,
    });
    [insert, queue]
}

async fn is_taken(
    transaction: &mut Transaction<'_>,
    membership: &Membership,
    applicant_id: &str,
) -> Result<bool, DbError> {
    let Some(number) = &membership.number else {
        return Ok(false);
    };
    let taken = transaction
        .query_one(&profiles::number_taken(number, applicant_id))
        .await?;
    Ok(taken.is_some())
}
