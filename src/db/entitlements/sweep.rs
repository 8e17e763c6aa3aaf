//! What the midnight sweep deletes, in bounded batches, and what it would delete.

use super::super::statement::Statement;
use crate::domain::clock::Timestamp;
use crate::domain::entitlement::key::PublicKey;

/// One kind of row that is deleted when its time is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Swept {
    /// Revocations that no proof can need any more.
    Revocations,
    /// Apple's notifications.
    AppleNotifications,
    /// Google's, if they have been dealt with.
    GoogleNotifications,
}

impl Swept {
    /// In the order in which they are swept.
    pub const ALL: [Self; 3] = [Self::Revocations, Self::AppleNotifications, Self::GoogleNotifications];

    /// For metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Revocations => "entitlement_revocations",
            Self::AppleNotifications => "entitlement_apple_notifications",
            Self::GoogleNotifications => "entitlement_google_notifications",
        }
    }

    /// Deletes at most `limit` rows that were over at `midnight`; one row comes back for each.
    #[must_use]
    pub fn delete(self, midnight: Timestamp, limit: i64) -> Statement {
        let sql = match self {
            Self::Revocations => {
                "DELETE FROM entitlement_revocations WHERE gen_index IN (SELECT gen_index FROM entitlement_revocations \
                 WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2) RETURNING gen_index"
            }
            Self::AppleNotifications => {
                "DELETE FROM entitlement_apple_notifications WHERE uuid IN (SELECT uuid FROM \
                 entitlement_apple_notifications WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2) RETURNING uuid"
            }
            Self::GoogleNotifications => {
                "DELETE FROM entitlement_google_notifications WHERE message_id IN (SELECT message_id FROM \
                 entitlement_google_notifications WHERE handled = 1 AND expires_at <= $1 ORDER BY expires_at LIMIT $2) \
                 RETURNING message_id"
            }
        };
        Statement::new(sql).bind(midnight.as_millis()).bind(limit)
    }

    /// How many rows would go.
    #[must_use]
    pub fn count(self, midnight: Timestamp) -> Statement {
        let sql = match self {
            Self::Revocations => "SELECT COUNT(*) FROM entitlement_revocations WHERE expires_at <= $1",
            Self::AppleNotifications => "SELECT COUNT(*) FROM entitlement_apple_notifications WHERE expires_at <= $1",
            Self::GoogleNotifications => {
                "SELECT COUNT(*) FROM entitlement_google_notifications WHERE handled = 1 AND expires_at <= $1"
            }
        };
        Statement::new(sql).bind(midnight.as_millis())
    }
}

/// A page of people in the order of their keys, and one payment of each: `master_pkey, id`, which is `NULL` for those
/// who have none.
#[must_use]
pub fn users(after: Option<&PublicKey>, limit: i64) -> Statement {
    Statement::new(
        "SELECT u.master_pkey, (SELECT MAX(p.id) FROM entitlement_payments p WHERE p.master_pkey = u.master_pkey) \
         FROM entitlement_users u WHERE u.master_pkey > $1 ORDER BY u.master_pkey LIMIT $2",
    )
    .bind(after.map_or_else(Vec::new, |after| after.as_bytes().to_vec()))
    .bind(limit)
}

/// Deletes a person who has no payment; a row then.
#[must_use]
pub fn delete_user(master: &PublicKey) -> Statement {
    Statement::new(
        "DELETE FROM entitlement_users WHERE master_pkey = $1 AND NOT EXISTS \
         (SELECT 1 FROM entitlement_payments p WHERE p.master_pkey = $1) RETURNING master_pkey",
    )
    .bind(master.as_bytes())
}
