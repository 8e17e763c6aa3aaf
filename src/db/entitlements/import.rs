//! What an import and a look at the whole ledger need of all tables.

use super::super::statement::Statement;
use super::flag;
use super::runtime::Runtime;
use crate::domain::clock::Timestamp;
use crate::domain::entitlement::standing::User;

/// A table of the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// Payments.
    Payments,
    /// People.
    Users,
    /// Revoked generations.
    Revocations,
    /// What Apple told.
    AppleNotifications,
    /// What Google told.
    GoogleNotifications,
    /// Failed book-keeping.
    UserErrors,
}

impl Table {
    /// All but the one row of counters.
    pub const ALL: [Self; 6] = [
        Self::Payments,
        Self::Users,
        Self::Revocations,
        Self::AppleNotifications,
        Self::GoogleNotifications,
        Self::UserErrors,
    ];

    /// As it is shown.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Payments => "payments",
            Self::Users => "users",
            Self::Revocations => "revocations",
            Self::AppleNotifications => "apple_notifications",
            Self::GoogleNotifications => "google_notifications",
            Self::UserErrors => "user_errors",
        }
    }

    /// How many rows there are: one number.
    #[must_use]
    pub const fn count(self) -> Statement {
        Statement::new(match self {
            Self::Payments => "SELECT COUNT(*) FROM entitlement_payments",
            Self::Users => "SELECT COUNT(*) FROM entitlement_users",
            Self::Revocations => "SELECT COUNT(*) FROM entitlement_revocations",
            Self::AppleNotifications => "SELECT COUNT(*) FROM entitlement_apple_notifications",
            Self::GoogleNotifications => "SELECT COUNT(*) FROM entitlement_google_notifications",
            Self::UserErrors => "SELECT COUNT(*) FROM entitlement_user_errors",
        })
    }
}

/// Stores a person with a generation that was handed out elsewhere; a row unless the key is there.
#[must_use]
pub fn insert_user(user: &User) -> Statement {
    let standing = &user.standing;
    Statement::new(
        "INSERT INTO entitlement_users \
         (master_pkey, gen_index, expires_at, grace_ms, auto_renewing, refund_requested_at, refund_asked_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (master_pkey) DO NOTHING RETURNING gen_index",
    )
    .bind(user.master.as_bytes())
    .bind(user.gen_index)
    .bind(standing.expires_at.as_millis())
    .bind(standing.grace_ms)
    .bind(flag(standing.auto_renewing))
    .bind(standing.refund_requested_at.map(Timestamp::as_millis))
    .bind(user.refund_asked_at.as_millis())
}

/// Sets the counters of a ledger; a row comes back.
#[must_use]
pub fn replace_runtime(runtime: &Runtime) -> Statement {
    Statement::new(
        "UPDATE entitlement_runtime SET gen_index = $1, revocation_ticket = $2, payment_id = $3, expired_until = $4, \
         apple_checkpoint_at = $5 WHERE id = 1 RETURNING gen_index",
    )
    .bind(runtime.gen_index)
    .bind(runtime.revocation_ticket)
    .bind(runtime.payment_id)
    .bind(runtime.expired_until.as_millis())
    .bind(runtime.apple_checkpoint_at.as_millis())
}

/// Sets the number of the next payment.
#[must_use]
pub fn set_next_payment(id: i64) -> Statement {
    Statement::new("UPDATE entitlement_runtime SET payment_id = $1 WHERE id = 1 RETURNING payment_id").bind(id)
}
