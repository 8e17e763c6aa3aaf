//! The right to the web app's own API: an access token whose audience is this API and which carries the scope, a client
//! that may ask for that scope, and a person who holds that role *now*.
//!
//! Our own pages call the same routes with their session instead. A browser says of such a call that it comes from this
//! origin, which no other site can make it say.

use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderMap};
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::LocalBoxFuture;

use super::app::App;
use super::cookies;
use super::extract::app;
use super::oauth::form;
use super::problem::{Kind, Problem};
use crate::db::{clients, families, sessions};
use crate::domain::oauth::scope::{ADMIN, MEMBER, ScopeSet};
use crate::domain::secret::TokenHash;
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
pub struct Admin(pub Caller);

/// Whoever is signed in, with whatever role, by the session alone.
pub struct SignedIn(pub Caller);

impl FromRequest for SignedIn {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let app = app(&request)?;
            let signed_out = || Problem::new(Kind::InvalidCredentials).detail("nobody is signed in here");
            let found = by_session(&app, &request, "").await?.ok_or_else(signed_out)?;
            Ok(Self(found.0))
        })
    }
}

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
        Bearer::Malformed => Err(invalid()),
        Bearer::Absent => {
            let own = is_own_page(request.headers(), app.issuer());
            let found = if own {
                by_session(&app, request, role).await?
            } else {
                None
            };
            match found {
                Some((caller, true)) => Ok(caller),
                Some((_, false)) => Err(insufficient(role)),
                None => Err(Problem::new(Kind::InvalidToken).challenge("Bearer realm=\"countersign\"")),
            }
        }
    }
}

/// Whether a browser says that this call comes from a page of ours. What says nothing is no page of ours.
fn is_own_page(headers: &HeaderMap, issuer: &str) -> bool {
    let origin = headers
        .get(header::ORIGIN)
        .map(|origin| origin.as_bytes() == issuer.as_bytes());
    let site = headers
        .get("sec-fetch-site")
        .map(|site| site.as_bytes() == b"same-origin");
    origin.unwrap_or(true) && site.unwrap_or(true) && (origin.is_some() || site.is_some())
}

/// Who is signed in in this browser, and whether they hold `role` now.
async fn by_session(app: &App, request: &HttpRequest, role: &str) -> Result<Option<(Caller, bool)>, Problem> {
    let browser = cookies::browser(request, &app.config.define.issuer);
    let (Some(id), Some(session)) = (&browser.id, &browser.session) else {
        return Ok(None);
    };
    let caller = sessions::caller(&session.hash(), role, app.clock.now());
    let Some(row) = app.store.query_one(&caller).await? else {
        return Ok(None);
    };
    if TokenHash::from_bytes(row.bytes(3)?) != id.hash() {
        return Ok(None);
    }
    let caller = Caller {
        account_id: row.text(0)?.to_owned(),
        email: row.text(1)?.to_owned(),
    };
    Ok(Some((caller, !row.is_null(2))))
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
    let claims = verify_access(token, &app.identity()?.keys.current(), &expected).map_err(|_| invalid())?;
    // A token that is bound to a key is no bearer token: whoever has it without the key has stolen it (RFC 9449 §7.2).
    if claims.cnf.is_some() {
        return Err(invalid());
    }
    // A token without a family speaks for a client, who holds no role.
    let family = claims.fam.as_deref().ok_or_else(invalid)?;
    if !ScopeSet::parse(&claims.scope).is_ok_and(|scope| scope.contains(role)) {
        return Err(insufficient(role));
    }
    let names = [claims.jti.as_str(), claims.root.as_deref().unwrap_or(&claims.jti)];
    let standing = families::bearer(family, names, role, claims.iat, now);
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

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn cs_01_only_a_page_of_ours_may_bring_its_session() {
        let issuer = "https://id.example.org";
        let own = |pairs: &[(&'static str, &'static str)]| {
            let mut map = HeaderMap::new();
            for (name, value) in pairs {
                map.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
            }
            is_own_page(&map, issuer)
        };
        assert!(own(&[("origin", issuer)]));
        assert!(own(&[("sec-fetch-site", "same-origin")]));
        assert!(own(&[("origin", issuer), ("sec-fetch-site", "same-origin")]));
        assert!(!own(&[]));
        for site in ["cross-site", "same-site", "none"] {
            assert!(!own(&[("sec-fetch-site", site)]), "{site}");
            assert!(!own(&[("origin", issuer), ("sec-fetch-site", site)]), "{site}");
        }
        for origin in ["https://evil.example", "null", "http://id.example.org"] {
            assert!(!own(&[("origin", origin)]), "{origin}");
            assert!(
                !own(&[("origin", origin), ("sec-fetch-site", "same-origin")]),
                "{origin}"
            );
        }
    }
}
