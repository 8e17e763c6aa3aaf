//! The table of routes: slashes, methods, unknown paths, rubbish, and paths that try to leave it.

use reqwest::Method;
use serde_json::json;

use crate::support::{Answer, Browser, Server};

/// What a route takes, as rubbish of that kind.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    Nothing,
    Json,
    Form,
}

const PAGES: [&str; 18] = [
    "/",
    "/login/",
    "/signup/",
    "/confirm/",
    "/register/",
    "/forgot/",
    "/reset/",
    "/consent/",
    "/logout/",
    "/signed-out/",
    "/account/",
    "/device/",
    "/account/delete/",
    "/email/",
    "/admin/",
    "/error/",
    "/demo/",
    "/dev/mailbox/",
];

/// Every other route with its methods.
const ROUTES: [(&str, &[&str], Takes); 73] = [
    ("/login/start/", &["POST"], Takes::Json),
    ("/login/finish/", &["POST"], Takes::Json),
    ("/onboard/signup/", &["POST"], Takes::Json),
    ("/onboard/email/", &["POST"], Takes::Json),
    ("/onboard/register/", &["POST"], Takes::Json),
    ("/onboard/finish/", &["POST"], Takes::Json),
    ("/update/password/reset/", &["POST"], Takes::Json),
    ("/update/password/start/", &["POST"], Takes::Json),
    ("/update/password/finish/", &["POST"], Takes::Json),
    ("/update/password/change/", &["POST"], Takes::Json),
    ("/update/email/send/", &["POST"], Takes::Json),
    ("/update/email/check/", &["POST"], Takes::Json),
    ("/update/delete/url/", &["POST"], Takes::Json),
    ("/update/delete/check/", &["POST"], Takes::Json),
    ("/logout/delete/", &["POST", "OPTIONS"], Takes::Json),
    ("/account/sessions/", &["GET"], Takes::Nothing),
    ("/account/sessions/end/", &["POST"], Takes::Json),
    ("/account/sessions/end-others/", &["POST"], Takes::Json),
    ("/account/applications/", &["GET"], Takes::Nothing),
    ("/account/applications/end/", &["POST"], Takes::Json),
    ("/account/profile/", &["GET", "POST"], Takes::Json),
    ("/res/profile/", &["GET", "POST", "OPTIONS"], Takes::Json),
    ("/members/profile/", &["GET", "OPTIONS"], Takes::Nothing),
    ("/members/birthdays/", &["GET", "OPTIONS"], Takes::Nothing),
    ("/onboard/get/", &["GET", "OPTIONS"], Takes::Nothing),
    ("/onboard/confirm/", &["POST", "OPTIONS"], Takes::Json),
    ("/onboard/invite/", &["POST", "OPTIONS"], Takes::Json),
    ("/onboard/resend/", &["POST", "OPTIONS"], Takes::Json),
    ("/onboard/withdraw/", &["POST", "OPTIONS"], Takes::Json),
    ("/admin/users/", &["GET", "OPTIONS"], Takes::Nothing),
    ("/admin/users/ids/", &["GET", "OPTIONS"], Takes::Nothing),
    ("/admin/users/names/", &["GET", "OPTIONS"], Takes::Nothing),
    ("/admin/users/{id}/", &["GET", "OPTIONS"], Takes::Nothing),
    ("/admin/users/{id}/membership/", &["POST", "OPTIONS"], Takes::Json),
    ("/admin/users/{id}/disable/", &["POST", "OPTIONS"], Takes::Json),
    ("/admin/users/{id}/enable/", &["POST", "OPTIONS"], Takes::Json),
    ("/admin/clients/", &["GET", "POST", "OPTIONS"], Takes::Json),
    (
        "/admin/clients/{id}/",
        &["GET", "PUT", "DELETE", "OPTIONS"],
        Takes::Json,
    ),
    ("/admin/scopes/all/", &["GET", "OPTIONS"], Takes::Nothing),
    ("/admin/scopes/add/", &["POST", "OPTIONS"], Takes::Json),
    ("/admin/scopes/remove/", &["POST", "OPTIONS"], Takes::Json),
    ("/account/session/", &["GET"], Takes::Nothing),
    ("/account/logout/", &["POST"], Takes::Json),
    ("/oauth/authorize/", &["GET", "POST"], Takes::Form),
    ("/oauth/callback/", &["GET"], Takes::Nothing),
    ("/oauth/flow/", &["GET"], Takes::Nothing),
    ("/oauth/consent/", &["POST"], Takes::Json),
    ("/oauth/logout/", &["GET", "POST"], Takes::Form),
    ("/oauth/logout/confirm/", &["POST"], Takes::Json),
    ("/oauth/form_post.js/", &["GET"], Takes::Nothing),
    ("/oauth/par/", &["POST", "OPTIONS"], Takes::Form),
    ("/oauth/token/", &["POST", "OPTIONS"], Takes::Form),
    ("/oauth/revoke/", &["POST", "OPTIONS"], Takes::Form),
    ("/oauth/introspect/", &["POST"], Takes::Form),
    ("/oauth/register/", &["POST", "OPTIONS"], Takes::Form),
    (
        "/oauth/register/some-client/",
        &["GET", "HEAD", "PUT", "DELETE"],
        Takes::Form,
    ),
    ("/oauth/device/", &["POST", "OPTIONS"], Takes::Form),
    ("/oauth/device/lookup/", &["POST"], Takes::Json),
    ("/oauth/device/decide/", &["POST"], Takes::Json),
    ("/oauth/userinfo/", &["GET", "HEAD", "POST", "OPTIONS"], Takes::Form),
    (
        "/.well-known/openid-configuration/",
        &["GET", "OPTIONS"],
        Takes::Nothing,
    ),
    (
        "/.well-known/oauth-authorization-server/",
        &["GET", "OPTIONS"],
        Takes::Nothing,
    ),
    ("/.well-known/jwks.json/", &["GET", "OPTIONS"], Takes::Nothing),
    ("/account/entitlements/", &["GET"], Takes::Nothing),
    ("/account/entitlements/challenge/", &["POST"], Takes::Json),
    ("/account/entitlements/link/", &["POST"], Takes::Json),
    ("/account/entitlements/unlink/", &["POST"], Takes::Json),
    ("/admin/entitlements/grants/", &["GET", "OPTIONS"], Takes::Nothing),
    ("/admin/entitlements/grant/", &["POST", "OPTIONS"], Takes::Json),
    ("/admin/entitlements/revoke/", &["POST", "OPTIONS"], Takes::Json),
    ("/healthz/", &["GET"], Takes::Nothing),
    ("/readyz/", &["GET"], Takes::Nothing),
    ("/metrics/", &["GET"], Takes::Nothing),
];

