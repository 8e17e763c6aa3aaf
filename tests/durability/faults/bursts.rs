//! A hundred at once, spread over two servers, at what applications use once: device codes, pushed requests, assertions and
//! proofs of a key.

use futures_util::future::join_all;
use serde_json::json;

use super::House;
use super::once::{TASKS, at_once};
use super::shared::sign_up;
use crate::kill::on_this_thread;
use crate::support::{Answer, Browser, CLIENT, Log, REDIRECT_URI, Signer, Wire};

const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const TOKEN: &str = "/oauth/token/";
const PAR: &str = "/oauth/par/";

/// How often each kind is tried.
const ROUNDS: usize = 3;

/// Two servers that know a device and an application with a key of its own.
fn house(key: &Signer) -> House {
    let mut house = House::empty();
    house.register(&json!([
        {
            "client_id": "television", "client_name": "Television", "token_endpoint_auth_method": "none",
            "grant_types": [DEVICE_GRANT, "refresh_token"],
        },
        {
            "client_id": "robot", "token_endpoint_auth_method": "private_key_jwt", "jwks": { "keys": [key.jwk()] },
            "grant_types": ["authorization_code", "client_credentials"], "redirect_uris": [REDIRECT_URI],
            "scope": "openid jobs",
        },
    ]));
    house.add(2);
    house
}

#[test]
fn dv_04_par_03_tk_12b_what_applications_use_once_is_used_once_among_two_servers() {
    let key = Signer::new();
    let house = house(&key);
    let addresses = house.addresses();
    let log = Log::default();
    on_this_thread(async {
        let wire = Wire::among(&addresses, &log);
        sign_up(&house, &wire, "ada@example.org").await;
        let mut browser = Browser::default();
        assert_eq!(browser.log_in(&wire, "ada@example.org", "a password").await, Some(true));
        for _ in 0..ROUNDS {
            device_codes(&wire, &mut browser).await;
            pushed_requests(&wire, &browser).await;
            assertions(&wire, &key).await;
            proofs(&wire, &key).await;
        }
    });
    let families = house.folder.rows("SELECT client_id FROM families ORDER BY id");
    let of = |client: &str| {
        families
            .iter()
            .filter(|row| row.text(0).expect("text") == client)
            .count()
    };
    assert_eq!((of("television"), of(CLIENT)), (ROUNDS, ROUNDS));
}

async fn posted(wire: &Wire<'_>, path: &str, form: &[(&str, &str)]) -> Answer {
    wire.send(wire.filled(path, form)).await.expect("an answer")
}

/// One device code gives tokens once.
async fn device_codes(wire: &Wire<'_>, browser: &mut Browser) {
    let form = [("client_id", "television"), ("scope", "openid email offline_access")];
    let begun = posted(wire, "/oauth/device/", &form).await.json();
    let decision = json!({ "user_code": begun["user_code"], "decision": "allow" });
    let decided = browser.post(wire, "/oauth/device/decide/", &decision).await;
    assert_eq!(decided.expect("an answer").status, 200);
    let code = begun["device_code"].as_str().expect("a code");
    let form = [
        ("grant_type", DEVICE_GRANT),
        ("device_code", code),
        ("client_id", "television"),
    ];
    let good = at_once(|| async { Some(posted(wire, TOKEN, &form).await) }).await;
    assert_eq!(good.len(), 1, "one success for a device");
    let access = good[0].json()["access_token"].as_str().expect("a token").to_owned();
    assert_eq!(wire.userinfo(&access).await.expect("an answer").status, 200);
}

/// One pushed request gives one code.
async fn pushed_requests(wire: &Wire<'_>, browser: &Browser) {
    let form = [
        ("client_id", CLIENT),
        ("redirect_uri", REDIRECT_URI),
        ("response_type", "code"),
        ("scope", "openid email"),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256"),
    ];
    let pushed = posted(wire, PAR, &form).await;
    assert_eq!(pushed.status, 201, "{pushed:?}");
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", CLIENT)
        .append_pair("request_uri", pushed.json()["request_uri"].as_str().expect("one"))
        .finish();
    let path = format!("/oauth/authorize/?{query}");
    let answers = join_all((0..TASKS).map(|_| {
        let (mut browser, path) = (browser.clone(), &path);
        async move { browser.get(wire, path).await.expect("an answer") }
    }))
    .await;
    let codes: Vec<String> = answers.iter().filter_map(Answer::code).collect();
    let refused = answers.iter().filter(|answer| answer.status == 400).count();
    assert_eq!((codes.len(), refused), (1, TASKS - 1));
    assert_eq!(wire.redeem(&codes[0]).await.expect("an answer").status, 200);
}

/// An assertion proves its client once, at whatever endpoint.
async fn assertions(wire: &Wire<'_>, key: &Signer) {
    let assertion = key.assertion("robot");
    let proven = [("client_assertion_type", ASSERTION), ("client_assertion", &assertion)];
    let good = at_once(|| async {
        let form = [&proven[..], &[("grant_type", "client_credentials"), ("scope", "jobs")]].concat();
        Some(posted(wire, TOKEN, &form).await)
    })
    .await;
    assert_eq!(good.len(), 1, "one success for an assertion");
    let form = [&proven[..], &[("token", "x")]].concat();
    for path in ["/oauth/introspect/", "/oauth/revoke/", PAR] {
        assert_eq!(posted(wire, path, &form).await.status, 401, "{path}");
    }
}

/// A proof of a key binds one token.
async fn proofs(wire: &Wire<'_>, key: &Signer) {
    let ask = async |proof: &str| {
        let assertion = key.assertion("robot");
        let form = [
            ("client_assertion_type", ASSERTION),
            ("client_assertion", &assertion),
            ("grant_type", "client_credentials"),
            ("scope", "jobs"),
        ];
        let request = wire.filled(TOKEN, &form).header("dpop", proof);
        wire.send(request).await.expect("an answer")
    };
    let first = ask(&key.proof(TOKEN, "none")).await;
    assert_eq!(first.status, 400, "{first:?}");
    let nonce = first.headers["dpop-nonce"].to_str().expect("text");
    let proof = key.proof(TOKEN, nonce);
    let good = at_once(|| async { Some(ask(&proof).await) }).await;
    assert_eq!(good.len(), 1, "one success for a proof");
    assert_eq!(good[0].json()["token_type"], "DPoP");
}
