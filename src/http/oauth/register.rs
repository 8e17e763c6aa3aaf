//! `/oauth/register/`: clients register themselves (RFC 7591) and look after their registration (RFC 7592).

use actix_web::http::header::{self, HeaderMap};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, ResponseError as _};
use serde_json::json;

use super::form;
use crate::actors::failure::Failure;
use crate::actors::grants::register_client::{ManageClient, RegisterClient, Registration, RegistrationRefusal, Wish};
use crate::domain::oauth::discovery::path;
use crate::domain::oauth::error::{ErrorCode, OAuthError};
use crate::domain::oauth::metadata::{ClientMetadata, describe};
use crate::http::app::App;
use crate::http::extract::{Body, media_type};
use crate::http::problem::{Kind, Problem};

/// A client would like to be registered.
pub async fn post(request: HttpRequest, app: Data<App>, body: Body) -> HttpResponse {
    let metadata = match parse(request.headers(), &body.0) {
        Ok(metadata) => metadata,
        Err(error) => return HttpResponse::BadRequest().json(error),
    };
    let message = RegisterClient {
        token: bearer(request.headers()),
        metadata,
    };
    match app.actors.ask_grants(message).await {
        Ok(Ok(registration)) => tell(HttpResponse::Created(), &registration, app.issuer()),
        Ok(Err(refusal)) => refuse(refusal),
        Err(fault) => form::fail(Failure::from(fault)),
    }
}

/// A client reads its registration.
pub async fn get(request: HttpRequest, app: Data<App>, id: Path<String>) -> HttpResponse {
    manage(&request, &app, id.into_inner(), Wish::Read).await
}

/// A client replaces its registration.
pub async fn put(request: HttpRequest, app: Data<App>, id: Path<String>, body: Body) -> HttpResponse {
    match parse(request.headers(), &body.0) {
        Ok(metadata) => manage(&request, &app, id.into_inner(), Wish::Replace(Box::new(metadata))).await,
        Err(error) => HttpResponse::BadRequest().json(error),
    }
}

/// A client ends its registration, and with it all that it was granted.
pub async fn delete(request: HttpRequest, app: Data<App>, id: Path<String>) -> HttpResponse {
    manage(&request, &app, id.into_inner(), Wish::Remove).await
}

async fn manage(request: &HttpRequest, app: &App, client_id: String, wish: Wish) -> HttpResponse {
    let message = ManageClient {
        client_id,
        token: bearer(request.headers()),
        wish,
    };
    match app.actors.ask_grants(message).await {
        Ok(Ok(Some(registration))) => tell(HttpResponse::Ok(), &registration, app.issuer()),
        Ok(Ok(None)) => HttpResponse::NoContent().finish(),
        Ok(Err(refusal)) => refuse(refusal),
        Err(fault) => form::fail(Failure::from(fault)),
    }
}

/// RFC 7591 §3.2.1, RFC 7592 §3. An old secret is not told again: nobody here knows it.
fn tell(mut response: HttpResponseBuilder, registration: &Registration, issuer: &str) -> HttpResponse {
    let client = &registration.client;
    let mut document = describe(client);
    let mut put = |name: &str, value| document.insert(name.to_owned(), value);
    if let Some(secret) = &registration.secret {
        put("client_secret", json!(secret.reveal()));
    }
    if client.secret_hash.is_some() {
        put("client_secret_expires_at", json!(0));
    }
    if let Some(at) = registration.issued_at {
        put("client_id_issued_at", json!(at.as_secs()));
    }
    put("registration_access_token", json!(registration.token.reveal()));
    let address = format!("{issuer}{}{}/", path::REGISTER, client.id);
    put("registration_client_uri", json!(address));
    response.json(document)
}

fn refuse(refusal: RegistrationRefusal) -> HttpResponse {
    match refusal {
        RegistrationRefusal::Closed => Problem::new(Kind::NotFound).error_response(),
        RegistrationRefusal::Token => HttpResponse::Unauthorized()
            .insert_header((
                header::WWW_AUTHENTICATE,
                "Bearer realm=\"countersign\", error=\"invalid_token\"",
            ))
            .json(OAuthError::new(
                ErrorCode::InvalidToken,
                "the token is missing, or not good for this",
            )),
        RegistrationRefusal::Metadata(error) => HttpResponse::BadRequest().json(error),
        RegistrationRefusal::Failure(failure) => form::fail(failure),
    }
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = form::authorization(headers)?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.to_owned())
}

fn parse(headers: &HeaderMap, body: &[u8]) -> Result<ClientMetadata, OAuthError> {
    let refuse = |description: &str| OAuthError::new(ErrorCode::InvalidClientMetadata, description);
    if media_type(headers) != Some("application/json") {
        return Err(refuse("the body must be application/json"));
    }
    // serde would also read the fields from an array, by their order.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(refuse("the body must be a JSON object"));
    }
    serde_json::from_slice(body).map_err(|error| refuse(&error.to_string()))
}
