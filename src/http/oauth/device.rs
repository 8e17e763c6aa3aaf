//! `/oauth/device/`: a device begins (RFC 8628 §3.1), and the page where a person types its code.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::json;

use super::form;
use crate::actors::failure::Failure;
use crate::actors::grants::authorize_device::AuthorizeDevice;
use crate::actors::grants::decide_device::{DecideDevice, DescribeDevice, DeviceRefusal};
use crate::http::address::client_address;
use crate::http::app::App;
use crate::http::cookies;
use crate::http::extract::{Body, Json};
use crate::http::problem::{Kind, Problem};

/// The page that people are sent to.
const PAGE: &str = "/device/";

/// A device authorization request.
pub async fn post(request: HttpRequest, app: Data<App>, body: Body) -> HttpResponse {
    let parameters = match form::parameters(request.headers(), request.query_string(), &body.0) {
        Ok(parameters) => parameters,
        Err(error) => return form::oauth(&error),
    };
    let message = AuthorizeDevice {
        authorization: form::authorization(request.headers()),
        parameters,
        address: client_address(&request, &app.config.trusted_proxies),
    };
    let codes = match app.actors.ask_grants(message).await {
        Ok(Ok(codes)) => codes,
        Ok(Err(refusal)) => return form::refuse(refusal),
        Err(fault) => return form::fail(Failure::from(fault)),
    };
    let page = app.config.define.issuer.url(PAGE);
    HttpResponse::Ok().json(json!({
        "device_code": codes.device_code,
        "user_code": codes.user_code,
        "verification_uri": page,
        "verification_uri_complete": format!("{page}?user_code={}", codes.user_code),
        "expires_in": codes.expires_in.as_secs(),
        "interval": codes.interval.as_secs(),
    }))
}

/// A code as it was typed.
#[derive(Deserialize)]
pub struct Typed {
    user_code: String,
}

/// What a device asks for; by POST, as a code does not belong into an address.
pub async fn describe(request: HttpRequest, app: Data<App>, body: Json<Typed>) -> Result<HttpResponse, Problem> {
    let message = DescribeDevice {
        user_code: body.0.user_code,
        browser: cookies::browser(&request, &app.config.define.issuer),
        address: client_address(&request, &app.config.trusted_proxies),
    };
    let view = app.actors.ask_grants(message).await??;
    Ok(HttpResponse::Ok().json(json!({
        "user_code": view.user_code,
        "client": { "name": view.client_name, "uri": view.client_uri },
        "scopes": view.scopes,
        "signed_in_as": view.signed_in_as,
    })))
}

/// The answer of a person.
#[derive(Deserialize)]
pub struct Decided {
    user_code: String,
    decision: Decision,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Decision {
    Allow,
    Deny,
}

/// The person allows or denies.
pub async fn decide(request: HttpRequest, app: Data<App>, body: Json<Decided>) -> Result<HttpResponse, Problem> {
    let message = DecideDevice {
        user_code: body.0.user_code,
        browser: cookies::browser(&request, &app.config.define.issuer),
        address: client_address(&request, &app.config.trusted_proxies),
        allow: body.0.decision == Decision::Allow,
    };
    app.actors.ask_grants(message).await??;
    Ok(HttpResponse::Ok().json(json!({})))
}

impl From<DeviceRefusal> for Problem {
    fn from(refusal: DeviceRefusal) -> Self {
        match refusal {
            DeviceRefusal::SignedOut => Self::new(Kind::InvalidCredentials).detail("nobody is signed in here"),
            DeviceRefusal::Unknown => Self::new(Kind::Expired).detail("no device waits with this code"),
            DeviceRefusal::NotAdmitted => Self::new(Kind::NotAdmitted),
            DeviceRefusal::TooMany { retry_after } => Self::new(Kind::TooManyAttempts).retry_after(retry_after),
            DeviceRefusal::Failure(failure) => failure.into(),
        }
    }
}
