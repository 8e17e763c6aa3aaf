//! Keys are rotated by command while two servers sign: whoever checks a token with the keys that the other server
//! publishes, or published when they were fetched last, finds the one that signed it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey};
use serde_json::{Value, json};

use super::House;
use super::house::until;
use super::shared::sign_up;
use crate::kill::on_this_thread;
use crate::support::{Browser, Log, REDIRECT_URI, Wire, header};

/// How long applications may keep a key set, and the time in which a new key is published before it signs.
const CACHE: Duration = Duration::from_secs(2);

/// Its access tokens are signed as all are, its ID tokens by RS256.
const CLIENT: &str = "relying-party";

/// A key set, as somebody has fetched it.
struct Fetched {
    at: Instant,
    keys: BTreeMap<String, Value>,
}

impl Fetched {
    async fn from(wire: &Wire<'_>) -> Self {
        let at = Instant::now();
        let answer = Browser::default().get(wire, "/.well-known/jwks.json").await;
        let set = answer.expect("an answer").json();
        let keys = set["keys"].as_array().expect("keys").iter();
        let kid = |key: &Value| key["kid"].as_str().expect("a kid").to_owned();
        Self {
            at,
            keys: keys.map(|key| (kid(key), key.clone())).collect(),
        }
    }

    /// Whether the key that signed is there and the signature its own.
    fn verifies(&self, token: &str) -> bool {
        let header = header(token);
        let Some(key) = self.keys.get(header["kid"].as_str().expect("a kid")) else {
            return false;
        };
        let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text).expect("base64url");
        let part = |name: &str| bytes(key[name].as_str().expect("a part of a key"));
        let (message, signature) = token.rsplit_once('.').expect("a signature");
        let signature = bytes(signature);
        match header["alg"].as_str().expect("an algorithm") {
            "EdDSA" => UnparsedPublicKey::new(&ED25519, part("x")).verify(message.as_bytes(), &signature),
            "RS256" => RsaPublicKeyComponents {
                n: part("n"),
                e: part("e"),
            }
            .verify(&RSA_PKCS1_2048_8192_SHA256, message.as_bytes(), &signature),
            other => panic!("{other} was not asked for"),
        }
        .is_ok()
    }
}

/// What was seen while keys changed.
struct Seen {
    began: Instant,
    is_over: AtomicBool,
    /// Whether key sets that were fetched some time ago are tried too: they are not when a key is withdrawn.
    is_withdrawing: AtomicBool,
    verified: AtomicUsize,
    failures: Mutex<Vec<String>>,
    /// The last key that each server used, by algorithm.
    last: Mutex<BTreeMap<(usize, String), String>>,
}

impl Seen {
    fn new() -> Self {
        Self {
            began: Instant::now(),
            is_over: AtomicBool::new(false),
            is_withdrawing: AtomicBool::new(false),
            verified: AtomicUsize::new(0),
            failures: Mutex::default(),
            last: Mutex::default(),
        }
    }

    fn check(&self, who: &str, keys: &Fetched, token: &str) {
        if keys.verifies(token) {
            self.verified.fetch_add(1, Ordering::SeqCst);
        } else {
            let (header, age) = (header(token), keys.at.elapsed());
            let known: Vec<_> = keys.keys.keys().collect();
            self.failures.lock().unwrap().push(format!(
                "{:?}: {who}: {header} is not among {known:?}, fetched {age:?} ago",
                self.began.elapsed()
            ));
        }
    }

    /// The keys that sign now, if both servers sign with the same.
    fn agreed(&self) -> Option<BTreeSet<String>> {
        let last = self.last.lock().unwrap();
        let of = |server: usize| -> BTreeSet<String> {
            let own = last.iter().filter(|((number, _), _)| *number == server);
            own.map(|(_, kid)| kid.clone()).collect()
        };
        let (one, other) = (of(0), of(1));
        (one.len() == 2 && one == other).then_some(one)
    }
}

