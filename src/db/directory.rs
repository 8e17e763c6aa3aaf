//! Lists of people, by pages. Each page costs the same however many people there are: it begins in an index where the last
//! one ended.

use super::error::DbError;
use super::profiles;
use super::statement::Statement;
use super::value::Row;
use crate::domain::account::{MOST_ASKED, Profile};
use crate::domain::clock::Timestamp;

/// Somebody as a list shows them.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The account.
    pub id: String,
    /// Its address, canonical.
    pub email: String,
    /// Whether it may sign in.
    pub active: bool,
    /// Since when there is one.
    pub created_at: Timestamp,
    /// What was wrong with the last mail to it.
    pub mail_trouble: Option<String>,
    /// What its owner says.
    pub profile: Profile,
    /// The scopes it holds.
    pub scopes: Vec<String>,
    /// Where the page after this entry begins.
    pub key: Vec<u8>,
}

/// Everybody by address, after `(email, id)`: rows of [`read`].
#[must_use]
pub fn everybody(after: (&str, &str), limit: i64) -> Statement {
    Statement::new(
        "SELECT a.id, a.email, a.status, a.created_at, t.reason, s.scope, NULL, p.given_name, p.family_name, \
         p.call_name, p.phone, p.birth_date, p.education, p.age_privacy, p.membership_number, p.joined_on, \
         p.street_address, p.locality, p.region, p.postal_code, p.country, p.locale, p.updated_at \
         FROM (SELECT id, identifier, email, status, created_at FROM accounts WHERE (email, id) > ($1, $2) \
         ORDER BY email, id LIMIT $3) a \
         LEFT JOIN profiles p ON p.account_id = a.id \
         LEFT JOIN mail_troubles t ON t.identifier = a.identifier \
         LEFT JOIN account_scopes s ON s.account_id = a.id ORDER BY a.email, a.id, s.scope",
    )
    .bind(after.0)
    .bind(after.1)
    .bind(limit)
}

/// Those of whom every word of a question begins a term, in order of the term that the first word begins, after
/// `(term, id)`: rows of [`read`]. Nobody stands there twice: of several terms that the first word begins, the least
/// counts.
#[must_use]
pub fn found(question: &[Vec<u8>], after: Option<(&[u8], &str)>, limit: i64) -> Statement {
    let mut statement = Statement::new(
        "SELECT a.id, a.email, a.status, a.created_at, m.reason, s.scope, f.term, p.given_name, p.family_name, \
         p.call_name, p.phone, p.birth_date, p.education, p.age_privacy, p.membership_number, p.joined_on, \
         p.street_address, p.locality, p.region, p.postal_code, p.country, p.locale, p.updated_at \
         FROM (SELECT t.account_id, t.term FROM account_terms t \
         WHERE (t.term, t.account_id) > ($1, $2) AND t.term >= $4 AND t.term < $5 \
         AND NOT EXISTS (SELECT 1 FROM account_terms o WHERE o.account_id = t.account_id AND o.term >= $4 \
         AND o.term < t.term) \
         AND EXISTS (SELECT 1 FROM account_terms o WHERE o.account_id = t.account_id AND o.term >= $6 AND o.term < $7) \
         AND EXISTS (SELECT 1 FROM account_terms o WHERE o.account_id = t.account_id AND o.term >= $8 AND o.term < $9) \
         ORDER BY t.term, t.account_id LIMIT $3) f \
         JOIN accounts a ON a.id = f.account_id \
         LEFT JOIN profiles p ON p.account_id = a.id \
         LEFT JOIN mail_troubles m ON m.identifier = a.identifier \
         LEFT JOIN account_scopes s ON s.account_id = a.id ORDER BY f.term, a.id, s.scope",
    );
    let first = question.first().map_or(&[][..], Vec::as_slice);
    let (term, id) = after.unwrap_or((first, ""));
    statement = statement.bind(term).bind(id).bind(limit);
    for at in 0..MOST_ASKED {
        // A word that is not there is begun by everything.
        let word = question.get(at).map_or(&[][..], Vec::as_slice);
        statement = statement.bind(word).bind(end_of(word));
    }
    statement
}

/// The first bytes after all that begin with `word`: UTF-8 never has the byte `ff`.
fn end_of(word: &[u8]) -> Vec<u8> {
    [word, &[0xff]].concat()
}

