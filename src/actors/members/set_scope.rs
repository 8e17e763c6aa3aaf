//! An administrator gives somebody a scope, or takes it away.

use super::{Deps, Members, MembersError};
use crate::actors::supervise::{Answer, Myself, Request, Serve};
use crate::db::{Decision, accounts};
use crate::domain::oauth::scope::{ROLES, STANDARD};

/// Gives or takes a scope. The roles of this server itself are given and taken on the command line alone.
pub struct SetScope {
    /// Whose.
    pub account_id: String,
    /// One scope token, checked.
    pub scope: String,
    /// Given, else taken.
    pub give: bool,
}

impl Request for SetScope {
    /// The scopes held now.
    type Reply = Result<Vec<String>, MembersError>;
}

impl Serve<SetScope> for Members {
    fn serve(&mut self, request: SetScope, _: &Myself<Self>) -> Answer<Result<Vec<String>, MembersError>> {
        let deps = self.deps.clone();
        Answer::later(async move { deps.set_scope(request).await })
    }
}

impl Deps {
    async fn set_scope(&self, request: SetScope) -> Result<Vec<String>, MembersError> {
        if ROLES.contains(&request.scope.as_str()) {
            return Err(MembersError::Conflict(
                "member and admin are not given or taken here; use `countersign user scope`",
            ));
        }
        if STANDARD.contains(&request.scope.as_str()) {
            return Err(MembersError::Conflict("everybody has the scopes of OpenID Connect"));
        }
        let now = self.clock.now();
        let scopes = self
            .writes
            .transact("set scope", async move |transaction| {
                let id = request.account_id.as_str();
                if transaction.query_one(&accounts::by_id(id)).await?.is_none() {
                    return Ok(Decision::Rollback(None));
                }
                let change = if request.give {
                    accounts::add_scope(id, &request.scope, now)
                } else {
                    accounts::remove_scope(id, &request.scope)
                };
                transaction.query(&change).await?;
                let rows = transaction.query(&accounts::scopes(id)).await?;
                let scopes = rows.iter().map(|row| row.text(0).map(str::to_owned));
                Ok(Decision::Commit(Some(scopes.collect::<Result<Vec<_>, _>>()?)))
            })
            .await?;
        scopes.ok_or(MembersError::NotFound)
    }
}
