//! Expiry in bounded batches, the lease on the turn to sweep, and the time at which somebody swept last.

use super::error::DbError;
use super::statement::Statement;
use super::value::Row;
use crate::domain::clock::Timestamp;
use crate::domain::lease::Lease;

/// One kind of row that expires.
#[derive(Clone, Copy, Debug)]
pub struct Expiry {
    /// For metrics.
    pub name: &'static str,
    sql: &'static str,
    /// How long rows are kept after their expiry, in ms: a late replay must still be recognised.
    grace: i64,
}

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// Everything that expires. A code is kept for a day, so that presenting it again still ends what it gave.
pub const EXPIRIES: [Expiry; 15] = [
    Expiry {
        name: "authorization_codes",
        sql: "DELETE FROM authorization_codes WHERE code_hash IN \
              (SELECT code_hash FROM authorization_codes WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2) \
              RETURNING 1",
        grace: DAY,
    },
    Expiry {
        name: "sessions",
        sql: "DELETE FROM sessions WHERE id_hash IN \
              (SELECT id_hash FROM sessions WHERE idle_expires_at <= $1 ORDER BY idle_expires_at LIMIT $2) RETURNING 1",
        grace: DAY,
    },
    Expiry {
        name: "families",
        sql: "DELETE FROM families WHERE id IN \
              (SELECT id FROM families WHERE idle_expires_at <= $1 ORDER BY idle_expires_at LIMIT $2) RETURNING 1",
        grace: DAY,
    },
    Expiry {
        name: "revoked_tokens",
        sql: "DELETE FROM revoked_tokens WHERE jti IN \
              (SELECT jti FROM revoked_tokens WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2) RETURNING 1",
        grace: HOUR,
    },
    Expiry {
        name: "spent_assertions",
        sql: "DELETE FROM spent_assertions WHERE (client_id, jti_hash) IN \
              (SELECT client_id, jti_hash FROM spent_assertions WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2) \
              RETURNING 1",
        grace: HOUR,
    },
    Expiry {
        name: "device_codes",
        sql: "DELETE FROM device_codes WHERE code_hash IN \
              (SELECT code_hash FROM device_codes WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2) RETURNING 1",
        grace: HOUR,
    },
    Expiry {
        name: "initial_access_tokens",
        sql: "DELETE FROM initial_access_tokens WHERE token_hash IN \
              (SELECT token_hash FROM initial_access_tokens WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2) \
              RETURNING 1",
        grace: DAY,
    },
    Expiry {
        name: "links",
        sql: "DELETE FROM links WHERE token_hash IN \
              (SELECT token_hash FROM links WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2) RETURNING 1",
        grace: DAY,
    },
    Expiry {
        name: "mails",
        sql: "DELETE FROM mails WHERE id IN \
              (SELECT id FROM mails WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2) RETURNING 1",
        grace: 0,
    },
    Expiry {
        name: "applicants",
        sql: "DELETE FROM applicants WHERE id IN \
              (SELECT id FROM applicants WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2) RETURNING 1",
        grace: 0,
    },
    Expiry {
        name: "mail_troubles",
        sql: "DELETE FROM mail_troubles WHERE identifier IN \
              (SELECT identifier FROM mail_troubles WHERE happened_at <= $1 ORDER BY happened_at LIMIT $2) RETURNING 1",
        grace: 90 * DAY,
    },
    Expiry {
        name: "known_browsers",
        sql: "DELETE FROM known_browsers WHERE browser_hash IN \
              (SELECT browser_hash FROM known_browsers WHERE last_used_at <= $1 ORDER BY last_used_at LIMIT $2) \
              AND last_used_at <= $1 RETURNING 1",
        grace: 400 * DAY,
    },
    // A pushed request is spent by its code, for which the person may take as long as an authorization request may live.
    Expiry {
        name: "pushed_requests",
        sql: "DELETE FROM pushed_requests WHERE name_hash IN \
              (SELECT name_hash FROM pushed_requests WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2) RETURNING 1",
        grace: HOUR,
    },
    Expiry {
        name: "dpop_proofs",
        sql: "DELETE FROM dpop_proofs WHERE proof_hash IN \
              (SELECT proof_hash FROM dpop_proofs WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2) RETURNING 1",
        grace: HOUR,
    },
    Expiry {
        name: "logout_notices",
        sql: "DELETE FROM logout_notices WHERE (client_id, sid) IN \
              (SELECT client_id, sid FROM logout_notices WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2) RETURNING 1",
        grace: 0,
    },
];

