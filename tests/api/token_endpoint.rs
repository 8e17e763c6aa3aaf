//! The token endpoint: how a client must ask and prove itself, and how it is refused (RFC 6749 §2.3, §3.2, §5.2).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::json;

use crate::support::{Answer, Client, FORM, Person, Server};

fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

/// A token request whose grant does not exist, with this `Authorization` header and this addition to the body.
async fn knock(server: &Server, authorization: Option<&str>, body: &str) -> Answer {
    let request = server
        .http
        .post(server.url("/oauth/token/"))
        .header("content-type", FORM);
    let request = match authorization {
        Some(value) => request.header("authorization", value),
        None => request,
    };
    let grant = format!("grant_type=authorization_code&code=none&{body}");
    server.send(request.body(grant.trim_end_matches('&').to_owned())).await
}

/// What every error of the endpoint has (RFC 6749 §5.2).
#[track_caller]
fn assert_form(answer: &Answer) {
    assert_eq!(
        answer.header("content-type"),
        Some("application/json"),
        "{}",
        answer.text
    );
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("set-cookie"), None);
    let body = answer.json();
    assert!(
        body["error"].is_string() && body["error_description"].is_string(),
        "{body}"
    );
    if answer.status == 401 {
        let challenge = answer.header("www-authenticate").expect("a challenge");
        assert!(challenge.starts_with("Basic "), "{challenge}");
    }
}

#[actix_web::test]
async fn tk_01_post_is_the_only_method() {
    let server = Server::start();
    for path in ["/oauth/token/", "/oauth/token", "/oauth/revoke/", "/oauth/revoke"] {
        for method in [Method::GET, Method::PUT, Method::DELETE, Method::PATCH, Method::HEAD] {
            let answer = server.send(server.http.request(method.clone(), server.url(path))).await;
            assert_eq!(answer.status, 405, "{method} {path}");
        }
    }
}

#[actix_web::test]
async fn tk_02_the_body_must_be_a_form() {
    let server = Server::start();
    let client = Client::public(&server);
    let form = format!("grant_type=refresh_token&refresh_token=x&client_id={}", client.id);
    let as_json = json!({ "grant_type": "refresh_token", "refresh_token": "x", "client_id": client.id }).to_string();
    for (kind, body) in [
        (Some("application/json"), as_json.as_str()),
        (Some("application/json"), &form),
        (Some("text/plain"), &form),
        (Some("multipart/form-data; boundary=x"), &form),
        (Some("application/x-www-form-urlencodedx"), &form),
        (None, &form),
    ] {
        let mut request = server.http.post(server.url("/oauth/token/")).body(body.to_owned());
        if let Some(kind) = kind {
            request = request.header("content-type", kind);
        }
        let answer = server.send(request).await;
        assert_eq!(answer.refusal(), (400, "invalid_request".to_owned()), "{kind:?}");
        assert!(answer.text.contains(FORM), "{}", answer.text);
        assert_form(&answer);
    }
    for kind in [
        FORM.to_owned(),
        format!("{FORM};charset=UTF-8"),
        format!("{FORM} ; charset=utf-8"),
    ] {
        let request = server
            .http
            .post(server.url("/oauth/token"))
            .header("content-type", &kind);
        let answer = server.send(request.body(form.clone())).await;
        assert_eq!(answer.error(), "invalid_grant", "{kind}");
    }
}

#[actix_web::test]
async fn tk_03_nothing_is_taken_from_the_query() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::public(&server);
    let code = client.code(&mut person, &[]).await;
    for query in [
        format!("client_id={}", client.id),
        format!("code={code}"),
        "client_secret=x".to_owned(),
        "x=1".to_owned(),
    ] {
        let answer = client
            .post(&server, &format!("/oauth/token/?{query}"), &[("grant_type", "x")])
            .await;
        assert_eq!(answer.refusal(), (400, "invalid_request".to_owned()), "{query}");
        assert!(answer.text.contains("query"), "{}", answer.text);
    }
    assert_eq!(client.redeem(&server, &code).await.status, 200);
}