/// Refreshes at one server all the time, and checks what it gets with the keys of the other.
async fn rely(seen: &Seen, addresses: &[String], server: usize, mut refresh: String) {
    let log = Log::default();
    let (own, other) = (
        Wire::to(&addresses[server], &log),
        Wire::to(&addresses[1 - server], &log),
    );
    let mut cached = Fetched::from(&other).await;
    while !seen.is_over.load(Ordering::SeqCst) {
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", &refresh),
            ("client_id", CLIENT),
        ];
        // Whoever lets a key set get older than it may has to fetch it before the token is there.
        if cached.at.elapsed() > CACHE * 3 / 4 {
            cached = Fetched::from(&other).await;
        }
        let answer = own.send(own.filled("/oauth/token/", &form)).await.expect("an answer");
        assert_eq!(answer.status, 200, "{answer:?}");
        let tokens = answer.json();
        let text = |name: &str| tokens[name].as_str().expect("a token").to_owned();
        let is_fresh_enough = cached.at.elapsed() < CACHE && !seen.is_withdrawing.load(Ordering::SeqCst);
        let fetched = Fetched::from(&other).await;
        for token in [text("access_token"), text("id_token")] {
            let header = header(&token);
            let name = |member: &str| header[member].as_str().expect("text").to_owned();
            seen.last.lock().unwrap().insert((server, name("alg")), name("kid"));
            seen.check("at once", &fetched, &token);
            if is_fresh_enough {
                seen.check("from a cache", &cached, &token);
            }
        }
        refresh = text("refresh_token");
    }
}

/// A refresh token for each server.
fn signed_in(house: &House, addresses: &[String]) -> Vec<String> {
    let log = Log::default();
    on_this_thread(async {
        let wire = Wire::among(addresses, &log);
        sign_up(house, &wire, "ada@example.org").await;
        let mut browser = Browser::default();
        assert_eq!(browser.log_in(&wire, "ada@example.org", "a password").await, Some(true));
        let mut tokens = Vec::new();
        for _ in addresses {
            let answer = browser.authorize_for(&wire, CLIENT, "openid offline_access").await;
            let code = answer.and_then(|answer| answer.code()).expect("a code");
            let answer = wire.redeem_for(CLIENT, &code).await.expect("an answer");
            let refresh = answer.json()["refresh_token"].as_str().expect("a token").to_owned();
            tokens.push(refresh);
        }
        tokens
    })
}

#[test]
fn f10_each_server_verifies_what_the_other_signs_while_keys_are_rotated_by_command() {
    let mut house = House::empty();
    house.register(&json!({
        "client_id": CLIENT, "token_endpoint_auth_method": "none", "redirect_uris": [REDIRECT_URI],
        "grant_types": ["authorization_code", "refresh_token"], "first_party": true,
        "id_token_signed_response_alg": "RS256",
    }));
    let seconds = format!("{}s", CACHE.as_secs());
    house.tell("COUNTERSIGN_DEFINE__KEYS__JWKS_CACHE", &seconds);
    house.tell("COUNTERSIGN_DEFINE__KEYS__PUBLISH_AHEAD", &seconds);
    house.add(2);
    let addresses = house.addresses();
    let refreshes = signed_in(&house, &addresses);
    let seen = Seen::new();
    let all = std::thread::scope(|scope| {
        for (server, refresh) in refreshes.into_iter().enumerate() {
            let (seen, addresses) = (&seen, &addresses);
            scope.spawn(move || on_this_thread(rely(seen, addresses, server, refresh)));
        }
        let steps = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| rotate_all(&house, &seen)));
        seen.is_over.store(true, Ordering::SeqCst);
        steps.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    });
    let failures = seen.failures.lock().unwrap();
    assert!(
        failures.is_empty(),
        "{} failures, first {:#?}",
        failures.len(),
        failures.first()
    );
    let verified = seen.verified.load(Ordering::SeqCst);
    assert!(verified > 200, "{verified}");
    println!("{verified} verifications, none failed; {} keys signed", all.len());
}

/// One rotation in good order and one after a compromise; every key that signed.
fn rotate_all(house: &House, seen: &Seen) -> BTreeSet<String> {
    let changed = |before: &BTreeSet<String>| {
        let mut now = BTreeSet::new();
        until(Duration::from_mins(1), "both sign with the new keys", || {
            now = seen.agreed().unwrap_or_default();
            now.len() == 2 && now.is_disjoint(before)
        });
        now
    };
    let first = changed(&BTreeSet::new());
    for purpose in ["EdDSA", "RS256"] {
        house.command(&["keys", "rotate", "--purpose", purpose]);
    }
    let second = changed(&first);
    seen.is_withdrawing.store(true, Ordering::SeqCst);
    for purpose in ["EdDSA", "RS256"] {
        house.command(&["keys", "rotate", "--purpose", purpose, "--now"]);
        println!("{:?}: the older keys for {purpose} are withdrawn", seen.began.elapsed());
    }
    let third = changed(&second);
    let all: BTreeSet<String> = first.into_iter().chain(second).chain(third).collect();
    assert_eq!(all.len(), 6);
    all
}