/// Every route, its methods, and what it takes.
pub fn all() -> impl Iterator<Item = (&'static str, &'static [&'static str], Takes)> {
    let pages = PAGES.into_iter().map(|path| (path, ["GET"].as_slice(), Takes::Nothing));
    pages.chain(ROUTES)
}

fn method(name: &str) -> Method {
    name.parse().expect("a method")
}

async fn send(server: &Server, name: &str, path: &str) -> Answer {
    let request = server
        .http
        .request(method(name), server.url(path))
        .header("origin", &server.issuer)
        .header("content-type", "application/json")
        .body("{}");
    Answer::read(request.send().await.expect("an answer")).await
}

#[actix_web::test]
async fn http_every_route_answers_with_and_without_its_slash() {
    let server = Server::start();
    for (path, methods, _) in all() {
        let bare = path.trim_end_matches('/');
        for name in methods {
            let with = send(&server, name, path).await;
            let without = send(&server, name, if bare.is_empty() { "/" } else { bare }).await;
            assert_eq!(with.status, without.status, "{name} {path}");
            assert!(
                ![301, 302, 307, 308, 404, 405].contains(&with.status),
                "{name} {path}: {}",
                with.status
            );
        }
    }
}

#[actix_web::test]
async fn http_another_method_is_told_so() {
    let server = Server::start();
    for (path, methods, _) in all() {
        for name in ["GET", "POST", "PUT", "DELETE", "PATCH", "PROPFIND"] {
            if !methods.contains(&name) {
                let answer = send(&server, name, path).await;
                assert_eq!(answer.status, 405, "{name} {path}");
                assert_eq!(answer.problem(), "method-not-allowed", "{name} {path}");
                let allow = answer
                    .header("allow")
                    .unwrap_or_else(|| panic!("Allow at {name} {path}"));
                for known in methods {
                    assert!(allow.contains(known), "{path}: {allow}");
                }
            }
        }
    }
}

#[actix_web::test]
async fn http_an_unknown_path_is_a_problem_document() {
    let server = Server::start();
    for path in [
        "/nothing",
        "/login/start/more",
        "//login/start",
        "/LOGIN/",
        "/assets/",
        "/assets/nothing.js",
    ] {
        let answer = send(&server, "GET", path).await;
        assert_eq!((answer.status, answer.problem().as_str()), (404, "not-found"), "{path}");
        assert_eq!(
            answer.header("content-type"),
            Some("application/problem+json"),
            "{path}"
        );
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
    }
}

#[actix_web::test]
async fn http_01_no_path_leads_out_of_the_embedded_files() {
    let server = Server::start();
    let address = server.issuer.trim_start_matches("http://").to_owned();
    for path in [
        "/assets/../Cargo.toml",
        "/assets/../../../../etc/passwd",
        "/assets/..%2f..%2f..%2fetc/passwd",
        "/assets/%2e%2e/%2e%2e/etc/passwd",
        "/assets/%2e%2e%2findex.html",
        "/assets/..%5c..%5cetc%5cpasswd",
        "/assets//etc/passwd",
        "/assets/%00",
        "/assets/%ff%fe",
        "/assets/....//....//etc/passwd",
        "/../etc/passwd",
        "/assets/index.html",
        "/index.html",
        "/.git/config",
        "/countersign.db",
    ] {
        // Over a bare socket: a client library would tidy the path up.
        let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
        let answer = crate::support::socket::exchange(&address, request.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 4"), "{path}: {answer}");
        assert!(!answer.contains("root:") && !answer.contains("[package]"), "{path}");
    }
}

/// Bodies that are wrong in every way that a body can be.
fn rubbish() -> Vec<Vec<u8>> {
    let deep = |open: &str, times: usize| open.repeat(times).into_bytes();
    let token = "A".repeat(43);
    let fields = [
        "email",
        "client_request",
        "auth_id",
        "token",
        "flow_id",
        "decision",
        "logout_id",
    ];
    let every = |value: serde_json::Value| {
        let pairs = fields.iter().map(|field| ((*field).to_owned(), value.clone()));
        serde_json::Value::Object(pairs.collect()).to_string().into_bytes()
    };
    vec![
        Vec::new(),
        b"null".to_vec(),
        b"[]".to_vec(),
        b"\"text\"".to_vec(),
        b"{".to_vec(),
        b"{}{}".to_vec(),
        b"\xff\xfe\x00".to_vec(),
        b"{\"email\":\"\xff\"}".to_vec(),
        deep("[", 60_000),
        deep("{\"a\":", 10_000),
        deep("a=b&", 15_000),
        deep("%", 60_000),
        b"a=%zz&b=%00&c=%ff&&==&&=&%3D".to_vec(),
        every(json!(null)),
        every(json!(1e308)),
        every(json!([])),
        every(json!({})),
        every(json!("")),
        every(json!("\u{0}")),
        every(json!("\u{202e}\u{feff}@\u{0}.")),
        every(json!(token)),
        every(json!(format!("{}@example.org", "a".repeat(60_000)))),
        every(json!("-".repeat(43))),
        b"grant_type=authorization_code&code=%00&client_id=%00".to_vec(),
        b"client_id=a&client_id=b".to_vec(),
        vec![0; 64 * 1024],
        vec![b'x'; 64 * 1024 + 1],
    ]
}

#[actix_web::test]
async fn ab_01_rubbish_is_answered_by_a_4xx_at_every_route() {
    let server = Server::start();
    let mut browser = Browser::new(&server);
    for (path, methods, takes) in all() {
        for body in rubbish() {
            let kinds: &[&str] = match takes {
                Takes::Json => &["application/json"],
                Takes::Form => &["application/x-www-form-urlencoded", "application/json"],
                Takes::Nothing => &["application/octet-stream"],
            };
            for kind in kinds {
                for name in methods.iter().filter(|name| **name != "OPTIONS") {
                    let request = server
                        .http
                        .request(method(name), server.url(path))
                        .header("origin", &server.issuer)
                        .header("content-type", *kind)
                        .body(body.clone());
                    let answer = browser.send(request).await;
                    let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
                    assert!(
                        answer.status < 500,
                        "{name} {path} {kind} {shown}: {} {}",
                        answer.status,
                        answer.text
                    );
                    // An object with other fields is an empty one, which is all that a logout wants.
                    if takes == Takes::Json && *path != *"/account/logout/" {
                        assert!(
                            (400..500).contains(&answer.status),
                            "{path} {shown}: {} {}",
                            answer.status,
                            answer.text
                        );
                        assert!(!answer.problem().is_empty());
                    }
                }
            }
        }
    }
    assert_eq!(send(&server, "GET", "/readyz").await.status, 200);
}

#[actix_web::test]
async fn ab_02_rubbish_in_queries_cookies_and_authorization_is_answered_by_no_5xx() {
    let server = Server::start();
    let long = "a".repeat(8_000);
    let many = (0..2_000).fold(String::new(), |all, number| format!("{all}p{number}=1&"));
    let queries = [
        "%",
        "%ff",
        "%00=%00",
        "flow_id=%ff",
        "flow_id=a&flow_id=b",
        "&&&",
        "=",
        "posted=",
        "posted=%00",
        "client_id=demo&redirect_uri=%0d%0a",
        "logout_id=\u{7f}",
        &long,
        &many,
    ];
    for (path, methods, _) in all() {
        for name in methods.iter().filter(|name| **name != "OPTIONS") {
            for query in queries {
                let request = server
                    .http
                    .request(method(name), server.url(&format!("{path}?{query}")));
                let answer = Answer::read(request.send().await.expect("an answer")).await;
                assert!(
                    answer.status < 500,
                    "{name} {path}?{query}: {} {}",
                    answer.status,
                    answer.text
                );
            }
            for (header, value) in [
                ("cookie", "countersign-session=; countersign-browser="),
                ("cookie", "countersign-session=\u{1f600}; countersign-browser=%00"),
                ("cookie", ";;;===;,"),
                ("authorization", "Bearer"),
                ("authorization", "Bearer \t \t"),
                ("authorization", "Bearer a.b.c"),
                ("authorization", "Bearer ...."),
                ("authorization", "Basic"),
                ("authorization", "Basic !!!!"),
                ("authorization", "Basic Og=="),
                ("authorization", "Basic /////w=="),
                ("x-forwarded-for", "::::,,,,1.2.3.4:99"),
                ("sec-fetch-site", "\u{e9}"),
                ("content-type", ";;;/"),
                ("accept-encoding", "gzip;q=99,*;q=x"),
                ("if-none-match", "\"\""),
                ("expect", "100-continue"),
            ] {
                let request = server
                    .http
                    .request(method(name), server.url(path))
                    .header(header, value);
                let answer = Answer::read(request.send().await.expect("an answer")).await;
                assert!(
                    answer.status < 500,
                    "{name} {path} {header}: {value}: {}",
                    answer.status
                );
            }
        }
    }
}

#[actix_web::test]
async fn a_person_who_looks_for_a_page_that_is_not_there_is_shown_one() {
    let server = Server::start();
    let request = server
        .http
        .get(server.url("/no-such-page"))
        .header("accept", "text/html,*/*");
    let answer = Answer::read(request.send().await.expect("an answer")).await;
    assert_eq!(answer.status, 404);
    assert!(answer.text.contains("There is no such page."), "{}", answer.text);
    assert_eq!(Browser::new(&server).get("/no-such-page").await.problem(), "not-found");
}
