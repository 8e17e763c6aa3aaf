//! An operator gives somebody a plan by hand.

use super::{Deps, Ledger, book};
use crate::actors::failure::Failure;
use crate::actors::supervise::{Answer, Myself, Request, Serve};
use crate::db::Decision;
use crate::domain::clock::Timestamp;
use crate::domain::entitlement::day::{proof_end, round_up};
use crate::domain::entitlement::grant;
use crate::domain::entitlement::ids::PaymentIds;
use crate::domain::entitlement::key::PublicKey;
use crate::domain::entitlement::payment::Plan;
use crate::domain::entitlement::proof::SignedProof;

/// A plan for a person, redeemed at once.
pub struct GrantPayment {
    /// Whom for.
    pub master: PublicKey,
    /// What.
    pub plan: Plan,
    /// How long it lasts, in ms; `None` for as long as the plan does.
    pub duration_ms: Option<i64>,
    /// A device to give the first proof to.
    pub rotating: Option<PublicKey>,
}

/// What was given.
#[derive(Clone, Debug)]
pub struct Granted {
    /// The order id that the payment goes by.
    pub order: String,
    /// Until when it entitles.
    pub expires_at: Timestamp,
    /// The generation that proofs name from now on.
    pub gen_index: i64,
    /// The first proof, if a device was named.
    pub proof: Option<SignedProof>,
}

impl Request for GrantPayment {
    type Reply = Result<Granted, Failure>;
}

impl Serve<GrantPayment> for Ledger {
    fn serve(&mut self, request: GrantPayment, _: &Myself<Self>) -> Answer<Result<Granted, Failure>> {
        let deps = self.deps.clone();
        Answer::later(async move { deps.grant_payment(&request).await })
    }
}

impl Deps {
    async fn grant_payment(&self, request: &GrantPayment) -> Result<Granted, Failure> {
        let (moment, master) = (self.moment(), request.master);
        let duration = request.duration_ms.unwrap_or_else(|| grant::duration(request.plan));
        let payment = grant::payment(request.plan, duration, moment.now, self.random.as_ref());
        let expires_at = payment.expires_at;
        let PaymentIds::Rangeproof { order } = payment.ids.clone() else {
            return Err(Failure::Internal("a grant that is of a store".to_owned()));
        };
        let work = self.change("grant payment", async move |transaction| {
            let redeemed = book::grant(transaction, &payment, &master, moment).await?;
            Ok(Decision::Commit(redeemed))
        });
        let redeemed = work.await?;
        let until = if moment.dev {
            redeemed.proof_basis
        } else {
            round_up(redeemed.proof_basis)
        };
        let end = proof_end(moment.now, until);
        Ok(Granted {
            order,
            expires_at,
            gen_index: redeemed.gen_index,
            proof: request
                .rotating
                .map(|rotating| self.prove(redeemed.gen_index, rotating, end)),
        })
    }
}
