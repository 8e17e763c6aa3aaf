//! Somebody claims a payment, and gets the first proof on it.

use super::book::{self, Moment, Redeemed};
use super::stores::NotAcknowledged;
use super::{Deps, Ledger};
use crate::actors::failure::Failure;
use crate::actors::supervise::{Answer, Myself, Request, Serve};
use crate::actors::writer::WriteError;
use crate::db::entitlements::payments;
use crate::db::{DbError, Decision};
use crate::domain::entitlement::day::{proof_end, round_up};
use crate::domain::entitlement::dev::{self, Mint};
use crate::domain::entitlement::ids::{ClaimIds, Provider, Subscription, UnusableIds};
use crate::domain::entitlement::key::PublicKey;
use crate::domain::entitlement::payment::NotClaimable;
use crate::domain::entitlement::proof::SignedProof;
use crate::domain::entitlement::request::{Claim, Signed};

/// A claim of a payment.
pub struct ClaimPayment {
    /// Who claims what.
    pub claim: Signed<Claim>,
    /// What to mint first, on a development server.
    pub mint: Mint,
}

/// Why a claim gets nothing.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ClaimRefusal {
    /// It is not waiting for whoever asks.
    #[error(transparent)]
    NotClaimable(#[from] NotClaimable),
    /// Ids that cannot be minted.
    #[error(transparent)]
    NotMinted(#[from] UnusableIds),
    /// The store that must be told is not configured: it would give the money back.
    #[error("no connection to the store of this payment is configured")]
    NoStore,
    /// The store was told and did not take it.
    #[error(transparent)]
    NotAcknowledged(#[from] NotAcknowledged),
    /// The server failed.
    #[error(transparent)]
    Failure(#[from] Failure),
}

impl From<DbError> for ClaimRefusal {
    fn from(error: DbError) -> Self {
        Self::Failure(error.into())
    }
}

impl From<WriteError> for ClaimRefusal {
    fn from(error: WriteError) -> Self {
        Self::Failure(error.into())
    }
}

impl Request for ClaimPayment {
    type Reply = Result<SignedProof, ClaimRefusal>;
}

impl Serve<ClaimPayment> for Ledger {
    fn serve(&mut self, request: ClaimPayment, _: &Myself<Self>) -> Answer<Result<SignedProof, ClaimRefusal>> {
        let deps = self.deps.clone();
        Answer::later(async move { deps.claim_payment(request).await })
    }
}

impl Deps {
    async fn claim_payment(&self, request: ClaimPayment) -> Result<SignedProof, ClaimRefusal> {
        let Claim { keys, ids } = request.claim.into_inner();
        let moment = self.moment();
        let mint = (moment.dev && dev::mints(&ids)).then_some(request.mint);
        match mint.and_then(|mint| mint.payment(&ids, &keys.master, moment.now)) {
            Some(minted) => minted.ids.check()?,
            None => self.prepare(&ids, &keys.master).await?,
        }
        let redeemed = self.redeem(keys.master, ids, mint, moment).await??;
        // Nothing is signed before it is committed: a generation of a claim that was undone is handed out again.
        let until = if moment.dev {
            redeemed.proof_basis
        } else {
            round_up(redeemed.proof_basis)
        };
        Ok(self.prove(redeemed.gen_index, keys.rotating, proof_end(moment.now, until)))
    }

    /// Refuses what is refused anyhow, without disturbing those who write, and tells the store.
    ///
    /// The store is told before and not within the transaction, which must not wait for a network. If the claim then fails
    /// the purchase is acknowledged and still waits for its owner.
    async fn prepare(&self, ids: &ClaimIds, master: &PublicKey) -> Result<(), ClaimRefusal> {
        if !ids.could_be_stored() {
            return Err(NotClaimable::NotFound.into());
        }
        let found = payments::read_all(&self.store.query(&payments::claimed_as(ids)).await?)?;
        book::claimable(&found, master)?;
        if let ClaimIds::Google { token, .. } = ids {
            let store = self.stores.of(Provider::Google).ok_or(ClaimRefusal::NoStore)?;
            let token = token.clone();
            store.acknowledge(Subscription::Google { token }).await?;
        }
        Ok(())
    }

    async fn redeem(
        &self,
        master: PublicKey,
        ids: ClaimIds,
        mint: Option<Mint>,
        moment: Moment,
    ) -> Result<Result<Redeemed, NotClaimable>, WriteError> {
        let work = self.change("claim payment", async move |transaction| {
            let minted = match &mint {
                Some(mint) => book::mint(transaction, mint, &ids, &master, moment).await?,
                None => false,
            };
            Ok(match book::claim(transaction, &master, &ids, moment).await? {
                Err(refusal) if !minted => Decision::Rollback(Err(refusal)),
                // What was minted stays: a renewal has been redeemed for its owner by then.
                answer => Decision::Commit(answer),
            })
        });
        work.await
    }
}
