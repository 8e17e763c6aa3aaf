//! `POST /set_payment_refund_requested`: somebody says to have asked a store for a refund, or not to ask any more.

use serde::Serialize;

use super::Entitlements;
use super::add_payment::{claim_ids, known_provider};
use super::answer::{Reply, UNUSABLE};
use super::dispatch::not_an_object;
use super::fields::{Fields, Wrong, check_version, hex, key, millis};
use super::json::Json;
use crate::actors::ledger::request_refund::NoteRefundRequest;
use crate::domain::clock::Timestamp;
use crate::domain::entitlement::day::is_timely;
use crate::domain::entitlement::ids::Provider;
use crate::domain::entitlement::proof::VERSION;
use crate::domain::entitlement::request::{RefundRequest, Signature};

#[derive(Serialize)]
struct Rendered {
    updated: bool,
    version: u8,
}

pub(super) async fn answer(entitlements: &Entitlements, body: &Json) -> Result<Reply, Vec<String>> {
    let fields = Fields::of(body).ok_or_else(not_an_object)?;
    let (request, signature, asked) = parse(&fields, entitlements.clock.now())?;
    let requested = i64::try_from(request.requested_ms).ok().filter(|millis| *millis != 0);
    let request = match request.verify(&signature) {
        Ok(request) => request,
        Err(wrong) => return Ok(Reply::error(UNUSABLE, &wrong)),
    };
    let note = NoteRefundRequest {
        request,
        asked,
        requested: requested.map(Timestamp::from_millis),
    };
    Ok(match entitlements.ledger.ask(note).await {
        Ok(Ok(updated)) => Reply::result(Rendered {
            updated,
            version: VERSION,
        }),
        Ok(Err(failure)) => failure.into(),
        Err(fault) => fault.into(),
    })
}

fn parse(fields: &Fields<'_>, now: Timestamp) -> Result<(RefundRequest, Signature, Timestamp), Vec<String>> {
    let mut wrong = Wrong::default();
    let version = fields.int("version", &mut wrong);
    let master = fields.text("master_pkey", &mut wrong);
    let signature = fields.text("master_sig", &mut wrong);
    let time = fields.int("unix_ts_ms", &mut wrong);
    let requested = fields.int("refund_requested_unix_ts_ms", &mut wrong);
    let tx = fields.object("payment_tx", "payment_tx.", &mut wrong);
    let provider = match &tx {
        Some(tx) => tx.int("provider", &mut wrong),
        None => {
            wrong.note("payment_tx.provider is missing; it must be an integer");
            None
        }
    };
    let taken = version
        .zip(master.zip(signature))
        .zip(time.zip(requested))
        .zip(tx.zip(provider));
    let (((version, (master, signature)), (time, requested)), (tx, provider)) = wrong.or(taken)?;

    let mut wrong = Wrong::default();
    check_version(version, &mut wrong);
    let master = key("master_pkey", master, &mut wrong);
    let signature = hex("master_sig", signature, &mut wrong);
    let (master, signature) = wrong.or(master.zip(signature))?;

    let mut wrong = Wrong::default();
    if known_provider(provider) != Some(Provider::Apple) {
        wrong.note("refunds are noted for payments of provider 2 alone");
        return wrong.or(None);
    }
    let ids = claim_ids(Provider::Apple, &tx, &mut wrong);
    let requested = millis(requested);
    if requested.is_none() {
        wrong.note(format!("refund_requested_unix_ts_ms must be from 0 to {}", i64::MAX));
    }
    let asked = millis(time)
        .map(Timestamp::from_millis)
        .filter(|asked| is_timely(now, *asked));
    if asked.is_none() {
        wrong.note("unix_ts_ms is too far from the time of this server");
    }
    wrong.or(ids.zip(requested).zip(asked).map(|((ids, requested), asked)| {
        let request = RefundRequest {
            master,
            unix_ts_ms: asked.as_millis().unsigned_abs(),
            requested_ms: requested.unsigned_abs(),
            ids,
        };
        (request, signature, asked)
    }))
}
