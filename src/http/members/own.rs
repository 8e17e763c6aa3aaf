//! `/res/profile/`: one's own profile.

use actix_web::HttpResponse;
use actix_web::web::Data;

use super::shape::OwnProfile;
use crate::db::profiles;
use crate::domain::account::Profile;
use crate::http::app::App;
use crate::http::bearer::{Caller, Member};
use crate::http::problem::Problem;

/// The caller's own profile.
pub async fn profile(app: Data<App>, Member(caller): Member) -> Result<HttpResponse, Problem> {
    show(&app, &caller).await
}

async fn show(app: &App, caller: &Caller) -> Result<HttpResponse, Problem> {
    let row = app.store.query_one(&profiles::by_account(&caller.account_id)).await?;
    let profile = match &row {
        Some(row) => profiles::read(row, 0)?.0,
        None => Profile::default(),
    };
    Ok(HttpResponse::Ok().json(OwnProfile::of(&caller.account_id, &caller.email, &profile)))
}
