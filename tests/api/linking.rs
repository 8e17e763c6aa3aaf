//! Accounts and entitlements meet: a master key is linked, shown, told to applications, and unlinked.

use countersign::domain::clock::{Clock as _, Timestamp};
use countersign::domain::entitlement::hash;
use countersign::domain::entitlement::ids::ClaimIds;
use countersign::domain::entitlement::key::{ProofKey, PublicKey};
use countersign::domain::linking::Challenge;
use serde_json::{Value, json};

use crate::support::{Answer, Client, Person, Server, Tokens};

const DAY: i64 = 86_400_000;

/// Pays on a development server for 20 days.
async fn pay(server: &Server, master: &ProofKey, id: &str, auto_renewing: bool) {
    let rotating = ProofKey::from_seed(&[99; 32]);
    let ids = ClaimIds::Apple { tx: id.to_owned() };
    let hash = hash::add_payment(0, master.public(), rotating.public(), &ids);
    let body = json!({
        "version": 0,
        "master_pkey": master.public().to_hex(),
        "rotating_pkey": rotating.public().to_hex(),
        "master_sig": hex::encode(master.sign(&hash)),
        "rotating_sig": hex::encode(rotating.sign(&hash)),
        "payment_tx": { "provider": 2, "apple_tx_id": id },
        "dev_plan": "TwelveMonth", "dev_duration_ms": 20 * DAY, "dev_auto_renewing": auto_renewing,
    });
    let request = server.http.post(server.url("/add_pro_payment")).json(&body);
    assert_eq!(server.send(request).await.json()["status"], 0);
}

