//! For operators: is the process alive, can it serve, what has it done.

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde_json::{Map, Value, json};

use super::app::App;
use crate::actors::ask::Door;
use crate::actors::supervise::Role;
use crate::db::Statement;
use crate::db::kv::Kind;

/// The process is alive: asks nobody, so that it answers whatever else is down.
pub async fn healthz() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "alive" }))
}

/// Every actor and backend answers; 503 names those that do not.
pub async fn readyz(app: Data<App>) -> HttpResponse {
    let mut parts = Map::new();
    for door in app.login.doors() {
        check(&mut parts, door).await;
    }
    for door in app.grants.doors() {
        check(&mut parts, door).await;
    }
    check(&mut parts, app.writes.door()).await;
    check(&mut parts, &app.key_ring).await;
    check(&mut parts, &app.mailer).await;
    check(&mut parts, &app.sweeper).await;
    let database = app.store.query(&Statement::new("SELECT mode FROM deployment")).await.is_ok();
    parts.insert("database".to_owned(), database.into());
    parts.insert("accepting".to_owned(), app.is_accepting().into());
    let ready = parts.values().all(|well| well == &Value::Bool(true));
    let mut response = if ready { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    response.json(json!({ "status": if ready { "ready" } else { "not ready" }, "parts": parts }))
}

async fn check<R: Role>(parts: &mut Map<String, Value>, door: &Door<R>) {
    let well = door.is_well().await;
    let before = parts.get(door.name()) != Some(&Value::Bool(false));
    parts.insert(door.name().to_owned(), (before && well).into());
}

/// Prometheus text.
pub async fn metrics(app: Data<App>) -> HttpResponse {
    for kind in Kind::ALL {
        gauge("countersign_kv_entries", kind.as_str(), app.kv.len(kind));
    }
    depth(app.login.doors());
    depth(app.grants.doors());
    depth(std::slice::from_ref(app.writes.door()));
    depth(std::slice::from_ref(&app.mailer));
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(app.metrics.render())
}

fn depth<R: Role>(doors: &[Door<R>]) {
    let sum = doors.iter().map(Door::depth).sum();
    gauge("countersign_actor_depth", R::NAME, sum);
}

fn gauge(name: &'static str, label: &'static str, value: usize) {
    #[expect(clippy::cast_precision_loss, reason = "counts of this size are exact")]
    metrics::gauge!(name, "name" => label).set(value as f64);
}
