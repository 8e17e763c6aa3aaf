//! `POST /add_pro_payment`: somebody claims a payment.

use super::Entitlements;
use super::answer::{ALREADY_REDEEMED, NOT_FOUND, REFUSED, Reply};
use super::dispatch::not_an_object;
use super::fields::{Fields, Wrong, check_version, hex, key};
use super::json::{Int, Json};
use crate::actors::ledger::claim_payment::{ClaimPayment, ClaimRefusal};
use crate::domain::entitlement::dev::{self, Mint};
use crate::domain::entitlement::ids::{ClaimIds, Provider};
use crate::domain::entitlement::payment::NotClaimable;
use crate::domain::entitlement::request::{Claim, NotSigned, Pair};

pub(super) async fn answer(entitlements: &Entitlements, body: &Json) -> Result<Reply, Vec<String>> {
    let fields = Fields::of(body).ok_or_else(not_an_object)?;
    let claim = parse(&fields)?;
    let mint = if entitlements.dev {
        parse_mint(&fields)?
    } else {
        Mint::default()
    };
    let claim = match claim.verify(entitlements.keys.proof.public()) {
        Ok(claim) => claim,
        Err(wrong) => return Ok(not_signed(&wrong)),
    };
    Ok(match entitlements.ledger.ask(ClaimPayment { claim, mint }).await {
        Ok(Ok(proof)) => Reply::proof(&proof),
        Ok(Err(ClaimRefusal::Failure(failure))) => failure.into(),
        Ok(Err(refusal)) => {
            let status = match refusal {
                ClaimRefusal::NotClaimable(NotClaimable::AlreadyRedeemed) => ALREADY_REDEEMED,
                ClaimRefusal::NotClaimable(NotClaimable::NotFound) => NOT_FOUND,
                _ => REFUSED,
            };
            Reply::error(status, &refusal)
        }
        Err(fault) => fault.into(),
    })
}

/// What a request whose keys or signatures are wrong is told.
pub(super) fn not_signed(wrong: &[NotSigned]) -> Reply {
    Reply::errors(REFUSED, &wrong.iter().map(ToString::to_string).collect::<Vec<_>>())
}

fn parse(fields: &Fields<'_>) -> Result<Claim, Vec<String>> {
    let mut wrong = Wrong::default();
    let version = fields.int("version", &mut wrong);
    let pair = PairText::take(fields, &mut wrong);
    let tx = fields.object("payment_tx", "payment_tx.", &mut wrong);
    let provider = match &tx {
        Some(tx) => tx.int("provider", &mut wrong),
        None => {
            wrong.note("payment_tx.provider is missing; it must be an integer");
            None
        }
    };
    let taken = version.zip(pair).zip(tx.zip(provider));
    let ((version, pair), (tx, provider)) = wrong.or(taken)?;

    let mut wrong = Wrong::default();
    check_version(version, &mut wrong);
    let known = known_provider(provider);
    if known.is_none() {
        wrong.note("payment_tx.provider is not one that this server knows");
    }
    let provider = wrong.or(known)?;

    let mut wrong = Wrong::default();
    if provider == Provider::Rangeproof {
        wrong.note("payments of this provider are not claimed");
        return wrong.or(None);
    }
    let ids = claim_ids(provider, &tx, &mut wrong);
    let keys = pair.read(&mut wrong);
    wrong.or(ids.zip(keys).map(|(ids, keys)| Claim { keys, ids }))
}

/// The provider of a number.
pub(super) fn known_provider(number: Int) -> Option<Provider> {
    match number {
        Int::Small(number) => i64::try_from(number).ok().and_then(Provider::from_number),
        Int::Least | Int::Most => None,
    }
}

/// The ids in `payment_tx`.
pub(super) fn claim_ids(provider: Provider, tx: &Fields<'_>, wrong: &mut Wrong) -> Option<ClaimIds> {
    match provider {
        Provider::Google => {
            let token = tx.text("google_payment_token", wrong);
            let order = tx.text("google_order_id", wrong);
            token.zip(order).map(|(token, order)| ClaimIds::Google {
                token: token.to_owned(),
                order: order.to_owned(),
            })
        }
        Provider::Apple => {
            let tx = tx.text("apple_tx_id", wrong)?.to_owned();
            Some(ClaimIds::Apple { tx })
        }
        Provider::Rangeproof => None,
    }
}

/// Two keys and two signatures, as they stand in the body.
pub(super) struct PairText<'a> {
    master: &'a str,
    rotating: &'a str,
    master_signature: &'a str,
    rotating_signature: &'a str,
}

impl<'a> PairText<'a> {
    pub(super) fn take(fields: &Fields<'a>, wrong: &mut Wrong) -> Option<Self> {
        let master = fields.text("master_pkey", wrong);
        let rotating = fields.text("rotating_pkey", wrong);
        let master_signature = fields.text("master_sig", wrong);
        let rotating_signature = fields.text("rotating_sig", wrong);
        Some(Self {
            master: master?,
            rotating: rotating?,
            master_signature: master_signature?,
            rotating_signature: rotating_signature?,
        })
    }

    pub(super) fn read(&self, wrong: &mut Wrong) -> Option<Pair> {
        let master = key("master_pkey", self.master, wrong);
        let rotating = key("rotating_pkey", self.rotating, wrong);
        let master_signature = hex("master_sig", self.master_signature, wrong);
        let rotating_signature = hex("rotating_sig", self.rotating_signature, wrong);
        Some(Pair {
            master: master?,
            rotating: rotating?,
            master_signature: master_signature?,
            rotating_signature: rotating_signature?,
        })
    }
}

/// What a development server is asked to mint.
fn parse_mint(fields: &Fields<'_>) -> Result<Mint, Vec<String>> {
    let mut wrong = Wrong::default();
    let mut mint = Mint::default();
    match fields.optional("dev_plan") {
        None => {}
        Some(Json::Text(Some(text))) if dev::plan(text).is_some() => mint.plan = dev::plan(text).unwrap_or(mint.plan),
        Some(_) => wrong.note("dev_plan must be OneMonth, ThreeMonth or TwelveMonth"),
    }
    match fields.optional("dev_duration_ms") {
        None => {}
        Some(Json::Int(Int::Small(millis))) if (1..=i128::from(dev::LONGEST)).contains(millis) => {
            mint.duration_ms = i64::try_from(*millis).unwrap_or(mint.duration_ms);
        }
        Some(_) => wrong.note(format!("dev_duration_ms must be an integer from 1 to {}", dev::LONGEST)),
    }
    match fields.optional("dev_auto_renewing") {
        None => {}
        Some(Json::Bool(value)) => mint.auto_renewing = *value,
        Some(_) => wrong.note("dev_auto_renewing must be true or false"),
    }
    wrong.or(Some(mint))
}
