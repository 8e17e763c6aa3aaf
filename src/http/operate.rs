//! For operators: is the process alive, can it serve, what has it done.

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde_json::{Map, Value, json};

use super::app::App;
use crate::actors::supervisor::CheckHealth;
use crate::db::Statement;
use crate::db::kv::Kind;

/// The process is alive: asks nobody, so that it answers whatever else is down.
pub async fn healthz() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "alive" }))
}

/// Every actor and backend answers; 503 names those that do not.
pub async fn readyz(app: Data<App>) -> HttpResponse {
    let mut parts = Map::new();
    match app.supervisor.ask(CheckHealth).await {
        Ok(actors) => parts.extend(
            actors
                .iter()
                .map(|actor| (actor.actor.to_owned(), Value::Bool(actor.well))),
        ),
        Err(_) => {
            parts.insert("supervisor".to_owned(), Value::Bool(false));
        }
    }
    let database = app
        .store
        .query(&Statement::new("SELECT mode FROM deployment"))
        .await
        .is_ok();
    parts.insert("database".to_owned(), database.into());
    parts.insert("key_value".to_owned(), app.kv.check().await.is_ok().into());
    parts.insert("accepting".to_owned(), app.is_accepting().into());
    let ready = parts.values().all(|well| well == &Value::Bool(true));
    let mut response = if ready {
        HttpResponse::Ok()
    } else {
        HttpResponse::ServiceUnavailable()
    };
    response.json(json!({ "status": if ready { "ready" } else { "not ready" }, "parts": parts }))
}

/// Prometheus text.
pub async fn metrics(app: Data<App>) -> HttpResponse {
    for kind in Kind::ALL {
        if let Ok(entries) = app.kv.len(kind).await {
            gauge("countersign_kv_entries", "kind", kind.as_str(), entries);
        }
    }
    if let Ok(counters) = app.kv.counters().await {
        gauge("countersign_kv_entries", "kind", "counter", counters);
    }
    if let Ok(actors) = app.supervisor.ask(CheckHealth).await {
        for actor in actors {
            gauge("countersign_actor_depth", "actor", actor.actor, actor.depth);
            gauge("countersign_actor_well", "actor", actor.actor, actor.well.into());
        }
    }
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(app.metrics.render())
}

fn gauge(name: &'static str, label: &'static str, of: &'static str, value: usize) {
    #[expect(clippy::cast_precision_loss, reason = "counts of this size are exact")]
    metrics::gauge!(name, label => of).set(value as f64);
}
