//! `families` and `revoked_tokens`: grants, their refresh tokens' turn, and what was revoked.

use super::error::DbError;
use super::statement::Statement;
use super::value::Row;
use crate::domain::clock::Timestamp;
use crate::domain::oauth::client::{Client, ClientId};
use crate::domain::oauth::family::Family;
use crate::domain::oauth::flow::SessionFacts;
use crate::domain::oauth::scope::ScopeSet;
use crate::domain::oauth::terms::Terms;

/// Stores a new family.
///
/// # Errors
/// [`DbError::Inconsistent`] if the sequence is beyond what a column holds.
pub fn insert(id: &str, family: &Family) -> Result<Statement, DbError> {
    let terms = (!family.terms.is_empty()).then(|| serde_json::to_string(&family.terms));
    let terms = terms
        .transpose()
        .map_err(|error| DbError::Inconsistent(error.to_string()))?;
    Ok(Statement::new(
        "INSERT INTO families (id, client_id, account_id, sid, scope, authenticated_at, sequence, rotated_at, \
         idle_expires_at, expires_at, created_at, terms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
    )
    .bind(id)
    .bind(family.client_id.as_str())
    .bind(family.session.account_id.as_str())
    .bind(family.session.sid.as_str())
    .bind(family.scope.to_string())
    .bind(family.session.authenticated_at.as_millis())
    .bind(sequence(family.sequence)?)
    .bind(family.rotated_at.as_millis())
    .bind(family.idle_expires_at.as_millis())
    .bind(family.expires_at.as_millis())
    .bind(family.started_at.as_millis())
    .bind(terms))
}

/// A row if the account may be granted something now: it is active, and holds the scope that the client demands, if any.
#[must_use]
pub fn may_begin(account_id: &str, required_scope: Option<&str>) -> Statement {
    Statement::new(
        "SELECT 1 FROM accounts a WHERE a.id = $1 AND a.status = 'active' AND (CAST($2 AS TEXT) IS NULL \
         OR EXISTS (SELECT 1 FROM account_scopes s WHERE s.account_id = a.id AND s.scope = CAST($2 AS TEXT)))",
    )
    .bind(account_id)
    .bind(required_scope)
}

/// The family of an id that is not older than its client accepts, and whose account is active and holds the scope that the
/// client demands, if any. Its session is the one that the client was told of.
#[must_use]
pub fn by_id(id: &str, required_scope: Option<&str>) -> Statement {
    Statement::new(
        "SELECT f.client_id, f.account_id, COALESCE(f.told_sid, f.sid), f.scope, f.authenticated_at, f.sequence, \
         f.rotated_at, f.idle_expires_at, f.expires_at, f.ended_at, f.created_at, f.terms \
         FROM families f JOIN accounts a ON a.id = f.account_id JOIN clients c ON c.id = f.client_id \
         WHERE f.id = $1 AND a.status = 'active' AND c.not_before <= f.created_at \
         AND (CAST($2 AS TEXT) IS NULL \
         OR EXISTS (SELECT 1 FROM account_scopes s WHERE s.account_id = a.id AND s.scope = CAST($2 AS TEXT)))",
    )
    .bind(id)
    .bind(required_scope)
}

/// Reads a row of [`by_id`] or [`step`].
///
/// # Errors
/// [`DbError::Inconsistent`] if the row is not one of ours.
pub fn read(row: &Row) -> Result<Family, DbError> {
    let inconsistent = |what: &str| DbError::Inconsistent(format!("families: {what}"));
    Ok(Family {
        client_id: ClientId::parse(row.text(0)?).ok_or_else(|| inconsistent("client_id"))?,
        session: SessionFacts {
            account_id: row.text(1)?.to_owned(),
            sid: row.text(2)?.to_owned(),
            authenticated_at: Timestamp::from_millis(row.integer(4)?),
        },
        scope: ScopeSet::parse(row.text(3)?).map_err(|_| inconsistent("scope"))?,
        sequence: u64::try_from(row.integer(5)?).map_err(|_| inconsistent("sequence"))?,
        rotated_at: Timestamp::from_millis(row.integer(6)?),
        idle_expires_at: Timestamp::from_millis(row.integer(7)?),
        expires_at: Timestamp::from_millis(row.integer(8)?),
        ended: !row.is_null(9),
        started_at: Timestamp::from_millis(row.integer(10)?),
        terms: read_terms(row, 11)?,
    })
}

