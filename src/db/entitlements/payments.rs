//! `entitlement_payments`.

use super::super::error::DbError;
use super::super::statement::Statement;
use super::super::value::{Row, Value};
use super::{flag, optional_time, time};
use crate::domain::clock::Timestamp;
use crate::domain::entitlement::ids::{ClaimIds, PaymentIds, Provider, Subscription};
use crate::domain::entitlement::key::PublicKey;
use crate::domain::entitlement::payment::{Payment, Plan, Redemption, State, StoreAccount, Witnessed};
use crate::domain::entitlement::standing::CHAINS;

/// The columns that [`read`] reads, in its order.
macro_rules! columns {
    () => {
        "p.id, p.master_pkey, p.status, p.plan, p.payment_provider, p.auto_renewing, p.unredeemed_at, p.redeemed_at, \
         p.expires_at, p.grace_ms, p.refund_deadline_at, p.revoked_at, p.refund_requested_at, p.apple_original_tx_id, \
         p.apple_tx_id, p.apple_web_line_order_tx_id, p.apple_app_account_token, p.google_payment_token, \
         p.google_order_id, p.google_account_id, p.rangeproof_order_id"
    };
}

/// Reads a row that begins with the columns of a payment.
///
/// # Errors
/// [`DbError::Inconsistent`] if the row is not one of ours.
pub fn read(row: &Row) -> Result<Payment, DbError> {
    let inconsistent = |what: &str| DbError::Inconsistent(format!("entitlement_payments: {what}"));
    let provider = Provider::from_number(row.integer(4)?).ok_or_else(|| inconsistent("payment_provider"))?;
    let text = |index: usize| row.text(index).map(str::to_owned);
    let (ids, account) = match provider {
        Provider::Google => (
            PaymentIds::Google {
                token: text(17)?,
                order: text(18)?,
            },
            StoreAccount::Google(if row.is_null(19) { None } else { Some(row.bytes(19)?) }),
        ),
        Provider::Apple => (
            PaymentIds::Apple {
                original: text(13)?,
                tx: text(14)?,
                web_line: text(15)?,
            },
            StoreAccount::Apple(row.optional_text(16)?.unwrap_or_default().to_owned()),
        ),
        Provider::Rangeproof => (PaymentIds::Rangeproof { order: text(20)? }, StoreAccount::None),
    };
    let redemption = match (row.is_null(1), optional_time(row, 7)?) {
        (false, Some(at)) => Some(Redemption {
            owner: PublicKey::from_bytes(row.bytes(1)?),
            at,
        }),
        (true, None) => None,
        _ => return Err(inconsistent("redeemed_at")),
    };
    let state = match (row.integer(2)?, redemption, optional_time(row, 11)?) {
        (1, None, None) => State::Unredeemed,
        (2, Some(redemption), None) => State::Redeemed(redemption),
        (3, redemption, None) => State::Expired(redemption),
        (4, redemption, Some(at)) => State::Revoked { redemption, at },
        _ => return Err(inconsistent("status")),
    };
    Ok(Payment {
        id: row.integer(0)?,
        witnessed: Witnessed {
            ids,
            plan: Plan::from_number(row.integer(3)?).ok_or_else(|| inconsistent("plan"))?,
            account,
            unredeemed_at: time(row, 6)?,
            expires_at: time(row, 8)?,
            refund_deadline_at: time(row, 10)?,
        },
        state,
        auto_renewing: row.integer(5)? == 1,
        grace_ms: row.integer(9)?,
        refund_requested_at: optional_time(row, 12)?,
    })
}

/// Reads all rows as [`read`].
///
/// # Errors
/// As [`read`].
pub fn read_all(rows: &[Row]) -> Result<Vec<Payment>, DbError> {
    rows.iter().map(read).collect()
}

