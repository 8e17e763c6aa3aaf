//! Bad input at every OAuth route: a clear 4xx that names what is wrong, never a 5xx, never a hang.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng as _, RngCore as _, SeedableRng as _};
use reqwest::Method;
use serde_json::json;

use crate::support::{Answer, Client, FORM, Person, Server};

const FORM_ROUTES: [&str; 5] = [
    "/oauth/token/",
    "/oauth/revoke/",
    "/oauth/userinfo/",
    "/oauth/authorize/",
    "/oauth/logout/",
];
const QUERY_ROUTES: [&str; 4] = [
    "/oauth/authorize/",
    "/oauth/logout/",
    "/oauth/callback/",
    "/oauth/flow/",
];

#[track_caller]
fn assert_clear(answer: &Answer, what: &str) {
    assert!(
        (400..500).contains(&answer.status),
        "{what}: {} {}",
        answer.status,
        answer.text
    );
}

#[actix_web::test]
async fn ab_01_a_body_over_the_limit_is_413_at_every_route() {
    let server = Server::start();
    let body = format!("a={}", "x".repeat(64 * 1024));
    for path in FORM_ROUTES {
        let answer = server.form(path, body.clone()).await;
        assert_eq!((answer.status, answer.problem().as_str()), (413, "too-large"), "{path}");
        assert!(answer.text.contains("65536"), "{}", answer.text);
    }
    for path in ["/oauth/consent/", "/oauth/logout/confirm/"] {
        let request = server
            .http
            .post(server.url(path))
            .header("content-type", "application/json");
        assert_eq!(server.send(request.body(body.clone())).await.status, 413, "{path}");
    }
}

#[actix_web::test]
async fn ab_02_malformed_forms_are_400_that_say_what_is_wrong() {
    let server = Server::start();
    let client = Client::public(&server);
    let many = (0..65).map(|i| format!("p{i}=1")).collect::<Vec<_>>().join("&");
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (b"a=%zz".to_vec(), "urlencoded"),
        (b"a=%".to_vec(), "urlencoded"),
        (b"=x".to_vec(), "urlencoded"),
        (b"a=%ff".to_vec(), "UTF-8"),
        (b"a=\xff\xfe".to_vec(), "UTF-8"),
        (b"a=%C0%80".to_vec(), "UTF-8"),
        (b"code=%00".to_vec(), "code has a control character"),
        (b"code=a%0d%0aSet-Cookie:x".to_vec(), "code has a control character"),
        (b"code=1&code=2".to_vec(), "code is there more than once"),
        (
            format!("code={}", "x".repeat(8193)).into_bytes(),
            "code is longer than 8192",
        ),
        (format!("{}=1", "n".repeat(129)).into_bytes(), "name of a parameter"),
        (many.into_bytes(), "more than 64"),
        ("&".repeat(33_000).into_bytes(), "longer than 32768"),
    ];
    for (body, words) in &cases {
        for path in ["/oauth/token/", "/oauth/revoke/", "/oauth/userinfo/"] {
            let answer = server.form(path, body.clone()).await;
            assert_eq!(answer.refusal(), (400, "invalid_request".to_owned()), "{path} {words}");
            let said = answer.json()["error_description"].as_str().expect("words").to_owned();
            assert!(said.contains(words), "{path}: {said}");
        }
        // What comes from another site waits for the browser, and is shown to it then.
        for path in ["/oauth/authorize/", "/oauth/logout/"] {
            let stored = server.form(path, body.clone()).await;
            let answer = if stored.status == 303 {
                server.get(stored.location()).await
            } else {
                stored
            };
            answer.assert_shown(&format!("{path} {words}"));
            assert!(
                answer.text.contains(words) || answer.text.contains("client_id"),
                "{path} {words}"
            );
        }
    }
    for path in ["/oauth/authorize/", "/oauth/logout/"] {
        let request = server
            .http
            .post(server.url(path))
            .json(&json!({ "client_id": client.id }));
        server.send(request).await.assert_shown(path);
    }
}

