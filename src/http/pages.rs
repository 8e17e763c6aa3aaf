//! The built pages, embedded in the binary.

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use rust_embed::RustEmbed;

use super::app::App;
use super::problem::{Kind, Problem};
use crate::domain::oauth::error::OAuthError;

#[derive(RustEmbed)]
#[folder = "authpage/dist/"]
struct Dist;

/// Where the document says what the server knows: who may sign up, or what went wrong.
const META_PLACE: &str = "<!--countersign:meta-->";

/// The one document of all sign-in pages; a script in it looks at the path. It says who may sign up, so that the pages
/// offer nobody what they would be refused.
pub async fn index(app: web::Data<App>) -> Result<HttpResponse, Problem> {
    let file = Dist::get("index.html").ok_or_else(|| Problem::new(Kind::NotFound))?;
    let policy = app.config.define.onboarding.name();
    let meta = format!("<meta name=\"countersign-onboarding\" content=\"{policy}\">");
    let page = String::from_utf8_lossy(&file.data).replace(META_PLACE, &meta);
    Ok(HttpResponse::Ok().content_type("text/html; charset=utf-8").body(page))
}

/// A document by its file name.
pub fn html(name: &str) -> Result<HttpResponse, Problem> {
    let file = Dist::get(name).ok_or_else(|| Problem::new(Kind::NotFound))?;
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .body(file.data))
}

/// A script, style or font. Its name has a hash of its content in it, so it never changes.
pub async fn asset(path: web::Path<String>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let file = Dist::get(&format!("assets/{path}")).ok_or_else(|| Problem::new(Kind::NotFound))?;
    let kind = match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("woff2") => "font/woff2",
        Some("png") => "image/png",
        _ => "application/octet-stream",
    };
    let etag = format!("\"{}\"", path.as_str());
    if request
        .headers()
        .get(header::IF_NONE_MATCH)
        .is_some_and(|known| known.as_bytes() == etag.as_bytes())
    {
        return Ok(HttpResponse::NotModified().finish());
    }
    Ok(HttpResponse::Ok()
        .content_type(kind)
        .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .insert_header((header::ETAG, etag))
        .body(file.data))
}

/// The page that shows an error which cannot be told to the client, with status 400. It says the same without a script.
pub fn oauth_error(error: &OAuthError) -> HttpResponse {
    failure(StatusCode::BAD_REQUEST, error.code().as_str(), error.description())
}

/// The page that shows that something has ended or belongs to another browser.
pub fn failure(status: StatusCode, kind: &str, detail: &str) -> HttpResponse {
    let Some(file) = Dist::get("index.html") else {
        return HttpResponse::build(status).finish();
    };
    let (kind, detail) = (escape(kind), escape(detail));
    let meta = format!(
        "<meta name=\"countersign-error\" content=\"{kind}\"><meta name=\"countersign-error-detail\" content=\"{detail}\">"
    );
    let words = format!("<h1>This did not work</h1><p>{detail}</p>");
    let page = String::from_utf8_lossy(&file.data)
        .replace(META_PLACE, &meta)
        .replace("<!--countersign:fallback-->", &words);
    HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .body(page)
}

/// Text for an HTML document or an attribute in double quotes.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use actix_web::body::MessageBody as _;

    use super::*;

    #[test]
    fn the_built_document_has_the_places_that_errors_are_put_into() {
        let index = Dist::get("index.html").expect("the pages are built");
        let text = String::from_utf8_lossy(&index.data);
        assert!(text.contains(META_PLACE) && text.contains("<!--countersign:fallback-->"));
    }

    #[test]
    fn az_17_what_a_request_brings_is_shown_as_text() {
        let response = failure(
            StatusCode::BAD_REQUEST,
            "invalid_request",
            "\"><script>alert(1)</script>",
        );
        let body = response.into_body().try_into_bytes().expect("a body");
        let text = String::from_utf8_lossy(&body).into_owned();
        assert!(!text.contains("<script>alert"), "{text}");
        assert!(text.contains("&lt;script&gt;alert(1)"), "{text}");
    }
}
