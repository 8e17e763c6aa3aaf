//! `/update/password/…`: another password for an account, by a mailed link.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use super::app::App;
use super::extract::Json;
use super::onboard::{self, Address, Finish, Start};
use super::problem::Problem;
use crate::actors::login::request_mail::Wish;
use crate::actors::login::start_registration::Occasion;

/// Asks for the mail that resets a password. The answer is the same for every address.
pub async fn reset(request: HttpRequest, app: Data<App>, body: Json<Address>) -> Result<HttpResponse, Problem> {
    onboard::request_mail(&request, &app, &body.0, Wish::ResetPassword).await
}

/// Registration request → registration response.
pub async fn start(request: HttpRequest, app: Data<App>, body: Json<Start>) -> Result<HttpResponse, Problem> {
    onboard::start(&request, &app, &body.0, Occasion::ResetPassword).await
}

/// Registration upload → the new password counts, and what the old one opened has ended.
pub async fn finish(app: Data<App>, body: Json<Finish>) -> Result<HttpResponse, Problem> {
    onboard::upload(&app, &body.0, Occasion::ResetPassword).await?;
    Ok(HttpResponse::Ok().json(json!({})))
}