/// Stores the step from `before` to `next`; a row only if the family is alive, its account active and in possession of the
/// scope that the client demands, and its sequence still that of `before`. One statement decides: of any number of callers
/// at once, one gets the row.
///
/// # Errors
/// As for [`insert`].
pub fn rotate(id: &str, before: &Family, next: &Family, required_scope: Option<&str>) -> Result<Statement, DbError> {
    let moved = before.idle_expires_at != next.idle_expires_at;
    // SQLite rewrites the index entry of a column that is set, whether or not its value changes.
    let statement = Statement::new(if moved {
        "UPDATE families SET sequence = $3, rotated_at = $4, idle_expires_at = $6 \
         WHERE id = $1 AND sequence = $2 AND ended_at IS NULL AND idle_expires_at > $4 AND expires_at > $4 \
         AND EXISTS (SELECT 1 FROM accounts a WHERE a.id = families.account_id AND a.status = 'active') \
         AND (CAST($5 AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM account_scopes s \
         WHERE s.account_id = families.account_id AND s.scope = CAST($5 AS TEXT))) \
         RETURNING sequence"
    } else {
        "UPDATE families SET sequence = $3, rotated_at = $4 \
         WHERE id = $1 AND sequence = $2 AND ended_at IS NULL AND idle_expires_at > $4 AND expires_at > $4 \
         AND EXISTS (SELECT 1 FROM accounts a WHERE a.id = families.account_id AND a.status = 'active') \
         AND (CAST($5 AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM account_scopes s \
         WHERE s.account_id = families.account_id AND s.scope = CAST($5 AS TEXT))) \
         RETURNING sequence"
    })
    .bind(id)
    .bind(sequence(before.sequence)?)
    .bind(sequence(next.sequence)?)
    .bind(next.rotated_at.as_millis())
    .bind(required_scope);
    Ok(if moved {
        statement.bind(next.idle_expires_at.as_millis())
    } else {
        statement
    })
}

/// The step of most refreshes, without a look before: that of a family which has no terms, whose idle end stays because it
/// is `settled` or later or cannot be put off, and which has `openid`, that everybody holds. If the token of `sequence` is
/// its live one and `client` may have it, the columns of [`by_id`] after the step. No row, or no statement for a sequence
/// beyond what a column holds, means that somebody has to look and decide.
///
/// From when on its client accepts families is looked at as it is in this moment, as it is by [`by_id`]: one that is refused
/// a moment later has made a last step.
#[must_use]
pub fn step(id: &str, sequence: u64, client: &Client, settled: Timestamp, now: Timestamp) -> Option<Statement> {
    let before = i64::try_from(sequence).ok()?;
    let after = before.checked_add(1)?;
    let statement = Statement::new(
        "UPDATE families SET sequence = $3, rotated_at = $4 \
         WHERE id = $1 AND sequence = $2 AND client_id = $5 AND ended_at IS NULL AND expires_at > $4 \
         AND idle_expires_at > $4 AND (idle_expires_at >= $6 OR idle_expires_at = expires_at) AND terms IS NULL \
         AND REPLACE(' ' || scope || ' ', ' openid ', '') <> ' ' || scope || ' ' \
         AND EXISTS (SELECT 1 FROM clients c WHERE c.id = families.client_id AND c.not_before <= families.created_at) \
         AND EXISTS (SELECT 1 FROM accounts a WHERE a.id = families.account_id AND a.status = 'active') \
         AND (CAST($7 AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM account_scopes s \
         WHERE s.account_id = families.account_id AND s.scope = CAST($7 AS TEXT))) \
         RETURNING client_id, account_id, COALESCE(told_sid, sid), scope, authenticated_at, sequence, rotated_at, \
         idle_expires_at, expires_at, ended_at, created_at, terms",
    );
    Some(
        statement
            .bind(id)
            .bind(before)
            .bind(after)
            .bind(now.as_millis())
            .bind(client.id.as_str())
            .bind(settled.as_millis())
            .bind(client.required_scope.as_deref()),
    )
}

