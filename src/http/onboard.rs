//! `/onboard/…`: sign-up, confirmed e-mail, OPAQUE registration.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::json;

use super::address::client_address;
use super::app::App;
use super::cookies;
use super::extract::Json;
use super::fields::{email, opaque, token};
use super::language::language;
use super::problem::Problem;
use crate::actors::login::confirm_email::ConfirmEmail;
use crate::actors::login::finish_registration::FinishRegistration;
use crate::actors::login::proof::Proof;
use crate::actors::login::request_mail::{RequestMail, Wish};
use crate::actors::login::start_registration::{Occasion, StartRegistration};
use crate::domain::account::{Change, Date, Introduction, Profile, ProfileEdit};
use crate::domain::opaque::wire;

/// What somebody says who signs up. Only the address is needed.
#[derive(Deserialize)]
pub struct SignUp {
    email: String,
    given_name: Option<String>,
    family_name: Option<String>,
    phone: Option<String>,
    locale: Option<String>,
}

/// Asks for the mail that confirms an address. The answer is the same for every address.
pub async fn sign_up(request: HttpRequest, app: Data<App>, body: Json<SignUp>) -> Result<HttpResponse, Problem> {
    let SignUp {
        email,
        given_name,
        family_name,
        phone,
        locale,
    } = body.0;
    let said = Introduction {
        given_name,
        family_name,
        phone,
        locale,
    };
    request_mail(&request, &app, &email, Wish::SignUp(said.checked()?)).await
}

/// Asks for a mail, whatever for.
pub async fn request_mail(
    request: &HttpRequest,
    app: &App,
    address: &str,
    wish: Wish,
) -> Result<HttpResponse, Problem> {
    let locale = match &wish {
        Wish::SignUp(said) => said.locale.clone(),
        Wish::ResetPassword => None,
    };
    let message = RequestMail {
        email: email(address)?,
        wish,
        address: client_address(request, &app.config.trusted_proxies),
        language: language(request, locale.as_deref()),
    };
    app.actors.ask_login(message).await??;
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
    let confirmed = app.actors.ask_login(message).await??;
    let answer = match confirmed.registration {
        Some(token) => json!({ "email": confirmed.email, "next": "register", "token": token.reveal() }),
        None => json!({ "email": confirmed.email, "next": "wait" }),
    };
    Ok(HttpResponse::Ok().json(answer))
}

#[derive(Deserialize)]
pub struct Start {
    token: String,
    client_request: String,
}

/// Registration request → registration response.
pub async fn register(request: HttpRequest, app: Data<App>, body: Json<Start>) -> Result<HttpResponse, Problem> {
    let Start { token, client_request } = body.0;
    start(&request, &app, (&token, &client_request), Occasion::NewAccount).await
}

/// Both cookies, as a proof of a fresh login.
pub fn proof(request: &HttpRequest, app: &App) -> Proof {
    let browser = cookies::browser(request, &app.config.define.issuer);
    Proof {
        browser: browser.id,
        session: browser.session,
    }
}

/// The first half of a registration, whatever for: the link's token and the client's first message.
pub async fn start(
    request: &HttpRequest,
    app: &App,
    (link, message): (&str, &str),
    occasion: Occasion,
) -> Result<HttpResponse, Problem> {
    let message = StartRegistration {
        token: token("token", link)?,
        occasion,
        request: opaque(message)?,
        address: client_address(request, &app.config.trusted_proxies),
        proof: proof(request, app),
    };
    let started = app.actors.ask_login(message).await??;
    if !started.delay.is_zero() {
        tokio::time::sleep(started.delay).await;
    }
    Ok(HttpResponse::Ok().json(json!({
        "server_message": wire::write(&started.answer.response),
        "auth_id": started.answer.auth_id.reveal(),
        "email": started.answer.email,
    })))
}

/// The upload, and what the owner of a new account says of themselves.
#[derive(Deserialize)]
pub struct Finish {
    auth_id: String,
    client_request: String,
    given_name: Option<String>,
    family_name: Option<String>,
    call_name: Option<String>,
    phone: Option<String>,
    birth_date: Option<String>,
    education: Option<String>,
    age_privacy: Option<bool>,
    locale: Option<String>,
}

/// Registration upload → an account.
pub async fn finish(request: HttpRequest, app: Data<App>, body: Json<Finish>) -> Result<HttpResponse, Problem> {
    let body = body.0;
    let profile = ProfileEdit {
        given_name: said(body.given_name),
        family_name: said(body.family_name),
        call_name: said(body.call_name),
        phone: said(body.phone),
        birth_date: said(body.birth_date),
        education: said(body.education),
        age_privacy: said(body.age_privacy),
        locale: said(body.locale),
        ..ProfileEdit::default()
    };
    // Looked at before the state is taken out, so that a slip costs no new mail.
    Profile::default().edit(profile.clone(), Date::of(app.clock.now()).next())?;
    let messages = (body.auth_id.as_str(), body.client_request.as_str());
    upload(&request, &app, messages, Occasion::NewAccount, profile).await?;
    Ok(HttpResponse::Ok().json(json!({ "next": "/login/" })))
}

/// A field that is not there takes nothing away from what was said at sign-up.
fn said<T>(field: Option<T>) -> Change<T> {
    field.map_or(Change::Keep, |value| Change::To(Some(value)))
}

/// The second half of a registration, whatever for: `auth_id` and the client's last message.
pub async fn upload(
    request: &HttpRequest,
    app: &App,
    (auth_id, message): (&str, &str),
    occasion: Occasion,
    profile: ProfileEdit,
) -> Result<(), Problem> {
    let message = FinishRegistration {
        auth_id: token("auth_id", auth_id)?,
        occasion,
        upload: opaque(message)?,
        profile,
        proof: proof(request, app),
        language: language(request, None),
    };
    Ok(app.actors.ask_login(message).await??)
}