/// One person: rows of [`read`].
#[must_use]
pub fn one(id: &str) -> Statement {
    Statement::new(
        "SELECT a.id, a.email, a.status, a.created_at, t.reason, s.scope, NULL, p.given_name, p.family_name, \
         p.call_name, p.phone, p.birth_date, p.education, p.age_privacy, p.membership_number, p.joined_on, \
         p.street_address, p.locality, p.region, p.postal_code, p.country, p.locale, p.updated_at \
         FROM accounts a LEFT JOIN profiles p ON p.account_id = a.id \
         LEFT JOIN mail_troubles t ON t.identifier = a.identifier \
         LEFT JOIN account_scopes s ON s.account_id = a.id WHERE a.id = $1 ORDER BY s.scope",
    )
    .bind(id)
}

/// Those who hold any scope, by account, after `id`: rows of [`read`].
#[must_use]
pub fn holders(after: &str, limit: i64) -> Statement {
    Statement::new(
        "SELECT a.id, a.email, a.status, a.created_at, t.reason, s.scope, NULL, p.given_name, p.family_name, \
         p.call_name, p.phone, p.birth_date, p.education, p.age_privacy, p.membership_number, p.joined_on, \
         p.street_address, p.locality, p.region, p.postal_code, p.country, p.locale, p.updated_at \
         FROM (SELECT DISTINCT account_id FROM account_scopes WHERE account_id > $1 ORDER BY account_id LIMIT $2) h \
         JOIN accounts a ON a.id = h.account_id \
         LEFT JOIN profiles p ON p.account_id = a.id \
         LEFT JOIN mail_troubles t ON t.identifier = a.identifier \
         LEFT JOIN account_scopes s ON s.account_id = a.id ORDER BY a.id, s.scope",
    )
    .bind(after)
    .bind(limit)
}

/// Reads the rows of a list: one for each scope that somebody holds, those of one person beside each other.
///
/// # Errors
/// [`DbError::Inconsistent`] if a row is not one of ours.
pub fn read(rows: &[Row]) -> Result<Vec<Listed>, DbError> {
    let mut people: Vec<Listed> = Vec::new();
    for row in rows {
        let scope = row.optional_text(5)?.map(str::to_owned);
        match people
            .last_mut()
            .filter(|last| row.text(0).is_ok_and(|id| id == last.id))
        {
            Some(last) => last.scopes.extend(scope),
            None => people.push(Listed {
                id: row.text(0)?.to_owned(),
                email: row.text(1)?.to_owned(),
                active: row.text(2)? == "active",
                created_at: Timestamp::from_millis(row.integer(3)?),
                mail_trouble: row.optional_text(4)?.map(str::to_owned),
                profile: profiles::read(row, 7)?.0,
                scopes: scope.into_iter().collect(),
                key: if row.is_null(6) {
                    row.text(1)?.as_bytes().to_vec()
                } else {
                    row.blob(6)?.to_vec()
                },
            }),
        }
    }
    Ok(people)
}

/// The birthdays that members may see, in order of the calendar, after `(month and day, id)`:
/// `account_id, given_name, family_name, call_name, birth_date, birthday`.
#[must_use]
pub fn birthdays(after: (i64, &str), limit: i64) -> Statement {
    Statement::new(
        "SELECT p.account_id, p.given_name, p.family_name, p.call_name, p.birth_date, p.birthday FROM profiles p \
         JOIN accounts a ON a.id = p.account_id \
         JOIN account_scopes s ON s.account_id = p.account_id AND s.scope = 'member' \
         WHERE p.age_privacy = 0 AND (p.birthday, p.account_id) > ($1, $2) AND a.status = 'active' \
         ORDER BY p.birthday, p.account_id LIMIT $3",
    )
    .bind(after.0)
    .bind(after.1)
    .bind(limit)
}

/// What members may see of a member: the columns of [`profiles::read`]; no row for anybody else.
#[must_use]
pub fn member(id: &str) -> Statement {
    Statement::new(
        "SELECT p.given_name, p.family_name, p.call_name, p.phone, p.birth_date, p.education, p.age_privacy, \
         p.membership_number, p.joined_on, p.street_address, p.locality, p.region, p.postal_code, p.country, p.locale, \
         p.updated_at FROM accounts a \
         JOIN account_scopes s ON s.account_id = a.id AND s.scope = 'member' \
         LEFT JOIN profiles p ON p.account_id = a.id WHERE a.id = $1 AND a.status = 'active'",
    )
    .bind(id)
}

#[cfg(test)]
mod tests;