/// Ends a family; a row if it was alive.
#[must_use]
pub fn end(id: &str, now: Timestamp) -> Statement {
    Statement::new("UPDATE families SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL RETURNING id")
        .bind(id)
        .bind(now.as_millis())
}

/// Ends a client's own family; a row if it was alive and that client's.
#[must_use]
pub fn end_own(id: &str, client: &ClientId, now: Timestamp) -> Statement {
    Statement::new(
        "UPDATE families SET ended_at = $3 WHERE id = $1 AND client_id = $2 AND ended_at IS NULL RETURNING id",
    )
    .bind(id)
    .bind(client.as_str())
    .bind(now.as_millis())
}

/// Ends all families of an account.
#[must_use]
pub fn end_of_account(account_id: &str, now: Timestamp) -> Statement {
    Statement::new("UPDATE families SET ended_at = $2 WHERE account_id = $1 AND ended_at IS NULL")
        .bind(account_id)
        .bind(now.as_millis())
}

/// Ends what a client holds of an account.
#[must_use]
pub fn end_of_application(account_id: &str, client: &ClientId, now: Timestamp) -> Statement {
    Statement::new("UPDATE families SET ended_at = $3 WHERE account_id = $1 AND client_id = $2 AND ended_at IS NULL")
        .bind(account_id)
        .bind(client.as_str())
        .bind(now.as_millis())
}

/// The families of a session: `id, scope, ended_at`, and the session by the name that the client was told; with the client's
/// `record, not_before`.
#[must_use]
pub fn of_session(sid: &str) -> Statement {
    Statement::new(
        "SELECT c.record, c.not_before, f.id, f.scope, f.ended_at, COALESCE(f.told_sid, f.sid) \
         FROM families f JOIN clients c ON c.id = f.client_id WHERE f.sid = $1 ORDER BY f.id",
    )
    .bind(sid)
}

/// The families of all sessions of an account that may be alive: as [`of_session`], and the session as it is named now.
#[must_use]
pub fn of_sessions_of(account_id: &str) -> Statement {
    Statement::new(
        "SELECT c.record, c.not_before, f.id, f.scope, f.ended_at, COALESCE(f.told_sid, f.sid), f.sid \
         FROM families f JOIN clients c ON c.id = f.client_id JOIN sessions s ON s.sid = f.sid \
         WHERE s.account_id = $1 AND s.ended_at IS NULL ORDER BY f.id",
    )
    .bind(account_id)
}

/// Hangs the families of one session on another: the same person signed in again in the same browser. Their clients were
/// told of the first and go on knowing that.
#[must_use]
pub fn move_session(from: &str, to: &str) -> Statement {
    Statement::new(
        "UPDATE families SET sid = $2, told_sid = COALESCE(told_sid, sid) WHERE sid = $1 AND ended_at IS NULL",
    )
    .bind(from)
    .bind(to)
}

/// What userinfo asks of a token: its family, account, client and revocation (its own, and that of the token it was
/// exchanged for), in one read. A row if all of them still stand: `account_id, email, terms, client record`.
#[must_use]
pub fn standing(id: &str, names: [&str; 2], issued_at: Timestamp, now: Timestamp) -> Statement {
    let [jti, root] = names;
    Statement::new(
        "SELECT a.id, a.email, f.terms, c.record FROM families f JOIN accounts a ON a.id = f.account_id \
         JOIN clients c ON c.id = f.client_id \
         WHERE f.id = $1 AND f.ended_at IS NULL AND f.expires_at > $4 AND a.status = 'active' AND c.not_before <= $3 \
         AND NOT EXISTS (SELECT 1 FROM revoked_tokens r WHERE r.jti = $2) \
         AND NOT EXISTS (SELECT 1 FROM revoked_tokens r WHERE r.jti = $5)",
    )
    .bind(id)
    .bind(jti)
    .bind(issued_at.as_millis())
    .bind(now.as_millis())
    .bind(root)
}

