//! `/oauth/userinfo/`: who the token speaks for (OIDC Core §5.3).

use std::fmt::Write as _;

use actix_web::http::header::{self, HeaderMap};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use serde_json::{Map, Value, json};

use super::form;
use crate::actors::failure::Failure;
use crate::actors::grants::dpop::{ProofRefusal, ProveKey};
use crate::db::{self, DbError, Row, clients, families, profiles};
use crate::domain::account::Profile;
use crate::domain::keys::client_key::ClientAlgorithm;
use crate::domain::oauth::discovery::path;
use crate::domain::oauth::error::{ErrorCode, OAuthError};
use crate::domain::oauth::parameters::Parameters;
use crate::domain::oauth::scope::{ENTITLEMENTS, OPENID, ScopeSet};
use crate::domain::oauth::userinfo::{Person, needs_profile};
use crate::domain::token::claims::AccessClaims;
use crate::domain::token::jws::{self, TokenType};
use crate::domain::token::verify::{Expected, verify_access};
use crate::http::app::App;
use crate::http::bearer::{Bearer, LEEWAY, bearer};
use crate::http::extract::{Body, media_type};

/// By GET, the token in the header (RFC 6750 §2.1, RFC 9449 §7.1).
pub async fn get(request: HttpRequest, app: Data<App>) -> HttpResponse {
    let credentials = in_header(request.headers());
    answer(&app, &request, credentials).await
}

/// By POST, the token in the header or in the body (RFC 6750 §2.2), not in both.
pub async fn post(request: HttpRequest, app: Data<App>, body: Body) -> HttpResponse {
    let in_header = in_header(request.headers());
    if media_type(request.headers()) != Some("application/x-www-form-urlencoded") {
        return answer(&app, &request, in_header).await;
    }
    let parameters = match Parameters::parse(&body.0) {
        Ok(parameters) => parameters,
        Err(error) => return challenge(Scheme::Bearer, Some(&OAuthError::from(&error))),
    };
    match (in_header, parameters.get("access_token")) {
        (Credentials::Absent, Some(token)) => answer(&app, &request, Credentials::Bearer(token.to_owned())).await,
        (in_header, None) => answer(&app, &request, in_header).await,
        (_, Some(_)) => challenge(
            Scheme::Bearer,
            Some(&OAuthError::invalid_request("the token is there in more than one way")),
        ),
    }
}

/// What a request shows.
enum Credentials {
    Absent,
    Bearer(String),
    /// A token that is bound to a key, and the proof beside it.
    Bound {
        token: String,
        proof: Option<String>,
    },
    /// Not a header that either RFC knows.
    Malformed,
}

fn in_header(headers: &HeaderMap) -> Credentials {
    let header = form::authorization(headers);
    if let Some((scheme, token)) = header.as_deref().and_then(|header| header.split_once(' '))
        && scheme.eq_ignore_ascii_case("dpop")
    {
        return Credentials::Bound {
            token: token.to_owned(),
            proof: form::dpop(headers),
        };
    }
    match bearer(headers) {
        Bearer::Absent => Credentials::Absent,
        Bearer::Token(token) => Credentials::Bearer(token),
        Bearer::Malformed => Credentials::Malformed,
    }
}

async fn answer(app: &App, request: &HttpRequest, credentials: Credentials) -> HttpResponse {
    match credentials {
        Credentials::Absent => challenge(Scheme::Bearer, None),
        Credentials::Malformed => challenge(Scheme::Bearer, Some(&invalid_token())),
        Credentials::Bearer(token) => match verify(app, &token) {
            // Whoever has it without the key has stolen it (RFC 9449 §7.2).
            Some(claims) if claims.cnf.is_none() => tell(app, &claims).await,
            Some(_) => challenge(Scheme::Dpop, Some(&invalid_token())),
            None => challenge(Scheme::Bearer, Some(&invalid_token())),
        },
        Credentials::Bound { token, proof } => match verify(app, &token) {
            Some(claims) => match prove(app, request, &claims, token, proof).await {
                Ok(nonce) => {
                    let mut response = tell(app, &claims).await;
                    add_nonce(&mut response, &nonce);
                    response
                }
                Err(refused) => refused,
            },
            None => challenge(Scheme::Dpop, Some(&invalid_token())),
        },
    }
}

fn verify(app: &App, token: &str) -> Option<AccessClaims> {
    let expected = Expected {
        issuer: app.issuer(),
        audience: app.issuer(),
        now: app.clock.now(),
        leeway: LEEWAY,
    };
    verify_access(token, &app.identity().ok()?.keys.current(), &expected).ok()
}

/// The nonce for the next proof, if this one proves the key that the token is bound to.
async fn prove(
    app: &App,
    request: &HttpRequest,
    claims: &AccessClaims,
    access_token: String,
    proof: Option<String>,
) -> Result<String, HttpResponse> {
    let refused = |error: &OAuthError| challenge(Scheme::Dpop, Some(error));
    let (Some(confirmation), Some(proof)) = (&claims.cnf, proof) else {
        return Err(refused(&invalid_token()));
    };
    let question = ProveKey {
        proof,
        method: request.method().as_str().to_owned(),
        path: path::USERINFO,
        access_token,
    };
    match app.actors.ask_grants(question).await {
        Ok(Ok(key)) if key.thumbprint == confirmation.jkt => Ok(key.nonce),
        Ok(Ok(_)) => Err(refused(&invalid_token())),
        Ok(Err(ProofRefusal::Invalid(error))) => Err(refused(&error)),
        Ok(Err(ProofRefusal::UseNonce(nonce))) => {
            let mut response = refused(&form::use_nonce());
            add_nonce(&mut response, &nonce);
            Err(response)
        }
        Ok(Err(ProofRefusal::Failure(failure))) => Err(form::fail(failure)),
        Err(fault) => Err(form::fail(Failure::from(fault))),
    }
}

