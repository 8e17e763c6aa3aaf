//! Requests and errors of the endpoints that clients call: form-encoded in, RFC 6749 §5.2 out.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap};
use serde_json::json;

use crate::actors::failure::Failure;
use crate::actors::grants::refusal::TokenRefusal;
use crate::domain::oauth::error::{ErrorCode, OAuthError};
use crate::domain::oauth::parameters::Parameters;
use crate::http::extract::media_type;

/// The parameters of a form-encoded body. A query must be empty: what stands there ends up in logs.
pub fn parameters(headers: &HeaderMap, query: &str, body: &[u8]) -> Result<Parameters, OAuthError> {
    if !query.is_empty() {
        return Err(OAuthError::invalid_request(
            "parameters must be in the body, not in the query",
        ));
    }
    if media_type(headers) != Some("application/x-www-form-urlencoded") {
        return Err(OAuthError::invalid_request(
            "the body must be application/x-www-form-urlencoded",
        ));
    }
    Parameters::parse(body).map_err(|error| OAuthError::from(&error))
}

/// The `Authorization` header; one that is not text or there twice is no credential that anybody gave out.
pub fn authorization(headers: &HeaderMap) -> Option<String> {
    let mut values = headers.get_all(header::AUTHORIZATION);
    let first = values.next()?;
    let text = first.to_str().ok().filter(|_| values.next().is_none());
    Some(text.unwrap_or("invalid").to_owned())
}

/// The header that takes a nonce to a client (RFC 9449 §8).
pub const DPOP_NONCE: &str = "dpop-nonce";

/// The `DPoP` header; one that is not text or there twice is no proof of anything (RFC 9449 §4.3).
pub fn dpop(headers: &HeaderMap) -> Option<String> {
    let mut values = headers.get_all("dpop");
    let first = values.next()?;
    let text = first.to_str().ok().filter(|_| values.next().is_none());
    Some(text.unwrap_or("invalid").to_owned())
}

/// An error of the endpoints that clients call.
pub fn refuse(refusal: TokenRefusal) -> HttpResponse {
    match refusal {
        TokenRefusal::OAuth(error) => oauth(&error),
        TokenRefusal::TooMany { retry_after } => HttpResponse::TooManyRequests()
            .insert_header((header::RETRY_AFTER, retry_after))
            .json(OAuthError::new(
                ErrorCode::InvalidClient,
                "too many failed attempts of this client; wait",
            )),
        TokenRefusal::UseNonce { nonce } => HttpResponse::BadRequest()
            .insert_header((DPOP_NONCE, nonce))
            .json(use_nonce()),
        TokenRefusal::Failure(failure) => fail(failure),
    }
}

/// An OAuth error with its status: 401 with a challenge where the client has not proved itself (RFC 6749 §5.2).
pub fn oauth(error: &OAuthError) -> HttpResponse {
    if error.code() == ErrorCode::InvalidClient {
        return HttpResponse::Unauthorized()
            .insert_header((
                header::WWW_AUTHENTICATE,
                "Basic realm=\"countersign\", charset=\"UTF-8\"",
            ))
            .json(error);
    }
    HttpResponse::BadRequest().json(error)
}

/// RFC 9449 §8: the proof is right but for its nonce.
pub fn use_nonce() -> OAuthError {
    OAuthError::new(
        ErrorCode::UseDpopNonce,
        "the DPoP proof must have the nonce that is in the header DPoP-Nonce",
    )
}

/// A failure of the server, in the form that OAuth clients read.
pub fn fail(failure: Failure) -> HttpResponse {
    let (status, error) = match failure {
        Failure::Unavailable(cause) => {
            tracing::warn!(%cause, "a request could not be served now");
            (StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable")
        }
        Failure::Internal(cause) => {
            tracing::error!(%cause, "a request failed");
            (StatusCode::INTERNAL_SERVER_ERROR, "server_error")
        }
    };
    let mut response = HttpResponse::build(status);
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.insert_header((header::RETRY_AFTER, "1"));
    }
    response.json(json!({ "error": error }))
}
