//! The tables of the original's schema 9.

/// How a column is asked for, so that both databases answer in the same three types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A whole number.
    Integer,
    /// 0 or 1; PostgreSQL has a type of its own for it.
    Flag,
    /// Text.
    Text,
    /// Bytes.
    Bytes,
}

/// A table of the original.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    /// One row: keys and counters.
    Runtime,
    /// Master keys and what they are entitled to.
    Users,
    /// Payments.
    Payments,
    /// Revoked generations.
    Revocations,
    /// Notifications of the App Store that were handled.
    AppleHistory,
    /// Messages of Google Play.
    GoogleHistory,
    /// Subscriptions whose book-keeping failed.
    UserErrors,
}

use Kind::{Bytes, Flag, Integer, Text};

impl Table {
    /// All, in the order in which they are read.
    pub const ALL: [Self; 7] = [
        Self::Runtime,
        Self::Users,
        Self::Payments,
        Self::Revocations,
        Self::AppleHistory,
        Self::GoogleHistory,
        Self::UserErrors,
    ];

    /// Its name in the original.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Runtime => "runtime",
            Self::Users => "users",
            Self::Payments => "payments",
            Self::Revocations => "revocations",
            Self::AppleHistory => "apple_notification_uuid_history",
            Self::GoogleHistory => "google_notification_history",
            Self::UserErrors => "user_errors",
        }
    }

    /// Its columns, in the order in which they are read.
    #[must_use]
    pub const fn columns(self) -> &'static [(&'static str, Kind)] {
        match self {
            Self::Runtime => &[
                ("gen_index", Integer),
                ("gen_index_salt", Bytes),
                ("backend_key", Bytes),
                ("last_expire_unix_ts_ms", Integer),
                ("apple_notification_checkpoint_unix_ts_ms", Integer),
                ("revocation_ticket", Integer),
            ],
            Self::Users => &[
                ("master_pkey", Bytes),
                ("gen_index", Integer),
                ("expiry_unix_ts_ms", Integer),
                ("grace_period_duration_ms", Integer),
                ("auto_renewing", Flag),
                ("refund_requested_unix_ts_ms", Integer),
                ("google_obfuscated_account_id", Bytes),
                ("apple_app_account_token", Text),
            ],
            Self::Payments => &[
                ("id", Integer),
                ("master_pkey", Bytes),
                ("status", Integer),
                ("plan", Integer),
                ("payment_provider", Integer),
                ("auto_renewing", Flag),
                ("unredeemed_unix_ts_ms", Integer),
                ("redeemed_unix_ts_ms", Integer),
                ("expiry_unix_ts_ms", Integer),
                ("grace_period_duration_ms", Integer),
                ("platform_refund_expiry_unix_ts_ms", Integer),
                ("revoked_unix_ts_ms", Integer),
                ("apple_original_tx_id", Text),
                ("apple_tx_id", Text),
                ("apple_web_line_order_tx_id", Text),
                ("google_payment_token", Text),
                ("google_order_id", Text),
                ("rangeproof_order_id", Text),
                ("refund_requested_unix_ts_ms", Integer),
                ("google_obfuscated_account_id", Bytes),
                ("apple_app_account_token", Text),
            ],
            Self::Revocations => &[
                ("gen_index", Integer),
                ("creation_unix_ts_ms", Integer),
                ("expiry_unix_ts_ms", Integer),
            ],
            Self::AppleHistory => &[("uuid", Text), ("expiry_unix_ts_ms", Integer)],
            Self::GoogleHistory => &[
                ("message_id", Integer),
                ("handled", Flag),
                ("payload", Text),
                ("expiry_unix_ts_ms", Integer),
            ],
            Self::UserErrors => &[
                ("payment_id", Text),
                ("payment_provider", Integer),
                ("unix_ts_ms", Integer),
            ],
        }
    }

    /// What reads it, on SQLite and PostgreSQL alike, in an order that does not change.
    #[must_use]
    pub(super) fn select(self) -> String {
        let columns: Vec<String> = self
            .columns()
            .iter()
            .map(|(name, kind)| match kind {
                Integer => format!("CAST({name} AS BIGINT)"),
                Flag => format!("CAST(CASE WHEN {name} THEN 1 ELSE 0 END AS BIGINT)"),
                Text | Bytes => (*name).to_owned(),
            })
            .collect();
        let order = self.columns().first().map_or("", |(name, _)| name);
        format!("SELECT {} FROM {} ORDER BY {order}", columns.join(", "), self.name())
    }
}
