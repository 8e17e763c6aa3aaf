//! Counts and times every request by its route. Queries, bodies and headers are never looked at.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::web::Data;

use super::app::App;

/// Middleware around everything.
pub async fn request(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let clock = request.app_data::<Data<App>>().map(|app| app.clock.clone());
    let started = clock.as_ref().map(|clock| clock.monotonic());
    let response = next.call(request).await?;
    // An unknown path is one series, or a scanner could make millions.
    let mut route = response
        .request()
        .match_pattern()
        .unwrap_or_else(|| "unknown".to_owned());
    // Both spellings of a path are one series.
    if route.starts_with('/') && !route.ends_with(['/', '}']) {
        route.push('/');
    }
    let status = response.status().as_u16();
    if let (Some(clock), Some(started)) = (clock, started) {
        let took = clock.monotonic().saturating_sub(started);
        metrics::histogram!("countersign_http_request_seconds", "route" => route.clone()).record(took.as_secs_f64());
        tracing::debug!(%route, status, took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX), "request");
    }
    metrics::counter!("countersign_http_requests_total", "route" => route, "status" => status.to_string()).increment(1);
    Ok(response)
}
