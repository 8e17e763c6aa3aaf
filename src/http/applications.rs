//! `/account/applications/…`: the applications that the person signed in here is connected to, and the end of that.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::{Value, json};

use super::account::signed_in;
use super::app::App;
use super::cookies;
use super::extract::Json;
use super::problem::{Kind, Problem};
use crate::actors::grants::connections::{Disconnected, EndConnection};
use crate::db::{DbError, Row, clients};

/// The most that are listed; more than anybody is connected to.
const MOST: i64 = 500;

/// All connections, by client id.
pub async fn list(request: HttpRequest, app: Data<App>) -> Result<HttpResponse, Problem> {
    let session = signed_in(&request, &app).await?;
    let connected = clients::connected(&session.facts.account_id, app.clock.now(), MOST);
    let rows = app.store.query(&connected).await?;
    let applications = rows.iter().map(describe).collect::<Result<Vec<_>, _>>()?;
    Ok(HttpResponse::Ok().json(json!({ "applications": applications })))
}

fn describe(row: &Row) -> Result<Value, DbError> {
    let client = clients::read(row)?;
    let scopes: Vec<&str> = row
        .optional_text(2)?
        .unwrap_or_default()
        .split_ascii_whitespace()
        .collect();
    Ok(json!({
        "client_id": client.id,
        "name": client.name,
        "uri": client.client_uri,
        "first_party": client.first_party,
        "scopes": scopes,
        "allowed_at": row.optional_integer(3)?,
        "last_used_at": row.optional_integer(4)?,
    }))
}

#[derive(Deserialize)]
pub struct End {
    client_id: String,
}

/// Ends one connection.
pub async fn end(request: HttpRequest, app: Data<App>, body: Json<End>) -> Result<HttpResponse, Problem> {
    let message = EndConnection {
        client_id: body.0.client_id,
        browser: cookies::browser(&request, &app.config.define.issuer),
    };
    match app.actors.grants.ask(message).await?? {
        Disconnected::Yes => Ok(HttpResponse::Ok().json(json!({}))),
        Disconnected::NotConnected => Err(Problem::new(Kind::NotFound).detail("there is no such connection")),
        Disconnected::SignedOut => Err(Problem::new(Kind::InvalidCredentials).detail("nobody is signed in here")),
    }
}
