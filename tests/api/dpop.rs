//! Tokens that are bound to a key (RFC 9449): at the token endpoint, at userinfo, and from the authorization request on.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Answer, Client, Person, Server, Signer, Tokens, VERIFIER};

const TOKEN: &str = "/oauth/token/";
const USERINFO: &str = "/oauth/userinfo/";

/// A POST to the token endpoint or its neighbours with this `DPoP` header.
async fn post(server: &Server, client: &Client, path: &str, form: &[(&str, &str)], proofs: &[&str]) -> Answer {
    let mut body = url::form_urlencoded::Serializer::new(String::new());
    body.extend_pairs(form);
    let mut request = server
        .http
        .post(server.url(path))
        .header("content-type", crate::support::FORM);
    match &client.secret {
        Some(secret) => request = request.basic_auth(&client.id, Some(secret)),
        None => {
            body.append_pair("client_id", &client.id);
        }
    }
    for proof in proofs {
        request = request.header("dpop", *proof);
    }
    server.send(request.body(body.finish())).await
}

/// The form that redeems a code.
fn code_form<'a>(client: &'a Client, code: &'a str) -> [(&'static str, &'a str); 4] {
    [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", &client.redirect_uri),
        ("code_verifier", VERIFIER),
    ]
}

/// A nonce, as the server asks for one.
async fn nonce(server: &Server, client: &Client, key: &Signer) -> String {
    let proof = key.proof(&Signer::proof_claims(server, "POST", TOKEN));
    let answer = post(server, client, TOKEN, &[("grant_type", "refresh_token")], &[&proof]).await;
    assert_eq!(answer.refusal(), (400, "use_dpop_nonce".to_owned()));
    answer.nonce()
}

async fn bound_tokens(server: &Server, client: &Client, person: &mut Person, key: &Signer) -> Tokens {
    let code = client.code(person, &[]).await;
    let proof = key.proof_for(server, TOKEN, &nonce(server, client, key).await);
    let answer = post(server, client, TOKEN, &code_form(client, &code), &[&proof]).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.json()["token_type"], "DPoP");
    answer.nonce();
    Tokens(answer.json())
}

async fn userinfo(server: &Server, authorization: &str, proof: Option<&str>) -> Answer {
    let mut request = server
        .http
        .get(server.url(USERINFO))
        .header("authorization", authorization);
    if let Some(proof) = proof {
        request = request.header("dpop", proof);
    }
    server.send(request).await
}

/// A proof for userinfo with this token.
fn proof_of(server: &Server, key: &Signer, token: &str, nonce: &str) -> Value {
    use sha2::Digest as _;
    let _ = key;
    let mut claims = Signer::proof_claims(server, "GET", USERINFO);
    claims["ath"] = json!(crate::support::jwt::encode(sha2::Sha256::digest(token)));
    claims["nonce"] = json!(nonce);
    claims
}

#[actix_web::test]
async fn dpop_01_a_code_gives_tokens_for_the_key_that_was_proved() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let key = Signer::seeded(1);
    for client in [Client::public(&server), Client::confidential(&server)] {
        let tokens = bound_tokens(&server, &client, &mut person, &key).await;
        let claims = Tokens::claims(tokens.access());
        assert_eq!(claims["cnf"], json!({ "jkt": key.thumbprint() }));
        let plain = client.tokens(&server, &mut person).await;
        assert_eq!(
            (
                plain.0["token_type"].as_str(),
                Tokens::claims(plain.access()).get("cnf")
            ),
            (Some("Bearer"), None)
        );
    }
}

#[actix_web::test]
async fn dpop_01_a_key_may_be_of_each_kind_that_discovery_lists() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::public(&server);
    let document = server.get("/.well-known/openid-configuration").await.json();
    let listed = document["dpop_signing_alg_values_supported"]
        .as_array()
        .expect("a list")
        .clone();
    for algorithm in ["EdDSA", "ES256", "PS256", "RS256"] {
        assert!(listed.contains(&json!(algorithm)), "{algorithm}");
        let key = Signer::new(algorithm);
        let tokens = bound_tokens(&server, &client, &mut person, &key).await;
        assert_eq!(
            Tokens::claims(tokens.access())["cnf"]["jkt"],
            key.thumbprint(),
            "{algorithm}"
        );
    }
}