impl Expiry {
    /// Deletes at most `limit` expired rows; one row comes back for each.
    #[must_use]
    pub fn statement(&self, now: Timestamp, limit: i64) -> Statement {
        Statement::new(self.sql)
            .bind(now.as_millis().saturating_sub(self.grace))
            .bind(limit)
    }
}

/// The lease `sweep`: `holder, epoch, heartbeat`.
#[must_use]
pub fn lease() -> Statement {
    Statement::new("SELECT holder, epoch, heartbeat FROM leases WHERE name = 'sweep'")
}

/// Reads a row of [`lease`], [`take_lease`] or [`beat`].
///
/// # Errors
/// [`DbError::Inconsistent`] if the row is not one of ours.
pub fn read_lease(row: &Row) -> Result<Lease, DbError> {
    Ok(Lease {
        holder: row.text(0)?.to_owned(),
        epoch: row.integer(1)?,
        heartbeat: row.integer(2)?,
    })
}

/// Takes the lease if nobody has had it yet, or if it is still as the taker `saw` it; a row on success.
#[must_use]
pub fn take_lease(holder: &str, saw: Option<&Lease>) -> Statement {
    match saw {
        None => Statement::new(
            "INSERT INTO leases (name, holder, epoch, heartbeat) VALUES ('sweep', $1, 1, 0) \
             ON CONFLICT (name) DO NOTHING RETURNING holder, epoch, heartbeat",
        )
        .bind(holder),
        Some(lease) => Statement::new(
            "UPDATE leases SET holder = $1, epoch = epoch + 1, heartbeat = 0 \
             WHERE name = 'sweep' AND epoch = $2 AND heartbeat = $3 RETURNING holder, epoch, heartbeat",
        )
        .bind(holder)
        .bind(lease.epoch)
        .bind(lease.heartbeat),
    }
}

/// Says that the holder of `epoch` is alive; no row if somebody else has taken over.
#[must_use]
pub fn beat(holder: &str, epoch: i64) -> Statement {
    Statement::new(
        "UPDATE leases SET heartbeat = heartbeat + 1 WHERE name = 'sweep' AND holder = $1 AND epoch = $2 \
         RETURNING holder, epoch, heartbeat",
    )
    .bind(holder)
    .bind(epoch)
}

/// The wall time at which somebody was about to sweep last: `believed_at`.
#[must_use]
pub fn believed() -> Statement {
    Statement::new("SELECT believed_at FROM sweep_clock WHERE id = 1")
}

/// Reads a row of [`believed`], [`believe`] or [`accept`].
///
/// # Errors
/// [`DbError::Inconsistent`] if the row is not one of ours.
pub fn read_believed(row: &Row) -> Result<Timestamp, DbError> {
    row.integer(0).map(Timestamp::from_millis)
}

/// Notes that a sweep begins at `now`. A time that is there already and later stays.
#[must_use]
pub fn believe(now: Timestamp) -> Statement {
    Statement::new(
        "INSERT INTO sweep_clock (id, believed_at) VALUES (1, $1) ON CONFLICT (id) DO UPDATE \
         SET believed_at = EXCLUDED.believed_at WHERE EXCLUDED.believed_at > sweep_clock.believed_at \
         RETURNING believed_at",
    )
    .bind(now.as_millis())
}

/// Takes the word of an operator that it is `now`, whatever was noted before.
#[must_use]
pub fn accept(now: Timestamp) -> Statement {
    Statement::new(
        "INSERT INTO sweep_clock (id, believed_at) VALUES (1, $1) ON CONFLICT (id) DO UPDATE \
         SET believed_at = EXCLUDED.believed_at RETURNING believed_at",
    )
    .bind(now.as_millis())
}
