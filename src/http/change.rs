//! `/update/…`: changes of one's own account. Asking for one needs a session; making it, a login made for that very change
//! (`flow_id`), and for another address the mailed link too.

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::json;

use super::address::client_address;
use super::app::App;
use super::bearer::SignedIn;
use super::cookies::Cookie;
use super::extract::{Json, With};
use super::fields::{Nothing, email, token};
use super::language::language;
use super::onboard::{self, proof};
use super::problem::{Kind, Problem};
use crate::actors::login::ask_change::{AskChange, Change};
use crate::actors::login::delete_account::DeleteAccount;
use crate::actors::login::start_registration::Occasion;
use crate::domain::account::ProfileEdit;
use crate::domain::secret::Token;

async fn ask(request: &HttpRequest, app: &App, account_id: String, change: Change) -> Result<Option<Token>, Problem> {
    let message = AskChange {
        account_id,
        change,
        address: client_address(request, &app.config.trusted_proxies),
        language: language(request, None),
    };
    Ok(app.actors.ask_login(message).await??)
}

/// What a login is made for, as it goes out.
fn flow_id(token: Option<&Token>) -> Result<String, Problem> {
    token.map(Token::reveal).ok_or_else(|| Problem::new(Kind::Internal))
}

/// Begins a change of the password.
pub async fn password(
    request: HttpRequest,
    app: Data<App>,
    With(SignedIn(caller), _): With<SignedIn, Json<Nothing>>,
) -> Result<HttpResponse, Problem> {
    let token = ask(&request, &app, caller.account_id, Change::Password).await?;
    Ok(HttpResponse::Ok().json(json!({ "flow_id": flow_id(token.as_ref())? })))
}

#[derive(Deserialize)]
pub struct NewAddress {
    new_email: String,
}

/// Asks for the mail that moves an account to another address. The answer is the same for every address.
pub async fn send_email(
    request: HttpRequest,
    app: Data<App>,
    With(SignedIn(caller), body): With<SignedIn, Json<NewAddress>>,
) -> Result<HttpResponse, Problem> {
    let new = email(&body.0.new_email).map_err(|problem| problem.of_field("new_email"))?;
    ask(&request, &app, caller.account_id, Change::Email(new)).await?;
    Ok(HttpResponse::Ok().json(json!({})))
}

/// Both steps of the registration at the new address: the second one has an `auth_id`.
#[derive(Deserialize)]
pub struct CheckEmail {
    flow_id: Option<String>,
    auth_id: Option<String>,
    client_request: String,
}

/// Registration request → registration response; upload → the account has moved.
pub async fn check_email(
    request: HttpRequest,
    app: Data<App>,
    body: Json<CheckEmail>,
) -> Result<HttpResponse, Problem> {
    let body = body.0;
    match (&body.flow_id, &body.auth_id) {
        (_, Some(auth_id)) => {
            let messages = (auth_id.as_str(), body.client_request.as_str());
            let nothing = ProfileEdit::default();
            onboard::upload(&request, &app, messages, Occasion::NewAddress, nothing).await?;
            Ok(HttpResponse::Ok().json(json!({})))
        }
        (Some(flow_id), None) => {
            let messages = (flow_id.as_str(), body.client_request.as_str());
            onboard::start(&request, &app, messages, Occasion::NewAddress).await
        }
        (None, None) => Err(Problem::field("flow_id", "is needed to begin, and auth_id to finish")),
    }
}

/// Begins the deletion of an account: the page where it is confirmed.
pub async fn delete_url(
    request: HttpRequest,
    app: Data<App>,
    With(SignedIn(caller), _): With<SignedIn, Json<Nothing>>,
) -> Result<HttpResponse, Problem> {
    let token = ask(&request, &app, caller.account_id, Change::Delete).await?;
    let flow_id = flow_id(token.as_ref())?;
    let page = app.config.define.issuer.url("/account/delete/");
    Ok(HttpResponse::Ok().json(json!({ "delete_url": format!("{page}#{flow_id}"), "flow_id": flow_id })))
}

#[derive(Deserialize)]
pub struct Deletion {
    flow_id: String,
}

/// Deletes the account, once a login was made for it.
pub async fn check_deletion(
    request: HttpRequest,
    app: Data<App>,
    body: Json<Deletion>,
) -> Result<HttpResponse, Problem> {
    let message = DeleteAccount {
        token: token("flow_id", &body.0.flow_id)?,
        proof: proof(&request, &app),
        language: language(&request, None),
    };
    app.actors.ask_login(message).await??;
    Ok(HttpResponse::Ok()
        .append_header((header::SET_COOKIE, Cookie::Session.clear(&app.config.define.issuer)))
        .json(json!({})))
}
