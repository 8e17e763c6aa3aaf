//! What administrators give by hand: to an account, to a key, once however often it is asked for, and back again.

use std::time::Duration;

use countersign::domain::clock::Clock as _;
use countersign::domain::entitlement::hash;
use countersign::domain::entitlement::key::ProofKey;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::linking::{link, linked};
use crate::support::api::{Api, application};
use crate::support::{Answer, Client, Person, Server};

const DAY: i64 = 86_400_000;

async fn administrator<'a>(server: &'a Server, client: &Client) -> Api<'a> {
    Api::with_role(server, client, "root@example.org", &["admin"]).await.0
}

async fn give(api: &Api<'_>, order: &str, change: impl FnOnce(&mut Value)) -> Answer {
    let mut wish = json!({ "order_id": order, "plan": "3M" });
    change(&mut wish);
    api.post("/admin/entitlements/grant/", &wish).await
}

async fn prove(server: &Server, master: &ProofKey) -> Value {
    let rotating = ProofKey::from_seed(&[99; 32]);
    let now = u64::try_from(server.clock.now().as_millis()).expect("after the epoch");
    let hash = hash::generate_proof(0, master.public(), rotating.public(), now);
    let body = json!({
        "version": 0,
        "master_pkey": master.public().to_hex(),
        "rotating_pkey": rotating.public().to_hex(),
        "unix_ts_ms": now,
        "master_sig": hex::encode(master.sign(&hash)),
        "rotating_sig": hex::encode(rotating.sign(&hash)),
    });
    let request = server.http.post(server.url("/generate_pro_proof")).json(&body);
    server.send(request).await.json()
}

#[actix_web::test]
async fn a_plan_is_granted_to_a_key_and_to_an_account_and_taken_back() {
    let server = Server::start();
    let client = application(&server);
    let root = administrator(&server, &client).await;
    let (key, other) = (ProofKey::from_seed(&[1; 32]), ProofKey::from_seed(&[2; 32]));
    let (key_hex, other_hex) = (key.public().to_hex(), other.public().to_hex());

    // To a key that nobody has linked.
    assert_eq!(prove(&server, &key).await["status"], 1);
    let now = server.clock.now().as_millis();
    let given = give(&root, "a-1", |wish| wish["master_pkey"] = json!(key_hex)).await;
    assert_eq!(given.status, 200, "{}", given.text);
    let given = given.json();
    assert_eq!(
        (&given["plan"], &given["repeated"], &given["master_pkey"]),
        (&json!("3M"), &json!(false), &json!(key_hex))
    );
    let end = given["expires_at"].as_i64().expect("a time");
    assert!((now + 90 * DAY..now + 91 * DAY).contains(&end), "{end}");
    assert_eq!(prove(&server, &key).await["status"], 0);

    // To an account: by its linked key, and by nothing else.
    let mut ada = Person::signed_up(&server, "ada@example.org").await;
    ada.log_in(None).await;
    let id = ada.account_id().await;
    let to_ada = |wish: &mut Value| wish["account_id"] = json!(id);
    let refused = give(&root, "a-2", to_ada).await;
    assert_eq!((refused.status, refused.problem().as_str()), (409, "conflict"));
    assert_eq!(link(&mut ada, &other).await.status, 200);
    let given = give(&root, "a-2", |wish| {
        wish["account_id"] = json!(id);
        wish["days"] = json!(7);
    })
    .await;
    assert_eq!(given.json()["master_pkey"], other_hex);
    let pro = linked(&mut ada).await["entitlements"]["pro"].clone();
    assert_eq!((&pro["active"], &pro["plan"]), (&json!(true), &json!(2)));

    let list = |query: String| {
        let root = &root;
        async move { root.get(&format!("/admin/entitlements/grants/?{query}")).await.json() }
    };
    let shown = list(format!("account_id={id}")).await;
    assert_eq!(shown, list(format!("master_pkey={other_hex}")).await);
    assert_eq!(
        (
            &shown["grants"][0]["order_id"],
            &shown["grants"][0]["status"],
            &shown["next"]
        ),
        (&json!("a-2"), &json!("active"), &Value::Null)
    );
    assert_eq!(shown["entitlements"]["pro"]["active"], true);

    // Back again: at once for the page, by the list for proofs in the field.
    let back = async |order: &str| {
        root.post("/admin/entitlements/revoke/", &json!({ "order_id": order }))
            .await
    };
    assert_eq!(back("a-2").await.json(), json!({ "revoked": true }));
    assert_eq!(back("a-2").await.json(), json!({ "revoked": false }));
    assert_eq!(back("a-9").await.status, 404);
    assert_eq!(linked(&mut ada).await["entitlements"]["pro"]["active"], false);
    assert_eq!(prove(&server, &other).await["status"], 1);
    assert_eq!(prove(&server, &key).await["status"], 0, "others keep what they have");
    let shown = list(format!("account_id={id}")).await;
    assert_eq!(shown["grants"][0]["status"], "revoked");
    let ask = json!({ "version": 0, "ticket": 0 });
    let revocations = server.http.post(server.url("/get_pro_revocations")).json(&ask);
    let revocations = server.send(revocations).await.json();
    assert_eq!(revocations["result"]["items"].as_array().map(Vec::len), Some(1));

    server.clock.advance(Duration::from_hours(92 * 24));
    let root = Api::sign_in(&server, &client, &mut {
        let mut root = Person::stranger(&server, "root@example.org");
        root.log_in(None).await;
        root
    })
    .await;
    let shown = root
        .get(&format!("/admin/entitlements/grants/?master_pkey={key_hex}"))
        .await
        .json();
    assert_eq!(shown["grants"][0]["status"], "expired");
}