#[actix_web::test]
async fn ab_03_malformed_queries_are_400_that_say_what_is_wrong() {
    let server = Server::start();
    for (query, words) in [
        ("a=%zz".to_owned(), "urlencoded"),
        ("a=%ff".to_owned(), "UTF-8"),
        ("flow_id=%00".to_owned(), "control character"),
        ("flow_id=1&flow_id=2".to_owned(), "flow_id is there more than once"),
        (format!("flow_id={}", "x".repeat(8193)), "flow_id is longer than 8192"),
        (format!("flow_id={}", "x".repeat(40_000)), "longer than 32768"),
    ] {
        for path in QUERY_ROUTES {
            let answer = server.get(&format!("{path}?{query}")).await;
            assert_eq!(answer.status, 400, "{path} {words} {}", answer.text);
            assert_eq!(answer.header("location"), None);
            assert!(answer.text.contains(words), "{path}: {words}: {}", answer.text);
        }
    }
    let missing = server.get("/oauth/flow/").await;
    assert_eq!(
        (missing.status, missing.json()["field"].as_str()),
        (400, Some("flow_id"))
    );
    server.get("/oauth/callback/").await.assert_shown("no flow_id");
}

#[actix_web::test]
async fn ab_04_wrong_methods_are_405_at_every_route() {
    let server = Server::start();
    for (path, right) in [
        ("/oauth/authorize/", "GET POST"),
        ("/oauth/logout/", "GET POST"),
        ("/oauth/userinfo/", "GET POST OPTIONS"),
        ("/oauth/token/", "POST OPTIONS"),
        ("/oauth/revoke/", "POST OPTIONS"),
        ("/oauth/callback/", "GET"),
        ("/oauth/flow/", "GET"),
        ("/oauth/consent/", "POST"),
        ("/oauth/logout/confirm/", "POST"),
        ("/.well-known/jwks.json", "GET OPTIONS"),
        ("/.well-known/openid-configuration", "GET OPTIONS"),
    ] {
        for method in ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"] {
            if right.split(' ').any(|name| name == method) {
                continue;
            }
            let method = Method::from_bytes(method.as_bytes()).expect("a method");
            let answer = server.send(server.http.request(method.clone(), server.url(path))).await;
            assert_eq!(
                (answer.status, answer.problem().as_str()),
                (405, "method-not-allowed"),
                "{method} {path}"
            );
            assert!(answer.text.contains(method.as_str()), "{}", answer.text);
        }
    }
}

#[actix_web::test]
async fn ab_05_json_of_the_wrong_form_names_the_field() {
    let server = Server::start();
    let mut person = Person::stranger(&server, "ada@example.org");
    for (path, body, field) in [
        ("/oauth/consent/", json!({}), "flow_id"),
        ("/oauth/consent/", json!({ "flow_id": "x" }), "decision"),
        (
            "/oauth/consent/",
            json!({ "flow_id": 1, "decision": "allow" }),
            "flow_id",
        ),
        (
            "/oauth/consent/",
            json!({ "flow_id": "x", "decision": "maybe" }),
            "decision",
        ),
        ("/oauth/logout/confirm/", json!({}), "logout_id"),
        ("/oauth/logout/confirm/", json!({ "logout_id": null }), "logout_id"),
    ] {
        let answer = person.browser.post(path, &body).await;
        assert_eq!(
            (answer.status, answer.json()["field"].as_str()),
            (400, Some(field)),
            "{body}"
        );
    }
    for path in ["/oauth/consent/", "/oauth/logout/confirm/"] {
        for body in ["", "{", "[]", "null", "\"x\"", "{}{}", "\u{0}", &"[".repeat(10_000)] {
            let request = server
                .http
                .post(server.url(path))
                .header("content-type", "application/json");
            assert_eq!(
                server.send(request.body(body.to_owned())).await.status,
                400,
                "{path} {body:.20}"
            );
        }
        let request = server.http.post(server.url(path)).header("content-type", FORM);
        assert_eq!(server.send(request.body("a=b")).await.status, 415, "{path}");
    }
}

