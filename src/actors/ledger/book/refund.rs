//! Somebody says to have asked a store for a refund.

use super::{refresh, take, write};
use crate::db::entitlements::{payments, users};
use crate::db::{DbError, Transaction};
use crate::domain::clock::Timestamp;
use crate::domain::entitlement::ids::ClaimIds;
use crate::domain::entitlement::key::PublicKey;

/// Notes on the payment of `ids`, if it is `master`'s own, that a refund was `requested`, or that none is any more.
/// `false` if nothing was noted: no such payment, somebody else's, or a request that is older than the last.
///
/// # Errors
/// [`DbError`].
pub async fn request_refund(
    transaction: &mut Transaction<'_>,
    master: &PublicKey,
    ids: &ClaimIds,
    requested: Option<Timestamp>,
    asked: Timestamp,
) -> Result<bool, DbError> {
    take(transaction).await?;
    let found = payments::read_all(&transaction.query(&payments::claimed_as(ids)).await?)?;
    let own = found.into_iter().filter(|payment| {
        payment
            .state
            .redemption()
            .is_some_and(|redemption| redemption.owner == *master)
    });
    let own: Vec<_> = own.collect();
    if own.is_empty()
        || transaction
            .query_one(&users::ask_refund(master, asked))
            .await?
            .is_none()
    {
        return Ok(false);
    }
    for mut payment in own {
        payment.refund_requested_at = requested;
        write(transaction, &payment, payment.state.number()).await?;
    }
    refresh(transaction, master).await?;
    Ok(true)
}
