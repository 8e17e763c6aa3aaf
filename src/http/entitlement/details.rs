//! `POST /get_pro_details`: somebody asks what is known of them.

use serde::Serialize;

use super::Entitlements;
use super::answer::{Reply, UNUSABLE};
use super::dispatch::not_an_object;
use super::fields::{Fields, Wrong, check_version, hex, key, millis};
use super::json::{Int, Json};
use crate::actors::ledger::read_details::ReadDetails;
use crate::domain::clock::Timestamp;
use crate::domain::entitlement::day::is_timely;
use crate::domain::entitlement::ids::PaymentIds;
use crate::domain::entitlement::payment::Payment;
use crate::domain::entitlement::proof::VERSION;
use crate::domain::entitlement::request::{DetailsRequest, Signature};
use crate::domain::entitlement::standing::Details;

pub(super) async fn answer(entitlements: &Entitlements, body: &Json) -> Result<Reply, Vec<String>> {
    let fields = Fields::of(body).ok_or_else(not_an_object)?;
    let (request, signature, asked) = parse(&fields, entitlements.clock.now())?;
    let DetailsRequest { master, count, .. } = match request.verify(&signature) {
        Ok(request) => request.into_inner(),
        Err(wrong) => return Ok(Reply::error(UNUSABLE, &wrong)),
    };
    Ok(match entitlements.ledger.ask(ReadDetails { master, count }).await {
        Ok(Ok(details)) => Reply::result(render(&details, asked)),
        Ok(Err(failure)) => failure.into(),
        Err(fault) => fault.into(),
    })
}

fn parse(fields: &Fields<'_>, now: Timestamp) -> Result<(DetailsRequest, Signature, Timestamp), Vec<String>> {
    let mut wrong = Wrong::default();
    let version = fields.int("version", &mut wrong);
    let master = fields.text("master_pkey", &mut wrong);
    let signature = fields.text("master_sig", &mut wrong);
    let time = fields.int("unix_ts_ms", &mut wrong);
    let count = fields.int("count", &mut wrong);
    let taken = version.zip(master.zip(signature)).zip(time.zip(count));
    let ((version, (master, signature)), (time, count)) = wrong.or(taken)?;

    let mut wrong = Wrong::default();
    check_version(version, &mut wrong);
    let master = key("master_pkey", master, &mut wrong);
    let signature = hex("master_sig", signature, &mut wrong);
    let count = match count {
        Int::Small(count) => u32::try_from(count).ok(),
        Int::Least | Int::Most => None,
    };
    if count.is_none() {
        wrong.note(format!("count must be from 0 to {}", u32::MAX));
    }
    let asked = millis(time)
        .map(Timestamp::from_millis)
        .filter(|asked| is_timely(now, *asked));
    if asked.is_none() {
        wrong.note("unix_ts_ms is too far from the time of this server");
    }
    wrong.or(master
        .zip(signature)
        .zip(count.zip(asked))
        .map(|((master, signature), (count, asked))| {
            let unix_ts_ms = asked.as_millis().unsigned_abs();
            let request = DetailsRequest {
                master,
                unix_ts_ms,
                count,
            };
            (request, signature, asked)
        }))
}

#[derive(Serialize)]
struct Rendered<'a> {
    auto_renewing: bool,
    error_report: u8,
    expiry_unix_ts_ms: i64,
    grace_period_duration_ms: i64,
    items: Vec<Item<'a>>,
    payments_total: i64,
    refund_requested_unix_ts_ms: i64,
    status: u8,
    version: u8,
}

#[derive(Serialize)]
struct Item<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    apple_original_tx_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    apple_tx_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    apple_web_line_order_id: Option<&'a str>,
    auto_renewing: bool,
    expiry_unix_ts_ms: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    google_order_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    google_payment_token: Option<&'a str>,
    grace_period_duration_ms: i64,
    payment_provider: u8,
    plan: u8,
    platform_refund_expiry_unix_ts_ms: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    rangeproof_order_id: Option<&'a str>,
    redeemed_unix_ts_ms: i64,
    refund_requested_unix_ts_ms: i64,
    revoked_unix_ts_ms: i64,
    status: u8,
    unredeemed_unix_ts_ms: i64,
}

fn render(details: &Details, asked: Timestamp) -> Rendered<'_> {
    let standing = details.user.map(|user| user.standing);
    let auto_renewing = standing.is_some_and(|standing| standing.auto_renewing);
    Rendered {
        auto_renewing,
        error_report: details.has_error.into(),
        expiry_unix_ts_ms: standing.map_or(0, |standing| standing.expires_at.as_millis()),
        grace_period_duration_ms: standing
            .filter(|_| auto_renewing)
            .map_or(0, |standing| standing.grace_ms),
        items: details.payments.iter().map(item).collect(),
        payments_total: details.payments_total,
        refund_requested_unix_ts_ms: or_zero(standing.and_then(|standing| standing.refund_requested_at)),
        status: details.entitled(asked).number(),
        version: VERSION,
    }
}

fn item(payment: &Payment) -> Item<'_> {
    let witnessed = &payment.witnessed;
    let (mut apple, mut google, mut rangeproof) = ([None; 3], [None; 2], None);
    match &witnessed.ids {
        PaymentIds::Google { token, order } => google = [Some(token.as_str()), Some(order)],
        PaymentIds::Apple { original, tx, web_line } => apple = [Some(original.as_str()), Some(tx), Some(web_line)],
        PaymentIds::Rangeproof { order } => rangeproof = Some(order.as_str()),
    }
    let [apple_original_tx_id, apple_tx_id, apple_web_line_order_id] = apple;
    let [google_payment_token, google_order_id] = google;
    Item {
        apple_original_tx_id,
        apple_tx_id,
        apple_web_line_order_id,
        auto_renewing: payment.auto_renewing,
        expiry_unix_ts_ms: witnessed.expires_at.as_millis(),
        google_order_id,
        google_payment_token,
        grace_period_duration_ms: payment.grace_ms,
        payment_provider: witnessed.ids.provider().number(),
        plan: witnessed.plan.number(),
        platform_refund_expiry_unix_ts_ms: witnessed.refund_deadline_at.as_millis(),
        rangeproof_order_id: rangeproof,
        redeemed_unix_ts_ms: or_zero(payment.state.redemption().map(|redemption| redemption.at)),
        refund_requested_unix_ts_ms: or_zero(payment.refund_requested_at),
        revoked_unix_ts_ms: or_zero(payment.state.revoked_at()),
        status: payment.state.number(),
        unredeemed_unix_ts_ms: witnessed.unredeemed_at.as_millis(),
    }
}

fn or_zero(time: Option<Timestamp>) -> i64 {
    time.map_or(0, Timestamp::as_millis)
}
