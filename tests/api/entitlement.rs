//! Entitlements over HTTP: everything that can be wrong with a request, a person's way from the payment to the proof, and
//! what a server does when it is full or has no such job.

use std::collections::BTreeSet;
use std::time::Duration;

use countersign::app::{self, RunError};
use countersign::config::{Config, Job};
use countersign::db::store::Migrate;
use countersign::db::{Statement, Store};
use countersign::domain::entitlement::hash;
use countersign::domain::entitlement::ids::ClaimIds;
use countersign::domain::entitlement::key::{DEV_SEED, ProofKey, PublicKey};
use countersign::domain::entitlement::proof::{Proof, SignedProof};
use countersign::domain::vault::Vault;
use countersign::system::SystemRandom;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::MASTER_KEY;
use crate::support::entitlement::{Frozen, House};

/// A client: the keys of a person and of a device.
struct Person {
    master: ProofKey,
    rotating: ProofKey,
}

impl Person {
    fn new(seed: u8) -> Self {
        let key = |seed| ProofKey::from_seed(&[seed; 32]);
        Self {
            master: key(seed),
            rotating: key(seed + 100),
        }
    }

    fn claim(&self, token: &str, order: &str) -> Value {
        let ids = ClaimIds::Google {
            token: token.to_owned(),
            order: order.to_owned(),
        };
        let (master, rotating) = (self.master.public(), self.rotating.public());
        let hash = hash::add_payment(0, master, rotating, &ids);
        json!({
            "version": 0,
            "master_pkey": master.to_hex(),
            "rotating_pkey": rotating.to_hex(),
            "master_sig": hex::encode(self.master.sign(&hash)),
            "rotating_sig": hex::encode(self.rotating.sign(&hash)),
            "payment_tx": { "provider": 1, "google_payment_token": token, "google_order_id": order },
        })
    }

    fn prove(&self, now: u64) -> Value {
        let (master, rotating) = (self.master.public(), self.rotating.public());
        let hash = hash::generate_proof(0, master, rotating, now);
        json!({
            "version": 0,
            "master_pkey": master.to_hex(),
            "rotating_pkey": rotating.to_hex(),
            "unix_ts_ms": now,
            "master_sig": hex::encode(self.master.sign(&hash)),
            "rotating_sig": hex::encode(self.rotating.sign(&hash)),
        })
    }

    fn details(&self, now: u64, count: u32) -> Value {
        let hash = hash::details(0, self.master.public(), now, count);
        json!({
            "version": 0,
            "master_pkey": self.master.public().to_hex(),
            "master_sig": hex::encode(self.master.sign(&hash)),
            "unix_ts_ms": now,
            "count": count,
        })
    }
}

fn bytes<const N: usize>(value: &Value) -> [u8; N] {
    let bytes = hex::decode(value.as_str().expect("a text")).expect("hexadecimal");
    bytes.try_into().expect("the right length")
}

/// A proof as any verifier reads it.
fn read_proof(answer: &Value) -> SignedProof {
    let result = &answer["result"];
    SignedProof {
        proof: Proof {
            gen_index_hash: bytes(&result["gen_index_hash"]),
            rotating: PublicKey::from_bytes(bytes(&result["rotating_pkey"])),
            expiry_unix_ts_ms: result["expiry_unix_ts_ms"].as_u64().expect("a number"),
        },
        signature: bytes(&result["sig"]),
    }
}

