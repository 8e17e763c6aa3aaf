//! `POST /generate_pro_proof`: somebody who is entitled gets a proof for a device.

use super::Entitlements;
use super::add_payment::{PairText, not_signed};
use super::answer::{REFUSED, Reply};
use super::dispatch::not_an_object;
use super::fields::{Fields, Wrong, check_version, millis};
use super::json::Json;
use crate::actors::ledger::generate_proof::{GenerateProof, ProofRefusal};
use crate::domain::clock::Timestamp;
use crate::domain::entitlement::day::is_timely_for_proof;
use crate::domain::entitlement::request::ProofRequest;

pub(super) async fn answer(entitlements: &Entitlements, body: &Json) -> Result<Reply, Vec<String>> {
    let fields = Fields::of(body).ok_or_else(not_an_object)?;
    let (request, asked) = parse(&fields, entitlements.clock.now())?;
    let request = match request.verify(entitlements.keys.proof.public()) {
        Ok(request) => request,
        Err(wrong) => return Ok(not_signed(&wrong)),
    };
    Ok(match entitlements.ledger.ask(GenerateProof { request, asked }).await {
        Ok(Ok(proof)) => Reply::proof(&proof),
        Ok(Err(ProofRefusal::Failure(failure))) => failure.into(),
        Ok(Err(refusal)) => Reply::error(REFUSED, &refusal),
        Err(fault) => fault.into(),
    })
}

fn parse(fields: &Fields<'_>, now: Timestamp) -> Result<(ProofRequest, Timestamp), Vec<String>> {
    let mut wrong = Wrong::default();
    let version = fields.int("version", &mut wrong);
    let pair = PairText::take(fields, &mut wrong);
    let time = fields.int("unix_ts_ms", &mut wrong);
    let ((version, pair), time) = wrong.or(version.zip(pair).zip(time))?;

    let mut wrong = Wrong::default();
    check_version(version, &mut wrong);
    let keys = pair.read(&mut wrong);
    let asked = millis(time)
        .map(Timestamp::from_millis)
        .filter(|asked| is_timely_for_proof(now, *asked));
    if asked.is_none() {
        wrong.note("unix_ts_ms is too far from the time of this server");
    }
    wrong.or(keys.zip(asked).map(|(keys, asked)| {
        let unix_ts_ms = asked.as_millis().unsigned_abs();
        (ProofRequest { keys, unix_ts_ms }, asked)
    }))
}
