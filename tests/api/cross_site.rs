//! Other sites, other browsers and other people cannot take a step that is not theirs.

use serde_json::{Value, json};

use crate::support::{Answer, Browser, Client, Person, Server, query_of};

/// Every route that changes something for a page of ours, with a body that would do it.
fn routes() -> [(&'static str, Value); 11] {
    let token = "A".repeat(43);
    [
        (
            "/login/start/",
            json!({ "email": "a@example.org", "client_request": crate::support::steps::ke1("x") }),
        ),
        (
            "/login/finish/",
            json!({ "auth_id": token, "client_request": "A".repeat(86) }),
        ),
        ("/onboard/signup/", json!({ "email": "a@example.org" })),
        ("/onboard/email/", json!({ "token": token })),
        (
            "/onboard/register/",
            json!({ "token": token, "client_request": "A".repeat(43) }),
        ),
        (
            "/onboard/finish/",
            json!({ "auth_id": token, "client_request": "A".repeat(256) }),
        ),
        ("/update/password/reset/", json!({ "email": "a@example.org" })),
        (
            "/update/password/start/",
            json!({ "token": token, "client_request": "A".repeat(43) }),
        ),
        ("/account/logout/", json!({})),
        ("/oauth/consent/", json!({ "flow_id": token, "decision": "allow" })),
        ("/oauth/logout/confirm/", json!({ "logout_id": token })),
    ]
}

async fn post(server: &Server, browser: &mut Browser, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
    let mut request = server.http.post(server.url(path)).body(body.to_string());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    browser.send(request).await
}

const JSON: (&str, &str) = ("content-type", "application/json");

#[actix_web::test]
async fn cs_01_other_origins_are_refused_on_every_route_that_changes_something() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    person.log_in(None).await;
    let port = server.issuer.rsplit(':').next().expect("a port").to_owned();
    let localhost = format!("http://localhost:{port}");
    let https = server.issuer.replace("http:", "https:");
    for (path, body) in routes() {
        for headers in [
            [JSON, ("origin", "https://evil.example")],
            [JSON, ("origin", "null")],
            [JSON, ("origin", localhost.as_str())],
            [JSON, ("origin", https.as_str())],
            [JSON, ("origin", "http://127.0.0.1")],
            [JSON, ("sec-fetch-site", "cross-site")],
            [JSON, ("sec-fetch-site", "same-site")],
            [JSON, ("sec-fetch-site", "none")],
        ] {
            let answer = post(&server, &mut person.browser, path, &headers, &body).await;
            assert_eq!(
                (answer.status, answer.problem().as_str()),
                (403, "forbidden-origin"),
                "{path} {headers:?}"
            );
            assert!(answer.header("access-control-allow-origin").is_none(), "{path}");
        }
    }
    assert_eq!(
        person.browser.get("/account/session/").await.status,
        200,
        "still signed in"
    );
}

#[actix_web::test]
async fn cs_01_what_a_form_of_another_site_can_send_is_refused() {
    let server = Server::start();
    for (path, body) in routes() {
        for kind in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/jsonp",
            "",
        ] {
            let headers = [("content-type", kind), ("origin", server.issuer.as_str())];
            let answer = post(&server, &mut Browser::new(&server), path, &headers, &body).await;
            assert_eq!(answer.status, 415, "{path} {kind}: {}", answer.text);
        }
        let preflight = server
            .http
            .request("OPTIONS".parse().expect("a method"), server.url(path))
            .header("origin", "https://evil.example")
            .header("access-control-request-method", "POST");
        let answer = Answer::read(preflight.send().await.expect("an answer")).await;
        assert!(answer.header("access-control-allow-origin").is_none(), "{path}");
    }
}

/// Up to the question for consent: the flow.
async fn asked_for_consent(client: &Client, person: &mut Person) -> String {
    let answer = person.browser.get(&client.authorize_path(&[])).await;
    let flow_id = answer.location().split("flow_id=").nth(1).expect("a flow").to_owned();
    if answer.location().starts_with("/login/") {
        let next = person.log_in(Some(&flow_id)).await;
        let answer = person.browser.get(&next).await;
        assert!(answer.location().starts_with("/consent/"), "{}", answer.location());
    }
    flow_id
}

async fn allow(browser: &mut Browser, flow_id: &str) -> Answer {
    let body = json!({ "flow_id": flow_id, "decision": "allow" });
    browser.post("/oauth/consent/", &body).await
}

