//! `/account/sessions/…`, `/account/applications/…` and `/logout/delete/`: who else is signed in as this person, and the
//! end of that.

use std::collections::BTreeMap;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::{Value, json};

use super::account::live_session;
use super::app::App;
use super::bearer::SignedIn;
use super::cookies;
use super::extract::{ApiJson, Json};
use super::fields::Nothing;
use super::problem::{Kind, Problem};
use crate::actors::grants::end_access::{EndApplication, EndGrant, EndSessions, Which};
use crate::db::{clients, sessions};
use crate::domain::oauth::client::ClientId;

/// The most entries of each list.
const MOST: i64 = 200;

/// The sessions of whoever is signed in, newest first.
pub async fn sessions(request: HttpRequest, app: Data<App>) -> Result<HttpResponse, Problem> {
    let own = live_session(&request, &app).await?;
    let idle = app.config.define.lifetimes.session_idle;
    let of_account = sessions::of_account(&own.facts.account_id, app.clock.now(), MOST);
    let mut listed = Vec::new();
    for row in app.store.query(&of_account).await? {
        let (sid, ends) = (row.text(0)?, row.integer(3)?.min(row.integer(4)?));
        let used = crate::domain::clock::Timestamp::from_millis(row.integer(3)?).minus(idle);
        listed.push(json!({
            "sid": sid,
            "agent": row.optional_text(1)?,
            "authenticated_at": row.integer(2)?,
            "last_used_at": used.as_millis().max(row.integer(2)?),
            "expires_at": ends,
            "current": sid == own.facts.sid,
        }));
    }
    Ok(HttpResponse::Ok().json(json!({ "sessions": listed })))
}

#[derive(Deserialize)]
pub struct Session {
    sid: String,
}

/// Ends one of them.
pub async fn end_session(request: HttpRequest, app: Data<App>, body: Json<Session>) -> Result<HttpResponse, Problem> {
    let ended = end(&request, &app, Which::One(body.0.sid)).await?;
    if ended == 0 {
        return Err(Problem::new(Kind::NotFound).detail("you have no such session"));
    }
    Ok(HttpResponse::Ok().json(json!({ "ended": ended })))
}

/// Ends all but this one.
pub async fn end_others(request: HttpRequest, app: Data<App>, _: Json<Nothing>) -> Result<HttpResponse, Problem> {
    let ended = end(&request, &app, Which::Others).await?;
    Ok(HttpResponse::Ok().json(json!({ "ended": ended })))
}

async fn end(request: &HttpRequest, app: &App, which: Which) -> Result<usize, Problem> {
    let browser = cookies::browser(request, &app.config.define.issuer);
    let ended = app.actors.ask_grants(EndSessions { browser, which }).await??;
    ended.ok_or_else(|| Problem::new(Kind::InvalidCredentials).detail("nobody is signed in here"))
}

/// The applications that this person has allowed something, or that hold a living grant.
pub async fn applications(app: Data<App>, SignedIn(caller): SignedIn) -> Result<HttpResponse, Problem> {
    let mut listed: BTreeMap<String, Value> = BTreeMap::new();
    for row in app.store.query(&clients::consents(&caller.account_id, MOST)).await? {
        let client = clients::read(&row)?;
        let entry = json!({
            "client_id": client.id.as_str(),
            "name": client.name,
            "client_uri": client.client_uri,
            "scope": row.text(2)?,
            "allowed_at": row.integer(3)?,
        });
        listed.insert(client.id.as_str().to_owned(), entry);
    }
    let with_grants = clients::with_grants(&caller.account_id, app.clock.now(), MOST);
    for row in app.store.query(&with_grants).await? {
        let client = clients::read(&row)?;
        let entry = listed.entry(client.id.as_str().to_owned()).or_insert_with(
            || json!({ "client_id": client.id.as_str(), "name": client.name, "client_uri": client.client_uri }),
        );
        if let Some(entry) = entry.as_object_mut() {
            entry.insert("last_used_at".to_owned(), row.integer(2)?.into());
        }
    }
    let listed: Vec<Value> = listed.into_values().collect();
    Ok(HttpResponse::Ok().json(json!({ "applications": listed })))
}

#[derive(Deserialize)]
pub struct Application {
    client_id: String,
}

/// Ends what one of them was given.
pub async fn end_application(
    request: HttpRequest,
    app: Data<App>,
    body: Json<Application>,
) -> Result<HttpResponse, Problem> {
    let client_id = ClientId::parse(&body.0.client_id);
    let client_id = client_id.ok_or_else(|| Problem::field("client_id", "that is no client id"))?;
    let browser = cookies::browser(&request, &app.config.define.issuer);
    let message = EndApplication { browser, client_id };
    if app.actors.ask_grants(message).await?? {
        return Ok(HttpResponse::Ok().json(json!({})));
    }
    Err(Problem::new(Kind::InvalidCredentials).detail("nobody is signed in here"))
}

#[derive(Deserialize)]
pub struct Grant {
    refresh_token: String,
}

/// Ends the grant of a refresh token: an app signs out. An unknown token is answered like a known one.
pub async fn end_grant(app: Data<App>, body: ApiJson<Grant>) -> Result<HttpResponse, Problem> {
    let refresh_token = body.0.refresh_token;
    app.actors.ask_grants(EndGrant { refresh_token }).await??;
    Ok(HttpResponse::Ok().json(json!({})))
}
