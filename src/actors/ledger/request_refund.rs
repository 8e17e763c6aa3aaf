//! Somebody says to have asked a store for a refund.

use super::{Deps, Ledger, book};
use crate::actors::failure::Failure;
use crate::actors::supervise::{Answer, Myself, Request, Serve};
use crate::db::Decision;
use crate::db::entitlements::payments;
use crate::domain::clock::Timestamp;
use crate::domain::entitlement::request::{RefundRequest, Signed};

/// A refund request to be noted, or taken back.
pub struct NoteRefundRequest {
    /// Who asks, for which payment.
    pub request: Signed<RefundRequest>,
    /// The time in the request, which has been found to be near the server's.
    pub asked: Timestamp,
    /// When the store was asked; `None` to take it back.
    pub requested: Option<Timestamp>,
}

impl Request for NoteRefundRequest {
    /// Whether something was noted.
    type Reply = Result<bool, Failure>;
}

impl Serve<NoteRefundRequest> for Ledger {
    fn serve(&mut self, request: NoteRefundRequest, _: &Myself<Self>) -> Answer<Result<bool, Failure>> {
        let deps = self.deps.clone();
        Answer::later(async move { deps.note_refund_request(request).await })
    }
}

impl Deps {
    async fn note_refund_request(&self, request: NoteRefundRequest) -> Result<bool, Failure> {
        let RefundRequest { master, ids, .. } = request.request.into_inner();
        // What nobody has paid disturbs nobody who writes.
        if !ids.could_be_stored() || self.store.query_one(&payments::claimed_as(&ids)).await?.is_none() {
            return Ok(false);
        }
        let (requested, asked) = (request.requested, request.asked);
        let work = self.change("note refund request", async move |transaction| {
            let noted = book::request_refund(transaction, &master, &ids, requested, asked).await?;
            Ok(if noted {
                Decision::Commit(true)
            } else {
                Decision::Rollback(false)
            })
        });
        Ok(work.await?)
    }
}
