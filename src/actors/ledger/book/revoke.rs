//! A store takes a subscription back.

use std::collections::BTreeMap;

use super::{advance_ticket, begin_generation, refresh, take, write};
use crate::db::entitlements::{payments, revocations};
use crate::db::{DbError, Transaction};
use crate::domain::clock::Timestamp;
use crate::domain::entitlement::grant::OrderId;
use crate::domain::entitlement::ids::Subscription;
use crate::domain::entitlement::key::PublicKey;
use crate::domain::entitlement::payment::Payment;
use crate::domain::entitlement::revocation::{Revocation, is_needed};

/// What a revocation came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Revoked {
    /// How many payments changed; none if the store repeated itself.
    pub payments: usize,
    /// The ticket, if generations were revoked.
    pub ticket: Option<i64>,
}

/// There is no payment of the subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no payment of this subscription is known")]
pub struct UnknownSubscription;

/// Revokes whatever of `subscription` has not ended by itself, as of `at`. The generation of an owner whose proofs would
/// go on is put into the list, and if something else entitles that owner, the next generation begins.
///
/// # Errors
/// [`DbError`]; [`UnknownSubscription`] inside.
pub async fn revoke(
    transaction: &mut Transaction<'_>,
    subscription: &Subscription,
    at: Timestamp,
    now: Timestamp,
) -> Result<Result<Revoked, UnknownSubscription>, DbError> {
    take(transaction).await?;
    let found = payments::read_all(&transaction.query(&payments::of_subscription(subscription)).await?)?;
    if found.is_empty() {
        return Ok(Err(UnknownSubscription));
    }
    revoke_all(transaction, found, at, now).await.map(Ok)
}

/// The same for what an operator granted under this order id; `None` if nothing was.
///
/// # Errors
/// [`DbError`].
pub async fn revoke_grant(
    transaction: &mut Transaction<'_>,
    order: &OrderId,
    now: Timestamp,
) -> Result<Option<Revoked>, DbError> {
    take(transaction).await?;
    let found = payments::read_all(&transaction.query(&payments::of_ids(&order.ids())).await?)?;
    if found.is_empty() {
        return Ok(None);
    }
    revoke_all(transaction, found, now, now).await.map(Some)
}

async fn revoke_all(
    transaction: &mut Transaction<'_>,
    found: Vec<Payment>,
    at: Timestamp,
    now: Timestamp,
) -> Result<Revoked, DbError> {
    let mut revoked = Revoked::default();
    // Of each owner the last moment that a payment which is now revoked would have lasted until.
    let mut owners: BTreeMap<PublicKey, Timestamp> = BTreeMap::new();
    for payment in found {
        let from = payment.state.number();
        let Ok(payment) = payment.revoke(at) else { continue };
        if !write(transaction, &payment, from).await? {
            continue;
        }
        revoked.payments += 1;
        if let Some(redemption) = payment.state.redemption() {
            let last = owners.entry(redemption.owner).or_insert(payment.witnessed.expires_at);
            *last = payment.witnessed.expires_at.max(*last);
        }
    }
    for (owner, last) in owners {
        let (best, gen_index) = refresh(transaction, &owner).await?;
        let Some(gen_index) = gen_index.filter(|_| is_needed(last, at)) else {
            continue;
        };
        let revocation = Revocation::of_refund(gen_index, at, now, best.standing.expires_at);
        transaction.query(&revocations::revoke(&revocation)).await?;
        revoked.ticket = Some(advance_ticket(transaction, 1).await?);
        if best.proof_basis.is_some() {
            begin_generation(transaction, &owner).await?;
        }
    }
    Ok(revoked)
}
