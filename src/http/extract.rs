//! Bodies: bounded in length and time before anything looks at them, and JSON from our own pages alone.

use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::web::{BytesMut, Data};
use actix_web::{FromRequest, HttpRequest};
use futures_util::StreamExt as _;
use futures_util::future::LocalBoxFuture;
use serde::de::DeserializeOwned;

use super::app::App;
use super::problem::{Kind, Problem};
use crate::config::Http;

/// The whole body of a request, within the bounds of `[http]`.
pub struct Body(pub Vec<u8>);

impl FromRequest for Body {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let bounds = app(request).map(|app| app.config.http);
        let payload = payload.take();
        Box::pin(async move { read(payload, bounds?).await.map(Self) })
    }
}

async fn read(mut payload: Payload, bounds: Http) -> Result<Vec<u8>, Problem> {
    let whole = async {
        let mut body = BytesMut::new();
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|_| Problem::new(Kind::InvalidRequest).detail("the body ended too early"))?;
            if body.len() + chunk.len() > bounds.body_bytes {
                let most = format!("at most {} bytes are read", bounds.body_bytes);
                return Err(Problem::new(Kind::TooLarge).detail(most));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.to_vec())
    };
    match tokio::time::timeout(bounds.body_timeout, whole).await {
        Ok(result) => result,
        Err(_) => Err(Problem::new(Kind::Timeout)),
    }
}

/// A JSON body that changes something, sent by a page of ours or by no page at all.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Json<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let app = app(request);
        let allowed = app.as_ref().map_err(|_| Problem::new(Kind::Internal)).and_then(|app| {
            same_origin(request.headers(), app.issuer())?;
            is_json(request.headers())
        });
        let body = Body::from_request(request, payload);
        Box::pin(async move {
            allowed?;
            parse(&body.await?.0).map(Self)
        })
    }
}

/// A JSON body of the web app's API. It may come from any origin, for nothing here looks at a cookie: the access token
/// is what a page of another origin does not have.
pub struct ApiJson<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for ApiJson<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let allowed = is_json(request.headers());
        let body = Body::from_request(request, payload);
        Box::pin(async move {
            allowed?;
            parse(&body.await?.0).map(Self)
        })
    }
}

/// A right and then a body: whoever has not the right is told so before anything of the body is read.
pub struct With<R, B>(pub R, pub B);

impl<R, B> FromRequest for With<R, B>
where
    R: FromRequest<Error = Problem> + 'static,
    B: FromRequest<Error = Problem> + 'static,
{
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let right = R::from_request(request, &mut Payload::None);
        let body = B::from_request(request, payload);
        Box::pin(async move { Ok(Self(right.await?, body.await?)) })
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    // serde would also read the fields from an array, by their order.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(Problem::new(Kind::InvalidRequest).detail("the body must be a JSON object"));
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let detail = error.inner().to_string();
        // A field that is missing or twice there is named by the error itself.
        let named = detail.split('`').nth(1).map(str::to_owned);
        match (path.as_str(), named) {
            ("." | "?", Some(field)) => Problem::field(&field, detail),
            ("." | "?", None) => Problem::new(Kind::InvalidRequest).detail(detail),
            (path, _) => Problem::field(path, detail),
        }
    })?;
    json.end()
        .map_err(|error| Problem::new(Kind::InvalidRequest).detail(error.to_string()))?;
    Ok(value)
}

fn is_json(headers: &HeaderMap) -> Result<(), Problem> {
    if media_type(headers) == Some("application/json") {
        return Ok(());
    }
    Err(Problem::new(Kind::UnsupportedMediaType))
}

/// The media type of a body, without its parameters, if it is written in lower case as everybody writes it.
pub fn media_type(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    Some(value.split_once(';').map_or(value, |(before, _)| before).trim())
}

/// A browser says where a request comes from, and cannot be made to lie by another site. What says nothing is no
/// browser: an app, which has no cookies that somebody else could use.
fn same_origin(headers: &HeaderMap, issuer: &str) -> Result<(), Problem> {
    let refused = || Problem::new(Kind::ForbiddenOrigin);
    if let Some(origin) = headers.get(header::ORIGIN)
        && origin.as_bytes() != issuer.as_bytes()
    {
        return Err(refused());
    }
    match headers.get("sec-fetch-site").map(HeaderValue::as_bytes) {
        None | Some(b"same-origin") => Ok(()),
        Some(_) => Err(refused()),
    }
}

pub(super) fn app(request: &HttpRequest) -> Result<Data<App>, Problem> {
    request
        .app_data::<Data<App>>()
        .cloned()
        .ok_or_else(|| Problem::new(Kind::Internal))
}

#[cfg(test)]
mod tests {
    use actix_web::ResponseError as _;
    use actix_web::http::header::HeaderName;
    use serde::Deserialize;

    use super::*;

    fn headers(pairs: &[(&str, &'static str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
            map.insert(name, HeaderValue::from_static(value));
        }
        map
    }

    #[test]
    fn cs_01_a_request_of_another_origin_is_refused() {
        let issuer = "https://id.example.org";
        let ok = |pairs: &[(&str, &'static str)]| same_origin(&headers(pairs), issuer).is_ok();
        assert!(ok(&[("origin", "https://id.example.org")]));
        assert!(ok(&[
            ("origin", "https://id.example.org"),
            ("sec-fetch-site", "same-origin")
        ]));
        assert!(ok(&[]));
        for origin in [
            "https://evil.example",
            "null",
            "http://id.example.org",
            "https://id.example.org:444",
        ] {
            assert!(!ok(&[("origin", origin)]), "{origin}");
        }
        for site in ["cross-site", "same-site", "none"] {
            assert!(!ok(&[("sec-fetch-site", site)]), "{site}");
        }
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only its parsing is looked at")]
    struct Sample {
        email: String,
        age: u32,
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (body, field) in [
            (r#"{"age":1}"#, Some("email")),
            (r#"{"email":"a","age":"x"}"#, Some("age")),
            (r#"{"email":"a","email":"b","age":1}"#, Some("email")),
            (r#"{"email":"a","age":1} x"#, None),
            ("", None),
            (r#"["a", 1]"#, None),
        ] {
            let problem = parse::<Sample>(body.as_bytes()).expect_err("is refused");
            assert_eq!(problem.status_code(), 400);
            assert!(
                field.is_none_or(|field| format!("{problem:?}").contains(&format!("Some({field:?})"))),
                "{body} {problem:?}"
            );
        }
    }
}
