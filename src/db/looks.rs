//! Looks into whole tables, for operators.

use super::statement::Statement;

/// How many rows the tables of accounts have: name and statement.
pub const COUNTS: [(&str, &str); 4] = [
    ("accounts", "SELECT COUNT(*) FROM accounts"),
    ("sessions", "SELECT COUNT(*) FROM sessions"),
    ("clients", "SELECT COUNT(*) FROM clients"),
    ("linked_master_keys", "SELECT COUNT(*) FROM linked_master_keys"),
];

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// A number, a flag, a state.
    Plain,
    /// Milliseconds since the Unix epoch.
    Time,
    /// What could be used against a person.
    Personal,
}

use Column::{Personal, Plain, Time};

/// A table as it is printed.
#[derive(Clone, Copy, Debug)]
pub struct Sheet {
    /// Its name.
    pub name: &'static str,
    /// Its columns, in the order in which they are read.
    pub columns: &'static [(&'static str, Column)],
    sql: &'static str,
}

impl Sheet {
    /// Its first `limit` rows.
    #[must_use]
    pub fn rows(&self, limit: i64) -> Statement {
        Statement::new(self.sql).bind(limit)
    }
}

/// The tables of entitlements.
pub const SHEETS: [Sheet; 7] = [
    Sheet {
        name: "runtime",
        columns: &[
            ("gen_index", Plain),
            ("revocation_ticket", Plain),
            ("payment_id", Plain),
            ("expired_until", Time),
            ("apple_checkpoint_at", Time),
        ],
        sql: "SELECT gen_index, revocation_ticket, payment_id, expired_until, apple_checkpoint_at \
              FROM entitlement_runtime ORDER BY id LIMIT $1",
    },
    Sheet {
        name: "payments",
        columns: &[
            ("id", Plain),
            ("master_pkey", Personal),
            ("status", Plain),
            ("plan", Plain),
            ("payment_provider", Plain),
            ("auto_renewing", Plain),
            ("unredeemed_at", Time),
            ("redeemed_at", Time),
            ("expires_at", Time),
            ("grace_ms", Plain),
            ("refund_deadline_at", Time),
            ("revoked_at", Time),
            ("refund_requested_at", Time),
            ("apple_original_tx_id", Personal),
            ("apple_tx_id", Personal),
            ("apple_web_line_order_tx_id", Personal),
            ("google_payment_token", Personal),
            ("google_order_id", Personal),
            ("google_account_id", Personal),
            ("rangeproof_order_id", Personal),
        ],
        sql: "SELECT id, master_pkey, status, plan, payment_provider, auto_renewing, unredeemed_at, redeemed_at, \
              expires_at, grace_ms, refund_deadline_at, revoked_at, refund_requested_at, apple_original_tx_id, \
              apple_tx_id, apple_web_line_order_tx_id, google_payment_token, google_order_id, google_account_id, \
              rangeproof_order_id FROM entitlement_payments ORDER BY id LIMIT $1",
    },
    Sheet {
        name: "users",
        columns: &[
            ("master_pkey", Personal),
            ("gen_index", Plain),
            ("expires_at", Time),
            ("grace_ms", Plain),
            ("auto_renewing", Plain),
            ("refund_requested_at", Time),
        ],
        sql: "SELECT master_pkey, gen_index, expires_at, grace_ms, auto_renewing, refund_requested_at \
              FROM entitlement_users ORDER BY gen_index LIMIT $1",
    },
    Sheet {
        name: "revocations",
        columns: &[("gen_index", Plain), ("created_at", Time), ("expires_at", Time)],
        sql: "SELECT gen_index, created_at, expires_at FROM entitlement_revocations ORDER BY gen_index LIMIT $1",
    },
    Sheet {
        name: "apple_notifications",
        columns: &[("uuid", Personal), ("expires_at", Time)],
        sql: "SELECT uuid, expires_at FROM entitlement_apple_notifications ORDER BY uuid LIMIT $1",
    },
    Sheet {
        name: "google_notifications",
        columns: &[
            ("message_id", Plain),
            ("handled", Plain),
            ("payload", Personal),
            ("expires_at", Time),
        ],
        sql: "SELECT message_id, handled, payload, expires_at FROM entitlement_google_notifications \
              ORDER BY message_id LIMIT $1",
    },
    Sheet {
        name: "user_errors",
        columns: &[
            ("payment_provider", Plain),
            ("payment_id", Personal),
            ("created_at", Time),
        ],
        sql: "SELECT payment_provider, payment_id, created_at FROM entitlement_user_errors \
              ORDER BY created_at, payment_provider, payment_id LIMIT $1",
    },
];
