//! `applicants`: people with a confirmed or invited address who have no account yet.

use super::error::DbError;
use super::statement::Statement;
use super::value::Row;
use crate::domain::account::{Date, Introduction, Membership};
use crate::domain::clock::Timestamp;
use crate::domain::email::{Email, Identifier};

/// How far somebody is on the way in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The address is confirmed; an administrator has to decide.
    Waiting,
    /// The registration mail is out.
    Admitted,
}

impl Stage {
    /// As it is stored, and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Admitted => "admitted",
        }
    }

    /// Reads what [`Stage::as_str`] wrote; anything else is `None`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Waiting, Self::Admitted]
            .into_iter()
            .find(|stage| stage.as_str() == text)
    }
}

/// Somebody on the way in.
#[derive(Clone, Debug)]
pub struct Applicant {
    /// A random name.
    pub id: String,
    /// The address, canonical.
    pub email: Email,
    /// How far they are.
    pub stage: Stage,
    /// What they said of themselves.
    pub introduction: Introduction,
    /// What an administrator said of them.
    pub membership: Membership,
    /// Since when they are known.
    pub created_at: Timestamp,
    /// When they are forgotten.
    pub expires_at: Timestamp,
}

/// Remembers somebody; no row if the address is there already.
#[must_use]
pub fn insert(applicant: &Applicant, identifier: &Identifier) -> Statement {
    let said = &applicant.introduction;
    Statement::new(
        "INSERT INTO applicants (id, identifier, email, stage, given_name, family_name, phone, locale, \
         membership_number, joined_on, created_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (identifier) DO NOTHING RETURNING id",
    )
    .bind(applicant.id.as_str())
    .bind(&identifier.0)
    .bind(applicant.email.as_str())
    .bind(applicant.stage.as_str())
    .bind(said.given_name.as_deref())
    .bind(said.family_name.as_deref())
    .bind(said.phone.as_deref())
    .bind(said.locale.as_deref())
    .bind(applicant.membership.number.as_deref())
    .bind(applicant.membership.joined_on.map(|date| date.to_string()))
    .bind(applicant.created_at.as_millis())
    .bind(applicant.expires_at.as_millis())
}

/// The applicant of an address: the columns of [`read`].
#[must_use]
pub fn by_identifier(identifier: &Identifier) -> Statement {
    Statement::new(
        "SELECT id, email, stage, given_name, family_name, phone, locale, membership_number, joined_on, created_at, \
         expires_at FROM applicants WHERE identifier = $1",
    )
    .bind(&identifier.0)
}

/// The applicant of a name: the columns of [`read`].
#[must_use]
pub fn by_id(id: &str) -> Statement {
    Statement::new(
        "SELECT id, email, stage, given_name, family_name, phone, locale, membership_number, joined_on, created_at, \
         expires_at FROM applicants WHERE id = $1",
    )
    .bind(id)
}

/// A page of those in a stage, oldest first, after `(created_at, id)`: the columns of [`read`], and what was wrong with
/// the last mail to them, or `NULL`.
#[must_use]
pub fn page(stage: Stage, after: (i64, &str), limit: i64) -> Statement {
    Statement::new(
        "SELECT a.id, a.email, a.stage, a.given_name, a.family_name, a.phone, a.locale, a.membership_number, \
         a.joined_on, a.created_at, a.expires_at, t.reason FROM applicants a \
         LEFT JOIN mail_troubles t ON t.identifier = a.identifier \
         WHERE a.stage = $1 AND (a.created_at, a.id) > ($2, $3) ORDER BY a.created_at, a.id LIMIT $4",
    )
    .bind(stage.as_str())
    .bind(after.0)
    .bind(after.1)
    .bind(limit)
}

/// Reads a row of [`by_identifier`], [`by_id`] or [`page`].
///
/// # Errors
/// [`DbError::Inconsistent`] if the row is not one of ours.
pub fn read(row: &Row) -> Result<Applicant, DbError> {
    let inconsistent = |what: &str| DbError::Inconsistent(format!("applicants: {what}"));
    let text = |at: usize| row.optional_text(at).map(|text| text.map(str::to_owned));
    let joined_on = row.optional_text(8)?.map(str::parse::<Date>).transpose();
    Ok(Applicant {
        id: row.text(0)?.to_owned(),
        email: Email::parse(row.text(1)?).map_err(|_| inconsistent("email"))?,
        stage: Stage::parse(row.text(2)?).ok_or_else(|| inconsistent("stage"))?,
        introduction: Introduction {
            given_name: text(3)?,
            family_name: text(4)?,
            phone: text(5)?,
            locale: text(6)?,
        },
        membership: Membership {
            number: text(7)?,
            joined_on: joined_on.map_err(|_| inconsistent("joined_on"))?,
        },
        created_at: Timestamp::from_millis(row.integer(9)?),
        expires_at: Timestamp::from_millis(row.integer(10)?),
    })
}

/// Admits somebody who waits; a row if nobody else did so first.
#[must_use]
pub fn admit(id: &str, membership: &Membership, expires_at: Timestamp) -> Statement {
    Statement::new(
        "UPDATE applicants SET stage = 'admitted', membership_number = $2, joined_on = $3, expires_at = $4 \
         WHERE id = $1 AND stage = 'waiting' RETURNING id",
    )
    .bind(id)
    .bind(membership.number.as_deref())
    .bind(membership.joined_on.map(|date| date.to_string()))
    .bind(expires_at.as_millis())
}

/// Remembers somebody who is admitted for longer; a row if there is such a one.
#[must_use]
pub fn prolong(id: &str, expires_at: Timestamp) -> Statement {
    Statement::new("UPDATE applicants SET expires_at = $2 WHERE id = $1 AND stage = 'admitted' RETURNING id")
        .bind(id)
        .bind(expires_at.as_millis())
}

/// Forgets somebody; a row with the address's keyed hash if they were there.
#[must_use]
pub fn remove(id: &str) -> Statement {
    Statement::new("DELETE FROM applicants WHERE id = $1 RETURNING identifier").bind(id)
}

/// Forgets whoever has this address: they have an account now, or had one. Gives the columns of [`read`].
#[must_use]
pub fn remove_by_identifier(identifier: &Identifier) -> Statement {
    Statement::new(
        "DELETE FROM applicants WHERE identifier = $1 RETURNING id, email, stage, given_name, family_name, phone, \
         locale, membership_number, joined_on, created_at, expires_at",
    )
    .bind(&identifier.0)
}