#[actix_web::test]
async fn dpop_02_a_wrong_proof_is_refused_and_costs_the_code_nothing() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::public(&server);
    let (key, other) = (Signer::seeded(1), Signer::seeded(2));
    let code = client.code(&mut person, &[]).await;
    let nonce = nonce(&server, &client, &key).await;
    let claims = || {
        let mut claims = Signer::proof_claims(&server, "POST", TOKEN);
        claims["nonce"] = json!(nonce);
        claims
    };
    let with = |name: &str, value: Value| {
        let mut claims = claims();
        claims[name] = value;
        key.proof(&claims)
    };
    let headed = |header: Value| key.sign(&header, &claims());
    let now = claims()["iat"].as_i64().expect("a time");
    let right = key.proof(&claims());
    let (message, signature) = right.rsplit_once('.').expect("a signature");
    let zero = crate::support::jwt::encode([0; 64]);
    for (what, proof) in [
        ("rubbish", "x".to_owned()),
        ("dots", "..".to_owned()),
        ("no signature", format!("{message}.")),
        ("zero signature", format!("{message}.{zero}")),
        ("half a signature", format!("{message}.{}", &signature[..40])),
        ("another method", with("htm", json!("GET"))),
        ("another endpoint", with("htu", json!(server.url(USERINFO)))),
        (
            "another server",
            with("htu", json!("https://evil.example/oauth/token/")),
        ),
        ("too old", with("iat", json!(now - 3600))),
        ("from the future", with("iat", json!(now + 3600))),
        ("iat that made others panic", with("iat", json!(i64::MAX))),
        ("iat that made others panic, as a float", with("iat", json!(1e18))),
        ("iat as text", with("iat", json!("now"))),
        ("no jti", with("jti", json!(""))),
        ("ath where there is no token", with("ath", json!("x"))),
        (
            "type of another token",
            headed(json!({ "typ": "JWT", "alg": "EdDSA", "jwk": key.jwk() })),
        ),
        ("no type", headed(json!({ "alg": "EdDSA", "jwk": key.jwk() }))),
        (
            "alg none",
            headed(json!({ "typ": "dpop+jwt", "alg": "none", "jwk": key.jwk() })),
        ),
        (
            "alg HS256",
            headed(json!({ "typ": "dpop+jwt", "alg": "HS256", "jwk": key.jwk() })),
        ),
        (
            "alg of another key",
            headed(json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": key.jwk() })),
        ),
        (
            "somebody else's key",
            headed(json!({ "typ": "dpop+jwt", "alg": "EdDSA", "jwk": other.jwk() })),
        ),
        ("no key", headed(json!({ "typ": "dpop+jwt", "alg": "EdDSA" }))),
        (
            "a kid for a key",
            headed(json!({ "typ": "dpop+jwt", "alg": "EdDSA", "kid": "x" })),
        ),
        (
            "a symmetric key",
            headed(json!({ "typ": "dpop+jwt", "alg": "HS256", "jwk": { "kty": "oct", "k": "AAAA" } })),
        ),
        (
            "crit",
            headed(json!({ "typ": "dpop+jwt", "alg": "EdDSA", "jwk": key.jwk(), "crit": ["exp"] })),
        ),
        ("long", "x".repeat(9000)),
    ] {
        let answer = post(&server, &client, TOKEN, &code_form(&client, &code), &[&proof]).await;
        assert_eq!(answer.refusal(), (400, "invalid_dpop_proof".to_owned()), "{what}");
    }
    let twice = [key.proof(&claims()), key.proof(&claims())];
    let answer = post(
        &server,
        &client,
        TOKEN,
        &code_form(&client, &code),
        &[&twice[0], &twice[1]],
    )
    .await;
    assert_eq!(answer.refusal(), (400, "invalid_dpop_proof".to_owned()), "two proofs");
    let answer = post(&server, &client, TOKEN, &code_form(&client, &code), &[&right]).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

#[actix_web::test]
async fn dpop_03_the_time_of_a_proof_may_differ_by_ten_seconds() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::public(&server);
    let key = Signer::seeded(1);
    for offset in [-10, 10] {
        let code = client.code(&mut person, &[]).await;
        let mut claims = Signer::proof_claims(&server, "POST", TOKEN);
        claims["nonce"] = json!(nonce(&server, &client, &key).await);
        claims["iat"] = json!(claims["iat"].as_i64().expect("a time") + offset);
        let answer = post(
            &server,
            &client,
            TOKEN,
            &code_form(&client, &code),
            &[&key.proof(&claims)],
        )
        .await;
        assert_eq!(answer.status, 200, "{offset}: {}", answer.text);
    }
}