#[actix_web::test]
async fn tk_04_a_client_that_proves_itself_in_two_ways_is_refused() {
    let server = Server::start();
    let client = Client::confidential(&server);
    let secret = client.secret.clone().expect("a secret");
    let right = basic(&client.id, &secret);
    for body in [
        format!("client_secret={secret}"),
        format!("client_id={}&client_secret={secret}", client.id),
        "client_assertion=a.b.c".to_owned(),
        "client_id=another".to_owned(),
    ] {
        let answer = knock(&server, Some(&right), &body).await;
        assert_eq!(answer.refusal(), (400, "invalid_request".to_owned()), "{body}");
        assert_form(&answer);
    }
    let twice = server
        .http
        .post(server.url("/oauth/token/"))
        .header("content-type", FORM);
    let twice = twice.header("authorization", &right).header("authorization", &right);
    let answer = server
        .send(twice.body("grant_type=refresh_token&refresh_token=x"))
        .await;
    assert_eq!(answer.refusal(), (401, "invalid_client".to_owned()));
}

#[actix_web::test]
async fn tk_05_who_does_not_prove_itself_gets_401_and_a_challenge() {
    let server = Server::start();
    let client = Client::confidential(&server);
    let public = Client::public(&server);
    let secret = client.secret.clone().expect("a secret");
    let words = knock(&server, Some(&basic("nobody", "wrong")), "").await.json();
    for (authorization, body) in [
        (None, String::new()),
        (None, "client_id=nobody".to_owned()),
        (None, format!("client_id={}", client.id)),
        (None, format!("client_id={}&client_secret={secret}", client.id)),
        (None, "client_assertion=a.b.c".to_owned()),
        (Some(basic(&client.id, "wrong")), String::new()),
        (Some(basic(&client.id, "")), String::new()),
        (Some(basic("", &secret)), String::new()),
        (Some(basic(&public.id, "")), String::new()),
        (Some(basic(&public.id, "x")), String::new()),
        (Some(format!("Bearer {secret}")), String::new()),
        (Some("Basic".to_owned()), String::new()),
        (Some("Basic !!!".to_owned()), String::new()),
        (Some(format!("Basic {}", STANDARD.encode("no colon"))), String::new()),
        (
            Some(format!("Basic {}", STANDARD.encode(b"\xff\xfe:\xff"))),
            String::new(),
        ),
        (Some(format!("Basic {}", STANDARD.encode("%zz:%"))), String::new()),
    ] {
        let answer = knock(&server, authorization.as_deref(), &body).await;
        assert_eq!(answer.status, 401, "{authorization:?} {body} {}", answer.text);
        // An unknown client and a wrong secret get the same words.
        assert_eq!(answer.json(), words, "{authorization:?} {body}");
        assert_form(&answer);
    }
    let answer = knock(&server, Some(&basic(&client.id, &secret)), "").await;
    assert_eq!(answer.refusal(), (400, "invalid_grant".to_owned()));
}

#[actix_web::test]
async fn tk_06_grants_that_are_not_served_are_refused_by_name() {
    let server = Server::start();
    let client = Client::confidential(&server);
    for grant in [
        "password",
        "implicit",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "Authorization_Code",
    ] {
        let form = [
            ("grant_type", grant),
            ("username", "ada@example.org"),
            ("password", "x"),
        ];
        let answer = client.post(&server, "/oauth/token/", &form).await;
        assert_eq!(answer.refusal(), (400, "unsupported_grant_type".to_owned()), "{grant}");
        assert_form(&answer);
    }
    for grant in ["client_credentials", "urn:ietf:params:oauth:grant-type:token-exchange"] {
        // Served, but not to this client.
        let answer = client.post(&server, "/oauth/token/", &[("grant_type", grant)]).await;
        assert_eq!(answer.refusal(), (400, "unauthorized_client".to_owned()), "{grant}");
    }
    for (form, missing) in [
        (&[("code", "x")][..], "grant_type"),
        (&[("grant_type", "")], "grant_type"),
        (&[("grant_type", "authorization_code")], "code"),
        (&[("grant_type", "refresh_token")], "refresh_token"),
    ] {
        let answer = client.post(&server, "/oauth/token/", form).await;
        assert_eq!(answer.refusal(), (400, "invalid_request".to_owned()), "{missing}");
        assert!(
            answer.text.contains(&format!("parameter {missing} is missing")),
            "{}",
            answer.text
        );
    }
}

