//! How clients prove themselves at the token endpoint and its neighbours (RFC 6749 §2.3, RFC 7523, OIDC Core §9).

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::jwt::{encode, unsigned};
use crate::support::{Client, Person, Publisher, Server, Signer, assertion_claims};

const GRANT: (&str, &str) = ("grant_type", "client_credentials");

/// A client that signs with `signer`, whose keys are where `keys` says.
fn signing(server: &Server, keys: &Value) -> Client {
    let mut metadata = json!({
        "token_endpoint_auth_method": "private_key_jwt",
        "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
        "scope": "openid email offline_access jobs",
        "first_party": true,
    });
    for (name, value) in keys.as_object().expect("an object") {
        metadata[name] = value.clone();
    }
    Client::register(server, metadata)
}

fn refused() -> (u16, String) {
    (401, "invalid_client".to_owned())
}

#[actix_web::test]
async fn tk_12_each_algorithm_of_a_registered_key_proves_its_client() {
    let server = Server::start();
    for alg in ["EdDSA", "ES256", "PS256", "RS256"] {
        let signer = Signer::new(alg);
        let client = signing(&server, &json!({ "jwks": signer.jwks() }));
        let assertion = signer.assertion(&server, &client, &json!({}));
        let answer = client.assert(&server, "/oauth/token/", &assertion, &[GRANT]).await;
        assert_eq!(answer.status, 200, "{alg}: {}", answer.text);
        assert_eq!(answer.json()["scope"], "jobs", "{alg}");
        let fixed = signing(
            &server,
            &json!({ "jwks": signer.jwks(), "token_endpoint_auth_signing_alg": alg }),
        );
        let assertion = signer.assertion(&server, &fixed, &json!({ "aud": [server.url("/oauth/token/")] }));
        let answer = fixed.assert(&server, "/oauth/token/", &assertion, &[GRANT]).await;
        assert_eq!(answer.status, 200, "{alg}: {}", answer.text);
    }
}

#[actix_web::test]
async fn tk_12b_an_assertion_is_good_once_across_endpoints_bursts_and_a_restart() {
    let server = Server::start();
    let signer = Signer::new("EdDSA");
    let client = signing(&server, &json!({ "jwks": signer.jwks() }));
    let assertion = signer.assertion(&server, &client, &json!({ "exp": server.now() + 600 }));
    let burst = (0..20).map(|_| client.assert(&server, "/oauth/token/", &assertion, &[GRANT]));
    let answers = join_all(burst).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.status == 401).count(), 19);
    let form = [("token", "x")];
    assert_eq!(
        client
            .assert(&server, "/oauth/revoke/", &assertion, &form)
            .await
            .refusal(),
        refused()
    );
    let server = server.restart();
    assert_eq!(
        client
            .assert(&server, "/oauth/token/", &assertion, &[GRANT])
            .await
            .refusal(),
        refused()
    );
    // Its name may come again from another client, and from this one once it was forgotten.
    let fresh = signer.assertion(&server, &client, &json!({}));
    assert_eq!(
        client.assert(&server, "/oauth/token/", &fresh, &[GRANT]).await.status,
        200
    );
}