/// Stores a payment with its ids; its state and all that is told of it follow with [`update`]. A row unless there is one
/// with the same ids.
#[must_use]
pub fn insert(id: i64, witnessed: &Witnessed) -> Statement {
    let (mut apple, mut google, mut rangeproof) = (
        [Value::Null, Value::Null, Value::Null],
        [Value::Null, Value::Null],
        Value::Null,
    );
    match &witnessed.ids {
        PaymentIds::Google { token, order } => google = [token.as_str().into(), order.as_str().into()],
        PaymentIds::Apple { original, tx, web_line } => {
            apple = [original.as_str().into(), tx.as_str().into(), web_line.as_str().into()];
        }
        PaymentIds::Rangeproof { order } => rangeproof = order.as_str().into(),
    }
    let (google_account, apple_account) = match &witnessed.account {
        StoreAccount::Google(account) => (account.as_ref().into(), Value::Null),
        StoreAccount::Apple(token) => (Value::Null, token.as_str().into()),
        StoreAccount::None => (Value::Null, Value::Null),
    };
    let [original, tx, web_line] = apple;
    let [token, order] = google;
    Statement::new(
        "INSERT INTO entitlement_payments (id, status, plan, payment_provider, auto_renewing, unredeemed_at, expires_at, \
         grace_ms, refund_deadline_at, apple_original_tx_id, apple_tx_id, apple_web_line_order_tx_id, \
         apple_app_account_token, google_payment_token, google_order_id, google_account_id, rangeproof_order_id, chain) \
         VALUES ($1, 1, $2, $3, 0, $4, $5, 0, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) \
         ON CONFLICT DO NOTHING RETURNING id",
    )
    .bind(id)
    .bind(i64::from(witnessed.plan.number()))
    .bind(i64::from(witnessed.ids.provider().number()))
    .bind(witnessed.unredeemed_at.as_millis())
    .bind(witnessed.expires_at.as_millis())
    .bind(witnessed.refund_deadline_at.as_millis())
    .bind(original)
    .bind(tx)
    .bind(web_line)
    .bind(apple_account)
    .bind(token)
    .bind(order)
    .bind(google_account)
    .bind(rangeproof)
    .bind(witnessed.ids.chain())
}

/// Writes the state of a payment and what is told of it, if its state is still the one numbered `from`; a row then.
#[must_use]
pub fn update(payment: &Payment, from: u8) -> Statement {
    let redemption = payment.state.redemption();
    Statement::new(
        "UPDATE entitlement_payments SET status = $3, master_pkey = $4, redeemed_at = $5, revoked_at = $6, \
         auto_renewing = $7, grace_ms = $8, refund_requested_at = $9 WHERE id = $1 AND status = $2 RETURNING id",
    )
    .bind(payment.id)
    .bind(i64::from(from))
    .bind(i64::from(payment.state.number()))
    .bind(redemption.as_ref().map(|redemption| redemption.owner.as_bytes()))
    .bind(redemption.map(|redemption| redemption.at.as_millis()))
    .bind(payment.state.revoked_at().map(Timestamp::as_millis))
    .bind(flag(payment.auto_renewing))
    .bind(payment.grace_ms)
    .bind(payment.refund_requested_at.map(Timestamp::as_millis))
}

/// The payments that a claim names, oldest first: more than one only where Apple gave one transaction several lines.
#[must_use]
pub fn claimed_as(ids: &ClaimIds) -> Statement {
    match ids {
        ClaimIds::Google { token, order } => Statement::new(concat!(
            "SELECT ",
            columns!(),
            " FROM entitlement_payments p WHERE p.payment_provider = 1 AND p.google_payment_token = $1 \
             AND p.google_order_id = $2 ORDER BY p.id"
        ))
        .bind(token.as_str())
        .bind(order.as_str()),
        ClaimIds::Apple { tx } => Statement::new(concat!(
            "SELECT ",
            columns!(),
            " FROM entitlement_payments p WHERE p.payment_provider = 2 AND p.apple_tx_id = $1 ORDER BY p.id"
        ))
        .bind(tx.as_str()),
        ClaimIds::Rangeproof { order } => Statement::new(concat!(
            "SELECT ",
            columns!(),
            " FROM entitlement_payments p WHERE p.payment_provider = 3 AND p.rangeproof_order_id = $1 ORDER BY p.id"
        ))
        .bind(order.as_str()),
    }
}

/// The payment of exactly these ids.
#[must_use]
pub fn of_ids(ids: &PaymentIds) -> Statement {
    match ids {
        PaymentIds::Google { token, order } => claimed_as(&ClaimIds::Google {
            token: token.clone(),
            order: order.clone(),
        }),
        PaymentIds::Apple { original, tx, web_line } => Statement::new(concat!(
            "SELECT ",
            columns!(),
            " FROM entitlement_payments p WHERE p.payment_provider = 2 AND p.apple_original_tx_id = $1 \
             AND p.apple_tx_id = $2 AND p.apple_web_line_order_tx_id = $3 ORDER BY p.id"
        ))
        .bind(original.as_str())
        .bind(tx.as_str())
        .bind(web_line.as_str()),
        PaymentIds::Rangeproof { order } => claimed_as(&ClaimIds::Rangeproof { order: order.clone() }),
    }
}

