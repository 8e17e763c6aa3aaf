//! Somebody asks what is known of them.

use super::{Deps, Ledger};
use crate::actors::failure::Failure;
use crate::actors::supervise::{Answer, Myself, Request, Serve};
use crate::db::entitlements::{payments, users};
use crate::domain::entitlement::key::PublicKey;
use crate::domain::entitlement::standing::Details;

/// A look at what is known of a master key.
pub struct ReadDetails {
    /// Whose.
    pub master: PublicKey,
    /// How many payments to show at most.
    pub count: u32,
}

impl Request for ReadDetails {
    type Reply = Result<Details, Failure>;
}

impl Serve<ReadDetails> for Ledger {
    fn serve(&mut self, request: ReadDetails, _: &Myself<Self>) -> Answer<Result<Details, Failure>> {
        let deps = self.deps.clone();
        Answer::later(async move { deps.read_details(&request.master, request.count).await })
    }
}

impl Deps {
    async fn read_details(&self, master: &PublicKey, count: u32) -> Result<Details, Failure> {
        let totals = self.store.query_one(&users::totals(master)).await?;
        let payments_total = totals.as_ref().map_or(Ok(0), |row| row.integer(0))?;
        if payments_total == 0 {
            return Ok(Details {
                user: None,
                is_revoked: false,
                payments_total,
                has_error: false,
                payments: Vec::new(),
            });
        }
        let has_error = totals.map_or(Ok(0), |row| row.integer(1))? > 0;
        let user = self.store.query_one(&users::with_revocation(master)).await?;
        let newest = match count {
            0 => Vec::new(),
            count => self.store.query(&payments::newest(master, i64::from(count))).await?,
        };
        Ok(Details {
            is_revoked: user.as_ref().is_some_and(users::read_is_revoked),
            user: user.as_ref().map(users::read).transpose()?,
            payments_total,
            has_error,
            payments: payments::read_all(&newest)?,
        })
    }
}
