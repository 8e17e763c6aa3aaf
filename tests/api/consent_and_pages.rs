//! Pages: who is asked what, and that nothing of a request becomes part of one.

use serde_json::json;

use crate::support::{Answer, Client, Person, Server};

const SCRIPT: &str = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>";

#[track_caller]
fn assert_guarded(answer: &Answer, what: &str) {
    let header = |name| answer.header(name).unwrap_or_else(|| panic!("{what}: {name}"));
    let policy = header("content-security-policy");
    for part in [
        "default-src 'none'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'self'",
    ] {
        assert!(policy.contains(part), "{what}: {policy}");
    }
    assert!(
        !policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"),
        "{what}: {policy}"
    );
    assert_eq!(header("x-frame-options"), "DENY", "{what}");
    assert_eq!(header("x-content-type-options"), "nosniff", "{what}");
    assert_eq!(header("referrer-policy"), "no-referrer", "{what}");
    assert_eq!(header("cache-control"), "no-store", "{what}");
}

#[track_caller]
fn assert_no_inline(answer: &Answer, what: &str) {
    let text = answer.text.to_ascii_lowercase();
    for tag in text.split("<script").skip(1) {
        let (attributes, rest) = tag.split_once('>').expect("a whole tag");
        assert!(
            attributes.contains("src=") && rest.trim_start().starts_with("</script>"),
            "{what}: {attributes}"
        );
    }
    for bad in [
        "<style",
        " onerror=",
        " onload=",
        " onclick=",
        "=\"javascript:",
        "=javascript:",
        " style=",
    ] {
        let escaped = text.replace("&lt;img src=x onerror=", "");
        assert!(!escaped.contains(bad), "{what}: {bad}");
    }
}

#[actix_web::test]
async fn az_17_az_50_nothing_of_a_request_is_reflected_unescaped() {
    let server = Server::start();
    let client = Client::public(&server);
    let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let script = encode(SCRIPT);
    let mut paths = Vec::new();
    for name in [
        "client_id",
        "redirect_uri",
        "scope",
        "state",
        "response_type",
        "prompt",
        "request_uri",
        "login_hint",
    ] {
        let unproven = [("redirect_uri", "https://evil.example/"), (name, SCRIPT)];
        paths.push(client.authorize_path(&unproven));
        let again = client.authorize_path(&[("redirect_uri", "https://evil.example/")]);
        paths.push(format!("{again}&{name}={script}&{name}={script}"));
    }
    paths.push(format!("/oauth/authorize/?{script}=1&{script}=2"));
    paths.push(format!("/oauth/authorize/?posted={script}"));
    paths.push(format!("/oauth/callback/?flow_id={script}"));
    paths.push(format!("/oauth/callback/?{script}={script}&{script}=x"));
    for name in ["client_id", "post_logout_redirect_uri", "id_token_hint", "state"] {
        paths.push(format!(
            "/oauth/logout/?client_id={}&{name}={script}&{name}=x",
            client.id
        ));
        paths.push(format!("/oauth/logout/?{name}={script}"));
    }
    paths.push(format!("/login/?flow_id={script}"));
    paths.push(format!("/error/?error={script}"));
    paths.push(format!("/oauth/flow/?flow_id={script}"));
    for path in paths {
        let answer = server.get(&path).await;
        assert!(answer.status < 500, "{path}");
        assert!(
            !answer.text.contains("<script>alert") && !answer.text.contains("<img"),
            "{path}: {}",
            answer.text
        );
        for name in answer.headers.keys() {
            let value = answer.headers[name].as_bytes();
            assert!(!value.windows(7).any(|window| window == b"<script"), "{path}: {name}");
        }
        assert_no_inline(&answer, &path);
        assert_guarded(&answer, &path);
    }
}

#[actix_web::test]
async fn az_18_every_page_and_answer_is_guarded_against_frames_and_caches() {
    let server = Server::start();
    let client = Client::public(&server);
    for page in [
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
        "/error/",
        "/demo/",
        "/login",
    ] {
        let answer = server.get(page).await;
        assert_eq!(answer.status, 200, "{page}");
        assert_guarded(&answer, page);
        assert_no_inline(&answer, page);
    }
    for answer in [
        client.ask(&server, &[]).await,
        client.ask(&server, &[("redirect_uri", "https://evil.example/")]).await,
        server.get("/oauth/callback/?flow_id=x").await,
        server.get("/oauth/logout/").await,
        server.get("/no/such/path").await,
        server.get("/oauth/token/").await,
    ] {
        assert_guarded(&answer, &answer.status.to_string());
    }
}

#[actix_web::test]
async fn az_46_a_third_party_client_needs_consent_and_a_denial_is_access_denied() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    person.log_in(None).await;
    let client = Client::third_party(&server);
    let silent = person.browser.get(&client.authorize_path(&[("prompt", "none")])).await;
    assert_eq!(silent.told_error(&client, &server), "consent_required");
    let ask = async |person: &mut Person, extra: &[(&str, &str)]| {
        let answer = person.browser.get(&client.authorize_path(extra)).await;
        let location = answer.location();
        location
            .strip_prefix("/consent/?flow_id=")
            .unwrap_or_else(|| panic!("{location}"))
            .to_owned()
    };
    let flow_id = ask(&mut person, &[]).await;
    let body = json!({ "flow_id": flow_id, "decision": "deny" });
    let denied = person.browser.post("/oauth/consent/", &body).await.json();
    let told = crate::support::query_of(denied["next"].as_str().expect("next"));
    assert_eq!(
        (told["error"].as_str(), told["state"].as_str()),
        ("access_denied", "the-state")
    );
    assert_eq!((&told["iss"], told.get("code")), (&server.issuer, None));
    // A flow that was denied is over.
    let late = json!({ "flow_id": flow_id, "decision": "allow" });
    assert_eq!(person.browser.post("/oauth/consent/", &late).await.status, 410);
    let callback = person.browser.get(&format!("/oauth/callback/?flow_id={flow_id}")).await;
    assert_eq!((callback.status, callback.header("location")), (410, None));
    // What is open is not passed by going straight to the callback.
    let flow_id = ask(&mut person, &[]).await;
    let callback = person.browser.get(&format!("/oauth/callback/?flow_id={flow_id}")).await;
    assert!(callback.location().starts_with("/consent/"), "{}", callback.location());
    // Allowed once, it is remembered for what was allowed, and asked again for more or when the client wants it.
    client.sign_in(&mut person, &[]).await;
    let silent = person.browser.get(&client.authorize_path(&[("prompt", "none")])).await;
    assert!(silent.told(&client).contains_key("code"));
    ask(&mut person, &[("scope", "openid email profile offline_access")]).await;
    ask(&mut person, &[("prompt", "consent")]).await;
    // Consent is the person's own.
    let mut bob = Person::signed_up(&server, "bob@example.org").await;
    bob.log_in(None).await;
    ask(&mut bob, &[]).await;
}
