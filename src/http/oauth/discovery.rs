//! What the server says about itself: discovery and the key set. Both are answered from snapshots.

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Data;

use crate::config::{ClientRegistration, Define};
use crate::domain::oauth::discovery::{Discovery, path};
use crate::domain::oauth::scope::ScopeSet;
use crate::http::app::App;
use crate::http::problem::Problem;

/// The discovery document, written once.
pub struct Document(pub String);

impl Document {
    /// For this issuer.
    pub fn new(define: &Define) -> Result<Self, serde_json::Error> {
        let mut discovery = Discovery::new(define.issuer.as_str(), &ScopeSet::standard());
        if define.client_registration != ClientRegistration::Off {
            discovery.registration_endpoint = Some(define.issuer.url(path::REGISTER));
        }
        serde_json::to_string(&discovery).map(Self)
    }
}

/// OIDC Discovery §4, RFC 8414 §3.
pub async fn document(document: Data<Document>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((header::CACHE_CONTROL, "public, max-age=3600"))
        .body(document.0.clone())
}

/// The JWK set (RFC 7517 §5). A key is in it for at least as long as it may be cached before it signs.
pub async fn jwks(app: Data<App>) -> Result<HttpResponse, Problem> {
    let seconds = app.config.define.keys.jwks_cache.as_secs();
    let jwks = app.identity()?.keys.current().jwks().to_owned();
    Ok(HttpResponse::Ok()
        .content_type("application/jwk-set+json")
        .insert_header((header::CACHE_CONTROL, format!("public, max-age={seconds}")))
        .body(jwks))
}
