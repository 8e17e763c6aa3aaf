//! `/oauth/token/`: what was granted becomes tokens (RFC 6749 §3.2).

use actix_web::http::header::{self, ContentType};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use super::form;
use crate::actors::failure::Failure;
use crate::actors::grants::request_tokens::RequestTokens;
use crate::http::address::client_address;
use crate::http::app::App;
use crate::http::extract::Body;

#[derive(Serialize)]
struct Answer {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
    #[serde(skip_serializing_if = "String::is_empty")]
    scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    issued_token_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
}

impl Answer {
    /// Its JSON, in a buffer of the right size: one that grows would copy three tokens several times.
    fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        const MEMBERS: usize = 256;
        let optional = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let tokens = self.access_token.len() + optional(&self.id_token) + optional(&self.refresh_token);
        let mut json = Vec::with_capacity(tokens + self.scope.len() + MEMBERS);
        serde_json::to_writer(&mut json, self)?;
        Ok(json)
    }
}

/// A token request.
pub async fn post(request: HttpRequest, app: Data<App>, body: Body) -> HttpResponse {
    let parameters = match form::parameters(request.headers(), request.query_string(), &body.0) {
        Ok(parameters) => parameters,
        Err(error) => return form::oauth(&error),
    };
    let message = RequestTokens {
        authorization: form::authorization(request.headers()),
        dpop: form::dpop(request.headers()),
        parameters,
        address: client_address(&request, &app.config.trusted_proxies),
    };
    let tokens = match app.actors.ask_grants(message).await {
        Ok(Ok(tokens)) => tokens,
        Ok(Err(refusal)) => return form::refuse(refusal),
        Err(fault) => return form::fail(Failure::from(fault)),
    };
    let mut response = HttpResponse::Ok();
    response.insert_header((header::PRAGMA, "no-cache"));
    if let Some(nonce) = tokens.dpop_nonce {
        response.insert_header((form::DPOP_NONCE, nonce));
    }
    let answer = Answer {
        access_token: tokens.access,
        token_type: if tokens.bound { "DPoP" } else { "Bearer" },
        expires_in: tokens.expires_in.as_secs(),
        scope: tokens.scope,
        issued_token_type: tokens.issued_token_type,
        id_token: tokens.id,
        refresh_token: tokens.refresh,
    };
    match answer.to_json() {
        Ok(json) => response.content_type(ContentType::json()).body(json),
        Err(error) => form::fail(Failure::Internal(error.to_string())),
    }
}