/// The same, and the person's profile from column 4 on.
#[must_use]
pub fn standing_with_profile(id: &str, names: [&str; 2], issued_at: Timestamp, now: Timestamp) -> Statement {
    let [jti, root] = names;
    Statement::new(
        "SELECT a.id, a.email, f.terms, c.record, p.given_name, p.family_name, p.call_name, p.phone, p.birth_date, \
         p.education, p.age_privacy, p.membership_number, p.joined_on, p.street_address, p.locality, p.region, \
         p.postal_code, p.country, p.locale, p.updated_at \
         FROM families f JOIN accounts a ON a.id = f.account_id JOIN clients c ON c.id = f.client_id \
         LEFT JOIN profiles p ON p.account_id = a.id \
         WHERE f.id = $1 AND f.ended_at IS NULL AND f.expires_at > $4 AND a.status = 'active' AND c.not_before <= $3 \
         AND NOT EXISTS (SELECT 1 FROM revoked_tokens r WHERE r.jti = $2) \
         AND NOT EXISTS (SELECT 1 FROM revoked_tokens r WHERE r.jti = $5)",
    )
    .bind(id)
    .bind(jti)
    .bind(issued_at.as_millis())
    .bind(now.as_millis())
    .bind(root)
}

/// The terms in column `index`.
///
/// # Errors
/// [`DbError::Inconsistent`] if they are not ours.
pub fn read_terms(row: &Row, index: usize) -> Result<Terms, DbError> {
    match row.optional_text(index)? {
        None => Ok(Terms::default()),
        Some(json) => {
            serde_json::from_str(json).map_err(|error| DbError::Inconsistent(format!("families.terms: {error}")))
        }
    }
}

/// What the web app's API asks of a token: as [`standing`], and whether the person holds `role` now. A row if all of
/// them still stand: `account_id, email, client record, client not_before, role or NULL`.
#[must_use]
pub fn bearer(id: &str, names: [&str; 2], role: &str, issued_at: Timestamp, now: Timestamp) -> Statement {
    let [jti, root] = names;
    Statement::new(
        "SELECT a.id, a.email, c.record, c.not_before, s.scope FROM families f JOIN accounts a ON a.id = f.account_id \
         JOIN clients c ON c.id = f.client_id \
         LEFT JOIN account_scopes s ON s.account_id = a.id AND s.scope = $5 \
         WHERE f.id = $1 AND f.ended_at IS NULL AND f.expires_at > $4 AND a.status = 'active' AND c.not_before <= $3 \
         AND NOT EXISTS (SELECT 1 FROM revoked_tokens r WHERE r.jti = $2) \
         AND NOT EXISTS (SELECT 1 FROM revoked_tokens r WHERE r.jti = $6)",
    )
    .bind(id)
    .bind(jti)
    .bind(issued_at.as_millis())
    .bind(now.as_millis())
    .bind(role)
    .bind(root)
}

/// Revokes one access token until it would have expired anyway.
#[must_use]
pub fn revoke_token(jti: &str, expires_at: Timestamp) -> Statement {
    Statement::new("INSERT INTO revoked_tokens (jti, expires_at) VALUES ($1, $2) ON CONFLICT (jti) DO NOTHING")
        .bind(jti)
        .bind(expires_at.as_millis())
}

fn sequence(number: u64) -> Result<i64, DbError> {
    i64::try_from(number).map_err(|_| DbError::Inconsistent("a family has rotated too often".to_owned()))
}

#[cfg(test)]
mod tests;
