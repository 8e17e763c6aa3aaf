//! The right to the web app's own API: an access token whose audience is this API and which carries the scope, a client
//! that may ask for that scope, and a person who holds that role *now*.

use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::HeaderMap;
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::LocalBoxFuture;

use super::app::App;
use super::extract::app;
use super::oauth::form;
use super::problem::{Kind, Problem};
use crate::db::{clients, families};
use crate::domain::oauth::scope::{ADMIN, MEMBER, ScopeSet};
use crate::domain::token::verify::{Expected, verify_access};

/// How far the clocks of our own processes may be apart.
pub const LEEWAY: Duration = Duration::from_secs(5);

/// What the `Authorization` header holds.
pub enum Bearer {
    /// There is none.
    Absent,
    /// A token (RFC 6750 §2.1).
    Token(String),
    /// Not a header that RFC 6750 knows.
    Malformed,
}

/// Reads the `Authorization` header.
pub fn bearer(headers: &HeaderMap) -> Bearer {
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

/// Who calls, once the right is proven.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The account.
    pub account_id: String,
    /// Its address, canonical.
    pub email: String,
}

/// A caller with the role `member`.
pub struct Member(pub Caller);

/// A caller with the role `admin`.
#[expect(dead_code, reason = "the administrators' routes follow")]
pub struct Admin(pub Caller);

impl FromRequest for Member {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { demand(&request, MEMBER).await.map(Self) })
    }
}

impl FromRequest for Admin {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { demand(&request, ADMIN).await.map(Self) })
    }
}

async fn demand(request: &HttpRequest, role: &'static str) -> Result<Caller, Problem> {
    let app = app(request)?;
    match bearer(request.headers()) {
        Bearer::Token(token) => check(&app, &token, role).await,
        Bearer::Absent => Err(Problem::new(Kind::InvalidToken).challenge("Bearer realm=\"countersign\"")),
        Bearer::Malformed => Err(invalid()),
    }
}

/// Proves a token: signature, issuer, audience and time first, then one indexed read for all that may have changed since.
async fn check(app: &App, token: &str, role: &'static str) -> Result<Caller, Problem> {
    let now = app.clock.now();
    let expected = Expected {
        issuer: app.issuer(),
        audience: app.issuer(),
        now,
        leeway: LEEWAY,
    };
    let claims = verify_access(token, &app.keys.current(), &expected).map_err(|_| invalid())?;
    // A token without a family speaks for a client, who holds no role.
    let family = claims.fam.as_deref().ok_or_else(invalid)?;
    if !ScopeSet::parse(&claims.scope).is_ok_and(|scope| scope.contains(role)) {
        return Err(insufficient(role));
    }
    let standing = families::bearer(family, &claims.jti, role, claims.iat, now);
    let row = app.store.query_one(&standing).await?.ok_or_else(invalid)?;
    if row.is_null(4) || !clients::read_at(&row, 2)?.scopes.contains(role) {
        return Err(insufficient(role));
    }
    Ok(Caller {
        account_id: row.text(0)?.to_owned(),
        email: row.text(1)?.to_owned(),
    })
}

fn invalid() -> Problem {
    Problem::new(Kind::InvalidToken).challenge("Bearer realm=\"countersign\", error=\"invalid_token\"")
}

fn insufficient(role: &str) -> Problem {
    Problem::new(Kind::InsufficientScope)
        .detail(format!(
            "this needs the scope {role}, which the person and the client must hold"
        ))
        .challenge(format!(
            "Bearer realm=\"countersign\", error=\"insufficient_scope\", scope=\"{role}\""
        ))
}
