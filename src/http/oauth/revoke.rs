//! `/oauth/revoke/`: a client gives a token back (RFC 7009).

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::form;
use crate::actors::failure::Failure;
use crate::actors::grants::revoke::RevokeToken;
use crate::http::address::client_address;
use crate::http::app::App;
use crate::http::extract::Body;

/// A revocation request. An unknown token is answered like a known one (RFC 7009 §2.2).
pub async fn post(request: HttpRequest, app: Data<App>, body: Body) -> HttpResponse {
    let parameters = match form::parameters(request.headers(), request.query_string(), &body.0) {
        Ok(parameters) => parameters,
        Err(error) => return form::oauth(&error),
    };
    let message = RevokeToken {
        authorization: form::authorization(request.headers()),
        parameters,
        address: client_address(&request, &app.config.trusted_proxies),
    };
    match app.actors.ask_grants(message).await {
        Ok(Ok(())) => HttpResponse::Ok().finish(),
        Ok(Err(refusal)) => form::refuse(refusal),
        Err(fault) => form::fail(Failure::from(fault)),
    }
}
