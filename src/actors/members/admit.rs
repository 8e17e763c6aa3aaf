//! An administrator admits somebody who waits.

use super::invitation::{Invited, admit};
use super::{Deps, Members, MembersError, NUMBER_TAKEN};
use crate::actors::supervise::{Answer, Myself, Request, Serve};
use crate::actors::writer::WriteError;
use crate::db::{DbError, Decision, Statement, applicants};
use crate::domain::account::Membership;
use crate::domain::email::Email;

/// Admits somebody who has confirmed their address: the registration mail goes out.
pub struct Admit {
    /// Whom.
    pub who: Who,
    /// What the administrator says of them.
    pub membership: Membership,
}

/// How an administrator names an applicant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// By the name in the list.
    Id(String),
    /// By the address.
    Email(Email),
}

impl Who {
    /// The statement that finds them.
    pub(super) fn find(&self, deps: &Deps) -> Statement {
        match self {
            Self::Id(id) => applicants::by_id(id),
            Self::Email(email) => applicants::by_identifier(&deps.secrets.identifier.identify(email)),
        }
    }
}

impl Request for Admit {
    type Reply = Result<(), MembersError>;
}

impl Serve<Admit> for Members {
    fn serve(&mut self, request: Admit, _: &Myself<Self>) -> Answer<Result<(), MembersError>> {
        let deps = self.deps.clone();
        Answer::later(async move { deps.admit(request).await })
    }
}

impl Deps {
    async fn admit(&self, request: Admit) -> Result<(), MembersError> {
        let (find, letters, now) = (request.who.find(self), self.letters(), self.clock.now());
        let secrets = std::sync::Arc::clone(&self.secrets);
        let admitted = self
            .writes
            .transact("admit", async move |transaction| {
                let row = transaction.query_one(&find).await?;
                let Some(applicant) = row.as_ref().map(applicants::read).transpose()? else {
                    return Ok(Decision::Rollback(None));
                };
                let identifier = secrets.identifier.identify(&applicant.email);
                let done = admit(transaction, &letters, &applicant, &identifier, &request.membership, now).await?;
                Ok(if done == Invited::Yes {
                    Decision::Commit(Some(done))
                } else {
                    Decision::Rollback(Some(done))
                })
            })
            .await;
        let admitted = match admitted {
            // Two administrators gave one number in the same moment: the index let one of them.
            Err(WriteError::Db(DbError::Constraint(_))) => Some(Invited::NumberTaken),
            admitted => admitted?,
        };
        match admitted {
            Some(Invited::Yes) => {
                self.wake_mailer();
                Ok(())
            }
            Some(Invited::NumberTaken) => Err(MembersError::Conflict(NUMBER_TAKEN)),
            Some(Invited::Before | Invited::HasAccount) => Err(MembersError::Conflict("they are admitted already")),
            None => Err(MembersError::NotFound),
        }
    }
}