#[actix_web::test]
async fn tk_12b_one_assertion_redeems_one_code_and_refreshes_once() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let signer = Signer::new("ES256");
    let client = signing(&server, &json!({ "jwks": signer.jwks() }));
    let (one, two) = (client.code(&mut person, &[]).await, client.code(&mut person, &[]).await);
    let assertion = signer.assertion(&server, &client, &json!({}));
    let redeem = async |code: &str, assertion: &str| {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", client.redirect_uri.as_str()),
            ("code_verifier", crate::support::VERIFIER),
        ];
        client.assert(&server, "/oauth/token/", assertion, &form).await
    };
    let first = redeem(&one, &assertion).await;
    assert_eq!(first.status, 200, "{}", first.text);
    // The replayed assertion neither redeems the other code nor counts as a second use of the first.
    assert_eq!(redeem(&two, &assertion).await.refusal(), refused());
    assert_eq!(redeem(&one, &assertion).await.refusal(), refused());
    let second = redeem(&two, &signer.assertion(&server, &client, &json!({}))).await;
    assert_eq!(second.status, 200, "{}", second.text);
    // A failed redemption spends the assertion too.
    let wasted = signer.assertion(&server, &client, &json!({}));
    assert_eq!(redeem("no-such-code", &wasted).await.error(), "invalid_grant");

    let refresh = async |token: &str, assertion: &str| {
        let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
        client.assert(&server, "/oauth/token/", assertion, &form).await
    };
    let token = first.json()["refresh_token"].as_str().expect("a token").to_owned();
    let assertion = signer.assertion(&server, &client, &json!({}));
    let rotated = refresh(&token, &assertion).await;
    assert_eq!(rotated.status, 200, "{}", rotated.text);
    let next = rotated.json()["refresh_token"].as_str().expect("a token").to_owned();
    assert_eq!(refresh(&next, &assertion).await.refusal(), refused());
    assert_eq!(refresh(&token, &assertion).await.refusal(), refused());
    // The lost answer is repeated under a new assertion, and the family lives.
    let repeated = refresh(&token, &signer.assertion(&server, &client, &json!({}))).await;
    assert_eq!(repeated.json()["refresh_token"], next.as_str());
    assert_eq!(
        refresh(&next, &signer.assertion(&server, &client, &json!({})))
            .await
            .status,
        200
    );
}

#[actix_web::test]
async fn tk_12_forged_and_foreign_assertions_are_refused_alike() {
    let server = Server::start();
    let signer = Signer::new("EdDSA");
    let client = signing(&server, &json!({ "jwks": signer.jwks() }));
    let other = signing(&server, &json!({ "jwks": Signer::new("EdDSA").jwks() }));
    let now = server.now();
    let mut forgeries: Vec<(String, String)> = [
        json!({ "iss": "somebody" }),
        json!({ "iss": null }),
        json!({ "sub": null }),
        json!({ "sub": other.id, "iss": other.id }),
        json!({ "aud": null }),
        json!({ "aud": "https://evil.example" }),
        json!({ "aud": format!("{}/", server.issuer) }),
        json!({ "aud": [server.issuer, "https://evil.example"] }),
        json!({ "aud": [] }),
        json!({ "jti": null }),
        json!({ "jti": "" }),
        json!({ "exp": null }),
        json!({ "exp": now - 300 }),
        json!({ "exp": now + 7200 }),
        json!({ "exp": 1e18 }),
        json!({ "exp": u64::MAX }),
        json!({ "exp": "soon" }),
        json!({ "nbf": now + 120 }),
        json!({ "nbf": i64::MIN }),
        json!({ "iat": now + 120 }),
        json!({ "iat": -1e300 }),
    ]
    .iter()
    .map(|changes| (changes.to_string(), signer.assertion(&server, &client, changes)))
    .collect();
    let claims = assertion_claims(&server, &client, &json!({}));
    let stranger = Signer::new("EdDSA");
    for (what, header) in [
        ("no algorithm", json!({ "alg": "none" })),
        ("HMAC", json!({ "alg": "HS256" })),
        ("another algorithm", json!({ "alg": "ES256" })),
        ("RSA", json!({ "alg": "RS256" })),
        ("a foreign kid", json!({ "alg": "EdDSA", "kid": "somebody-elses" })),
        ("crit", json!({ "alg": "EdDSA", "crit": ["exp"] })),
        ("empty crit", json!({ "alg": "EdDSA", "crit": null })),
        ("an access token", json!({ "alg": "EdDSA", "typ": "at+jwt" })),
        ("a DPoP proof", json!({ "alg": "EdDSA", "typ": "dpop+jwt" })),
    ] {
        forgeries.push((what.to_owned(), signer.sign(&header, &claims)));
    }
    for (what, header) in [
        ("signed by a stranger", json!({ "alg": "EdDSA" })),
        ("its own jwk", json!({ "alg": "EdDSA", "jwk": stranger.jwk() })),
        (
            "its own jku",
            json!({ "alg": "EdDSA", "jku": "https://evil.example/jwks" }),
        ),
        (
            "its own x5u",
            json!({ "alg": "EdDSA", "x5u": "https://evil.example/cert" }),
        ),
        ("its own x5c", json!({ "alg": "EdDSA", "x5c": ["AAAA"] })),
    ] {
        forgeries.push((what.to_owned(), stranger.sign(&header, &claims)));
    }
    let good = signer.assertion(&server, &client, &json!({}));
    let unsigned = unsigned(&json!({ "alg": "none" }), &claims);
    forgeries.extend([
        ("unsigned".to_owned(), format!("{unsigned}.")),
        ("two parts".to_owned(), unsigned),
        ("five parts".to_owned(), format!("{good}.a.b")),
        ("cut off".to_owned(), good[..good.len() - 2].to_owned()),
        ("rubbish".to_owned(), "a.b.c".to_owned()),
        (
            "long".to_owned(),
            format!("{}.{}.", encode("{}"), encode(vec![b'x'; 4000])),
        ),
    ]);
    for (what, assertion) in &forgeries {
        let answer = client.assert(&server, "/oauth/token/", assertion, &[GRANT]).await;
        assert_eq!(answer.refusal(), refused(), "{what}");
        assert!(answer.header("www-authenticate").is_some(), "{what}");
    }
    // None of them spent or broke anything.
    assert_eq!(
        client.assert(&server, "/oauth/token/", &good, &[GRANT]).await.status,
        200
    );
}

