//! A store tells whether it will renew a payment, and how long it tries.

use super::{refresh, take, write};
use crate::db::entitlements::payments;
use crate::db::{DbError, Transaction};
use crate::domain::entitlement::ids::PaymentIds;
use crate::domain::entitlement::payment::Renewal;

/// Writes it down; `false` if there is no such payment. News of a revoked payment come too late and change nothing.
///
/// # Errors
/// [`DbError`].
pub async fn renew(transaction: &mut Transaction<'_>, ids: &PaymentIds, renewal: Renewal) -> Result<bool, DbError> {
    take(transaction).await?;
    let Some(row) = transaction.query_one(&payments::of_ids(ids)).await? else {
        return Ok(false);
    };
    let payment = payments::read(&row)?;
    let from = payment.state.number();
    if let Ok(renewed) = payment.renew(renewal) {
        write(transaction, &renewed, from).await?;
        if let Some(redemption) = renewed.state.redemption() {
            refresh(transaction, &redemption.owner).await?;
        }
    }
    Ok(true)
}
