//! An administrator closes an account, or opens it again.

use super::{Deps, Members, MembersError};
use crate::actors::end_session::end_all_of_account;
use crate::actors::supervise::{Answer, Myself, Request, Serve};
use crate::db::{DbError, Decision, Transaction, accounts, links};
use crate::domain::clock::Timestamp;
use crate::domain::email::Identifier;

/// Lets an account sign in, or not. Closing it ends what it was given; opening it brings nothing of that back.
pub struct SetActive {
    /// Which account.
    pub account_id: String,
    /// Whether it may sign in.
    pub active: bool,
}

impl Request for SetActive {
    type Reply = Result<(), MembersError>;
}

impl Serve<SetActive> for Members {
    fn serve(&mut self, request: SetActive, _: &Myself<Self>) -> Answer<Result<(), MembersError>> {
        let deps = self.deps.clone();
        Answer::later(async move { deps.set_active(request).await })
    }
}

enum Outcome {
    Done,
    NotFound,
    LastAdministrator,
}

impl Deps {
    async fn set_active(&self, request: SetActive) -> Result<(), MembersError> {
        let now = self.clock.now();
        let outcome = self
            .writes
            .transact("open or close account", async move |transaction| {
                Ok(match set(transaction, &request, now).await? {
                    Outcome::Done => Decision::Commit(Outcome::Done),
                    refused => Decision::Rollback(refused),
                })
            })
            .await?;
        match outcome {
            Outcome::Done => Ok(()),
            Outcome::NotFound => Err(MembersError::NotFound),
            Outcome::LastAdministrator => Err(MembersError::Conflict(
                "this is the last administrator; make somebody else one before, with `countersign user scope`",
            )),
        }
    }
}

async fn set(transaction: &mut Transaction<'_>, request: &SetActive, now: Timestamp) -> Result<Outcome, DbError> {
    let id = request.account_id.as_str();
    if transaction.query_one(&accounts::by_id(id)).await?.is_none() {
        return Ok(Outcome::NotFound);
    }
    if !request.active && transaction.query_one(&accounts::is_administrator(id)).await?.is_some() {
        transaction.query(&accounts::guard_administrators()).await?;
        if transaction
            .query_one(&accounts::other_administrator(id))
            .await?
            .is_none()
        {
            return Ok(Outcome::LastAdministrator);
        }
    }
    // Already so: done, and nothing to end.
    let Some(row) = transaction
        .query_one(&accounts::set_status(id, request.active, now))
        .await?
    else {
        return Ok(Outcome::Done);
    };
    if !request.active {
        let identifier = Identifier(row.bytes(0)?);
        end_all_of_account(transaction, id, None, now).await?;
        for end in [links::void_of_account(id, now), links::void_all(&identifier, now)] {
            transaction.query(&end).await?;
        }
    }
    Ok(Outcome::Done)
}