#[actix_web::test]
async fn dpop_04_a_proof_is_used_once_even_by_many_at_once_and_after_a_restart() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::confidential(&server);
    let key = Signer::seeded(1);
    let tokens = bound_tokens(&server, &client, &mut person, &key).await;
    let proof = key.proof_for(&server, TOKEN, &nonce(&server, &client, &key).await);
    let form = [("grant_type", "refresh_token"), ("refresh_token", tokens.refresh())];
    let proofs = [proof.as_str()];
    let tries = (0..20).map(|_| post(&server, &client, TOKEN, &form, &proofs));
    let mut answers = Vec::new();
    for answer in futures_util::future::join_all(tries).await {
        answers.push(answer.status);
        assert!(
            answer.status == 200 || answer.error() == "invalid_dpop_proof",
            "{}",
            answer.text
        );
    }
    assert_eq!(
        answers.iter().filter(|status| **status == 200).count(),
        1,
        "{answers:?}"
    );
    let server = server.restart();
    let late = post(&server, &client, TOKEN, &form, &proofs).await;
    assert_eq!(late.refusal(), (400, "invalid_dpop_proof".to_owned()));
}

#[actix_web::test]
async fn dpop_05_a_nonce_is_asked_for_renewed_and_forgotten() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::public(&server);
    let key = Signer::seeded(1);
    let first = nonce(&server, &client, &key).await;
    server.clock.advance(Duration::from_mins(4));
    let code = client.code(&mut person, &[]).await;
    let proof = key.proof_for(&server, TOKEN, &first);
    let answer = post(&server, &client, TOKEN, &code_form(&client, &code), &[&proof]).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let second = answer.nonce();
    assert_ne!(first, second, "a fresh one comes along in time");
    server.clock.advance(Duration::from_mins(7));
    for stale in [first.as_str(), &second, "x", ""] {
        let code = client.code(&mut person, &[]).await;
        let proof = key.proof_for(&server, TOKEN, stale);
        let answer = post(&server, &client, TOKEN, &code_form(&client, &code), &[&proof]).await;
        assert_eq!(answer.refusal(), (400, "use_dpop_nonce".to_owned()), "{stale}");
        // The code is still good.
        let proof = key.proof_for(&server, TOKEN, &answer.nonce());
        let answer = post(&server, &client, TOKEN, &code_form(&client, &code), &[&proof]).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
}

