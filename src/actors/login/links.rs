//! Reading and spending mailed links.

use super::{Deps, LoginError};
use crate::db::links::{self, StoredLink};
use crate::db::{DbError, Transaction};
use crate::domain::account::{LinkPurpose, LinkRefusal};
use crate::domain::clock::Timestamp;
use crate::domain::secret::TokenHash;

/// Whether a link may be used now, and for one of these purposes.
fn check(link: &StoredLink, purposes: &[LinkPurpose], now: Timestamp) -> Result<(), LinkRefusal> {
    let purpose = link.link.purpose;
    if !purposes.contains(&purpose) {
        return Err(LinkRefusal::OtherPurpose);
    }
    link.link.check(purpose, now)
}

impl Deps {
    /// The link of a token, if it may be used for one of `purposes` now. It is not spent by this.
    pub(super) async fn find_link(
        &self,
        token: &TokenHash,
        purposes: &[LinkPurpose],
    ) -> Result<StoredLink, LoginError> {
        let row = self.store.query_one(&links::by_hash(token)).await?;
        let found = row.as_ref().map(links::read).transpose()?.ok_or(LoginError::Expired)?;
        check(&found, purposes, self.clock.now()).map_err(|refusal| {
            tracing::debug!(%refusal, purpose = found.link.purpose.as_str(), "a link was refused");
            LoginError::Expired
        })?;
        Ok(found)
    }
}

/// Spends a link inside the transaction that grants what it is for; `None` if it may not be used (any more), and then the
/// transaction must be rolled back.
pub(super) async fn spend(
    transaction: &mut Transaction<'_>,
    token: &TokenHash,
    purposes: &[LinkPurpose],
    now: Timestamp,
) -> Result<Option<StoredLink>, DbError> {
    let row = transaction.query_one(&links::spend(token, now)).await?;
    let found = row.as_ref().map(links::read).transpose()?;
    Ok(found.filter(|found| check(found, purposes, now).is_ok()))
}
