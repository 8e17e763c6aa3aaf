//! `/onboard/…`: sign-up, confirmed e-mail, OPAQUE registration.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::json;

use super::address::client_address;
use super::app::App;
use super::extract::Json;
use super::login::{email, opaque, token};
use super::problem::Problem;
use crate::actors::login::confirm_email::ConfirmEmail;
use crate::actors::login::finish_registration::FinishRegistration;
use crate::actors::login::request_mail::{RequestMail, Wish};
use crate::actors::login::start_registration::{Occasion, StartRegistration};
use crate::domain::opaque::wire;

#[derive(Deserialize)]
pub struct Address {
    email: String,
}

/// Asks for the mail that confirms an address. The answer is the same for every address.
pub async fn sign_up(request: HttpRequest, app: Data<App>, body: Json<Address>) -> Result<HttpResponse, Problem> {
    request_mail(&request, &app, &body.0, Wish::SignUp).await
}

/// Asks for a mail, whatever for.
pub async fn request_mail(
    request: &HttpRequest,
    app: &App,
    body: &Address,
    wish: Wish,
) -> Result<HttpResponse, Problem> {
    let address = client_address(request, &app.config.trusted_proxies);
    let message = RequestMail {
        email: email(&body.email)?,
        wish,
        address,
    };
    app.actors.login.ask(message).await??;
    Ok(HttpResponse::Ok().json(json!({})))
}

#[derive(Deserialize)]
pub struct Link {
    token: String,
}

/// The mailed link was opened, and its page says so.
pub async fn confirm_email(app: Data<App>, body: Json<Link>) -> Result<HttpResponse, Problem> {
    let message = ConfirmEmail {
        token: token("token", &body.0.token)?,
    };
    let confirmed = app.actors.login.ask(message).await??;
    Ok(HttpResponse::Ok().json(json!({
        "email": confirmed.email,
        "next": "register",
        "token": confirmed.registration.reveal(),
    })))
}

#[derive(Deserialize)]
pub struct Start {
    token: String,
    client_request: String,
}

/// Registration request → registration response.
pub async fn register(request: HttpRequest, app: Data<App>, body: Json<Start>) -> Result<HttpResponse, Problem> {
    start(&request, &app, &body.0, Occasion::NewAccount).await
}

/// The first half of a registration, whatever for.
pub async fn start(
    request: &HttpRequest,
    app: &App,
    body: &Start,
    occasion: Occasion,
) -> Result<HttpResponse, Problem> {
    let message = StartRegistration {
        token: token("token", &body.token)?,
        occasion,
        request: opaque(&body.client_request)?,
        address: client_address(request, &app.config.trusted_proxies),
    };
    let started = app.actors.login.ask(message).await??;
    if !started.delay.is_zero() {
        tokio::time::sleep(started.delay).await;
    }
    Ok(HttpResponse::Ok().json(json!({
        "server_message": wire::write(&started.answer.response),
        "auth_id": started.answer.auth_id.reveal(),
        "email": started.answer.email,
    })))
}

#[derive(Deserialize)]
pub struct Finish {
    auth_id: String,
    client_request: String,
}

/// Registration upload → an account.
pub async fn finish(app: Data<App>, body: Json<Finish>) -> Result<HttpResponse, Problem> {
    upload(&app, &body.0, Occasion::NewAccount).await?;
    Ok(HttpResponse::Ok().json(json!({ "next": "/login/" })))
}

/// The second half of a registration, whatever for.
pub async fn upload(app: &App, body: &Finish, occasion: Occasion) -> Result<(), Problem> {
    let message = FinishRegistration {
        auth_id: token("auth_id", &body.auth_id)?,
        occasion,
        upload: opaque(&body.client_request)?,
    };
    Ok(app.actors.login.ask(message).await??)
}
