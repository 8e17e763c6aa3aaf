//! What stores tell the ledger: the same for every store.

use super::book::{self, Revoked, UnknownSubscription};
use super::{Deps, Ledger};
use crate::actors::failure::Failure;
use crate::actors::supervise::{Answer, Myself, Request, Serve};
use crate::db::Decision;
use crate::db::entitlements::user_errors;
use crate::domain::clock::Timestamp;
use crate::domain::entitlement::ids::{PaymentIds, Subscription, UnusableIds};
use crate::domain::entitlement::payment::{Renewal, Witnessed};
use crate::domain::entitlement::standing::UserError;

/// Why what a store told was not taken.
#[derive(Clone, Debug, thiserror::Error)]
pub enum NotTaken {
    /// Its ids cannot be kept.
    #[error(transparent)]
    UnusableIds(#[from] UnusableIds),
    /// There is no such payment.
    #[error("no such payment is known")]
    UnknownPayment,
    /// There is no such subscription.
    #[error(transparent)]
    UnknownSubscription(#[from] UnknownSubscription),
    /// The server failed.
    #[error(transparent)]
    Failure(#[from] Failure),
}

/// A payment was made.
pub struct WitnessPayment(pub Witnessed);

impl Request for WitnessPayment {
    /// Whether it was not known.
    type Reply = Result<bool, NotTaken>;
}

impl Serve<WitnessPayment> for Ledger {
    fn serve(&mut self, request: WitnessPayment, _: &Myself<Self>) -> Answer<Result<bool, NotTaken>> {
        let deps = self.deps.clone();
        Answer::later(async move { deps.witness_payment(request.0).await })
    }
}

/// A payment will be renewed, or will not be.
pub struct TellRenewal {
    /// Which.
    pub ids: PaymentIds,
    /// What the store says.
    pub renewal: Renewal,
}

impl Request for TellRenewal {
    type Reply = Result<(), NotTaken>;
}

impl Serve<TellRenewal> for Ledger {
    fn serve(&mut self, request: TellRenewal, _: &Myself<Self>) -> Answer<Result<(), NotTaken>> {
        let deps = self.deps.clone();
        Answer::later(async move { deps.tell_renewal(request).await })
    }
}

/// A subscription was taken back.
pub struct RevokeSubscription {
    /// Which.
    pub subscription: Subscription,
    /// As of when.
    pub at: Timestamp,
}

impl Request for RevokeSubscription {
    type Reply = Result<Revoked, NotTaken>;
}

impl Serve<RevokeSubscription> for Ledger {
    fn serve(&mut self, request: RevokeSubscription, _: &Myself<Self>) -> Answer<Result<Revoked, NotTaken>> {
        let deps = self.deps.clone();
        Answer::later(async move { deps.revoke_subscription(request).await })
    }
}

/// Book-keeping for a subscription failed, or works again. Written by itself, whatever became of what failed.
pub struct NoteUserError {
    /// Which.
    pub error: UserError,
    /// Whether it failed.
    pub present: bool,
}

impl Request for NoteUserError {
    type Reply = Result<(), Failure>;
}

impl Serve<NoteUserError> for Ledger {
    fn serve(&mut self, request: NoteUserError, _: &Myself<Self>) -> Answer<Result<(), Failure>> {
        let deps = self.deps.clone();
        Answer::later(async move {
            let statement = if request.present {
                user_errors::insert(&request.error, deps.clock.now())
            } else {
                user_errors::delete(&request.error)
            };
            deps.writes.execute(statement).await?;
            Ok(())
        })
    }
}

impl Deps {
    async fn witness_payment(&self, witnessed: Witnessed) -> Result<bool, NotTaken> {
        witnessed.ids.check()?;
        let moment = self.moment();
        let work = self.change("witness payment", async move |transaction| {
            Ok(Decision::Commit(book::witness(transaction, &witnessed, moment).await?))
        });
        Ok(work.await.map_err(Failure::from)?)
    }

    async fn tell_renewal(&self, request: TellRenewal) -> Result<(), NotTaken> {
        request.ids.check()?;
        let work = self.change("tell renewal", async move |transaction| {
            let known = book::renew(transaction, &request.ids, request.renewal).await?;
            Ok(Decision::Commit(known))
        });
        if work.await.map_err(Failure::from)? {
            Ok(())
        } else {
            Err(NotTaken::UnknownPayment)
        }
    }

    async fn revoke_subscription(&self, request: RevokeSubscription) -> Result<Revoked, NotTaken> {
        let (now, began) = (self.clock.now(), self.clock.monotonic());
        let work = self.change("revoke subscription", async move |transaction| {
            let answer = book::revoke(transaction, &request.subscription, request.at, now).await?;
            Ok(Decision::Commit(answer))
        });
        let revoked = work.await.map_err(Failure::from)??;
        if let Some(ticket) = revoked.ticket {
            self.revocations.publish(ticket, began);
        }
        Ok(revoked)
    }
}
