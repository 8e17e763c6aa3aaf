//! `/update/password/…`: another password for an account, by a mailed link or by a login made for it.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::json;

use super::app::App;
use super::extract::Json;
use super::onboard;
use super::problem::Problem;
use crate::actors::login::request_mail::Wish;
use crate::actors::login::start_registration::Occasion;
use crate::domain::account::ProfileEdit;

#[derive(Deserialize)]
pub struct Address {
    email: String,
}

/// Asks for the mail that resets a password. The answer is the same for every address.
pub async fn reset(request: HttpRequest, app: Data<App>, body: Json<Address>) -> Result<HttpResponse, Problem> {
    onboard::request_mail(&request, &app, &body.0.email, Wish::ResetPassword).await
}

#[derive(Deserialize)]
pub struct Start {
    token: String,
    client_request: String,
}

/// Registration request → registration response.
pub async fn start(request: HttpRequest, app: Data<App>, body: Json<Start>) -> Result<HttpResponse, Problem> {
    let messages = (body.0.token.as_str(), body.0.client_request.as_str());
    onboard::start(&request, &app, messages, Occasion::NewPassword).await
}

#[derive(Deserialize)]
pub struct Finish {
    auth_id: String,
    client_request: String,
}

/// Registration upload → the new password counts, and what the old one opened has ended.
pub async fn finish(request: HttpRequest, app: Data<App>, body: Json<Finish>) -> Result<HttpResponse, Problem> {
    let messages = (body.0.auth_id.as_str(), body.0.client_request.as_str());
    let nothing = ProfileEdit::default();
    onboard::upload(&request, &app, messages, Occasion::NewPassword, nothing).await?;
    Ok(HttpResponse::Ok().json(json!({})))
}
