//! `POST /get_pro_revocations`: the list of generations whose proofs are not to be believed.

use serde::Serialize;

use super::Entitlements;
use super::answer::{Body, Reply};
use super::dispatch::not_an_object;
use super::fields::{Fields, Wrong, check_version};
use super::json::{Int, Json};
use crate::actors::failure::Failure;
use crate::actors::ledger::revocations::LookAtTicket;
use crate::domain::entitlement::proof::VERSION;
use crate::domain::entitlement::revocation::RETRY_SECS;

#[derive(Serialize)]
struct NothingNew {
    items: [(); 0],
    retry_in_s: i64,
    ticket: i64,
    version: u8,
}

pub(super) async fn answer(entitlements: &Entitlements, body: &Json) -> Result<Reply, Vec<String>> {
    let fields = Fields::of(body).ok_or_else(not_an_object)?;
    let known = parse(&fields)?;
    Ok(look(entitlements, known).await.unwrap_or_else(Reply::from))
}

async fn look(entitlements: &Entitlements, known: Int) -> Result<Reply, Failure> {
    let published = entitlements.revocations.ticket(entitlements.clock.monotonic());
    let ticket = match published {
        Some(ticket) => ticket,
        None => entitlements.ledger.ask(LookAtTicket).await??,
    };
    let is_behind = match known {
        Int::Small(known) => known < i128::from(ticket),
        Int::Least => true,
        Int::Most => false,
    };
    if !is_behind {
        return Ok(Reply::result(NothingNew {
            items: [],
            retry_in_s: RETRY_SECS,
            ticket,
            version: VERSION,
        }));
    }
    let list = entitlements
        .lists
        .at(ticket, &entitlements.store, &entitlements.keys.salt)
        .await?;
    Ok(Reply {
        status: 200,
        retry_after: None,
        body: Body::List(list),
    })
}

fn parse(fields: &Fields<'_>) -> Result<Int, Vec<String>> {
    let mut wrong = Wrong::default();
    let version = fields.int("version", &mut wrong);
    let ticket = fields.int("ticket", &mut wrong);
    let (version, ticket) = wrong.or(version.zip(ticket))?;
    let mut wrong = Wrong::default();
    check_version(version, &mut wrong);
    wrong.or(Some(ticket))
}
