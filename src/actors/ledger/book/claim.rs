//! Somebody redeems a payment.

use super::{Moment, begin_generation, write};
use crate::db::entitlements::payments;
use crate::db::{DbError, Transaction};
use crate::domain::clock::Timestamp;
use crate::domain::entitlement::day::redeemed_at;
use crate::domain::entitlement::ids::ClaimIds;
use crate::domain::entitlement::key::PublicKey;
use crate::domain::entitlement::payment::{NotClaimable, Payment, Redemption};

/// What a claim came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Redeemed {
    /// The generation that proofs name from now on.
    pub gen_index: i64,
    /// Until when the redeemed payments entitle, with grace.
    pub proof_basis: Timestamp,
}

/// Redeems the payment of `ids` for `master`. A refusal has written nothing that must stay.
///
/// # Errors
/// [`DbError`]; [`NotClaimable`] inside.
pub async fn claim(
    transaction: &mut Transaction<'_>,
    master: &PublicKey,
    ids: &ClaimIds,
    moment: Moment,
) -> Result<Result<Redeemed, NotClaimable>, DbError> {
    super::take(transaction).await?;
    let found = payments::read_all(&transaction.query(&payments::claimed_as(ids)).await?)?;
    if let Err(refusal) = claimable(&found, master) {
        return Ok(Err(refusal));
    }
    let redeemed = redeem(transaction, master, found, moment).await?;
    Ok(redeemed.ok_or(NotClaimable::NotFound))
}

/// Redeems those of `found`, read since the ledger was taken, that `master` may redeem; `None` if there are none.
pub(super) async fn redeem(
    transaction: &mut Transaction<'_>,
    master: &PublicKey,
    found: Vec<Payment>,
    moment: Moment,
) -> Result<Option<Redeemed>, DbError> {
    let redemption = Redemption {
        owner: *master,
        at: redeemed_at(moment.now, moment.dev),
    };
    let mut any = false;
    for payment in found {
        if payment.claimable_by(master).is_err() {
            continue;
        }
        let from = payment.state.number();
        if let Ok(redeemed) = payment.redeem(redemption) {
            any |= write(transaction, &redeemed, from).await?;
        }
    }
    if !any {
        return Ok(None);
    }
    let (gen_index, best) = begin_generation(transaction, master).await?;
    Ok(Some(Redeemed {
        gen_index,
        proof_basis: best.proof_basis.unwrap_or(Timestamp::from_millis(0)),
    }))
}

/// Whether `master` may redeem one of the payments that a claim named.
///
/// # Errors
/// [`NotClaimable`].
pub fn claimable(found: &[Payment], master: &PublicKey) -> Result<(), NotClaimable> {
    let mut answer = Err(NotClaimable::NotFound);
    for payment in found {
        match payment.claimable_by(master) {
            Ok(()) => return Ok(()),
            Err(NotClaimable::AlreadyRedeemed) => answer = Err(NotClaimable::AlreadyRedeemed),
            Err(NotClaimable::NotFound) => {}
        }
    }
    answer
}