/// All payments of a subscription, oldest first.
#[must_use]
pub fn of_subscription(subscription: &Subscription) -> Statement {
    let sql = match subscription {
        Subscription::Google { .. } => concat!(
            "SELECT ",
            columns!(),
            " FROM entitlement_payments p WHERE p.payment_provider = 1 AND p.google_payment_token = $1 ORDER BY p.id"
        ),
        Subscription::Apple { .. } => concat!(
            "SELECT ",
            columns!(),
            " FROM entitlement_payments p WHERE p.payment_provider = 2 AND p.apple_original_tx_id = $1 ORDER BY p.id"
        ),
    };
    Statement::new(sql).bind(subscription.id())
}

/// Whoever has redeemed the newest redeemed payment of a subscription: `master_pkey`.
#[must_use]
pub fn owner(subscription: &Subscription) -> Statement {
    let sql = match subscription {
        Subscription::Google { .. } => {
            "SELECT master_pkey FROM entitlement_payments WHERE payment_provider = 1 AND google_payment_token = $1 \
             AND master_pkey IS NOT NULL ORDER BY id DESC LIMIT 1"
        }
        Subscription::Apple { .. } => {
            "SELECT master_pkey FROM entitlement_payments WHERE payment_provider = 2 AND apple_original_tx_id = $1 \
             AND master_pkey IS NOT NULL ORDER BY id DESC LIMIT 1"
        }
    };
    Statement::new(sql).bind(subscription.id())
}

/// Of each chain of renewals of a person the newest payment, newest first, at most [`CHAINS`].
#[must_use]
pub fn heads(master: &PublicKey) -> Statement {
    Statement::new(concat!(
        "SELECT ",
        columns!(),
        " FROM entitlement_payments p WHERE p.id IN \
         (SELECT MAX(c.id) FROM entitlement_payments c WHERE c.master_pkey = $1 GROUP BY c.payment_provider, c.chain) \
         ORDER BY p.id DESC LIMIT $2"
    ))
    .bind(master.as_bytes())
    .bind(CHAINS)
}

/// The newest payments of a person as the store saw them, at most `limit`.
#[must_use]
pub fn newest(master: &PublicKey, limit: i64) -> Statement {
    Statement::new(concat!(
        "SELECT ",
        columns!(),
        " FROM entitlement_payments p WHERE p.master_pkey = $1 ORDER BY p.unredeemed_at DESC, p.id DESC LIMIT $2"
    ))
    .bind(master.as_bytes())
    .bind(limit)
}

/// What operators granted to a person, newest first and before number `before`, at most `limit`.
#[must_use]
pub fn grants(master: &PublicKey, before: i64, limit: i64) -> Statement {
    Statement::new(concat!(
        "SELECT ",
        columns!(),
        " FROM entitlement_payments p WHERE p.master_pkey = $1 AND p.payment_provider = 3 AND p.id < $2 \
         ORDER BY p.id DESC LIMIT $3"
    ))
    .bind(master.as_bytes())
    .bind(before)
    .bind(limit)
}

/// Expires at most `limit` payments whose time was over at `now`: `master_pkey` for each.
#[must_use]
pub fn expire(now: Timestamp, limit: i64) -> Statement {
    Statement::new(
        "UPDATE entitlement_payments SET status = 3 WHERE id IN \
         (SELECT id FROM entitlement_payments WHERE status IN (1, 2) AND expires_at <= $1 ORDER BY expires_at LIMIT $2) \
         AND status IN (1, 2) RETURNING master_pkey",
    )
    .bind(now.as_millis())
    .bind(limit)
}

/// What [`expire`] would do, without doing it: how many payments, and of how many owners.
#[must_use]
pub fn count_expired(now: Timestamp) -> Statement {
    Statement::new(
        "SELECT COUNT(*), COUNT(DISTINCT master_pkey) FROM entitlement_payments \
         WHERE status IN (1, 2) AND expires_at <= $1",
    )
    .bind(now.as_millis())
}

/// A page of all payments after number `after`, oldest first, for whoever looks at the whole ledger.
#[must_use]
pub fn page(after: i64, limit: i64) -> Statement {
    Statement::new(concat!(
        "SELECT ",
        columns!(),
        " FROM entitlement_payments p WHERE p.id > $1 ORDER BY p.id LIMIT $2"
    ))
    .bind(after)
    .bind(limit)
}
