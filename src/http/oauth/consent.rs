//! `/oauth/flow/` and `/oauth/consent/`: what the pages may show, and the person's answer.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::json;

use crate::actors::grants::consent::{DecideConsent, Decided, DescribeFlow};
use crate::domain::oauth::parameters::Parameters;
use crate::http::app::App;
use crate::http::cookies;
use crate::http::extract::Json;
use crate::http::problem::{Kind, Problem};

/// What the pages may show of a flow.
pub async fn flow(request: HttpRequest, app: Data<App>) -> Result<HttpResponse, Problem> {
    let parameters = Parameters::parse(request.query_string().as_bytes())
        .map_err(|error| Problem::field("flow_id", error.to_string()))?;
    let flow_id = parameters
        .get("flow_id")
        .ok_or_else(|| Problem::field("flow_id", "is missing"))?;
    let browser = cookies::browser(&request, &app.config.define.issuer);
    let view = app
        .actors
        .ask_grants(DescribeFlow {
            flow_id: flow_id.to_owned(),
            browser,
        })
        .await???;
    Ok(HttpResponse::Ok().json(json!({
        "client": { "name": view.client_name, "uri": view.client_uri },
        "scopes": view.scopes,
        "login_hint": view.login_hint,
        "ui_locales": view.ui_locales,
        "stage": if view.awaits_consent { "consent" } else { "login" },
        "signed_in_as": view.signed_in_as,
    })))
}

#[derive(Deserialize)]
pub struct Consent {
    flow_id: String,
    decision: Decision,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Decision {
    Allow,
    Deny,
}

/// The person allows or denies.
pub async fn decide(request: HttpRequest, app: Data<App>, body: Json<Consent>) -> Result<HttpResponse, Problem> {
    let Consent { flow_id, decision } = body.0;
    let browser = cookies::browser(&request, &app.config.define.issuer);
    let message = DecideConsent {
        flow_id: flow_id.clone(),
        browser,
        allow: decision == Decision::Allow,
    };
    let next = match app.actors.ask_grants(message).await??? {
        Decided::Continue => format!("/oauth/callback/?flow_id={flow_id}"),
        Decided::Client(location) => location,
        Decided::NotAsked => {
            return Err(Problem::new(Kind::Expired).detail("no consent is asked of whoever is signed in here"));
        }
    };
    Ok(HttpResponse::Ok().json(json!({ "next": next })))
}