#[actix_web::test]
async fn tk_07_a_repeated_parameter_is_invalid_request_that_names_it() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::public(&server);
    let code = client.code(&mut person, &[]).await;
    let right = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", &client.redirect_uri),
        ("code_verifier", crate::support::VERIFIER),
        ("client_id", &client.id),
    ];
    for (name, value) in right {
        for extra in [(name, value), (name, "other"), (name, "")] {
            let mut form = url::form_urlencoded::Serializer::new(String::new());
            form.extend_pairs(right).append_pair(extra.0, extra.1);
            let answer = server.form("/oauth/token/", form.finish()).await;
            assert_eq!(answer.refusal(), (400, "invalid_request".to_owned()), "{extra:?}");
            assert!(
                answer
                    .text
                    .contains(&format!("parameter {name} is there more than once")),
                "{}",
                answer.text
            );
            assert_form(&answer);
        }
    }
    assert_eq!(client.redeem(&server, &code).await.status, 200);
}

#[actix_web::test]
async fn tk_08_tk_09_tokens_are_bearer_json_and_not_stored() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::confidential(&server);
    let code = client.code(&mut person, &[]).await;
    let answer = client.redeem(&server, &code).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("pragma"), Some("no-cache"));
    assert_eq!(answer.header("set-cookie"), None);
    let tokens = answer.json();
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(tokens["expires_in"], 3600);
    assert_eq!(tokens["scope"], "email offline_access openid");
    for token in ["access_token", "id_token", "refresh_token"] {
        assert!(tokens[token].is_string(), "{token}");
    }
}

#[actix_web::test]
async fn tk_10_scripts_of_any_origin_may_ask_without_credentials() {
    let server = Server::start();
    let client = Client::public(&server);
    for path in [
        "/oauth/token/",
        "/oauth/revoke/",
        "/oauth/userinfo/",
        "/.well-known/jwks.json",
    ] {
        let request = server.http.request(Method::OPTIONS, server.url(path));
        let request = request
            .header("origin", "https://spa.example")
            .header("access-control-request-method", "POST");
        let answer = server.send(request).await;
        assert_eq!(answer.status, 204, "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{path}");
        assert_eq!(answer.header("access-control-allow-credentials"), None, "{path}");
    }
    let answer = client.refresh(&server, "x").await;
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    for path in [
        "/oauth/authorize/",
        "/login/start/",
        "/oauth/consent/",
        "/oauth/logout/",
        "/account/session/",
    ] {
        let request = server
            .http
            .request(Method::OPTIONS, server.url(path))
            .header("origin", "https://spa.example");
        let answer = server.send(request).await;
        assert_eq!(answer.header("access-control-allow-origin"), None, "{path}");
    }
}

#[actix_web::test]
async fn tk_11_failed_client_authentication_is_limited() {
    let server = Server::start_with(|config| config.limits.client_address.burst = 3);
    let client = Client::confidential(&server);
    let wrong = basic(&client.id, "wrong");
    for _ in 0..3 {
        assert_eq!(knock(&server, Some(&wrong), "").await.status, 401);
    }
    let answer = knock(&server, Some(&wrong), "").await;
    assert_eq!(answer.status, 429, "{}", answer.text);
    let wait: u64 = answer.header("retry-after").expect("a time").parse().expect("seconds");
    assert!(wait > 0);
    // Other clients are not held up by it.
    let other = Client::confidential(&server);
    assert_eq!(other.refresh(&server, "x").await.error(), "invalid_grant");
}
