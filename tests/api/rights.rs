//! The right that each route needs, and every route called with every role.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::routes;
use crate::support::api::{Api, application, give};
use crate::support::{Answer, Browser, Person, Server};

/// What a route asks of its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Right {
    /// A session of this browser.
    Session,
    /// The role `member`.
    Member,
    /// The role `admin`.
    Admin,
}

/// The routes that need a right. All others need none.
const GUARDED: [(&str, Right); 37] = [
    ("/account/session/", Right::Session),
    ("/account/sessions/", Right::Session),
    ("/account/sessions/end/", Right::Session),
    ("/account/sessions/end-others/", Right::Session),
    ("/account/applications/", Right::Session),
    ("/account/applications/end/", Right::Session),
    ("/account/profile/", Right::Session),
    ("/account/entitlements/", Right::Session),
    ("/account/entitlements/challenge/", Right::Session),
    ("/account/entitlements/link/", Right::Session),
    ("/account/entitlements/unlink/", Right::Session),
    ("/update/password/change/", Right::Session),
    ("/update/email/send/", Right::Session),
    ("/update/delete/url/", Right::Session),
    ("/res/profile/", Right::Member),
    ("/members/profile/", Right::Member),
    ("/members/birthdays/", Right::Member),
    ("/onboard/get/", Right::Admin),
    ("/onboard/confirm/", Right::Admin),
    ("/onboard/invite/", Right::Admin),
    ("/onboard/resend/", Right::Admin),
    ("/onboard/withdraw/", Right::Admin),
    ("/admin/users/", Right::Admin),
    ("/admin/users/ids/", Right::Admin),
    ("/admin/users/names/", Right::Admin),
    ("/admin/users/{id}/", Right::Admin),
    ("/admin/users/{id}/membership/", Right::Admin),
    ("/admin/users/{id}/disable/", Right::Admin),
    ("/admin/users/{id}/enable/", Right::Admin),
    ("/admin/clients/", Right::Admin),
    ("/admin/clients/{id}/", Right::Admin),
    ("/admin/entitlements/grants/", Right::Admin),
    ("/admin/entitlements/grant/", Right::Admin),
    ("/admin/entitlements/revoke/", Right::Admin),
    ("/admin/scopes/all/", Right::Admin),
    ("/admin/scopes/add/", Right::Admin),
    ("/admin/scopes/remove/", Right::Admin),
];

/// Routes without a right that still answer 401 or 403 to a request without anything: they ask for a token of their own, or
/// are switched off. This list may only become shorter.
const EXCEPTIONS: [&str; 3] = ["/oauth/userinfo/", "/oauth/register/", "/oauth/register/some-client/"];

fn guarded() -> BTreeMap<&'static str, Right> {
    GUARDED.into_iter().collect()
}

/// A body that each guarded route reads, so that only the right can refuse it.
fn body(path: &str) -> Value {
    match path {
        "/account/sessions/end/" => json!({ "sid": "none" }),
        "/account/entitlements/challenge/" => json!({ "master_pkey": "11".repeat(32) }),
        "/account/entitlements/link/" => json!({ "nonce": "none", "signature": "00".repeat(64) }),
        "/account/applications/end/" => json!({ "client_id": "none" }),
        "/update/email/send/" => json!({ "new_email": "new@example.org" }),
        "/onboard/confirm/" | "/onboard/invite/" => json!({ "email": "nobody@example.org" }),
        "/onboard/resend/" | "/onboard/withdraw/" => json!({ "id": "0".repeat(32) }),
        "/admin/scopes/add/" | "/admin/scopes/remove/" => {
            json!({ "user_id": "ffffffff-ffff-4fff-bfff-ffffffffffff", "scope": "editor" })
        }
        _ => json!({}),
    }
}

/// Nobody has this account.
fn concrete(path: &str) -> String {
    path.replace("{id}", "ffffffff-ffff-4fff-bfff-ffffffffffff")
}

enum Caller<'a> {
    Nobody,
    Token(&'a Api<'a>),
    Session(&'a mut Person),
}

async fn call(server: &Server, caller: &mut Caller<'_>, method: &str, path: &str) -> Answer {
    let url = concrete(path);
    match (caller, method) {
        (Caller::Nobody, "GET") => Browser::new(server).get(&url).await,
        (Caller::Nobody, _) => Browser::new(server).post(&url, &body(path)).await,
        (Caller::Token(api), "GET") => api.get(&url).await,
        (Caller::Token(api), _) => api.post(&url, &body(path)).await,
        (Caller::Session(person), "GET") => {
            let request = server
                .http
                .get(server.url(&url))
                .header("sec-fetch-site", "same-origin");
            person.browser.send(request).await
        }
        (Caller::Session(person), _) => person.browser.post(&url, &body(path)).await,
    }
}

fn refused(answer: &Answer) -> bool {
    matches!(answer.status, 401 | 403)
}