fn add_nonce(response: &mut HttpResponse, nonce: &str) {
    if let Ok(value) = header::HeaderValue::from_str(nonce) {
        let name = header::HeaderName::from_static(form::DPOP_NONCE);
        response.headers_mut().insert(name, value);
    }
}

/// The answer to a token that is proved. One indexed read: family, account, client and revocation still stand.
async fn tell(app: &App, claims: &AccessClaims) -> HttpResponse {
    let scope = ScopeSet::parse(&claims.scope).unwrap_or_default();
    if !scope.contains(OPENID) {
        return challenge(
            Scheme::Bearer,
            Some(&OAuthError::new(
                ErrorCode::InsufficientScope,
                "the token needs the scope openid",
            )),
        );
    }
    let Some(family) = &claims.fam else {
        return challenge(Scheme::Bearer, Some(&invalid_token()));
    };
    let now = app.clock.now();
    let names = [claims.jti.as_str(), claims.root.as_deref().unwrap_or(&claims.jti)];
    let with_profile = needs_profile(&scope);
    let statement = if with_profile {
        families::standing_with_profile(family, names, claims.iat, now)
    } else {
        families::standing(family, names, claims.iat, now)
    };
    let row = match app.store.query_one(&statement).await {
        Ok(Some(row)) => row,
        Ok(None) => return challenge(Scheme::Bearer, Some(&invalid_token())),
        Err(error) => return form::fail(Failure::from(error)),
    };
    match render(app, claims, &scope, &row, with_profile).await {
        Ok(response) => response,
        Err(error) => form::fail(Failure::from(error)),
    }
}

async fn render(
    app: &App,
    claims: &AccessClaims,
    scope: &ScopeSet,
    row: &Row,
    with_profile: bool,
) -> Result<HttpResponse, DbError> {
    let terms = families::read_terms(row, 2)?;
    let (profile, updated_at) = if with_profile {
        profiles::read(row, 4)?
    } else if terms.userinfo.is_empty() {
        (Profile::default(), None)
    } else {
        // Claims that no scope of the token opens: few ask so, and they cost a second read.
        let profile = app.store.query_one(&profiles::by_account(row.text(0)?)).await?;
        profile.map_or(Ok((Profile::default(), None)), |profile| profiles::read(&profile, 0))?
    };
    let person = Person {
        email: row.text(1)?,
        profile: &profile,
        updated_at,
    };
    let mut told = person.claims(scope, &terms.userinfo);
    told.insert("sub".to_owned(), Value::from(claims.sub.as_str()));
    if scope.contains(ENTITLEMENTS)
        && let Some(claim) = db::linking::claim(&app.store, row.text(0)?, app.clock.now()).await?
    {
        told.insert(ENTITLEMENTS.to_owned(), json!(claim));
    }
    Ok(match clients::userinfo_alg(row, 3)? {
        None => HttpResponse::Ok().json(told),
        Some(algorithm) => signed(app, claims, told, algorithm),
    })
}

/// OIDC Core §5.3.2: `iss` and `aud` say whose word it is, and for whom.
fn signed(
    app: &App,
    claims: &AccessClaims,
    mut told: Map<String, Value>,
    algorithm: crate::domain::keys::algorithm::SigningAlgorithm,
) -> HttpResponse {
    told.insert("iss".to_owned(), Value::from(app.issuer()));
    told.insert("aud".to_owned(), Value::from(claims.client_id.as_str()));
    let keys = match app.identity() {
        Ok(identity) => identity.keys.current(),
        Err(failure) => return form::fail(failure),
    };
    match jws::sign(keys.signer(algorithm), TokenType::UserInfo, &told) {
        Ok(token) => HttpResponse::Ok().content_type("application/jwt").body(token),
        Err(error) => form::fail(Failure::Internal(error.to_string())),
    }
}

fn invalid_token() -> OAuthError {
    OAuthError::new(
        ErrorCode::InvalidToken,
        "the access token is not valid, or not any more",
    )
}

/// How the token came, or should have come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Bearer,
    Dpop,
}

/// RFC 6750 §3, RFC 9449 §7.1: a request without a token is told no more than how to bring one.
fn challenge(scheme: Scheme, error: Option<&OAuthError>) -> HttpResponse {
    let mut words = match scheme {
        Scheme::Bearer => "Bearer realm=\"countersign\"".to_owned(),
        Scheme::Dpop => {
            let algorithms = ClientAlgorithm::ALL.map(ClientAlgorithm::name).join(" ");
            format!("DPoP realm=\"countersign\", algs=\"{algorithms}\"")
        }
    };
    let Some(error) = error else {
        return HttpResponse::Unauthorized()
            .insert_header((header::WWW_AUTHENTICATE, words))
            .finish();
    };
    let mut response: HttpResponseBuilder = match error.code() {
        ErrorCode::InsufficientScope => HttpResponse::Forbidden(),
        ErrorCode::InvalidToken | ErrorCode::InvalidDpopProof | ErrorCode::UseDpopNonce => HttpResponse::Unauthorized(),
        _ => HttpResponse::BadRequest(),
    };
    // Writing to a String cannot fail.
    let _ = write!(
        words,
        ", error=\"{}\", error_description=\"{}\"",
        error.code().as_str(),
        error.description()
    );
    response.insert_header((header::WWW_AUTHENTICATE, words)).json(error)
}
