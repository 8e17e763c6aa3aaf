//! The endpoints over HTTP: bodies within their bounds, and lists that are sent as they are taken.

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap};
use actix_web::web::{self, BytesMut, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::StreamExt as _;

use super::answer::{Body, Reply, UNUSABLE};
use super::dispatch::{Endpoint, MAX_BODY, post, too_long};
use crate::actors::failure::Failure;
use crate::config::Http;
use crate::http::app::App;

/// How much more than it may have is read of a body, in bytes, so that its sender lives to see the answer.
const PATIENCE: usize = 10 * 1024 * 1024;

/// The routes. Each is answered at exactly its path, and 405 to all but POST.
pub fn routes(config: &mut ServiceConfig) {
    for endpoint in Endpoint::ALL {
        let handler =
            move |app: Data<App>, request: HttpRequest, payload: web::Payload| answer(endpoint, app, request, payload);
        config.service(
            web::resource(endpoint.path())
                .route(web::post().to(handler))
                .route(web::method(actix_web::http::Method::OPTIONS).to(options))
                .default_service(web::to(other_method)),
        );
    }
}

pub(super) async fn options() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::ALLOW, "OPTIONS, POST"))
        .finish()
}

pub(super) async fn other_method() -> HttpResponse {
    let mut response = render(Reply::elsewhere(405), false);
    let allow = header::HeaderValue::from_static("OPTIONS, POST");
    response.headers_mut().insert(header::ALLOW, allow);
    response
}

async fn answer(endpoint: Endpoint, app: Data<App>, request: HttpRequest, payload: web::Payload) -> HttpResponse {
    let body = match read(payload.into_inner(), &app.config.http, MAX_BODY, MAX_BODY + PATIENCE).await {
        Ok(body) => body,
        Err(reply) => return render(reply, false),
    };
    let Some(entitlements) = &app.entitlements else {
        return render(
            Failure::Internal("the entitlement routes have no ledger".to_owned()).into(),
            false,
        );
    };
    let content_type = request.headers().get(header::CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok());
    let reply = post(entitlements, endpoint, content_type, &body).await;
    render(reply, takes_gzip(request.headers()))
}

/// A body of at most `bound` bytes. One that is longer is read on for a while, but not kept.
pub(in crate::http) async fn read(
    mut payload: Payload,
    bounds: &Http,
    bound: usize,
    patience: usize,
) -> Result<Vec<u8>, Reply> {
    let whole = async {
        let (mut body, mut length) = (BytesMut::new(), 0);
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|_| Reply::error(UNUSABLE, &"the body ended too early"))?;
            length += chunk.len();
            if length > patience {
                break;
            }
            if length <= bound {
                body.extend_from_slice(&chunk);
            }
        }
        if length > bound {
            Err(too_long())
        } else {
            Ok(body.to_vec())
        }
    };
    match tokio::time::timeout(bounds.body_timeout, whole).await {
        Ok(result) => result,
        Err(_) => Err(Reply::error(UNUSABLE, &"the body did not come in time")),
    }
}

/// An answer over HTTP.
fn render(reply: Reply, gzip: bool) -> HttpResponse {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    if let Some(seconds) = reply.retry_after {
        response.insert_header((header::RETRY_AFTER, seconds));
    }
    match reply.body {
        Body::Json(json) => response.content_type("application/json").body(json),
        Body::Text(text) => response.content_type("text/plain; charset=utf-8").body(text),
        Body::List(list) => {
            response.content_type("application/json");
            response.insert_header((header::VARY, "Accept-Encoding"));
            if gzip {
                response.insert_header((header::CONTENT_ENCODING, "gzip"));
                response.body(list.packed())
            } else {
                response.streaming(list.pieces())
            }
        }
    }
}

/// Whether a client takes gzip (RFC 9110 §12.5.3), by its name, and not with a weight of nothing.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let weight_is_nothing = |parameters: &str| {
        let weight = parameters.trim().strip_prefix("q=").unwrap_or("1");
        weight.trim_matches(['0', '.', ' ']).is_empty()
    };
    headers
        .get_all(header::ACCEPT_ENCODING)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|coding| {
            let (name, parameters) = coding.split_once(';').unwrap_or((coding, "q=1"));
            matches!(name.trim(), "gzip" | "x-gzip") && !weight_is_nothing(parameters)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_packed_for_those_who_say_that_they_take_it() {
        let takes = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, header::HeaderValue::from_static(value));
            takes_gzip(&headers)
        };
        for yes in ["gzip", "deflate, gzip;q=0.5", "br, x-gzip", "gzip;q=1.0"] {
            assert!(takes(yes), "{yes}");
        }
        for no in ["", "identity", "br", "gzip;q=0", "gzip;q=0.000", "gzipped"] {
            assert!(!takes(no), "{no}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }
}