#[tokio::test]
async fn every_wrong_request_is_answered_over_http_as_clients_expect() {
    let text = include_str!("../vectors/entitlement/request_validation.json");
    let vectors: Value = serde_json::from_str(text).expect("JSON");
    let clock = Frozen::at(vectors["clock_unix_ts_ms"].as_i64().expect("a moment"));
    let house = House::start(clock, |config| config.define.jobs = vec![Job::Entitlements]);
    let mut failures = Vec::new();
    for case in vectors["cases"].as_array().expect("cases") {
        let body = match case["body_hex"].as_str() {
            Some(text) => hex::decode(text).expect("hexadecimal"),
            None => case["body"].as_str().expect("a body").as_bytes().to_vec(),
        };
        let method = case["method"].as_str().expect("a method").parse().expect("a method");
        let mut request = house
            .http
            .request(method, house.url(case["path"].as_str().expect("a path")));
        if let Some(kind) = case["content_type"].as_str() {
            request = request.header("content-type", kind);
        }
        let response = request.body(body).send().await.expect("an answer");
        let http = u64::from(response.status().as_u16());
        let json: Option<Value> = response.json().await.ok();
        let status = json.as_ref().and_then(|json| json["status"].as_u64());
        let refused = http == 200 && matches!(status, Some(1 | 2));
        let wanted_status = case["status"].as_u64();
        let as_wanted = Some(http) == case["http"].as_u64() && (wanted_status.is_none() || status == wanted_status);
        let right = match case["class"].as_str() {
            Some("core") => as_wanted,
            Some("quirk") => as_wanted || refused,
            _ => refused,
        };
        if !right {
            failures.push(format!("{} {}: {http} {json:?}", case["path"], case["name"]));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[tokio::test]
async fn a_payment_becomes_proofs_that_anybody_can_check() {
    let house = House::start(Frozen::at(1_767_258_000_000), |_| {});
    let (ada, eve, now) = (Person::new(1), Person::new(2), 1_767_258_000_000);
    let server = *ProofKey::from_seed(&DEV_SEED).public();

    let (status, nothing) = house.post("/generate_pro_proof", &ada.prove(now)).await;
    assert_eq!((status, &nothing["status"]), (200, &json!(1)));
    let (_, details) = house.post("/get_pro_details", &ada.details(now, 10)).await;
    assert_eq!(details["result"]["status"], 0);

    let mut claim = ada.claim("token", "DEV.1");
    claim["dev_duration_ms"] = json!(40 * 86_400_000_i64);
    let (_, first) = house.post("/add_pro_payment", &claim).await;
    assert_eq!(first["status"], 0, "{first}");
    assert!(read_proof(&first).is_signed_by(&server));
    let (_, again) = house.post("/add_pro_payment", &claim).await;
    assert_eq!(again["status"], 100);
    let (_, foreign) = house.post("/add_pro_payment", &eve.claim("token", "DEV.1")).await;
    assert_eq!(foreign["status"], 101);

    let (_, second) = house.post("/generate_pro_proof", &ada.prove(now)).await;
    let proof = read_proof(&second);
    assert!(proof.is_signed_by(&server));
    assert_eq!(proof.proof.rotating, *ada.rotating.public());
    assert_eq!(proof.proof.gen_index_hash, read_proof(&first).proof.gen_index_hash);
    let (_, details) = house.post("/get_pro_details", &ada.details(now, 10)).await;
    assert_eq!(details["result"]["status"], 1);
    assert_eq!(details["result"]["items"][0]["google_order_id"], "DEV.1");
}

#[tokio::test]
async fn the_list_comes_packed_or_plain_and_an_up_to_date_client_gets_none() {
    let house = House::start(Frozen::at(1_767_258_000_000), |_| {});
    let insert = "INSERT INTO entitlement_revocations (gen_index, created_at, expires_at) \
                  VALUES (0, 1767258000000, 1777777777777)";
    house.write(Statement::new(insert));
    house.write(Statement::new("UPDATE entitlement_runtime SET revocation_ticket = 1"));
    let body = json!({ "version": 0, "ticket": 0 });
    // What another process wrote is known within a second.
    let plain = house.until_ticket(&body, 1).await;
    assert_eq!(plain["result"]["items"].as_array().expect("items").len(), 1);
    let request = house.http.post(house.url("/get_pro_revocations")).json(&body);
    let packed = request
        .header("accept-encoding", "gzip")
        .send()
        .await
        .expect("an answer");
    assert_eq!(packed.headers()["content-encoding"], "gzip");
    assert_eq!(packed.headers()["content-type"], "application/json");
    let packed = packed.bytes().await.expect("a body");
    let unpacked: Value = serde_json::from_reader(flate2::read::GzDecoder::new(packed.as_ref())).expect("packed JSON");
    assert_eq!(unpacked, plain);
    for ticket in [
        json!(1),
        json!(2),
        serde_json::from_str(&"9".repeat(18)).expect("a number"),
    ] {
        let (_, nothing) = house
            .post("/get_pro_revocations", &json!({ "version": 0, "ticket": ticket }))
            .await;
        assert_eq!(nothing["result"]["items"], json!([]));
        assert_eq!(nothing["result"]["ticket"], 1);
    }
}

#[tokio::test]
async fn a_body_that_is_too_long_gets_its_answer() {
    let house = House::start(Frozen::at(1_767_258_000_000), |_| {});
    for length in [1024 * 1024 + 1, 3 * 1024 * 1024] {
        let request = house
            .http
            .post(house.url("/get_pro_revocations"))
            .body(vec![b' '; length]);
        let response = request.send().await.expect("an answer");
        assert_eq!(response.status(), 200);
        let json: Value = response.json().await.expect("JSON");
        assert_eq!(json["status"], 2);
    }
    // Longer still, and chunked: an answer or the end of the connection, and the server lives.
    let _ = house
        .http
        .post(house.url("/get_pro_revocations"))
        .body(vec![b' '; 30 * 1024 * 1024])
        .send()
        .await;
    let (status, _) = house
        .post("/get_pro_revocations", &json!({ "version": 0, "ticket": 0 }))
        .await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn a_ledger_that_is_full_says_so_in_the_envelope() {
    let house = House::start(Frozen::at(1_767_258_000_000), |config| config.actors.ledger = 1);
    let ada = Person::new(1);
    let requests = (0..200).map(|index| {
        let claim = ada.claim("token", &format!("DEV.{index}"));
        let request = house.http.post(house.url("/add_pro_payment")).json(&claim);
        async move {
            let response = request.send().await.expect("an answer");
            let (status, retry) = (
                response.status().as_u16(),
                response.headers().contains_key("retry-after"),
            );
            let json: Value = response.json().await.expect("JSON");
            (
                status,
                retry,
                json["status"].as_u64().expect("a number"),
                json["errors"].is_array(),
            )
        }
    });
    let answers = join_all(requests).await;
    let served = answers.iter().filter(|answer| answer.0 == 200).count();
    let refused = answers.iter().filter(|answer| **answer == (503, true, 1, true)).count();
    assert!(
        served > 0 && refused > 0 && served + refused == answers.len(),
        "{served} {refused}"
    );
}

#[tokio::test]
async fn a_hundred_claims_of_one_payment_over_http_give_one_success() {
    let house = House::start(Frozen::at(1_767_258_000_000), |_| {});
    let claim = Person::new(1).claim("token", "DEV.1");
    let answers = join_all((0..100).map(|_| house.post("/add_pro_payment", &claim))).await;
    let count = |status: u64| answers.iter().filter(|(_, json)| json["status"] == status).count();
    assert_eq!((count(0), count(100)), (1, 99));
}

#[tokio::test]
async fn a_job_that_is_left_out_has_no_routes() {
    let house = House::start(Frozen::at(1_767_258_000_000), |config| {
        config.define.jobs = vec![Job::Identity];
    });
    assert_eq!(
        house
            .post("/get_pro_revocations", &json!({ "version": 0, "ticket": 0 }))
            .await
            .0,
        404
    );
    assert_eq!(house.get("/login/").await, 200);
    let house = House::start(Frozen::at(1_767_258_000_000), |config| {
        config.define.jobs = vec![Job::Entitlements];
    });
    assert_eq!(house.get("/login/").await, 404);
    assert_eq!(house.get("/.well-known/openid-configuration").await, 404);
    assert_eq!(house.get("/healthz").await, 200);
}

#[tokio::test]
async fn entitlements_alone_have_no_actors_keys_or_secrets_of_sign_in() {
    let house = House::start(Frozen::at(1_767_258_000_000), |config| {
        config.define.jobs = vec![Job::Entitlements];
    });
    let ready: Value = house.json("/readyz").await;
    assert_eq!(ready["status"], "ready", "{ready}");
    let parts = ready["parts"].as_object().expect("parts");
    let parts: BTreeSet<&str> = parts.keys().map(String::as_str).collect();
    let wanted = ["accepting", "database", "key_value", "ledger", "sweeper", "writer"];
    assert_eq!(parts, wanted.into());
    let metrics = house.text("/metrics").await;
    for (actor, there) in [
        ("ledger", true),
        ("writer", true),
        ("login", false),
        ("grants", false),
        ("key_ring", false),
        ("mailer", false),
        ("notifier", false),
        ("members", false),
        ("linking", false),
    ] {
        let line = format!("countersign_actor_well{{actor=\"{actor}\"}}");
        assert_eq!(metrics.contains(&line), there, "{actor}");
    }
    for path in [
        "/",
        "/login/",
        "/.well-known/jwks.json",
        "/account/entitlements/",
        "/admin/entitlements/grants/",
    ] {
        assert_eq!(house.get(path).await, 404, "{path}");
    }
    let claim = Person::new(1).claim("token", "DEV.1");
    assert_eq!(house.post("/add_pro_payment", &claim).await.1["status"], 0);

    let folder = house.stop();
    let database = rusqlite::Connection::open(folder.path().join("countersign.db")).expect("opens");
    let names = |sql: &str| -> Vec<String> {
        let mut statement = database.prepare(sql).expect("SQL");
        let rows = statement.query_map([], |row| row.get(0)).expect("rows");
        rows.map(|row| row.expect("a name")).collect()
    };
    assert_eq!(
        names("SELECT name FROM secrets ORDER BY name"),
        ["generation_salt", "proof_key"]
    );
    assert_eq!(names("SELECT kid FROM rotating_keys"), [] as [&str; 0]);
}

#[tokio::test]
async fn a_ledger_is_the_same_after_a_restart() {
    let clock = || Frozen::at(1_767_258_000_000);
    let house = House::start(clock(), |_| {});
    let claim = Person::new(1).claim("token", "DEV.1");
    let (_, first) = house.post("/add_pro_payment", &claim).await;
    let house = House::start_in(house.stop(), clock(), |_| {});
    let (_, second) = house
        .post("/generate_pro_proof", &Person::new(1).prove(1_767_258_000_000))
        .await;
    assert_eq!(
        read_proof(&second).proof.gen_index_hash,
        read_proof(&first).proof.gen_index_hash
    );
}

#[actix_web::rt::test]
async fn a_production_server_refuses_the_key_that_everybody_knows() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite:{}", folder.path().join("countersign.db").display());
    let key = hex::encode(MASTER_KEY);
    let env = [
        ("COUNTERSIGN_MASTER_KEY", key.as_str()),
        ("COUNTERSIGN_DEFINE__ISSUER", "https://id.example.org"),
        ("COUNTERSIGN_DEFINE__JOBS", "identity,entitlements"),
        ("COUNTERSIGN_MAIL__FROM", "no-reply@example.org"),
        ("COUNTERSIGN_MAIL__URL", "smtps://mail.example.org"),
        ("COUNTERSIGN_DATABASE_URL", url.as_str()),
        ("COUNTERSIGN_LISTEN", "127.0.0.1:0"),
    ];
    let config = Config::load(None, env).expect("a configuration");
    let now = countersign::domain::clock::Timestamp::from_millis(0);
    let opened = Store::open(&config.database_url, config.postgres, config.mode, Migrate::Up, now).await;
    let (_, mut connection) = opened.expect("the database opens");
    let vault = Vault::new(&MASTER_KEY);
    let setup = countersign::actors::ledger::setup::make;
    let made = setup(&mut connection, &vault, &SystemRandom, &DEV_SEED, &[1; 16], now).await;
    made.expect("makes the ledger");
    let ended = tokio::time::timeout(Duration::from_mins(1), app::run(config, async |_| Ok(()))).await;
    let error = ended.expect("ends at once").expect_err("is refused");
    assert!(
        matches!(&error, RunError::Operator(text) if text.contains("everybody knows")),
        "{error}"
    );
}
