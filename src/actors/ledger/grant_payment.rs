//! An operator gives somebody a plan by hand, and takes it back.

use super::book::{self, Revoked};
use super::{Deps, Ledger};
use crate::actors::failure::Failure;
use crate::actors::supervise::{Answer, Myself, Request, Serve};
use crate::db::Decision;
use crate::domain::clock::Timestamp;
use crate::domain::entitlement::grant::{self, OrderId};
use crate::domain::entitlement::key::PublicKey;
use crate::domain::entitlement::payment::Plan;

/// A plan for a person, redeemed at once. Asked for again under the same order id, nothing more is given.
pub struct GrantPayment {
    /// The name of the grant.
    pub order: OrderId,
    /// Whom for.
    pub master: PublicKey,
    /// What.
    pub plan: Plan,
    /// How long it lasts, in ms; `None` for as long as the plan does.
    pub duration_ms: Option<i64>,
}

/// What was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Granted {
    /// Until when it entitles.
    pub expires_at: Timestamp,
    /// Whether it had been given before.
    pub repeated: bool,
}

/// Something else goes by that order id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("another grant goes by this order id")]
pub struct OrderTaken;

impl Request for GrantPayment {
    type Reply = Result<Result<Granted, OrderTaken>, Failure>;
}

impl Serve<GrantPayment> for Ledger {
    fn serve(
        &mut self,
        request: GrantPayment,
        _: &Myself<Self>,
    ) -> Answer<Result<Result<Granted, OrderTaken>, Failure>> {
        let deps = self.deps.clone();
        Answer::later(async move { deps.grant_payment(request).await })
    }
}

/// Takes a grant back, as of now.
pub struct RevokeGrant {
    /// The name of the grant.
    pub order: OrderId,
}

impl Request for RevokeGrant {
    /// What it came to; `None` if there is no such grant.
    type Reply = Result<Option<Revoked>, Failure>;
}

impl Serve<RevokeGrant> for Ledger {
    fn serve(&mut self, request: RevokeGrant, _: &Myself<Self>) -> Answer<Result<Option<Revoked>, Failure>> {
        let deps = self.deps.clone();
        Answer::later(async move { deps.revoke_grant(request).await })
    }
}

impl Deps {
    async fn grant_payment(&self, request: GrantPayment) -> Result<Result<Granted, OrderTaken>, Failure> {
        let moment = self.moment();
        let GrantPayment {
            order, master, plan, ..
        } = request;
        let duration = request.duration_ms.unwrap_or_else(|| grant::duration(plan));
        let payment = grant::payment(&order, plan, duration, moment.now);
        let work = self.change("grant payment", async move |transaction| {
            Ok(match book::grant(transaction, &payment, &master, moment).await? {
                book::Granted::Now(_) => Decision::Commit(Ok(Granted {
                    expires_at: payment.expires_at,
                    repeated: false,
                })),
                book::Granted::Before(expires_at) => Decision::Rollback(Ok(Granted {
                    expires_at,
                    repeated: true,
                })),
                book::Granted::OrderTaken => Decision::Rollback(Err(OrderTaken)),
            })
        });
        Ok(work.await?)
    }

    async fn revoke_grant(&self, request: RevokeGrant) -> Result<Option<Revoked>, Failure> {
        let (now, began) = (self.clock.now(), self.clock.monotonic());
        let work = self.change("revoke grant", async move |transaction| {
            Ok(match book::revoke_grant(transaction, &request.order, now).await? {
                Some(revoked) if revoked.payments > 0 => Decision::Commit(Some(revoked)),
                unchanged => Decision::Rollback(unchanged),
            })
        });
        let revoked = work.await?;
        if let Some(ticket) = revoked.and_then(|revoked| revoked.ticket) {
            self.revocations.publish(ticket, began);
        }
        Ok(revoked)
    }
}