#[actix_web::test]
async fn a_grant_asked_for_again_is_given_once() {
    let server = Server::start();
    let client = application(&server);
    let root = administrator(&server, &client).await;
    let key = ProofKey::from_seed(&[1; 32]).public().to_hex();
    let to_key = |wish: &mut Value| wish["master_pkey"] = json!(key);
    let answers = join_all((0..20).map(|_| give(&root, "o", to_key))).await;
    let mut new = 0;
    for answer in &answers {
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.json()["expires_at"], answers[0].json()["expires_at"]);
        new += u32::from(answer.json()["repeated"] == false);
    }
    assert_eq!(new, 1);
    // Later, too; and something else under the same name is refused.
    server.clock.advance(Duration::from_mins(5));
    assert_eq!(give(&root, "o", to_key).await.json()["repeated"], true);
    let another = ProofKey::from_seed(&[2; 32]).public().to_hex();
    let changes: [&dyn Fn(&mut Value); 3] = [
        &|wish| wish["plan"] = json!("1M"),
        &|wish| wish["days"] = json!(1),
        &|wish| wish["master_pkey"] = json!(another),
    ];
    for change in changes {
        let answer = give(&root, "o", |wish| {
            to_key(wish);
            change(wish);
        })
        .await;
        assert_eq!((answer.status, answer.problem().as_str()), (409, "conflict"));
    }
    let (store, _) = server.store().await;
    let rows = store
        .query(&countersign::db::Statement::new("SELECT id FROM entitlement_payments"))
        .await;
    assert_eq!(rows.expect("reads").len(), 1);
}

#[actix_web::test]
async fn grants_come_by_pages() {
    let server = Server::start();
    let client = application(&server);
    let root = administrator(&server, &client).await;
    let key = ProofKey::from_seed(&[1; 32]).public().to_hex();
    for order in ["1", "2", "3"] {
        assert_eq!(
            give(&root, order, |wish| wish["master_pkey"] = json!(key)).await.status,
            200
        );
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = root
            .get(&format!(
                "/admin/entitlements/grants/?master_pkey={key}&limit=2{cursor}"
            ))
            .await
            .json();
        let grants = page["grants"].as_array().expect("a list").clone();
        seen.extend(
            grants
                .iter()
                .map(|grant| grant["order_id"].as_str().expect("a name").to_owned()),
        );
        match page["next"].as_i64() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, ["3", "2", "1"]);
}

#[actix_web::test]
async fn what_is_wrong_with_a_grant_is_said_by_field_and_nothing_is_written() {
    let server = Server::start();
    let client = application(&server);
    let root = administrator(&server, &client).await;
    let key = ProofKey::from_seed(&[1; 32]).public().to_hex();
    let nobody = "ffffffff-ffff-4fff-bfff-ffffffffffff";
    let cases: [(Value, u16, &str); 10] = [
        (json!({ "plan": "3M", "master_pkey": key }), 400, "order_id"),
        (
            json!({ "order_id": "a b", "plan": "3M", "master_pkey": key }),
            400,
            "order_id",
        ),
        (
            json!({ "order_id": "a", "plan": "2M", "master_pkey": key }),
            400,
            "plan",
        ),
        (
            json!({ "order_id": "a", "plan": "3M", "days": 0, "master_pkey": key }),
            400,
            "days",
        ),
        (
            json!({ "order_id": "a", "plan": "3M", "days": 3651, "master_pkey": key }),
            400,
            "days",
        ),
        (
            json!({ "order_id": "a", "plan": "3M", "master_pkey": "00" }),
            400,
            "master_pkey",
        ),
        (
            json!({ "order_id": "a", "plan": "3M", "master_pkey": "0".repeat(64) }),
            400,
            "master_pkey",
        ),
        (json!({ "order_id": "a", "plan": "3M" }), 400, "master_pkey"),
        (
            json!({ "order_id": "a", "plan": "3M", "master_pkey": key, "account_id": nobody }),
            400,
            "master_pkey",
        ),
        (json!({ "order_id": "a", "plan": "3M", "account_id": nobody }), 404, ""),
    ];
    for (wish, status, field) in cases {
        let answer = root.post("/admin/entitlements/grant/", &wish).await;
        assert_eq!(answer.status, status, "{wish}: {}", answer.text);
        assert_eq!(
            answer.json()["field"].as_str().unwrap_or_default(),
            field,
            "{wish}: {}",
            answer.text
        );
    }
    for query in [
        "",
        "master_pkey=00",
        "account_id=x",
        "master_pkey=00&limit=0",
        "other=1",
    ] {
        let status = root.get(&format!("/admin/entitlements/grants/?{query}")).await.status;
        assert!([400, 404].contains(&status), "{query}: {status}");
    }
    let (store, _) = server.store().await;
    let rows = store
        .query(&countersign::db::Statement::new("SELECT id FROM entitlement_payments"))
        .await;
    assert!(rows.expect("reads").is_empty());
}
