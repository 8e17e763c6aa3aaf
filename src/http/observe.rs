//! Counts and times every request by its route. Queries, bodies and headers are never looked at.

use std::cell::RefCell;
use std::collections::HashMap;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::web::Data;
use metrics::{Counter, Histogram};

use super::app::App;

/// The series of one route.
struct Series {
    /// The pattern of its path; an unknown path is one series, or a scanner could make millions.
    route: String,
    seconds: Histogram,
    by_status: HashMap<u16, Counter>,
}

impl Series {
    fn new(pattern: &str) -> Self {
        let mut route = pattern.to_owned();
        // Both spellings of a path are one series.
        if route.starts_with('/') && !route.ends_with(['/', '}']) {
            route.push('/');
        }
        Self {
            seconds: metrics::histogram!("countersign_http_request_seconds", "route" => route.clone()),
            by_status: HashMap::new(),
            route,
        }
    }

    fn count(&mut self, status: u16) {
        let Self { route, by_status, .. } = self;
        by_status
            .entry(status)
            .or_insert_with(|| {
                metrics::counter!("countersign_http_requests_total", "route" => route.clone(), "status" => status.to_string())
            })
            .increment(1);
    }
}

thread_local! {
    /// The series that this worker has met, by pattern: to find one among all of the process costs more than to count.
    static MET: RefCell<HashMap<String, Series>> = RefCell::default();
}

/// Middleware around everything.
pub async fn request(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let clock = request.app_data::<Data<App>>().map(|app| app.clock.clone());
    let started = clock.as_ref().map(|clock| clock.monotonic());
    let response = next.call(request).await?;
    let pattern = response
        .request()
        .match_pattern()
        .unwrap_or_else(|| "unknown".to_owned());
    let status = response.status().as_u16();
    MET.with_borrow_mut(|met| {
        let series = met.entry(pattern).or_insert_with_key(|pattern| Series::new(pattern));
        if let (Some(clock), Some(started)) = (clock, started) {
            let took = clock.monotonic().saturating_sub(started);
            series.seconds.record(took.as_secs_f64());
            let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
            tracing::debug!(route = series.route, status, took_ms, "request");
        }
        series.count(status);
    });
    Ok(response)
}