#[actix_web::test]
async fn dpop_06_userinfo_takes_a_bound_token_with_its_proof_alone() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::public(&server);
    let (key, other) = (Signer::seeded(1), Signer::seeded(2));
    let tokens = bound_tokens(&server, &client, &mut person, &key).await;
    let plain = client.tokens(&server, &mut person).await;
    let token = tokens.access();
    let bound = format!("DPoP {token}");
    // Without a nonce it is asked for, with the scheme of the token.
    let asked = userinfo(&server, &bound, Some(&key.proof(&proof_of(&server, &key, token, "")))).await;
    assert_eq!(asked.refusal(), (401, "use_dpop_nonce".to_owned()));
    let challenge = asked.header("www-authenticate").expect("a challenge");
    assert!(
        challenge.starts_with("DPoP ") && challenge.contains("algs=\""),
        "{challenge}"
    );
    let nonce = asked.nonce();
    for scheme in ["DPoP", "dpop", "DPOP"] {
        let proof = key.proof(&proof_of(&server, &key, token, &nonce));
        let answer = userinfo(&server, &format!("{scheme} {token}"), Some(&proof)).await;
        assert_eq!(
            (answer.status, answer.json()["email"].as_str()),
            (200, Some("ada@example.org")),
            "{}",
            answer.text
        );
        assert_eq!(answer.nonce(), nonce);
    }
    let with = |name: &str, value: Value| {
        let mut claims = proof_of(&server, &key, token, &nonce);
        claims[name] = value;
        key.proof(&claims)
    };
    let used = key.proof(&proof_of(&server, &key, token, &nonce));
    assert_eq!(userinfo(&server, &bound, Some(&used)).await.status, 200);
    for (what, authorization, proof) in [
        ("no proof", bound.clone(), None),
        ("as a bearer token", format!("Bearer {token}"), None),
        (
            "as a bearer token with a proof",
            format!("Bearer {token}"),
            Some(with("x", json!(1))),
        ),
        (
            "another key's proof",
            bound.clone(),
            Some(other.proof(&proof_of(&server, &other, token, &nonce))),
        ),
        ("another token's proof", bound.clone(), Some(with("ath", json!("AAAA")))),
        ("another method", bound.clone(), Some(with("htm", json!("POST")))),
        (
            "another endpoint",
            bound.clone(),
            Some(with("htu", json!(server.url(TOKEN)))),
        ),
        ("used before", bound.clone(), Some(used)),
        (
            "a bearer token as a bound one",
            format!("DPoP {}", plain.access()),
            Some(key.proof(&proof_of(&server, &key, plain.access(), &nonce))),
        ),
        (
            "an ID token",
            format!("DPoP {}", tokens.id()),
            Some(with("x", json!(1))),
        ),
    ] {
        let answer = userinfo(&server, &authorization, proof.as_deref()).await;
        assert_eq!(answer.status, 401, "{what}: {}", answer.text);
        let challenge = answer.header("www-authenticate").expect("a challenge");
        assert!(challenge.contains("error=\"invalid_"), "{what}: {challenge}");
    }
    let body = server.form(USERINFO, format!("access_token={token}")).await;
    assert_eq!(body.refusal(), (401, "invalid_token".to_owned()));
}

#[actix_web::test]
async fn dpop_07_a_public_clients_refresh_token_is_bound_to_its_key() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::public(&server);
    let (key, thief) = (Signer::seeded(1), Signer::seeded(2));
    let tokens = bound_tokens(&server, &client, &mut person, &key).await;
    let form = [("grant_type", "refresh_token"), ("refresh_token", tokens.refresh())];
    let fresh = nonce(&server, &client, &key).await;
    let stolen = post(
        &server,
        &client,
        TOKEN,
        &form,
        &[&thief.proof_for(&server, TOKEN, &fresh)],
    )
    .await;
    assert_eq!(stolen.refusal(), (400, "invalid_grant".to_owned()));
    let bare = client.refresh(&server, tokens.refresh()).await;
    assert_eq!(bare.refusal(), (400, "invalid_grant".to_owned()));
    // The thief has ended nothing.
    let answer = post(
        &server,
        &client,
        TOKEN,
        &form,
        &[&key.proof_for(&server, TOKEN, &fresh)],
    )
    .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.json()["token_type"], "DPoP");
}

#[actix_web::test]
async fn dpop_08_a_confidential_client_may_change_its_key_at_a_refresh() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::confidential(&server);
    let (old, new) = (Signer::seeded(1), Signer::seeded(2));
    let tokens = bound_tokens(&server, &client, &mut person, &old).await;
    let form = [("grant_type", "refresh_token"), ("refresh_token", tokens.refresh())];
    let proof = new.proof_for(&server, TOKEN, &nonce(&server, &client, &new).await);
    let answer = post(&server, &client, TOKEN, &form, &[&proof]).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(
        Tokens::claims(Tokens(answer.json()).access())["cnf"]["jkt"],
        new.thumbprint()
    );
}

