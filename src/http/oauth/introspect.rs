//! `/oauth/introspect/`: what a token is worth at this moment (RFC 7662).

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use biscuit::SingleOrMultiple;
use serde::Serialize;
use serde_json::json;

use super::form;
use crate::actors::failure::Failure;
use crate::actors::grants::introspect::{ActiveToken, IntrospectToken};
use crate::domain::clock::Timestamp;
use crate::domain::token::claims::Confirmation;
use crate::http::address::client_address;
use crate::http::app::App;
use crate::http::extract::Body;

/// An introspection request.
pub async fn post(request: HttpRequest, app: Data<App>, body: Body) -> HttpResponse {
    let parameters = match form::parameters(request.headers(), request.query_string(), &body.0) {
        Ok(parameters) => parameters,
        Err(error) => return form::oauth(&error),
    };
    let message = IntrospectToken {
        authorization: form::authorization(request.headers()),
        parameters,
        address: client_address(&request, &app.config.trusted_proxies),
    };
    match app.actors.ask_grants(message).await {
        Ok(Ok(Some(token))) => HttpResponse::Ok().json(Told::of(&token, app.issuer())),
        // Nothing but this is said of a token that is not good, whatever the reason (RFC 7662 §2.2).
        Ok(Ok(None)) => HttpResponse::Ok().json(json!({ "active": false })),
        Ok(Err(refusal)) => form::refuse(refusal),
        Err(fault) => form::fail(Failure::from(fault)),
    }
}

/// RFC 7662 §2.2. What the token says of itself, and nothing that its private claims are for.
#[derive(Serialize)]
struct Told<'a> {
    active: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_type: Option<&'static str>,
    iss: &'a str,
    sub: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<&'a SingleOrMultiple<String>>,
    client_id: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    scope: &'a str,
    exp: i64,
    iat: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<i64>,
    /// The key that it is bound to (RFC 9449 §6.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    cnf: Option<&'a Confirmation>,
}

impl<'a> Told<'a> {
    fn of(token: &'a ActiveToken, issuer: &'a str) -> Self {
        match token {
            ActiveToken::Access(claims) => Self {
                active: true,
                token_type: Some(if claims.cnf.is_some() { "DPoP" } else { "Bearer" }),
                iss: &claims.iss,
                sub: &claims.sub,
                aud: Some(&claims.aud),
                client_id: &claims.client_id,
                scope: &claims.scope,
                exp: claims.exp.as_secs(),
                iat: claims.iat.as_secs(),
                jti: Some(&claims.jti),
                auth_time: claims.auth_time.map(Timestamp::as_secs),
                cnf: claims.cnf.as_ref(),
            },
            ActiveToken::Refresh {
                client_id,
                subject,
                scope,
                issued_at,
                expires_at,
            } => Self {
                active: true,
                token_type: None,
                iss: issuer,
                sub: subject,
                aud: None,
                client_id,
                scope,
                exp: expires_at.as_secs(),
                iat: issued_at.as_secs(),
                jti: None,
                auth_time: None,
                cnf: None,
            },
        }
    }
}
