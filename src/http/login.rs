//! `/login/start/` and `/login/finish/`: an OPAQUE login in two requests.

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::json;

use super::address::client_address;
use super::app::App;
use super::cookies::{self, Cookie};
use super::extract::Json;
use super::fields::{email, opaque, token};
use super::problem::{Kind, Problem};
use crate::actors::login::finish_login::FinishLogin;
use crate::actors::login::start_login::StartLogin;
use crate::domain::opaque::wire;

#[derive(Deserialize)]
pub struct Start {
    email: String,
    client_request: String,
}

/// KE1 → KE2.
pub async fn start(request: HttpRequest, app: Data<App>, body: Json<Start>) -> Result<HttpResponse, Problem> {
    let message = StartLogin {
        email: email(&body.0.email)?,
        request: opaque(&body.0.client_request)?,
        browser: Cookie::Browser.read(&request, &app.config.define.issuer),
        address: client_address(&request, &app.config.trusted_proxies),
    };
    let started = app.actors.ask_login(message).await??;
    if !started.delay.is_zero() {
        tokio::time::sleep(started.delay).await;
    }
    let started = started.answer;
    let mut response = HttpResponse::Ok();
    if let Some(fresh) = &started.new_browser {
        response.append_header((
            header::SET_COOKIE,
            cookies::set_browser(fresh, &app.config.define.issuer),
        ));
    }
    Ok(response.json(json!({
        "server_message": wire::write(&started.challenge),
        "auth_id": started.auth_id.reveal(),
    })))
}

#[derive(Deserialize)]
pub struct Finish {
    auth_id: String,
    client_request: String,
    flow_id: Option<String>,
}

/// KE3 → a session, and where to go next.
pub async fn finish(request: HttpRequest, app: Data<App>, body: Json<Finish>) -> Result<HttpResponse, Problem> {
    let issuer = &app.config.define.issuer;
    let Finish {
        auth_id,
        client_request,
        flow_id,
    } = body.0;
    let response = opaque(&client_request)?;
    // An empty flow_id is what a page without one may send.
    let flow_id = flow_id
        .filter(|id| !id.is_empty())
        .map(|id| token("flow_id", &id))
        .transpose()?;
    let browser = cookies::browser(&request, issuer);
    let next = match &flow_id {
        Some(flow_id) => format!("/oauth/callback/?flow_id={}", flow_id.reveal()),
        None => "/account/".to_owned(),
    };
    let message = FinishLogin {
        auth_id: token("auth_id", &auth_id)?,
        response,
        flow_id,
        browser: browser.id.ok_or_else(|| Problem::new(Kind::WrongBrowser))?,
        session: browser.session,
        address: client_address(&request, &app.config.trusted_proxies),
        agent: agent(&request),
    };
    let session = app.actors.ask_login(message).await??;
    let seconds = app.config.define.lifetimes.session_absolute.as_secs();
    Ok(HttpResponse::Ok()
        .append_header((header::SET_COOKIE, Cookie::Session.set(&session, seconds, issuer)))
        .json(json!({ "next": next })))
}

/// What the browser calls itself.
fn agent(request: &HttpRequest) -> Option<String> {
    let agent = request.headers().get(header::USER_AGENT)?.to_str().ok()?;
    Some(agent.to_owned()).filter(|agent| !agent.is_empty())
}