#[actix_web::test]
async fn cs_02_consent_and_callback_are_bound_to_the_browser() {
    let server = Server::start();
    let client = Client::third_party(&server);
    let mut ada = Person::signed_up(&server, "ada@example.org").await;
    let flow_id = asked_for_consent(&client, &mut ada).await;
    let mut eve = Person::signed_up(&server, "eve@example.org").await;
    eve.log_in(None).await;
    for browser in [&mut Browser::new(&server), &mut eve.browser] {
        let answer = allow(browser, &flow_id).await;
        assert_eq!((answer.status, answer.problem().as_str()), (403, "wrong-browser"));
        let shown = browser.get(&format!("/oauth/flow/?flow_id={flow_id}")).await;
        assert_eq!(shown.status, 403, "{}", shown.text);
        let back = browser.get(&format!("/oauth/callback/?flow_id={flow_id}")).await;
        assert_eq!(back.status, 403, "{}", back.text);
        assert!(!back.text.contains(&client.redirect_uri));
    }
    assert_eq!(
        allow(&mut ada.browser, &flow_id).await.status,
        200,
        "its own browser goes on"
    );
}

#[actix_web::test]
async fn cs_02_consent_counts_only_from_the_person_who_was_asked() {
    let server = Server::start();
    let client = Client::third_party(&server);
    let mut ada = Person::signed_up(&server, "ada@example.org").await;
    let flow_id = asked_for_consent(&client, &mut ada).await;
    // Somebody else signs in on the same machine while the question is on the screen.
    let mut eve = Person::signed_up(&server, "eve@example.org").await;
    eve.browser = ada.browser.clone();
    eve.log_in(None).await;
    let answer = allow(&mut eve.browser, &flow_id).await;
    assert_eq!((answer.status, answer.problem().as_str()), (410, "expired"));
    // Nobody at all.
    let mut nobody = ada.browser.clone();
    nobody.cookies.remove("countersign-session");
    assert_eq!(allow(&mut nobody, &flow_id).await.status, 410);
    let back = eve.browser.get(&format!("/oauth/callback/?flow_id={flow_id}")).await;
    assert!(!back.location().contains("code="), "{}", back.location());
}

#[actix_web::test]
async fn cs_02_no_replay_gives_a_second_code() {
    let server = Server::start();
    let client = Client::third_party(&server);
    let mut ada = Person::signed_up(&server, "ada@example.org").await;
    let flow_id = asked_for_consent(&client, &mut ada).await;
    let next = allow(&mut ada.browser, &flow_id).await.json()["next"]
        .as_str()
        .expect("next")
        .to_owned();
    let done = ada.browser.get(&next).await;
    assert!(query_of(done.location()).contains_key("code"));
    let again = ada.browser.get(&next).await;
    assert_eq!(again.status, 410, "{}", again.text);
    assert!(again.headers.get("location").is_none());
    assert_eq!(allow(&mut ada.browser, &flow_id).await.problem(), "expired");
}

#[actix_web::test]
async fn cs_02_of_many_callbacks_at_once_one_gives_a_code() {
    let server = Server::start();
    let client = Client::third_party(&server);
    let mut ada = Person::signed_up(&server, "ada@example.org").await;
    let flow_id = asked_for_consent(&client, &mut ada).await;
    assert_eq!(allow(&mut ada.browser, &flow_id).await.status, 200);
    let path = format!("/oauth/callback/?flow_id={flow_id}");
    let tries = (0..50).map(|_| {
        let (mut browser, path) = (ada.browser.clone(), path.clone());
        async move { browser.get(&path).await }
    });
    let answers = futures_util::future::join_all(tries).await;
    let codes = answers
        .iter()
        .filter(|answer| answer.status == 303 && answer.location().contains("code="));
    assert_eq!(codes.count(), 1);
    for answer in &answers {
        assert!(answer.status < 500, "{}", answer.text);
    }
}

#[actix_web::test]
async fn cs_02_a_denial_ends_the_flow() {
    let server = Server::start();
    let client = Client::third_party(&server);
    let mut ada = Person::signed_up(&server, "ada@example.org").await;
    let flow_id = asked_for_consent(&client, &mut ada).await;
    let body = json!({ "flow_id": flow_id, "decision": "deny" });
    let denied = ada.browser.post("/oauth/consent/", &body).await;
    let next = denied.json()["next"].as_str().expect("next").to_owned();
    assert_eq!(query_of(&next)["error"], "access_denied");
    assert_eq!(allow(&mut ada.browser, &flow_id).await.problem(), "expired");
    let back = ada.browser.get(&format!("/oauth/callback/?flow_id={flow_id}")).await;
    assert_eq!(back.status, 410);
}
