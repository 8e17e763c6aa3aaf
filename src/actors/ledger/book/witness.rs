//! A store tells of a payment; an operator grants one; a development server mints one.

use super::claim::{Redeemed, redeem};
use super::{Moment, one, renew, take, write};
use crate::db::entitlements::{payments, runtime, users};
use crate::db::{DbError, Transaction};
use crate::domain::clock::Timestamp;
use crate::domain::entitlement::dev::Mint;
use crate::domain::entitlement::grant::is_repeated;
use crate::domain::entitlement::ids::ClaimIds;
use crate::domain::entitlement::key::PublicKey;
use crate::domain::entitlement::payment::{Payment, Witnessed};
use crate::domain::entitlement::renewal::deadline;

/// Stores a payment unless it is known, and redeems it for the owner of its subscription if it renews one in time. Whether
/// it was not known. The ids have been checked.
///
/// # Errors
/// [`DbError`].
pub async fn witness(
    transaction: &mut Transaction<'_>,
    witnessed: &Witnessed,
    moment: Moment,
) -> Result<bool, DbError> {
    take(transaction).await?;
    let known = transaction.query_one(&payments::of_ids(&witnessed.ids)).await?;
    let (payment, is_new) = match known {
        Some(row) => (payments::read(&row)?, false),
        None => (store(transaction, witnessed).await?, true),
    };
    redeem_for_owner(transaction, payment, moment).await?;
    Ok(is_new)
}

async fn store(transaction: &mut Transaction<'_>, witnessed: &Witnessed) -> Result<Payment, DbError> {
    let id = one(transaction, &runtime::next_payment()).await?.integer(0)?;
    let payment = Payment::witness(id, witnessed.clone());
    transaction.query(&payments::insert(id, witnessed)).await?;
    write(transaction, &payment, payment.state.number()).await?;
    Ok(payment)
}

/// A renewal needs no device.
async fn redeem_for_owner(
    transaction: &mut Transaction<'_>,
    payment: Payment,
    moment: Moment,
) -> Result<Option<Redeemed>, DbError> {
    let Some(subscription) = payment.witnessed.ids.subscription() else {
        return Ok(None);
    };
    let Some(row) = transaction.query_one(&payments::owner(&subscription)).await? else {
        return Ok(None);
    };
    let owner = PublicKey::from_bytes(row.bytes(0)?);
    let Some(row) = transaction.query_one(&users::by_master(&owner)).await? else {
        return Ok(None);
    };
    let last = deadline(subscription.provider(), &users::read(&row)?.standing);
    if last.is_none_or(|last| payment.witnessed.unredeemed_at > last) {
        tracing::debug!("a renewal came too late to be redeemed for the owner of its subscription");
        return Ok(None);
    }
    if payment.claimable_by(&owner).is_err() {
        return Ok(None);
    }
    redeem(transaction, &owner, vec![payment], moment).await
}

/// What a grant came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Granted {
    /// It was given now.
    Now(Redeemed),
    /// The same had been given before, until then. Nothing was written.
    Before(Timestamp),
    /// Something else goes by that order id. Nothing was written.
    OrderTaken,
}

/// Stores what an operator grants and redeems it for `master` at once, unless it was granted before.
///
/// # Errors
/// [`DbError`].
pub async fn grant(
    transaction: &mut Transaction<'_>,
    witnessed: &Witnessed,
    master: &PublicKey,
    moment: Moment,
) -> Result<Granted, DbError> {
    take(transaction).await?;
    if let Some(row) = transaction.query_one(&payments::of_ids(&witnessed.ids)).await? {
        let made = payments::read(&row)?;
        let owner = made.state.redemption().map(|redemption| redemption.owner);
        return Ok(if owner == Some(*master) && is_repeated(&made.witnessed, witnessed) {
            Granted::Before(made.witnessed.expires_at)
        } else {
            Granted::OrderTaken
        });
    }
    let payment = store(transaction, witnessed).await?;
    let redeemed = redeem(transaction, master, vec![payment], moment).await?;
    let redeemed =
        redeemed.ok_or_else(|| DbError::Inconsistent("a grant was redeemed before it was made".to_owned()))?;
    Ok(Granted::Now(redeemed))
}

/// Stores the payment that a claim mints, with its renewal, unless it is known; whether it was not.
///
/// # Errors
/// [`DbError`].
pub async fn mint(
    transaction: &mut Transaction<'_>,
    mint: &Mint,
    ids: &ClaimIds,
    master: &PublicKey,
    moment: Moment,
) -> Result<bool, DbError> {
    let Some(witnessed) = mint.payment(ids, master, moment.now) else {
        return Ok(false);
    };
    let is_new = witness(transaction, &witnessed, moment).await?;
    // A known row stays as it is, whatever a repeated or a foreign request says.
    if is_new {
        renew(transaction, &witnessed.ids, mint.renewal()).await?;
    }
    Ok(is_new)
}
