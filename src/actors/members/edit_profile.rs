//! A person changes what they say about themselves; an administrator, what is said of their membership.

use super::{Deps, Members, MembersError, NUMBER_TAKEN};
use crate::actors::supervise::{Answer, Myself, Request, Serve};
use crate::actors::writer::WriteError;
use crate::db::{DbError, Decision, Transaction, accounts, profiles};
use crate::domain::account::{Date, Membership, Profile, ProfileEdit, ProfileError, terms};
use crate::domain::clock::Timestamp;

/// Changes a profile.
pub struct EditProfile {
    /// Whose.
    pub account_id: String,
    /// What changes.
    pub edit: Edit,
}

/// Who changes what.
#[derive(Clone, Debug)]
pub enum Edit {
    /// The owner, what is theirs to say.
    Own(Box<ProfileEdit>),
    /// An administrator, the membership.
    Membership(Membership),
}

impl Request for EditProfile {
    /// The profile as it is now.
    type Reply = Result<Profile, MembersError>;
}

impl Serve<EditProfile> for Members {
    fn serve(&mut self, request: EditProfile, _: &Myself<Self>) -> Answer<Result<Profile, MembersError>> {
        let deps = self.deps.clone();
        Answer::later(async move { deps.edit_profile(request).await })
    }
}

impl Deps {
    async fn edit_profile(&self, request: EditProfile) -> Result<Profile, MembersError> {
        let now = self.clock.now();
        let edited = self
            .writes
            .transact("edit profile", async move |transaction| {
                Ok(match edit(transaction, &request, now).await? {
                    Ok(profile) => Decision::Commit(Ok(profile)),
                    Err(refusal) => Decision::Rollback(Err(refusal)),
                })
            })
            .await;
        match edited {
            // Two administrators gave one number in the same moment: the index let one of them.
            Err(WriteError::Db(DbError::Constraint(_))) => Err(MembersError::Conflict(NUMBER_TAKEN)),
            edited => edited?.map_err(|refusal| match refusal {
                Refusal::NotFound => MembersError::NotFound,
                Refusal::NumberTaken => MembersError::Conflict(NUMBER_TAKEN),
                Refusal::Profile(error) => MembersError::Profile(error),
            }),
        }
    }
}

enum Refusal {
    NotFound,
    NumberTaken,
    Profile(ProfileError),
}

async fn edit(
    transaction: &mut Transaction<'_>,
    request: &EditProfile,
    now: Timestamp,
) -> Result<Result<Profile, Refusal>, DbError> {
    let id = request.account_id.as_str();
    let Some(account) = transaction.query_one(&accounts::by_id(id)).await? else {
        return Ok(Err(Refusal::NotFound));
    };
    let email = accounts::read(&account)?.email;
    let row = transaction.query_one(&profiles::by_account(id)).await?;
    let before = row.as_ref().map(|row| profiles::read(row, 0)).transpose()?;
    let before = before.map_or_else(Profile::default, |(profile, _)| profile);
    let after = match request.edit.clone() {
        Edit::Own(own) => match before.edit(*own, Date::of(now).next()) {
            Ok(after) => after,
            Err(error) => return Ok(Err(Refusal::Profile(error))),
        },
        Edit::Membership(Membership { number, joined_on }) => {
            if let Some(number) = &number
                && transaction
                    .query_one(&profiles::number_taken(number, id))
                    .await?
                    .is_some()
            {
                return Ok(Err(Refusal::NumberTaken));
            }
            Profile {
                membership_number: number,
                joined_on,
                ..before
            }
        }
    };
    transaction.query(&profiles::put(id, &after, now)).await?;
    for statement in profiles::index_anew(id, &terms(&email, &after)) {
        transaction.query(&statement).await?;
    }
    Ok(Ok(after))
}