#[actix_web::test]
async fn tk_12_the_assertion_type_and_the_client_id_must_fit_and_one_way_is_enough() {
    let server = Server::start();
    let signer = Signer::new("EdDSA");
    let client = signing(&server, &json!({ "jwks": signer.jwks() }));
    let assertion = || signer.assertion(&server, &client, &json!({}));
    let form = |more: &[(&str, &str)]| {
        url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([GRANT])
            .extend_pairs(more)
            .finish()
    };
    let send = async |more: &[(&str, &str)]| server.form("/oauth/token/", form(more)).await;
    let own = ("client_assertion_type", crate::support::ASSERTION_TYPE);
    let named = ("client_id", client.id.as_str());
    assert_eq!(
        send(&[own, named, ("client_assertion", &assertion())]).await.status,
        200
    );
    for more in [
        vec![named, ("client_assertion", "x")],
        vec![named, own],
        vec![(
            "client_assertion_type",
            "urn:ietf:params:oauth:client-assertion-type:saml2-bearer",
        )],
    ] {
        assert_eq!(send(&more).await.refusal(), refused(), "{more:?}");
    }
    assert_eq!(
        send(&[named, ("client_assertion", &assertion())]).await.refusal(),
        refused()
    );
    let other = send(&[own, ("client_id", "other"), ("client_assertion", &assertion())]).await;
    assert_eq!(other.refusal(), (400, "invalid_request".to_owned()));
    let two = send(&[own, named, ("client_assertion", &assertion()), ("client_secret", "x")]).await;
    assert_eq!(two.refusal(), (400, "invalid_request".to_owned()));
    // A client with keys cannot come with less, and one with a secret not with an assertion.
    assert_eq!(send(&[named]).await.refusal(), refused());
    let secret = Client::register(
        &server,
        json!({ "grant_types": ["client_credentials"], "jwks": signer.jwks() }),
    );
    let foreign = signer.assertion(&server, &secret, &json!({}));
    assert_eq!(
        secret
            .assert(&server, "/oauth/token/", &foreign, &[GRANT])
            .await
            .refusal(),
        refused()
    );
}