#[actix_web::test]
async fn dpop_09_a_client_that_gets_bound_tokens_alone_must_prove_a_key() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::register(
        &server,
        json!({ "token_endpoint_auth_method": "none", "first_party": true, "dpop_bound_access_tokens": true }),
    );
    let code = client.code(&mut person, &[]).await;
    let bare = client.redeem(&server, &code).await;
    assert_eq!(bare.refusal(), (400, "invalid_dpop_proof".to_owned()));
    let key = Signer::seeded(1);
    let proof = key.proof_for(&server, TOKEN, &nonce(&server, &client, &key).await);
    let answer = post(&server, &client, TOKEN, &code_form(&client, &code), &[&proof]).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

#[actix_web::test]
async fn in_06_introspection_names_the_key_that_a_token_is_bound_to() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::confidential(&server);
    let key = Signer::seeded(1);
    let tokens = bound_tokens(&server, &client, &mut person, &key).await;
    let answer = client
        .post(&server, "/oauth/introspect/", &[("token", tokens.access())])
        .await
        .json();
    assert_eq!(
        (answer["active"].as_bool(), answer["token_type"].as_str()),
        (Some(true), Some("DPoP"))
    );
    assert_eq!(answer["cnf"], json!({ "jkt": key.thumbprint() }));
}

#[actix_web::test]
async fn dpop_10_a_code_is_bound_to_the_key_of_its_request() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::public(&server);
    let (key, other) = (Signer::seeded(1), Signer::seeded(2));
    let jkt = key.thumbprint();
    let code = client.code(&mut person, &[("dpop_jkt", &jkt)]).await;
    let fresh = nonce(&server, &client, &key).await;
    let wrong = other.proof_for(&server, TOKEN, &fresh);
    let answer = post(&server, &client, TOKEN, &code_form(&client, &code), &[&wrong]).await;
    assert_eq!(answer.refusal(), (400, "invalid_grant".to_owned()));
    assert_eq!(
        client.redeem(&server, &code).await.refusal(),
        (400, "invalid_grant".to_owned())
    );
    let right = key.proof_for(&server, TOKEN, &fresh);
    let answer = post(&server, &client, TOKEN, &code_form(&client, &code), &[&right]).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

#[actix_web::test]
async fn dpop_11_a_pushed_request_binds_its_code_to_the_key_that_pushed_it() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::public(&server);
    let (key, other) = (Signer::seeded(1), Signer::seeded(2));
    let path = client.authorize_path(&[]);
    let query = path.split_once('?').expect("a query").1;
    let pairs: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .filter(|(name, _)| name != "client_id")
        .collect();
    let mut form: Vec<(&str, &str)> = pairs
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let fresh = nonce(&server, &client, &key).await;
    let proof = |key: &Signer| key.proof_for(&server, "/oauth/par/", &fresh);
    let pushed = post(&server, &client, "/oauth/par/", &form, &[&proof(&key)]).await;
    assert_eq!(pushed.status, 201, "{}", pushed.text);
    assert_eq!(pushed.nonce(), fresh);
    let uri = pushed.json()["request_uri"].as_str().expect("a request_uri").to_owned();
    let path = format!("/oauth/authorize/?client_id={}&request_uri={uri}", client.id);
    let login = person.browser.get(&path).await;
    let flow_id = login.location().split("flow_id=").nth(1).expect("a flow").to_owned();
    let next = person.log_in(Some(&flow_id)).await;
    let told = person.browser.get(&next).await.told(&client);
    let wrong = other.proof_for(&server, TOKEN, &fresh);
    let answer = post(&server, &client, TOKEN, &code_form(&client, &told["code"]), &[&wrong]).await;
    assert_eq!(answer.refusal(), (400, "invalid_grant".to_owned()));
    let right = key.proof_for(&server, TOKEN, &fresh);
    let answer = post(&server, &client, TOKEN, &code_form(&client, &told["code"]), &[&right]).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    // A thumbprint beside the proof must be that of its key.
    let jkt = other.thumbprint();
    form.push(("dpop_jkt", &jkt));
    let mismatch = post(&server, &client, "/oauth/par/", &form, &[&proof(&key)]).await;
    assert_eq!(mismatch.refusal(), (400, "invalid_dpop_proof".to_owned()));
}
