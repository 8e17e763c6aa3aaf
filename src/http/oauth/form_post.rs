//! Answers that the browser posts to the client (OAuth 2.0 Form Post Response Mode §2), by a page whose only script is a
//! file of ours; without scripts, by its button.

use std::fmt::Write as _;

use actix_web::HttpResponse;
use actix_web::http::header;

use crate::http::pages::escape;

/// The script that sends the form.
const SCRIPT: &str = include_str!("form_post.js");

/// The page that posts `fields` to `action`, a redirect URI that is proven.
pub fn page(action: &str, fields: &[(&'static str, String)]) -> HttpResponse {
    let mut inputs = String::new();
    for (name, value) in fields {
        // Writing to a String cannot fail.
        let _ = write!(
            inputs,
            "<input type=\"hidden\" name=\"{name}\" value=\"{}\">",
            escape(value)
        );
    }
    let body = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Going back to the application</title></head>\
         <body><form method=\"post\" action=\"{}\">{inputs}<button type=\"submit\">Continue</button></form>\
         <script src=\"/oauth/form_post.js\"></script></body></html>",
        escape(action)
    );
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, policy(action)))
        .body(body)
}

/// The script, which never changes while the server runs.
pub async fn script() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/javascript; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "public, max-age=3600"))
        .body(SCRIPT)
}

/// Nothing is loaded but the script. Browsers hold redirects after a form to `form-action` as well, and where a client sends
/// its visitors next is its own matter: so the form is bound to the scheme alone, and to its address by being all there is.
fn policy(action: &str) -> String {
    let scheme = action.split_once(':').map_or("https", |(scheme, _)| scheme);
    let to = if scheme == "http" {
        "http: https:".to_owned()
    } else {
        format!("{scheme}:")
    };
    format!("default-src 'none'; script-src 'self'; base-uri 'none'; form-action {to}; frame-ancestors 'none'")
}

#[cfg(test)]
mod tests {
    use actix_web::body::MessageBody as _;

    use super::*;

    #[test]
    fn az_17_what_a_request_brings_stays_inside_its_attribute() {
        let state = "\"><script>alert(1)</script>".to_owned();
        let response = page("https://app.example/cb?a=b&c=d", &[("state", state)]);
        let policy = response
            .headers()
            .get(header::CONTENT_SECURITY_POLICY)
            .expect("a policy");
        let policy = policy.to_str().expect("text").to_owned();
        assert!(
            policy.contains("form-action https:;") && !policy.contains("unsafe"),
            "{policy}"
        );
        let body = response.into_body().try_into_bytes().expect("a body");
        let text = String::from_utf8_lossy(&body).into_owned();
        assert!(text.contains("action=\"https://app.example/cb?a=b&amp;c=d\""), "{text}");
        assert!(text.contains("value=\"&quot;&gt;&lt;script&gt;"), "{text}");
        assert_eq!(text.matches("<script").count(), 1, "{text}");
    }

    #[test]
    fn a_client_on_this_machine_may_go_on_by_http() {
        assert!(policy("http://127.0.0.1/cb").contains("form-action http: https:;"));
        assert!(policy("org.example.app:/cb").contains("form-action org.example.app:;"));
    }
}
