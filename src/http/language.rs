//! In which language to write to whoever asks.

use actix_web::HttpRequest;
use actix_web::http::header;

use crate::domain::mail::Language;

/// What the request itself names, else what the browser prefers, else English.
pub fn language(request: &HttpRequest, named: Option<&str>) -> Language {
    let header = request.headers().get(header::ACCEPT_LANGUAGE);
    let preferred = || Language::choose(header?.to_str().ok()?);
    named.and_then(Language::choose).or_else(preferred).unwrap_or_default()
}
