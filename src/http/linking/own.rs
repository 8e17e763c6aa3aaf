//! `/account/entitlements/…`: the signed-in person's master key and what it is entitled to.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::json;

use crate::actors::ask::Door;
use crate::actors::linking::challenge::BeginLink;
use crate::actors::linking::link::{FinishLink, Unlink};
use crate::actors::linking::{Linking, SignedIn};
use crate::db::linking;
use crate::domain::entitlement::key::PublicKey;
use crate::domain::linking::VERSION;
use crate::domain::secret::Token;
use crate::http::account;
use crate::http::app::App;
use crate::http::cookies;
use crate::http::extract::Json;
use crate::http::fields::Nothing;
use crate::http::problem::{Kind, Problem};

/// What the account is entitled to, and by which key. Without a linked key, `linked` is `null`.
pub async fn standing(request: HttpRequest, app: Data<App>) -> Result<HttpResponse, Problem> {
    let live = account::live_session(&request, &app).await?;
    let linked = linking::read_link(&app.store, &live.facts.account_id).await?;
    let answer = linked.map(|link| {
        json!({
            "master_pkey": link.master.to_hex(),
            "linked_at": link.linked_at,
            "entitlements": link.known.entitlements(app.clock.now()),
        })
    });
    Ok(HttpResponse::Ok().json(json!({ "linked": answer })))
}

/// The key to be linked: 64 hexadecimal digits.
#[derive(Deserialize)]
pub struct Wish {
    master_pkey: String,
}

/// Gives the challenge that the key has to sign: `docs/entitlements.md` has its layout.
pub async fn challenge(request: HttpRequest, app: Data<App>, body: Json<Wish>) -> Result<HttpResponse, Problem> {
    let who = signed_in(&request, &app)?;
    let master = PublicKey::from_hex(&body.0.master_pkey).filter(|key| !key.is_zero());
    let master =
        master.ok_or_else(|| Problem::field("master_pkey", "it is not a public key of 64 hexadecimal digits"))?;
    let begun = linking_door(&app)?.ask(BeginLink { who, master }).await???;
    Ok(HttpResponse::Ok().json(json!({
        "version": VERSION,
        "master_pkey": master.to_hex(),
        "issuer": app.issuer(),
        "account": begun.account,
        "nonce": begun.nonce,
        "expires_at": begun.expires_at,
    })))
}

/// The signed challenge: its nonce, and 128 hexadecimal digits.
#[derive(Deserialize)]
pub struct SignedChallenge {
    nonce: String,
    signature: String,
}

/// Links the key.
pub async fn link(request: HttpRequest, app: Data<App>, body: Json<SignedChallenge>) -> Result<HttpResponse, Problem> {
    let who = signed_in(&request, &app)?;
    let mut signature = [0; 64];
    hex::decode_to_slice(&body.0.signature, &mut signature)
        .map_err(|_| Problem::field("signature", "it is not a signature of 128 hexadecimal digits"))?;
    let nonce = Token::parse(&body.0.nonce).ok_or_else(|| Problem::new(Kind::Expired))?;
    let finish = FinishLink { who, nonce, signature };
    linking_door(&app)?.ask(finish).await???;
    Ok(HttpResponse::Ok().json(json!({})))
}

/// Unlinks the key. What it is entitled to stays with it.
pub async fn unlink(request: HttpRequest, app: Data<App>, _: Json<Nothing>) -> Result<HttpResponse, Problem> {
    let who = signed_in(&request, &app)?;
    linking_door(&app)?.ask(Unlink { who }).await???;
    Ok(HttpResponse::Ok().json(json!({})))
}

/// The door; these routes are there only where the actor is.
fn linking_door(app: &App) -> Result<&Door<Linking>, Problem> {
    app.actors.linking.as_ref().ok_or_else(|| Problem::new(Kind::NotFound))
}

/// The cookies of somebody who may be signed in: the transaction sees whether that is so.
fn signed_in(request: &HttpRequest, app: &App) -> Result<SignedIn, Problem> {
    let browser = cookies::browser(request, &app.config.define.issuer);
    match (browser.id, browser.session) {
        (Some(browser), Some(session)) => Ok(SignedIn { browser, session }),
        _ => Err(account::signed_out()),
    }
}
