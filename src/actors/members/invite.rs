//! An administrator invites somebody.

use super::invitation::{Invitation, Invited, invite};
use super::{Deps, Members, MembersError, NUMBER_TAKEN};
use crate::actors::supervise::{Answer, Myself, Request, Serve};
use crate::actors::writer::WriteError;
use crate::config::Onboarding;
use crate::db::{DbError, Decision};
use crate::domain::account::{Introduction, Membership};
use crate::domain::email::Email;

/// Invites an address: the registration mail goes out.
pub struct Invite {
    /// Whom.
    pub email: Email,
    /// What is known of them.
    pub introduction: Introduction,
    /// What the administrator says of them.
    pub membership: Membership,
}

impl Request for Invite {
    type Reply = Result<(), MembersError>;
}

impl Serve<Invite> for Members {
    fn serve(&mut self, request: Invite, _: &Myself<Self>) -> Answer<Result<(), MembersError>> {
        let deps = self.deps.clone();
        Answer::later(async move { deps.invite(request).await })
    }
}

impl Deps {
    async fn invite(&self, request: Invite) -> Result<(), MembersError> {
        if self.config.define.onboarding == Onboarding::Closed {
            return Err(MembersError::Conflict(
                "this server takes nobody in; define.onboarding says so",
            ));
        }
        let invitation = Invitation {
            identifier: self.secrets.identifier.identify(&request.email),
            email: request.email,
            introduction: request.introduction,
            membership: request.membership,
        };
        let (letters, now) = (self.letters(), self.clock.now());
        let invited = self
            .writes
            .transact("invite", async move |transaction| {
                let invited = invite(transaction, &letters, &invitation, now).await?;
                Ok(if invited == Invited::Yes {
                    Decision::Commit(invited)
                } else {
                    Decision::Rollback(invited)
                })
            })
            .await;
        let invited = match invited {
            // Two administrators gave one number in the same moment: the index let one of them.
            Err(WriteError::Db(DbError::Constraint(_))) => Invited::NumberTaken,
            invited => invited?,
        };
        match invited {
            Invited::Yes => {
                self.wake_mailer();
                Ok(())
            }
            Invited::NumberTaken => Err(MembersError::Conflict(NUMBER_TAKEN)),
            Invited::HasAccount => Err(MembersError::Conflict("this address has an account already")),
            Invited::Before => Err(MembersError::Conflict(
                "this address is invited already; send the mail again",
            )),
        }
    }
}
