//! `/oxen/v4/lsrpc`: a request for one of the other endpoints, sealed inside another.
//!
//! What does not open is answered 400 in the clear. From then on every answer is sealed, whatever it is: only its `code`
//! says how it went, as the HTTP status would have said.

use actix_web::HttpResponse;
use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::{self, BytesMut, Data, ServiceConfig};
use futures_util::StreamExt as _;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::Entitlements;
use super::answer::{Body, REFUSED, Reply};
use super::dispatch::{Inner, dispatch};
use crate::actors::failure::Failure;
use crate::config::Http;
use crate::domain::entitlement::onion::{self, MAX_BYTES, Opened};
use crate::http::app::App;

/// The path.
pub const PATH: &str = "/oxen/v4/lsrpc";

/// What is longer needs a place among [`LARGE`], so that many of them do not take all memory, in bytes. Requests of
/// applications are far below.
const SMALL: usize = 256 * 1024;

/// How many requests and answers may be longer than [`SMALL`] at once.
const LARGE_AT_ONCE: usize = 16;

static LARGE: Semaphore = Semaphore::const_new(LARGE_AT_ONCE);

/// The route.
pub fn routes(config: &mut ServiceConfig) {
    config.service(
        web::resource(PATH)
            .route(web::post().to(post))
            .route(web::method(actix_web::http::Method::OPTIONS).to(super::route::options))
            .default_service(web::to(super::route::other_method)),
    );
}

async fn post(app: Data<App>, payload: web::Payload) -> HttpResponse {
    let Some(entitlements) = &app.entitlements else {
        return HttpResponse::InternalServerError().finish();
    };
    let (body, _place) = match read(payload.into_inner(), &app.config.http).await {
        Ok(read) => read,
        Err(refusal) => return refusal,
    };
    let Ok(opened) = entitlements.onion.open(&body) else {
        return not_opened();
    };
    drop(body);
    let reply = answer(entitlements, &opened).await;
    let sealed = opened.seal(entitlements.random.as_ref(), &reply);
    HttpResponse::Ok().content_type("application/octet-stream").body(sealed)
}

fn not_opened() -> HttpResponse {
    HttpResponse::BadRequest()
        .content_type("text/plain; charset=utf-8")
        .body("This is not an onion request for this server.\n")
}

async fn answer(entitlements: &Entitlements, opened: &Opened) -> onion::Reply {
    let Ok(request) = opened.request() else {
        return onion::Reply::invalid();
    };
    let inner = Inner {
        method: &request.method,
        endpoint: &request.path,
        content_type: request.headers.get("content-type").map(String::as_str),
        body: &request.body,
    };
    // Onion requests are not among the endpoints: one inside another is answered 404.
    inside(dispatch(entitlements, inner).await)
}

/// An answer as it goes into an onion.
fn inside(reply: Reply) -> onion::Reply {
    let (code, retry_after) = (reply.status, reply.retry_after);
    let mut inner = match reply.body {
        Body::Json(json) => onion::Reply::new(code, "application/json", json),
        Body::Text(text) => onion::Reply::new(code, "text/plain; charset=utf-8", text),
        Body::List(list) => {
            // It cannot be sent piece by piece: it is sealed as one.
            let unpacked = match LARGE.try_acquire() {
                Ok(_place) => list.unpacked(),
                Err(_) => return inside(Failure::Unavailable("too many long answers are under way".to_owned()).into()),
            };
            match unpacked {
                Ok(json) => onion::Reply::new(code, "application/json", json),
                Err(error) => return inside(Failure::Internal(error.to_string()).into()),
            }
        }
    };
    if code == 405 {
        inner.headers.insert("allow".to_owned(), "OPTIONS, POST".to_owned());
    }
    if let Some(seconds) = retry_after {
        inner.headers.insert("retry-after".to_owned(), seconds.to_string());
    }
    inner
}

/// A body of at most [`MAX_BYTES`], and its place among the long ones if it is one.
async fn read(payload: Payload, bounds: &Http) -> Result<(Vec<u8>, Option<SemaphorePermit<'static>>), HttpResponse> {
    match tokio::time::timeout(bounds.body_timeout, collect(payload)).await {
        Ok(read) => read,
        Err(_) => Err(not_opened()),
    }
}

async fn collect(mut payload: Payload) -> Result<(Vec<u8>, Option<SemaphorePermit<'static>>), HttpResponse> {
    let (mut body, mut place) = (BytesMut::new(), None);
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| not_opened())?;
        let length = body.len() + chunk.len();
        if length > MAX_BYTES {
            return Err(not_opened());
        }
        if length > SMALL && place.is_none() {
            let free = LARGE.try_acquire().map_err(|_| {
                // Nothing is open yet, so that nothing can be sealed.
                let refusal = Reply::error(REFUSED, &"too many long requests are under way");
                HttpResponse::ServiceUnavailable()
                    .insert_header((header::RETRY_AFTER, 1))
                    .content_type("application/json")
                    .body(match refusal.body {
                        Body::Json(json) => json,
                        Body::List(_) | Body::Text(_) => Vec::new(),
                    })
            })?;
            place = Some(free);
        }
        body.extend_from_slice(&chunk);
    }
    Ok((body.to_vec(), place))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn a_full_server_says_so_inside() {
        let reply = inside(Failure::Unavailable("full".to_owned()).into());
        let envelope: Value = serde_json::from_slice(&reply.body).expect("is JSON");
        assert_eq!((reply.code, &envelope["status"]), (503, &1.into()));
        assert_eq!(reply.headers.get("retry-after").map(String::as_str), Some("1"));
        assert_eq!(
            reply.headers.get("content-type").map(String::as_str),
            Some("application/json")
        );
    }

    #[test]
    fn a_wrong_method_is_told_the_right_ones() {
        let reply = inside(Reply::elsewhere(405));
        assert_eq!(reply.code, 405);
        assert_eq!(reply.headers.get("allow").map(String::as_str), Some("OPTIONS, POST"));
        assert!(!inside(Reply::elsewhere(404)).headers.contains_key("allow"));
    }
}
