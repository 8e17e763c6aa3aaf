//! `/account/…`: who is signed in here, and the end of that.

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use super::app::App;
use super::cookies::{self, Cookie};
use super::extract::Json;
use super::fields::Nothing;
use super::problem::{Kind, Problem};
use crate::actors::grants::logout::EndSession;
use crate::db::sessions::LiveSession;
use crate::db::{accounts, sessions};

/// Who is signed in.
pub async fn session(request: HttpRequest, app: Data<App>) -> Result<HttpResponse, Problem> {
    let live = live_session(&request, &app).await?;
    let rows = app.store.query(&accounts::scopes(&live.facts.account_id)).await?;
    let roles = rows.iter().map(|row| row.text(0)).collect::<Result<Vec<_>, _>>()?;
    Ok(HttpResponse::Ok().json(json!({
        "id": live.facts.account_id,
        "email": live.email,
        "authenticated_at": live.facts.authenticated_at.as_millis(),
        "scopes": roles,
    })))
}

/// The session of a request: both cookies must be there and belong together.
pub async fn live_session(request: &HttpRequest, app: &App) -> Result<LiveSession, Problem> {
    let browser = cookies::browser(request, &app.config.define.issuer);
    let (Some(id), Some(session)) = (&browser.id, &browser.session) else {
        return Err(signed_out());
    };
    let row = app
        .store
        .query_one(&sessions::live(&session.hash(), app.clock.now()))
        .await?;
    let live = row
        .as_ref()
        .map(sessions::read)
        .transpose()?
        .filter(|live| live.browser == id.hash());
    live.ok_or_else(signed_out)
}

/// The answer to whoever is not signed in.
pub fn signed_out() -> Problem {
    Problem::new(Kind::InvalidCredentials).detail("nobody is signed in here")
}

/// Signs out.
pub async fn logout(request: HttpRequest, app: Data<App>, _: Json<Nothing>) -> Result<HttpResponse, Problem> {
    let issuer = &app.config.define.issuer;
    let browser = cookies::browser(&request, issuer);
    app.actors.ask_grants(EndSession { browser }).await??;
    Ok(HttpResponse::Ok()
        .append_header((header::SET_COOKIE, Cookie::Session.clear(issuer)))
        .json(json!({ "next": "/signed-out/" })))
}
