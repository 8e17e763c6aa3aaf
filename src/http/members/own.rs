//! `/res/profile/` and `/account/profile/`: one's own profile.

use actix_web::HttpResponse;
use actix_web::web::Data;

use super::members;
use super::shape::OwnProfile;
use crate::actors::members::edit_profile::{Edit, EditProfile};
use crate::db::profiles;
use crate::domain::account::{Profile, ProfileEdit};
use crate::http::app::App;
use crate::http::bearer::{Caller, Member, SignedIn};
use crate::http::extract::{ApiJson, Json, With};
use crate::http::problem::Problem;

/// The caller's own profile.
pub async fn profile(app: Data<App>, Member(caller): Member) -> Result<HttpResponse, Problem> {
    show(&app, &caller).await
}

/// The same for whoever is signed in here, member or not.
pub async fn signed_in(app: Data<App>, SignedIn(caller): SignedIn) -> Result<HttpResponse, Problem> {
    show(&app, &caller).await
}

/// Changes it. A field that is not there stays as it is; `null` takes the entry out.
pub async fn edit(
    app: Data<App>,
    With(Member(caller), body): With<Member, ApiJson<ProfileEdit>>,
) -> Result<HttpResponse, Problem> {
    change(&app, &caller, body.0).await
}

/// The same for whoever is signed in here, member or not.
pub async fn edit_signed_in(
    app: Data<App>,
    With(SignedIn(caller), body): With<SignedIn, Json<ProfileEdit>>,
) -> Result<HttpResponse, Problem> {
    change(&app, &caller, body.0).await
}

async fn show(app: &App, caller: &Caller) -> Result<HttpResponse, Problem> {
    let row = app.store.query_one(&profiles::by_account(&caller.account_id)).await?;
    let profile = match &row {
        Some(row) => profiles::read(row, 0)?.0,
        None => Profile::default(),
    };
    Ok(answer(caller, &profile))
}

async fn change(app: &App, caller: &Caller, edit: ProfileEdit) -> Result<HttpResponse, Problem> {
    let message = EditProfile {
        account_id: caller.account_id.clone(),
        edit: Edit::Own(Box::new(edit)),
    };
    let profile = members(app)?.ask(message).await??;
    Ok(answer(caller, &profile))
}

fn answer(caller: &Caller, profile: &Profile) -> HttpResponse {
    HttpResponse::Ok().json(OwnProfile::of(&caller.account_id, &caller.email, profile))
}
