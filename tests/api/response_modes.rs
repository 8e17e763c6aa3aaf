//! How an answer travels: in the query, behind the `#`, or in a form that the browser posts.

use std::collections::BTreeMap;

use serde_json::json;

use crate::support::{Answer, Client, Person, Server, query_of};

/// The hidden fields of a form page, and where it goes.
fn form_of(answer: &Answer) -> (String, BTreeMap<String, String>) {
    let attribute = |text: &str, name: &str| {
        let rest = text
            .split(&format!(" {name}=\""))
            .nth(1)
            .unwrap_or_else(|| panic!("{name} in {text}"));
        let value = rest.split('"').next().expect("an end");
        value
            .replace("&quot;", "\"")
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&")
    };
    let form = answer.text.split("<form").nth(1).expect("a form");
    let fields = form
        .split("<input")
        .skip(1)
        .map(|input| (attribute(input, "name"), attribute(input, "value")));
    (attribute(form, "action"), fields.collect())
}

#[actix_web::test]
async fn az_mode_fragment_puts_everything_behind_the_mark() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::public(&server);
    let location = client.sign_in(&mut person, &[("response_mode", "fragment")]).await;
    let (uri, fragment) = location.split_once('#').expect("a fragment");
    assert_eq!(uri, client.redirect_uri);
    let told = query_of(&format!("https://x/?{fragment}"));
    assert_eq!(
        (&told["state"], &told["iss"]),
        (&"the-state".to_owned(), &server.issuer)
    );
    assert_eq!(client.redeem(&server, &told["code"]).await.status, 200);
    let refused = client
        .ask(&server, &[("response_mode", "fragment"), ("prompt", "none")])
        .await;
    let location = refused.location();
    let start = format!("{}#error=login_required", client.redirect_uri);
    assert!(location.starts_with(&start), "{location}");
}

#[actix_web::test]
async fn az_mode_form_post_is_a_page_without_inline_script_that_posts_the_answer() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::public(&server);
    client.tokens(&server, &mut person).await;
    let odd = "a b&c=\"<script>alert(1)</script>";
    let extra = [("response_mode", "form_post"), ("state", odd)];
    let answer = person.browser.get(&client.authorize_path(&extra)).await;
    assert_eq!((answer.status, answer.header("location")), (200, None));
    let (action, fields) = form_of(&answer);
    assert_eq!(
        (action.as_str(), fields["state"].as_str()),
        (client.redirect_uri.as_str(), odd)
    );
    assert_eq!(fields["iss"], server.issuer);
    assert_eq!(client.redeem(&server, &fields["code"]).await.status, 200);
    let policy = answer.header("content-security-policy").expect("a policy");
    assert!(
        policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
        "{policy}"
    );
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(answer.text.matches("<script").count(), 1, "{}", answer.text);
    assert!(
        answer.text.contains("<script src=\"/oauth/form_post.js\"></script>"),
        "{}",
        answer.text
    );
    assert!(
        answer.text.contains("<button type=\"submit\">"),
        "it works without scripts too"
    );
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("x-frame-options"), Some("DENY"));
    let script = server.get("/oauth/form_post.js").await;
    assert_eq!(script.header("content-type"), Some("text/javascript; charset=utf-8"));
    assert!(script.text.contains("submit()"), "{}", script.text);
}

#[actix_web::test]
async fn az_mode_form_post_takes_errors_and_a_denial_too() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    person.log_in(None).await;
    let client = Client::third_party(&server);
    let silent = person
        .browser
        .get(&client.authorize_path(&[("response_mode", "form_post"), ("prompt", "none")]))
        .await;
    assert_eq!(form_of(&silent).1["error"], "consent_required");
    let asked = person
        .browser
        .get(&client.authorize_path(&[("response_mode", "form_post")]))
        .await;
    let flow_id = asked
        .location()
        .strip_prefix("/consent/?flow_id=")
        .expect("asks")
        .to_owned();
    let body = json!({ "flow_id": flow_id, "decision": "deny" });
    let denied = person.browser.post("/oauth/consent/", &body).await.json();
    let next = denied["next"].as_str().expect("next");
    assert_eq!(next, format!("/oauth/callback/?flow_id={flow_id}"));
    let (action, fields) = form_of(&person.browser.get(next).await);
    assert_eq!(
        (action.as_str(), fields["error"].as_str()),
        (client.redirect_uri.as_str(), "access_denied")
    );
    assert_eq!(fields.get("code"), None);
    // A flow that was denied is over.
    assert_eq!(person.browser.get(next).await.status, 410);
    let late = json!({ "flow_id": flow_id, "decision": "allow" });
    assert_eq!(person.browser.post("/oauth/consent/", &late).await.status, 410);
}