async fn begin(person: &mut Person, master: &PublicKey) -> Value {
    let wish = json!({ "master_pkey": master.to_hex() });
    let answer = person.browser.post("/account/entitlements/challenge/", &wish).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

/// The signature of `key` over what the server asked `master` to sign, and where a test changes it.
fn sign(key: &ProofKey, asked: &Value, change: impl FnOnce(&mut Challenge<'_>)) -> String {
    let text = |name: &str| asked[name].as_str().expect("text");
    let master = PublicKey::from_hex(text("master_pkey")).expect("a key");
    let mut challenge = Challenge {
        master: &master,
        issuer: text("issuer"),
        account: text("account"),
        nonce: text("nonce"),
        expires_at: Timestamp::from_millis(asked["expires_at"].as_i64().expect("a time")),
    };
    change(&mut challenge);
    hex::encode(key.sign(&challenge.hash()))
}

async fn finish(person: &mut Person, asked: &Value, signature: &str) -> Answer {
    let body = json!({ "nonce": asked["nonce"], "signature": signature });
    person.browser.post("/account/entitlements/link/", &body).await
}

/// Links a key to the account that is signed in.
pub async fn link(person: &mut Person, key: &ProofKey) -> Answer {
    let asked = begin(person, key.public()).await;
    let signature = sign(key, &asked, |_| {});
    finish(person, &asked, &signature).await
}

/// What the account page shows.
pub async fn linked(person: &mut Person) -> Value {
    let answer = person.browser.get("/account/entitlements/").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["linked"].clone()
}

async fn signed_in(server: &Server, email: &str) -> Person {
    let mut person = Person::signed_up(server, email).await;
    person.log_in(None).await;
    person
}

#[actix_web::test]
async fn a_key_is_linked_by_its_signature_and_shows_what_it_is_entitled_to() {
    let server = Server::start();
    let mut ada = signed_in(&server, "ada@example.org").await;
    assert_eq!(linked(&mut ada).await, Value::Null);
    let key = ProofKey::from_seed(&[1; 32]);
    assert_eq!(link(&mut ada, &key).await.status, 200);
    let shown = linked(&mut ada).await;
    assert_eq!(
        (&shown["master_pkey"], &shown["entitlements"]),
        (&json!(key.public().to_hex()), &json!({}))
    );

    let before = server.clock.now().as_secs();
    pay(&server, &key, "DEV.1", true).await;
    let pro = linked(&mut ada).await["entitlements"]["pro"].clone();
    assert_eq!(
        (&pro["active"], &pro["plan"], &pro["auto_renewing"]),
        (&json!(true), &json!(3), &json!(true))
    );
    let left = pro["expires_at"].as_i64().expect("seconds") - before;
    assert!((20 * DAY / 1000..20 * DAY / 1000 + 120).contains(&left), "{left}");

    server.clock.advance(std::time::Duration::from_hours(21 * 24));
    ada.log_in(None).await;
    assert_eq!(linked(&mut ada).await["entitlements"]["pro"]["active"], false);
}

#[actix_web::test]
async fn a_signature_over_anything_else_links_nothing_and_spends_nothing() {
    let server = Server::start();
    let mut ada = signed_in(&server, "ada@example.org").await;
    let (key, other) = (ProofKey::from_seed(&[1; 32]), ProofKey::from_seed(&[2; 32]));
    let asked = begin(&mut ada, key.public()).await;
    for (what, signature) in [
        ("of another key", sign(&other, &asked, |_| {})),
        (
            "over another account",
            sign(&key, &asked, |challenge| challenge.account = "another"),
        ),
        (
            "over another issuer",
            sign(&key, &asked, |challenge| challenge.issuer = "https://evil.example"),
        ),
        (
            "over another nonce",
            sign(&key, &asked, |challenge| challenge.nonce = "n"),
        ),
        (
            "over a later end",
            sign(&key, &asked, |challenge| {
                challenge.expires_at = Timestamp::from_millis(i64::MAX);
            }),
        ),
    ] {
        let answer = finish(&mut ada, &asked, &signature).await;
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (400, "bad-signature"),
            "{what}"
        );
    }
    assert_eq!(linked(&mut ada).await, Value::Null);
    let right = sign(&key, &asked, |_| {});
    assert_eq!(finish(&mut ada, &asked, &right).await.status, 200);
    // Once.
    assert_eq!(finish(&mut ada, &asked, &right).await.problem(), "expired");
    for (body, status) in [
        (json!({ "nonce": asked["nonce"], "signature": "00" }), 400),
        (json!({ "nonce": "short", "signature": right }), 410),
        (json!({ "signature": right }), 400),
    ] {
        assert_eq!(
            ada.browser.post("/account/entitlements/link/", &body).await.status,
            status,
            "{body}"
        );
    }
    for bad in ["", "00", "zz", &"0".repeat(64)] {
        let answer = ada
            .browser
            .post("/account/entitlements/challenge/", &json!({ "master_pkey": bad }))
            .await;
        assert_eq!(answer.status, 400, "{bad}");
    }
}

#[actix_web::test]
async fn a_challenge_ends_by_time_by_the_next_and_with_the_session() {
    let server = Server::start();
    let mut ada = signed_in(&server, "ada@example.org").await;
    let key = ProofKey::from_seed(&[1; 32]);
    let first = begin(&mut ada, key.public()).await;
    let second = begin(&mut ada, key.public()).await;
    let signature = sign(&key, &first, |_| {});
    assert_eq!(finish(&mut ada, &first, &signature).await.problem(), "expired");
    server.clock.advance(std::time::Duration::from_mins(5));
    let signature = sign(&key, &second, |_| {});
    assert_eq!(finish(&mut ada, &second, &signature).await.problem(), "expired");

    let third = begin(&mut ada, key.public()).await;
    let signature = sign(&key, &third, |_| {});
    // Another person's browser cannot answer it, nor one that has signed out.
    let mut bob = signed_in(&server, "bob@example.org").await;
    assert_eq!(finish(&mut bob, &third, &signature).await.problem(), "expired");
    let session = ada.browser.clone();
    ada.browser.post("/account/logout/", &json!({})).await;
    ada.browser = session;
    assert_eq!(finish(&mut ada, &third, &signature).await.status, 401);
    for path in ["challenge/", "link/", "unlink/"] {
        let body = json!({ "master_pkey": key.public().to_hex(), "nonce": third["nonce"], "signature": signature });
        let answer = Person::stranger(&server, "x@example.org")
            .browser
            .post(&format!("/account/entitlements/{path}"), &body)
            .await;
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (401, "invalid-credentials"),
            "{path}"
        );
    }
    assert_eq!(ada.browser.get("/account/entitlements/").await.status, 401);
}