#[actix_web::test]
async fn st_every_route_refuses_every_role_but_its_own() {
    let server = Server::start();
    let client = application(&server);
    let (plain, mut plain_person) = Api::with_role(&server, &client, "plain@example.org", &["editor"]).await;
    let (member, mut member_person) = Api::with_role(&server, &client, "member@example.org", &["member"]).await;
    let (admin, mut admin_person) = Api::with_role(&server, &client, "admin@example.org", &["admin"]).await;
    let guarded = guarded();
    for (path, methods, _) in routes::all() {
        let Some(right) = guarded.get(path) else { continue };
        for method in methods.iter().filter(|method| ["GET", "POST"].contains(*method)) {
            let callers: [(&str, Caller<'_>, &[Right]); 7] = [
                ("nobody", Caller::Nobody, &[]),
                ("a token without role", Caller::Token(&plain), &[]),
                ("a member's token", Caller::Token(&member), &[Right::Member]),
                ("an administrator's token", Caller::Token(&admin), &[Right::Admin]),
                ("a session", Caller::Session(&mut plain_person), &[Right::Session]),
                (
                    "a member's session",
                    Caller::Session(&mut member_person),
                    &[Right::Session, Right::Member],
                ),
                (
                    "an administrator's session",
                    Caller::Session(&mut admin_person),
                    &[Right::Session, Right::Admin],
                ),
            ];
            for (name, mut caller, rights) in callers {
                let answer = call(&server, &mut caller, method, path).await;
                assert_eq!(
                    refused(&answer),
                    !rights.contains(right),
                    "{name} at {method} {path}: {} {}",
                    answer.status,
                    answer.text
                );
                assert!(answer.status < 500, "{name} at {method} {path}: {}", answer.text);
            }
        }
    }
}

#[actix_web::test]
async fn every_route_is_in_the_table_or_refuses_nobody() {
    let server = Server::start();
    let known: BTreeSet<&str> = routes::all().map(|(path, ..)| path).collect();
    for (path, _) in GUARDED {
        assert!(known.contains(path), "{path} is no route");
    }
    let guarded = guarded();
    let mut refusing = BTreeSet::new();
    for (path, methods, _) in routes::all().filter(|(path, ..)| !guarded.contains_key(path)) {
        for method in methods.iter().filter(|method| ["GET", "POST"].contains(*method)) {
            if refused(&call(&server, &mut Caller::Nobody, method, path).await) {
                refusing.insert(path);
            }
        }
    }
    assert_eq!(refusing, EXCEPTIONS.into(), "say which right a route needs");
}

#[actix_web::test]
async fn st_a_role_counts_while_it_is_held_by_person_client_and_token() {
    let server = Server::start();
    let client = application(&server);
    let (api, mut person) = Api::with_role(&server, &client, "ann@example.org", &["admin"]).await;
    assert_eq!(api.get("/admin/users/").await.status, 200);

    // The person loses it: at once, and the session with it.
    let id = person.account_id().await;
    server.write(countersign::db::accounts::remove_scope(&id, "admin"));
    let answer = api.get("/admin/users/").await;
    assert_eq!((answer.status, answer.problem().as_str()), (403, "insufficient-scope"));
    let challenge = answer.header("www-authenticate").expect("a challenge");
    assert!(
        challenge.contains("error=\"insufficient_scope\", scope=\"admin\""),
        "{challenge}"
    );
    give(&server, &id, "admin");
    assert_eq!(api.get("/admin/users/").await.status, 200);

    // A token that was issued without it does not carry it.
    let code = client.code(&mut person, &[("scope", "openid member")]).await;
    let narrow = client.redeem(&server, &code).await.json();
    assert_eq!(narrow["scope"], "openid", "a role that is not held is not granted");
    let narrow = Api::holding(&server, narrow["access_token"].as_str().expect("a token"));
    assert_eq!(narrow.get("/admin/users/").await.status, 403);

    // The client loses it.
    let wide = Api::sign_in(&server, &client, &mut person).await;
    server.write(countersign::db::Statement::new(
        "UPDATE clients SET record = REPLACE(record, 'admin ', '')",
    ));
    assert_eq!(wide.get("/admin/users/").await.status, 403);
}

#[actix_web::test]
async fn st_a_token_that_does_not_stand_any_more_opens_nothing() {
    let server = Server::start();
    let client = application(&server);
    let (api, mut person) = Api::with_role(&server, &client, "ann@example.org", &["member"]).await;
    assert_eq!(api.get("/res/profile/").await.status, 200);
    for bad in ["", "a.b.c", "....", &api.token[..api.token.len() - 2]] {
        let request = server.http.get(server.url("/res/profile/"));
        let request = request.header("authorization", format!("Bearer {bad}"));
        let answer = Answer::read(request.send().await.expect("an answer")).await;
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (401, "invalid-token"),
            "{bad}"
        );
    }
    client.revoke(&server, &api.token).await;
    assert_eq!(api.get("/res/profile/").await.status, 401);
    let again = Api::sign_in(&server, &client, &mut person).await;
    assert_eq!(again.get("/res/profile/").await.status, 200);
    server.write(countersign::db::Statement::new(
        "UPDATE accounts SET status = 'disabled'",
    ));
    assert_eq!(again.get("/res/profile/").await.status, 401);
}

#[actix_web::test]
async fn cs_the_api_takes_a_session_from_pages_of_ours_alone() {
    let server = Server::start();
    let client = application(&server);
    let (_, mut person) = Api::with_role(&server, &client, "ann@example.org", &["admin"]).await;
    for (header, value) in [
        ("origin", "https://evil.example"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("x-nothing", "said"),
    ] {
        let request = server.http.get(server.url("/admin/users/")).header(header, value);
        let answer = person.browser.send(request).await;
        assert_eq!(answer.status, 401, "{header}: {value}");
        let body = json!({ "email": "new@example.org" });
        let request = server
            .http
            .post(server.url("/onboard/invite/"))
            .header(header, value)
            .json(&body);
        assert_eq!(person.browser.send(request).await.status, 401, "{header}: {value}");
    }
}
