//! `/oauth/par/`: a client hands its authorization request in beforehand (RFC 9126 §2).

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use super::form;
use crate::actors::failure::Failure;
use crate::actors::grants::push::PushRequest;
use crate::http::address::client_address;
use crate::http::app::App;
use crate::http::extract::Body;

/// A pushed request.
pub async fn post(request: HttpRequest, app: Data<App>, body: Body) -> HttpResponse {
    let parameters = match form::parameters(request.headers(), request.query_string(), &body.0) {
        Ok(parameters) => parameters,
        Err(error) => return form::oauth(&error),
    };
    let message = PushRequest {
        authorization: form::authorization(request.headers()),
        dpop: form::dpop(request.headers()),
        parameters,
        address: client_address(&request, &app.config.trusted_proxies),
    };
    let pushed = match app.actors.ask_grants(message).await {
        Ok(Ok(pushed)) => pushed,
        Ok(Err(refusal)) => return form::refuse(refusal),
        Err(fault) => return form::fail(Failure::from(fault)),
    };
    let mut response = HttpResponse::build(StatusCode::CREATED);
    if let Some(nonce) = pushed.dpop_nonce {
        response.insert_header((form::DPOP_NONCE, nonce));
    }
    response.json(json!({ "request_uri": pushed.request_uri, "expires_in": pushed.expires_in.as_secs() }))
}
