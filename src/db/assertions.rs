//! `spent_assertions`: client assertions, each good once.

use super::statement::Statement;
use crate::domain::oauth::client::ClientId;
use crate::domain::oauth::client_assertion::ProvenAssertion;

/// Notes that an assertion is used now; no row if it was used before. Of any number of callers at once, one gets the row.
#[must_use]
pub fn spend(client: &ClientId, assertion: &ProvenAssertion) -> Statement {
    Statement::new(
        "INSERT INTO spent_assertions (client_id, jti_hash, expires_at) VALUES ($1, $2, $3) \
         ON CONFLICT (client_id, jti_hash) DO NOTHING RETURNING client_id",
    )
    .bind(client.as_str())
    .bind(&assertion.jti_hash)
    .bind(assertion.expires_at.as_millis())
}
