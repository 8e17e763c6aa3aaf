//! `request_validation.json`: one request for each thing that can be wrong.

use std::time::Duration;

use super::*;
use crate::db::Statement;
use crate::domain::entitlement::vectors::{file, number, text, time};

#[actix_rt::test]
async fn every_wrong_request_is_answered_as_clients_expect_and_nothing_is_written() {
    let vectors = file("request_validation.json");
    let house = House::start(true).await;
    house.process.clock.set_wall(time(&vectors["clock_unix_ts_ms"]));
    let mut failures = Vec::new();
    let cases = vectors["cases"].as_array().expect("cases");
    assert_eq!(cases.len(), 498);
    for case in cases {
        let body = match case["body_hex"].as_str() {
            Some(bytes) => hex::decode(bytes).expect("hexadecimal"),
            None => text(&case["body"]).into_bytes(),
        };
        let (http, json) = house
            .ask(Inner {
                method: case["method"].as_str().expect("a method"),
                endpoint: case["path"].as_str().expect("a path"),
                content_type: case["content_type"].as_str(),
                body: &body,
            })
            .await;
        let status = json.as_ref().and_then(|json| json["status"].as_u64());
        let as_wanted = u64::from(http) == number(&case["http"])
            && status == case["status"].as_u64()
            && (case["result"].is_null() || json.as_ref().is_some_and(|json| json["result"] == case["result"]));
        let refused = http == 200 && matches!(status, Some(1 | 2));
        let right = match case["class"].as_str() {
            Some("core") => as_wanted,
            Some("quirk") => as_wanted || refused,
            _ => refused,
        };
        let named = status == Some(0)
            || json
                .as_ref()
                .is_none_or(|json| json["errors"].as_array().is_some_and(|errors| !errors.is_empty()));
        if !right || !named {
            failures.push(format!("{} {}: {http} {json:?}", case["path"], case["name"]));
        }
    }
    assert!(failures.is_empty(), "{}\n{}", failures.len(), failures.join("\n"));
    let written = house
        .process
        .store
        .rows("SELECT id FROM entitlement_payments")
        .await
        .len()
        + house
            .process
            .store
            .rows("SELECT gen_index FROM entitlement_users")
            .await
            .len();
    assert_eq!(written, 0);
}

#[actix_rt::test]
async fn an_error_list_names_every_wrong_field() {
    let house = House::start(false).await;
    let (_, json) = house.post("/add_pro_payment", &serde_json::json!({})).await;
    let errors = json.expect("JSON")["errors"].to_string();
    for field in [
        "version",
        "master_pkey",
        "rotating_pkey",
        "master_sig",
        "rotating_sig",
        "payment_tx",
        "payment_tx.provider",
    ] {
        assert!(errors.contains(&format!("{field} is missing")), "{field} {errors}");
    }
}

#[actix_rt::test]
async fn a_body_beyond_a_mebibyte_is_refused_and_one_below_is_read() {
    let house = House::start(false).await;
    for (length, status) in [(dispatch::MAX_BODY, 0), (dispatch::MAX_BODY + 1, 2)] {
        let mut body = br#"{"version":0,"ticket":0}"#.to_vec();
        body.resize(length, b' ');
        let request = Inner {
            method: "POST",
            endpoint: "/get_pro_revocations",
            content_type: None,
            body: &body,
        };
        let (http, json) = house.ask(request).await;
        assert_eq!((http, json.expect("JSON")["status"].as_u64()), (200, Some(status)));
    }
}

#[actix_rt::test]
async fn other_methods_and_paths_are_none() {
    let house = House::start(false).await;
    for (method, endpoint, wanted) in [
        ("OPTIONS", "/get_pro_revocations", 200),
        ("HEAD", "/get_pro_revocations", 405),
        ("GET", "/get_pro_revocations?x=1", 405),
        ("POST", "/get_pro_revocations/", 404),
        ("POST", "/oxen/v4/lsrpc", 404),
        ("POST", "/apple_notifications_v2", 404),
        ("POST", "", 404),
    ] {
        let request = Inner {
            method,
            endpoint,
            content_type: None,
            body: b"",
        };
        assert_eq!(house.ask(request).await.0, wanted, "{method} {endpoint}");
    }
    let query = house
        .post(
            "/get_pro_revocations?x=1",
            &serde_json::json!({ "version": 0, "ticket": 0 }),
        )
        .await;
    assert_eq!(query.0, 200);
    assert_eq!(query.1.expect("JSON")["status"], 0);
}

#[actix_rt::test]
async fn an_up_to_date_client_is_answered_without_ledger_and_database() {
    let house = House::start(false).await;
    let ask = serde_json::json!({ "version": 0, "ticket": 0 });
    assert_eq!(house.post("/get_pro_revocations", &ask).await.0, 200);

    // Nobody is behind it any more.
    assert!(house.process.ledger.close(Duration::from_secs(5)).await);
    let gone = Statement::new("ALTER TABLE entitlement_runtime RENAME TO gone");
    house.process.store.writes.execute(gone).await.expect("is gone");
    let (http, json) = house.post("/get_pro_revocations", &ask).await;
    let json = json.expect("JSON");
    assert_eq!(
        (http, &json["status"], &json["result"]["ticket"]),
        (200, &0.into(), &0.into())
    );

    // What has not been looked at for a second is not believed.
    house.process.clock.pass(Duration::from_millis(1001));
    let (http, json) = house.post("/get_pro_revocations", &ask).await;
    assert_eq!((http, json.expect("JSON")["status"].as_u64()), (503, Some(1)));
}