#[actix_web::test]
async fn a_key_belongs_to_one_account_and_an_account_has_one_key() {
    let server = Server::start();
    let mut ada = signed_in(&server, "ada@example.org").await;
    let mut bob = signed_in(&server, "bob@example.org").await;
    let (key, other) = (ProofKey::from_seed(&[1; 32]), ProofKey::from_seed(&[2; 32]));
    assert_eq!(link(&mut ada, &key).await.status, 200);
    let answer = link(&mut bob, &key).await;
    assert_eq!((answer.status, answer.problem().as_str()), (409, "linked-elsewhere"));
    assert_eq!(link(&mut ada, &other).await.status, 200);
    assert_eq!(linked(&mut ada).await["master_pkey"], other.public().to_hex());
    // The first is free again.
    assert_eq!(link(&mut bob, &key).await.status, 200);

    for _ in 0..2 {
        let answer = bob.browser.post("/account/entitlements/unlink/", &json!({})).await;
        assert_eq!(answer.status, 200);
        assert_eq!(linked(&mut bob).await, Value::Null);
    }
    // What the key is entitled to stays with it.
    pay(&server, &key, "DEV.1", false).await;
    assert_eq!(link(&mut bob, &key).await.status, 200);
    assert_eq!(linked(&mut bob).await["entitlements"]["pro"]["active"], true);
}

#[actix_web::test]
async fn applications_are_told_under_the_scope_alone() {
    let server = Server::start();
    let mut ada = signed_in(&server, "ada@example.org").await;
    let key = ProofKey::from_seed(&[1; 32]);
    pay(&server, &key, "DEV.1", false).await;
    let scopes = json!({ "token_endpoint_auth_method": "none", "first_party": true, "scope": "openid entitlements" });
    let client = Client::register(&server, scopes);
    let told = async |ada: &mut Person, scope: &str| {
        let code = client.code(ada, &[("scope", scope)]).await;
        let tokens = client.redeem(&server, &code).await;
        assert_eq!(tokens.status, 200, "{}", tokens.text);
        let tokens = Tokens(tokens.json());
        let userinfo = server
            .http
            .get(server.url("/oauth/userinfo/"))
            .header("authorization", format!("Bearer {}", tokens.access()));
        let userinfo = server.send(userinfo).await.json();
        (
            userinfo.get("entitlements").cloned(),
            Tokens::claims(tokens.id()).get("entitlements").cloned(),
        )
    };
    // A key that is not linked stays anonymous.
    assert_eq!(told(&mut ada, "openid entitlements").await, (None, None));
    assert_eq!(link(&mut ada, &key).await.status, 200);
    let (userinfo, id) = told(&mut ada, "openid entitlements").await;
    let pro = userinfo.clone().expect("is told")["pro"].clone();
    assert_eq!((&pro["active"], &pro["plan"]), (&json!(true), &json!(3)));
    assert_eq!(userinfo, id);
    assert_eq!(told(&mut ada, "openid").await, (None, None));
    ada.browser.post("/account/entitlements/unlink/", &json!({})).await;
    assert_eq!(told(&mut ada, "openid entitlements").await, (None, None));
}

#[actix_web::test]
async fn a_deleted_account_leaves_no_link_and_the_key_keeps_what_it_has() {
    let server = Server::start();
    let mut ada = signed_in(&server, "ada@example.org").await;
    let key = ProofKey::from_seed(&[1; 32]);
    pay(&server, &key, "DEV.1", false).await;
    assert_eq!(link(&mut ada, &key).await.status, 200);
    begin(&mut ada, key.public()).await;
    let scopes = json!({ "token_endpoint_auth_method": "none", "first_party": true, "scope": "openid entitlements" });
    let client = Client::register(&server, scopes);
    let code = client.code(&mut ada, &[("scope", "openid entitlements")]).await;
    let tokens = Tokens(client.redeem(&server, &code).await.json());
    let userinfo = async || {
        let request = server.http.get(server.url("/oauth/userinfo/"));
        server.send(request.bearer_auth(tokens.access())).await
    };
    assert_eq!(userinfo().await.json()["entitlements"]["pro"]["active"], true);

    let begun = ada.browser.post("/update/delete/url/", &json!({})).await.json();
    let flow_id = begun["flow_id"].as_str().expect("an id").to_owned();
    ada.log_in(Some(&flow_id)).await;
    let gone = ada
        .browser
        .post("/update/delete/check/", &json!({ "flow_id": flow_id }))
        .await;
    assert_eq!(gone.status, 200, "{}", gone.text);
    assert_eq!(userinfo().await.status, 401);
    let (store, _) = server.store().await;
    for all in ["SELECT 1 FROM linked_master_keys", "SELECT 1 FROM linking_challenges"] {
        let rows = store.query(&countersign::db::Statement::new(all)).await.expect("reads");
        assert!(rows.is_empty(), "{all}");
    }

    let mut bob = signed_in(&server, "bob@example.org").await;
    assert_eq!(link(&mut bob, &key).await.status, 200);
    assert_eq!(linked(&mut bob).await["entitlements"]["pro"]["active"], true);
}