#[actix_web::test]
async fn tk_12h_keys_are_fetched_kept_and_looked_for_again_when_they_change() {
    let server = Server::start();
    let (old, new) = (Signer::new("EdDSA"), Signer::new("ES256"));
    let publisher = Publisher::start(&old.jwks().to_string());
    let client = signing(&server, &json!({ "jwks_uri": publisher.url }));
    let ask = async |signer: &Signer| {
        let assertion = signer.assertion(&server, &client, &json!({}));
        client
            .assert(&server, "/oauth/token/", &assertion, &[GRANT])
            .await
            .status
    };
    assert_eq!((ask(&old).await, ask(&old).await), (200, 200));
    assert_eq!(publisher.asked(), 1);
    // A new key is found, but not by asking again at once and for everybody who makes one up.
    publisher.publish(&new.jwks().to_string());
    assert_eq!(ask(&new).await, 401);
    assert_eq!(publisher.asked(), 1);
    server.clock.advance(Duration::from_secs(31));
    assert_eq!(ask(&new).await, 200);
    assert_eq!(ask(&old).await, 401);
    assert_eq!(publisher.asked(), 2);
}

#[actix_web::test]
async fn tk_12h_a_key_set_that_cannot_be_read_proves_nobody_and_the_next_good_one_does() {
    let server = Server::start();
    let signer = Signer::new("EdDSA");
    let publisher = Publisher::start("");
    let client = signing(&server, &json!({ "jwks_uri": publisher.url }));
    let set = signer.jwks().to_string();
    let canary = Publisher::start(&set);
    let large = format!("{}{set}", " ".repeat(70_000));
    let redirect = format!("location: {}\r\n", canary.url);
    for (status, headers, body) in [
        ("404 Not Found", "", set.as_str()),
        ("500 Internal Server Error", "", &set),
        ("302 Found", &redirect, ""),
        ("307 Temporary Redirect", &redirect, &set),
        ("200 OK", "", &large),
        ("200 OK", "", "not JSON"),
        ("200 OK", "", r#"{"keys":{}}"#),
        ("200 OK", "", "[]"),
    ] {
        publisher.answer(status, headers, body);
        let assertion = signer.assertion(&server, &client, &json!({}));
        let answer = client.assert(&server, "/oauth/token/", &assertion, &[GRANT]).await;
        assert_eq!(answer.refusal(), refused(), "{status} {body:.20}");
        server.clock.advance(Duration::from_secs(11));
    }
    assert_eq!(canary.asked(), 0, "a redirect was followed");
    publisher.publish(&set);
    server.clock.advance(Duration::from_mins(11));
    let assertion = signer.assertion(&server, &client, &json!({}));
    assert_eq!(
        client
            .assert(&server, "/oauth/token/", &assertion, &[GRANT])
            .await
            .status,
        200
    );
}

#[actix_web::test]
async fn tk_05_a_client_with_client_secret_post_comes_with_its_secret_in_the_body_and_in_no_other_way() {
    let server = Server::start();
    let client = Client::register(
        &server,
        json!({ "token_endpoint_auth_method": "client_secret_post", "grant_types": ["client_credentials"] }),
    );
    let secret = client.secret.clone().expect("a secret");
    let body = |secret: &str| {
        url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([GRANT, ("client_id", &client.id), ("client_secret", secret)])
            .finish()
    };
    assert_eq!(server.form("/oauth/token/", body(&secret)).await.status, 200);
    assert_eq!(
        server
            .form("/oauth/token/", body("wrong wrong wrong wrong"))
            .await
            .refusal(),
        refused()
    );
    // HTTP Basic is what it is not registered with.
    assert_eq!(
        client.post(&server, "/oauth/token/", &[GRANT]).await.refusal(),
        refused()
    );
    let basic = Client::register(&server, json!({ "grant_types": ["client_credentials"] }));
    assert_eq!(basic.post(&server, "/oauth/token/", &[GRANT]).await.status, 200);
    let form = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([GRANT, ("client_id", &basic.id)])
        .append_pair("client_secret", basic.secret.as_deref().expect("a secret"))
        .finish();
    assert_eq!(server.form("/oauth/token/", form).await.refusal(), refused());
}
