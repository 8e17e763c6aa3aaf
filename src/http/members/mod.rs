//! The web app's own API: profiles, the members' directory, admission and administration. The job `members`.
//!
//! `ROUTES` in `tests/api/rights.rs` has the right that each of them needs.

mod admission;
mod directory;
mod own;
mod page;
mod scopes;
mod shape;
mod users;

use actix_web::web::ServiceConfig;

use super::app::App;
use super::bearer::Caller;
use super::problem::{Kind, Problem};
use super::routes::at;
use crate::actors::ask::Door;
use crate::actors::members::{Members, MembersError};

/// Its routes. Scripts of any origin may call them: what they need is an access token.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(
            at("/account/profile/")
                .get(own::signed_in)
                .post(own::edit_signed_in)
                .finish(),
        )
        .service(at("/res/profile/").get(own::profile).post(own::edit).open())
        .service(at("/members/profile/").get(directory::profile).open())
        .service(at("/members/birthdays/").get(directory::birthdays).open())
        .service(at("/onboard/get/").get(admission::list).open())
        .service(at("/onboard/confirm/").post(admission::confirm).open())
        .service(at("/onboard/invite/").post(admission::invite).open())
        .service(at("/onboard/resend/").post(admission::resend).open())
        .service(at("/onboard/withdraw/").post(admission::withdraw).open())
        .service(at("/admin/users/").get(users::list).open())
        .service(at("/admin/users/ids/").get(users::ids).open())
        .service(at("/admin/users/names/").get(users::names).open())
        .service(at("/admin/users/{id}/").get(users::one).open())
        .service(at("/admin/users/{id}/membership/").post(users::membership).open())
        .service(at("/admin/users/{id}/disable/").post(users::disable).open())
        .service(at("/admin/users/{id}/enable/").post(users::enable).open())
        .service(at("/admin/scopes/all/").get(scopes::all).open())
        .service(at("/admin/scopes/add/").post(scopes::add).open())
        .service(at("/admin/scopes/remove/").post(scopes::remove).open());
}

/// The door to the actor; a server without the job has no route that asks for it.
fn members(app: &App) -> Result<&Door<Members>, Problem> {
    app.actors.members.as_ref().ok_or_else(|| Problem::new(Kind::NotFound))
}

/// Notes what an administrator did to whom: by ids, never by address.
fn note(caller: &Caller, what: &'static str, whom: &str) {
    tracing::info!(administrator = caller.account_id, whom, "{what}");
}

impl From<MembersError> for Problem {
    fn from(error: MembersError) -> Self {
        match error {
            MembersError::NotFound => Self::new(Kind::NotFound),
            MembersError::Conflict(rule) => Self::new(Kind::Conflict).detail(rule),
            MembersError::Profile(error) => error.into(),
            MembersError::Failure(failure) => failure.into(),
        }
    }
}
