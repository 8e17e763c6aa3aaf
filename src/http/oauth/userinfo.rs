//! `/oauth/userinfo/`: who the token speaks for (OIDC Core §5.3).

use std::time::Duration;

use actix_web::http::header::{self, HeaderMap};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Map, Value, json};

use super::form;
use crate::actors::failure::Failure;
use crate::db::{self, families};
use crate::domain::oauth::error::{ErrorCode, OAuthError};
use crate::domain::oauth::parameters::Parameters;
use crate::domain::oauth::scope::{ENTITLEMENTS, OPENID, ScopeSet};
use crate::domain::token::verify::{Expected, verify_access};
use crate::http::app::App;
use crate::http::extract::{Body, media_type};

/// How far the clocks of our own processes may be apart.
const LEEWAY: Duration = Duration::from_secs(5);

/// By GET, the token in the header (RFC 6750 §2.1).
pub async fn get(request: HttpRequest, app: Data<App>) -> HttpResponse {
    answer(&app, bearer(request.headers())).await
}

/// By POST, the token in the header or in the body (RFC 6750 §2.2), not in both.
pub async fn post(request: HttpRequest, app: Data<App>, body: Body) -> HttpResponse {
    let in_header = bearer(request.headers());
    if media_type(request.headers()) != Some("application/x-www-form-urlencoded") {
        return answer(&app, in_header).await;
    }
    let parameters = match Parameters::parse(&body.0) {
        Ok(parameters) => parameters,
        Err(error) => return challenge(Some(&OAuthError::from(&error))),
    };
    match (in_header, parameters.get("access_token")) {
        (Bearer::Absent, Some(token)) => answer(&app, Bearer::Token(token.to_owned())).await,
        (in_header, None) => answer(&app, in_header).await,
        (_, Some(_)) => challenge(Some(&OAuthError::invalid_request(
            "the token is there in more than one way",
        ))),
    }
}

/// What the `Authorization` header holds.
enum Bearer {
    Absent,
    Token(String),
    /// Not a header that RFC 6750 knows.
    Malformed,
}

fn bearer(headers: &HeaderMap) -> Bearer {
    let Some(value) = form::authorization(headers) else {
        return Bearer::Absent;
    };
    match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") && is_token(token) => {
            Bearer::Token(token.to_owned())
        }
        _ => Bearer::Malformed,
    }
}

/// `b64token` of RFC 6750 §2.1.
fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte))
}

async fn answer(app: &App, bearer: Bearer) -> HttpResponse {
    let token = match bearer {
        Bearer::Absent => return challenge(None),
        Bearer::Malformed => return challenge(Some(&invalid_token())),
        Bearer::Token(token) => token,
    };
    let now = app.clock.now();
    let expected = Expected {
        issuer: app.issuer(),
        audience: app.issuer(),
        now,
        leeway: LEEWAY,
    };
    let Ok(claims) = verify_access(&token, &app.keys.current(), &expected) else {
        return challenge(Some(&invalid_token()));
    };
    let scope = ScopeSet::parse(&claims.scope).unwrap_or_default();
    if !scope.contains(OPENID) {
        return challenge(Some(&OAuthError::new(
            ErrorCode::InsufficientScope,
            "the token needs the scope openid",
        )));
    }
    // One indexed read: family, account, client and revocation still stand.
    let Some(family) = &claims.fam else {
        return challenge(Some(&invalid_token()));
    };
    let names = [claims.jti.as_str(), claims.root.as_deref().unwrap_or(&claims.jti)];
    let row = match app
        .store
        .query_one(&families::standing(family, names, claims.iat, now))
        .await
    {
        Ok(Some(row)) => row,
        Ok(None) => return challenge(Some(&invalid_token())),
        Err(error) => return form::fail(Failure::from(error)),
    };
    let mut answer = Map::new();
    answer.insert("sub".to_owned(), Value::from(claims.sub));
    if scope.contains("email") {
        match row.text(1) {
            Ok(email) => answer.insert("email".to_owned(), Value::from(email)),
            Err(error) => return form::fail(Failure::from(error)),
        };
        answer.insert("email_verified".to_owned(), Value::Bool(true));
    }
    if scope.contains(ENTITLEMENTS) {
        let account = answer.get("sub").and_then(Value::as_str).unwrap_or_default();
        match db::linking::claim(&app.store, account, now)
            .await
            .map(|claim| claim.map(|claim| json!(claim)))
        {
            Ok(Some(claim)) => answer.insert(ENTITLEMENTS.to_owned(), claim),
            Ok(None) => None,
            Err(error) => return form::fail(Failure::from(error)),
        };
    }
    HttpResponse::Ok().json(answer)
}

fn invalid_token() -> OAuthError {
    OAuthError::new(
        ErrorCode::InvalidToken,
        "the access token is not valid, or not any more",
    )
}

/// RFC 6750 §3: a request without a token is told no more than how to bring one.
fn challenge(error: Option<&OAuthError>) -> HttpResponse {
    let Some(error) = error else {
        return HttpResponse::Unauthorized()
            .insert_header((header::WWW_AUTHENTICATE, "Bearer realm=\"countersign\""))
            .finish();
    };
    let mut response = match error.code() {
        ErrorCode::InsufficientScope => HttpResponse::Forbidden(),
        ErrorCode::InvalidToken => HttpResponse::Unauthorized(),
        _ => HttpResponse::BadRequest(),
    };
    let challenge = format!(
        "Bearer realm=\"countersign\", error=\"{}\", error_description=\"{}\"",
        error.code().as_str(),
        error.description()
    );
    response
        .insert_header((header::WWW_AUTHENTICATE, challenge))
        .json(error)
}