#[actix_web::test]
async fn ab_06_random_bytes_are_answered_at_every_route() {
    let server = Server::start();
    let client = Client::public(&server);
    let mut random = StdRng::seed_from_u64(6749);
    for case in 0..150 {
        let mut bytes = vec![0; random.gen_range(0..400)];
        random.fill_bytes(&mut bytes);
        let path = FORM_ROUTES[case % FORM_ROUTES.len()];
        let answer = server.form(path, bytes.clone()).await;
        assert!(answer.status < 500, "{path} {bytes:?}");
        if answer.status == 303 {
            let picked = server.get(answer.location()).await;
            assert!(picked.status < 500, "{path} {bytes:?}");
        } else {
            assert_clear(&answer, path);
        }
        // As the value of a parameter, and as a whole query, in escapes.
        let escaped: String = url::form_urlencoded::byte_serialize(&bytes).collect();
        let path = QUERY_ROUTES[case % QUERY_ROUTES.len()];
        for query in [
            escaped.clone(),
            format!("client_id={}&redirect_uri={escaped}", client.id),
            format!("flow_id={escaped}"),
        ] {
            let answer = server.get(&format!("{path}?{query}")).await;
            assert!(answer.status < 500, "{path}?{query}");
        }
        let token = format!(
            "grant_type=refresh_token&client_id={}&refresh_token={escaped}",
            client.id
        );
        assert_clear(&server.form("/oauth/token/", token).await, "refresh_token");
        let bearer = format!("Bearer {}", escaped.replace('%', "/"));
        let request = server
            .http
            .get(server.url("/oauth/userinfo/"))
            .header("authorization", bearer);
        assert_clear(&server.send(request).await, "userinfo");
    }
    assert_eq!(server.get("/healthz").await.status, 200);
}

/// Sends bytes as they are, says no more, and reads what comes until the server hangs up.
fn raw(server: &Server, bytes: &[u8]) -> String {
    let address = server.issuer.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).expect("connects");
    stream
        .set_read_timeout(Some(Duration::from_mins(1)))
        .expect("a time-out");
    stream.write_all(bytes).expect("writes");
    stream.shutdown(Shutdown::Write).expect("half closes");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("the server hangs up in time");
    String::from_utf8_lossy(&answer).into_owned()
}

#[actix_web::test]
async fn ab_07_truncated_and_broken_requests_end_soon_and_harm_nobody() {
    let server = Server::start();
    let host = server.issuer.trim_start_matches("http://").to_owned();
    let form = format!("Host: {host}\r\nContent-Type: {FORM}\r\n");
    for path in FORM_ROUTES {
        for request in [
            format!("POST {path} HTTP/1.1\r\n{form}Content-Length: 100\r\n\r\ngrant_type="),
            format!("POST {path} HTTP/1.1\r\n{form}Transfer-Encoding: chunked\r\n\r\n5\r\na=b"),
            format!("POST {path} HTTP/1.1\r\n{form}Transfer-Encoding: chunked\r\n\r\nzz\r\n"),
            format!("POST {path} HTTP/1.1\r\n{form}Content-Length: x\r\n\r\n"),
            format!("POST {path} HTTP/1.1\r\n{form}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
            format!("POST {path} HTTP/1.1\r\n{form}"),
            format!("GET {path}?\u{0} HTTP/1.1\r\nHost: {host}\r\n\r\n"),
            format!("GET {path}?a=\u{fffd} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"),
            format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer \u{1}\r\n\r\n"),
            format!("GET {path} HTTP/9.9\r\n\r\n"),
        ] {
            let answer = raw(&server, request.as_bytes());
            assert!(
                !answer.starts_with("HTTP/1.1 5") && !answer.starts_with("HTTP/1.1 200"),
                "{request}: {answer}"
            );
        }
    }
    let rubbish = raw(&server, &[0xff; 300]);
    assert!(rubbish.is_empty() || rubbish.starts_with("HTTP/1.1 400"), "{rubbish}");
    assert_eq!(server.get("/healthz").await.status, 200);
}
