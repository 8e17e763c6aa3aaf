//! What introspection asks of a token, in one indexed read.

use super::statement::Statement;
use crate::domain::clock::Timestamp;

/// A row if an access token of a person still stands: its family, the account, the client that holds it, and neither the
/// token nor the one it was exchanged for revoked.
#[must_use]
pub fn of_person(family: &str, client_id: &str, names: [&str; 2], issued_at: Timestamp, now: Timestamp) -> Statement {
    let [jti, root] = names;
    Statement::new(
        "SELECT 1 FROM families f JOIN accounts a ON a.id = f.account_id JOIN clients o ON o.id = f.client_id \
         JOIN clients c ON c.id = $2 \
         WHERE f.id = $1 AND f.ended_at IS NULL AND f.expires_at > $6 AND a.status = 'active' \
         AND o.not_before <= $5 AND c.not_before <= $5 \
         AND NOT EXISTS (SELECT 1 FROM revoked_tokens r WHERE r.jti = $3) \
         AND NOT EXISTS (SELECT 1 FROM revoked_tokens r WHERE r.jti = $4)",
    )
    .bind(family)
    .bind(client_id)
    .bind(jti)
    .bind(root)
    .bind(issued_at.as_millis())
    .bind(now.as_millis())
}

/// The same for a token of a client that acts for itself.
#[must_use]
pub fn of_client(client_id: &str, names: [&str; 2], issued_at: Timestamp) -> Statement {
    let [jti, root] = names;
    Statement::new(
        "SELECT 1 FROM clients c WHERE c.id = $1 AND c.not_before <= $4 \
         AND NOT EXISTS (SELECT 1 FROM revoked_tokens r WHERE r.jti = $2) \
         AND NOT EXISTS (SELECT 1 FROM revoked_tokens r WHERE r.jti = $3)",
    )
    .bind(client_id)
    .bind(jti)
    .bind(root)
    .bind(issued_at.as_millis())
}
