//! `/oauth/authorize/` and `/oauth/callback/`: the browser comes with an authorization request and leaves with a code.

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::form_post;
use crate::actors::grants::authorize::{Authorize, Authorized, FindPosted, Page, StorePosted};
use crate::actors::grants::consent::Lost;
use crate::actors::grants::continue_flow::ContinueFlow;
use crate::domain::oauth::error::OAuthError;
use crate::domain::oauth::parameters::{ParameterError, Parameters};
use crate::domain::oauth::redirect::Answer;
use crate::http::app::App;
use crate::http::cookies;
use crate::http::extract::{Body, media_type};
use crate::http::pages;
use crate::http::problem::Problem;

/// The name of the only parameter of a GET that picks up a POST.
const POSTED: &str = "posted";

/// An authorization request by GET.
pub async fn get(request: HttpRequest, app: Data<App>) -> Result<HttpResponse, Problem> {
    let parameters = match picked_up(&request, &app).await? {
        Ok(parameters) => parameters,
        Err(gone) => return Ok(gone),
    };
    let browser = cookies::browser(&request, &app.config.define.issuer);
    let answer = app.actors.ask_grants(Authorize { parameters, browser }).await??;
    Ok(render(&app, answer))
}

/// An authorization request by POST, from another site: it brings no cookies, so it waits for a GET that does.
pub async fn post(request: HttpRequest, app: Data<App>, body: Body) -> Result<HttpResponse, Problem> {
    store_posted(&request, &app, body, "/oauth/authorize/").await
}

/// Stores a cross-site POST and sends the browser on to `path` with a short id.
pub async fn store_posted(request: &HttpRequest, app: &App, body: Body, path: &str) -> Result<HttpResponse, Problem> {
    if media_type(request.headers()) != Some("application/x-www-form-urlencoded") {
        let error = OAuthError::invalid_request("the body must be application/x-www-form-urlencoded");
        return Ok(pages::oauth_error(&error));
    }
    if let Err(error @ ParameterError::TooLarge) = Parameters::parse(&body.0) {
        return Ok(pages::oauth_error(&OAuthError::from(&error)));
    }
    let id = app.actors.ask_grants(StorePosted { body: body.0 }).await??;
    Ok(see_other(&format!("{path}?{POSTED}={id}")))
}

/// The parameters of a GET, or those that it picks up; the error page if they are gone.
pub async fn picked_up(
    request: &HttpRequest,
    app: &App,
) -> Result<Result<Result<Parameters, ParameterError>, HttpResponse>, Problem> {
    let query = Parameters::parse(request.query_string().as_bytes());
    let Some(id) = query.as_ref().ok().and_then(|query| query.get(POSTED)) else {
        return Ok(Ok(query));
    };
    match app.actors.ask_grants(FindPosted { id: id.to_owned() }).await?? {
        Some(body) => Ok(Ok(Parameters::parse(&body))),
        None => Ok(Err(lost(Lost::Gone))),
    }
}

/// The browser comes back from a page of ours.
pub async fn callback(request: HttpRequest, app: Data<App>) -> Result<HttpResponse, Problem> {
    let parameters = Parameters::parse(request.query_string().as_bytes());
    let flow_id = match parameters.as_ref().map(|parameters| parameters.require("flow_id")) {
        Ok(Ok(flow_id)) => flow_id.to_owned(),
        Ok(Err(error)) => return Ok(pages::oauth_error(&error)),
        Err(error) => return Ok(pages::oauth_error(&OAuthError::from(error))),
    };
    let browser = cookies::browser(&request, &app.config.define.issuer);
    match app.actors.ask_grants(ContinueFlow { flow_id, browser }).await?? {
        Ok(answer) => Ok(render(&app, answer)),
        Err(why) => Ok(lost(why)),
    }
}

fn render(app: &App, answer: Authorized) -> HttpResponse {
    match answer {
        Authorized::Page(error) => {
            tracing::info!(
                code = error.code().as_str(),
                reason = error.description(),
                "an authorization request was refused"
            );
            pages::oauth_error(&error)
        }
        Authorized::Client(Answer::Redirect(location)) => see_other(&location),
        Authorized::Client(Answer::Form { action, fields }) => form_post::page(&action, &fields),
        Authorized::Interact(interaction) => {
            let page = match interaction.page {
                Page::Login => "login",
                Page::SignUp => "signup",
                Page::Consent => "consent",
            };
            let mut response = see_other(&format!("/{page}/?flow_id={}", interaction.flow_id));
            if let Some(fresh) = &interaction.new_browser {
                let cookie = cookies::set_browser(fresh, &app.config.define.issuer);
                if let Ok(value) = header::HeaderValue::from_str(&cookie) {
                    response.headers_mut().append(header::SET_COOKIE, value);
                }
            }
            response
        }
    }
}

/// 303: the browser goes on by GET, and never repeats a POST that had a password's proof in it (RFC 9700 §4.12).
pub fn see_other(location: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, location))
        .finish()
}

/// The page for a step that has no flow to belong to.
pub fn lost(why: Lost) -> HttpResponse {
    match why {
        Lost::Gone => pages::failure(
            StatusCode::GONE,
            "expired",
            "This sign-in has ended or was completed before. Go back to the application and start again.",
        ),
        Lost::OtherBrowser => pages::failure(
            StatusCode::FORBIDDEN,
            "wrong-browser",
            "This sign-in was started in another browser, or cookies are switched off. Start again from the application.",
        ),
    }
}
