//! Somebody who is entitled gets a proof for a device.

use super::{Deps, Ledger};
use crate::actors::failure::Failure;
use crate::actors::supervise::{Answer, Myself, Request, Serve};
use crate::db::DbError;
use crate::db::entitlements::users;
use crate::domain::clock::Timestamp;
use crate::domain::entitlement::day::{proof_end, round_up};
use crate::domain::entitlement::proof::SignedProof;
use crate::domain::entitlement::request::{ProofRequest, Signed};

/// A request for a proof.
pub struct GenerateProof {
    /// Who asks, for which device.
    pub request: Signed<ProofRequest>,
    /// The time in the request, which has been found to be near the server's.
    pub asked: Timestamp,
}

/// Why there is no proof.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ProofRefusal {
    /// The key has never redeemed a payment.
    #[error("this master key has no subscription")]
    Unknown,
    /// The generation is revoked.
    #[error("the subscription of this master key was revoked")]
    Revoked,
    /// The subscription is over.
    #[error("the subscription of this master key has expired")]
    Expired,
    /// The server failed.
    #[error(transparent)]
    Failure(#[from] Failure),
}

impl From<DbError> for ProofRefusal {
    fn from(error: DbError) -> Self {
        Self::Failure(error.into())
    }
}

impl Request for GenerateProof {
    type Reply = Result<SignedProof, ProofRefusal>;
}

impl Serve<GenerateProof> for Ledger {
    fn serve(&mut self, request: GenerateProof, _: &Myself<Self>) -> Answer<Result<SignedProof, ProofRefusal>> {
        let deps = self.deps.clone();
        Answer::later(async move { deps.generate_proof(request).await })
    }
}

impl Deps {
    async fn generate_proof(&self, request: GenerateProof) -> Result<SignedProof, ProofRefusal> {
        let keys = &request.request.get().keys;
        let row = self.store.query_one(&users::with_revocation(&keys.master)).await?;
        let row = row.ok_or(ProofRefusal::Unknown)?;
        if users::read_is_revoked(&row) {
            return Err(ProofRefusal::Revoked);
        }
        let user = users::read(&row)?;
        let until = if self.config.define.entitlements.proofs_end_at_midnight {
            round_up(user.standing.expires_at)
        } else {
            user.standing.expires_at
        };
        let end = proof_end(request.asked, until);
        if request.asked > end {
            return Err(ProofRefusal::Expired);
        }
        Ok(self.prove(user.gen_index, keys.rotating, end))
    }
}
