//! `/oauth/logout/`: a client ends the session (OIDC RP-Initiated Logout §2), or the person is asked first.

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::json;

use super::authorize::{picked_up, see_other, store_posted};
use crate::actors::grants::logout::{ConfirmLogout, LoggedOut, RequestLogout};
use crate::domain::oauth::error::OAuthError;
use crate::domain::oauth::logout::Destination;
use crate::http::app::App;
use crate::http::cookies::{self, Cookie};
use crate::http::extract::{Body, Json};
use crate::http::pages;
use crate::http::problem::{Kind, Problem};

/// A logout request by GET.
pub async fn get(request: HttpRequest, app: Data<App>) -> Result<HttpResponse, Problem> {
    let parameters = match picked_up(&request, &app).await? {
        Ok(Ok(parameters)) => parameters,
        Ok(Err(error)) => return Ok(pages::oauth_error(&OAuthError::from(&error))),
        Err(gone) => return Ok(gone),
    };
    let browser = cookies::browser(&request, &app.config.define.issuer);
    match app.actors.ask_grants(RequestLogout { parameters, browser }).await?? {
        LoggedOut::Page(error) => Ok(pages::failure(
            StatusCode::BAD_REQUEST,
            error.code().as_str(),
            error.description(),
        )),
        LoggedOut::Ask(id) => Ok(see_other(&format!("/logout/?logout_id={id}"))),
        LoggedOut::Done(then) => {
            let mut response = see_other(&location(then));
            let cookie = Cookie::Session.clear(&app.config.define.issuer);
            if let Ok(value) = header::HeaderValue::from_str(&cookie) {
                response.headers_mut().append(header::SET_COOKIE, value);
            }
            Ok(response)
        }
    }
}

/// A logout request by POST, which brings no cookies.
pub async fn post(request: HttpRequest, app: Data<App>, body: Body) -> Result<HttpResponse, Problem> {
    store_posted(&request, &app, body, "/oauth/logout/").await
}

#[derive(Deserialize)]
pub struct Confirm {
    logout_id: String,
}

/// The person says yes.
pub async fn confirm(request: HttpRequest, app: Data<App>, body: Json<Confirm>) -> Result<HttpResponse, Problem> {
    let issuer = &app.config.define.issuer;
    let browser = cookies::browser(&request, issuer);
    let logout_id = body.0.logout_id;
    let then = app.actors.ask_grants(ConfirmLogout { logout_id, browser }).await??;
    let then = then.ok_or_else(|| Problem::new(Kind::Expired))?;
    Ok(HttpResponse::Ok()
        .append_header((header::SET_COOKIE, Cookie::Session.clear(issuer)))
        .json(json!({ "next": location(then) })))
}

fn location(then: Destination) -> String {
    match then {
        Destination::SignedOut => "/signed-out/".to_owned(),
        Destination::Client(url) => url,
    }
}
