//! Authorization requests that are wrong, and those that only look so (RFC 6749 §4.1, OIDC Core §3.1.2).

use std::io::ErrorKind;
use std::net::TcpListener;

use serde_json::json;

use crate::support::{Browser, Client, Person, Server, query_of};

#[actix_web::test]
async fn az_01_az_02_only_the_code_response_type_is_served() {
    let server = Server::start();
    let client = Client::public(&server);
    let missing = client.ask(&server, &[("response_type", "")]).await;
    assert_eq!(missing.told_error(&client, &server), "invalid_request");
    for response_type in [
        "token",
        "id_token",
        "id_token token",
        "code token",
        "code id_token",
        "code id_token token",
        "none",
        "CODE",
        "code code",
        "password",
    ] {
        let answer = client.ask(&server, &[("response_type", response_type)]).await;
        let error = answer.told_error(&client, &server);
        assert_eq!(error, "unsupported_response_type", "{response_type}");
        assert!(!answer.location().contains('#'), "{}", answer.location());
    }
    for mode in ["jwt", "query.jwt", "FORM_POST"] {
        let answer = client.ask(&server, &[("response_mode", mode)]).await;
        assert_eq!(answer.told_error(&client, &server), "invalid_request", "{mode}");
    }
}

#[actix_web::test]
async fn az_07_az_08_pkce_is_required_and_s256_only() {
    let server = Server::start();
    for client in [
        Client::public(&server),
        Client::third_party(&server),
        Client::confidential(&server),
    ] {
        for extra in [
            &[("code_challenge", ""), ("code_challenge_method", "")][..],
            &[("code_challenge", "")],
            &[("code_challenge_method", "")],
            &[("code_challenge_method", "plain")],
            &[("code_challenge_method", "s256")],
            &[("code_challenge_method", "S512")],
            &[("code_challenge", "short")],
            &[("code_challenge", &"A".repeat(44))],
            &[("code_challenge", &"!".repeat(43))],
        ] {
            let answer = client.ask(&server, extra).await;
            assert_eq!(answer.told_error(&client, &server), "invalid_request", "{extra:?}");
            let told = answer.told(&client)["error_description"].clone();
            assert!(told.contains("code_challenge"), "{told}");
        }
    }
    let unforced = Client::register(&server, json!({}));
    let none = [("code_challenge", ""), ("code_challenge_method", "")];
    unforced
        .ask(&server, &none)
        .await
        .assert_login("a client that need not use PKCE");
    let plain = unforced.ask(&server, &[("code_challenge_method", "plain")]).await;
    assert_eq!(plain.told_error(&unforced, &server), "invalid_request");
}

#[actix_web::test]
async fn az_10_a_repeated_parameter_is_invalid_request_and_neither_the_first_nor_the_last_wins() {
    let server = Server::start();
    let client = Client::public(&server);
    let path = client.authorize_path(&[]);
    for (name, value) in [
        ("scope", "openid"),
        ("response_type", "code"),
        ("nonce", "other"),
        ("code_challenge_method", "S256"),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("sco%70e", "openid"),
        ("scope", ""),
    ] {
        for path in [
            format!("{path}&{name}={value}"),
            path.replacen('?', &format!("?{name}={value}&"), 1),
        ] {
            let answer = server.get(&path).await;
            assert_eq!(answer.told_error(&client, &server), "invalid_request", "{path}");
        }
    }
    for twice in ["prompt=none&prompt=login", "max_age=1&max_age=2", "unknown=1&unknown=2"] {
        let answer = server.get(&format!("{path}&{twice}")).await;
        assert_eq!(answer.told_error(&client, &server), "invalid_request", "{twice}");
    }
    // A state that is there twice is not one that could be told apart, so it is not sent back.
    let answer = server.get(&format!("{path}&state=other")).await;
    let told = answer.told(&client);
    assert_eq!((told["error"].as_str(), told.get("state")), ("invalid_request", None));
}

#[actix_web::test]
async fn az_11_prompt_none_without_a_session_is_login_required() {
    let server = Server::start();
    let client = Client::public(&server);
    let answer = client.ask(&server, &[("prompt", "none")]).await;
    assert_eq!(answer.told_error(&client, &server), "login_required");
    let answer = client
        .ask(&server, &[("prompt", "none"), ("id_token_hint", "a.b.c")])
        .await;
    assert_eq!(answer.told_error(&client, &server), "login_required");
    for bad in ["none login", "none consent", "None", "none create"] {
        let answer = client.ask(&server, &[("prompt", bad)]).await;
        assert_eq!(answer.told_error(&client, &server), "invalid_request", "{bad}");
    }
}

#[actix_web::test]
async fn az_14_an_unsigned_request_object_is_refused_and_a_request_uri_is_never_fetched() {
    let canary = TcpListener::bind("127.0.0.1:0").expect("a port");
    canary.set_nonblocking(true).expect("does not block");
    let address = canary.local_addr().expect("an address");
    let server = Server::start();
    let client = Client::public(&server);
    for uri in [
        format!("http://{address}/request.jwt"),
        format!("https://{address}/request.jwt"),
        "file:///etc/passwd".to_owned(),
    ] {
        let answer = client.ask(&server, &[("request_uri", &uri)]).await;
        assert_eq!(
            answer.told_error(&client, &server),
            "request_uri_not_supported",
            "{uri}"
        );
    }
    // {"alg":"none"} . {"redirect_uri":"https://evil.example/"}
    let unsigned = "eyJhbGciOiJub25lIn0.eyJyZWRpcmVjdF91cmkiOiJodHRwczovL2V2aWwuZXhhbXBsZS8ifQ.";
    let answer = client.ask(&server, &[("request", unsigned)]).await;
    assert_eq!(answer.told_error(&client, &server), "invalid_request_object");
    let answer = client.ask(&server, &[("registration", "{}")]).await;
    assert_eq!(answer.told_error(&client, &server), "registration_not_supported");
    // Without a redirect URI of its own, the one inside a request object is not looked at.
    let answer = client
        .ask(&server, &[("request", unsigned), ("redirect_uri", "")])
        .await;
    answer.assert_shown("redirect URI in the request object");
    let called = canary.accept().map_err(|error| error.kind());
    assert_eq!(called.err(), Some(ErrorKind::WouldBlock), "somebody called");
}

#[actix_web::test]
async fn az_15b_every_error_answer_has_iss_and_state_as_they_are() {
    let server = Server::start();
    let client = Client::public(&server);
    let odd = "a b&c=d#e%f+g\u{e9}\"<>";
    let answer = client.ask(&server, &[("state", odd), ("scope", "\"")]).await;
    let told = answer.told(&client);
    assert_eq!((&told["state"], &told["iss"]), (&odd.to_owned(), &server.issuer));
    assert_eq!(told["error"], "invalid_scope");
    let without = client
        .ask(&server, &[("state", ""), ("prompt", "none")])
        .await
        .told(&client);
    assert_eq!((without.get("state"), &without["iss"]), (None, &server.issuer));
}

#[actix_web::test]
async fn az_24_max_age_is_a_number_or_an_error() {
    let server = Server::start();
    let client = Client::public(&server);
    for good in ["0", "1", "10000", "99999999999999999999999"] {
        client.ask(&server, &[("max_age", good)]).await.assert_login(good);
    }
    for bad in ["-1", "1.5", "1e3", "abc", " 1", "0x10", "\u{661}"] {
        let answer = client.ask(&server, &[("max_age", bad)]).await;
        assert_eq!(answer.told_error(&client, &server), "invalid_request", "{bad}");
        assert!(answer.told(&client)["error_description"].contains("max_age"), "{bad}");
    }
}

#[actix_web::test]
async fn az_31_to_az_36_and_az_44_what_is_unknown_or_a_mere_wish_is_no_error() {
    let server = Server::start();
    let client = Client::public(&server);
    let long = "x".repeat(8000);
    for extra in [
        ("unknown_parameter", "whatever"),
        ("extra[]", "1"),
        ("display", "page"),
        ("display", "popup"),
        ("display", "no such"),
        ("ui_locales", "se de-CH fr"),
        ("ui_locales", "not a locale !!"),
        ("claims_locales", "se"),
        ("login_hint", "ada@example.org"),
        ("login_hint", "<script>alert(1)</script>"),
        ("login_hint", &long),
        ("acr_values", "1 2 urn:mace:incommon:iap:silver"),
        ("claims", r#"{"userinfo":{"name":{"essential":true}}}"#),
        ("id_token_hint", "rubbish"),
        ("scope", "openid no-such-scope"),
    ] {
        client.ask(&server, &[extra]).await.assert_login(&format!("{extra:?}"));
    }
}

#[actix_web::test]
async fn az_30_az_37_az_44_az_45_a_request_without_nonce_or_state_in_any_order_gives_tokens() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::public(&server);
    let extra = [
        ("nonce", ""),
        ("state", ""),
        ("scope", "email profile openid"),
        ("claims", r#"{"userinfo":{"name":{"essential":true}}}"#),
    ];
    let location = client.sign_in(&mut person, &extra).await;
    let told = query_of(&location);
    assert_eq!((told.get("state"), &told["iss"]), (None, &server.issuer));
    let tokens = client.redeem(&server, &told["code"]).await.json();
    assert_eq!(tokens["scope"], "email openid profile");
    let path = client.authorize_path(&extra);
    let (base, query) = path.split_once('?').expect("a query");
    let reversed: Vec<_> = query.split('&').rev().collect();
    let answer = person.browser.get(&format!("{base}?{}", reversed.join("&"))).await;
    assert!(answer.told(&client).contains_key("code"));
}

#[actix_web::test]
async fn az_38_a_cross_site_post_waits_for_the_get_that_brings_cookies() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::public(&server);
    client.tokens(&server, &mut person).await;
    let path = client.authorize_path(&[]);
    let query = path.split_once('?').expect("a query").1;
    for route in ["/oauth/authorize/", "/oauth/authorize"] {
        let answer = server.form(route, query).await;
        assert_eq!(answer.status, 303, "{}", answer.text);
        assert_eq!(answer.header("set-cookie"), None);
        let location = answer.location().to_owned();
        assert!(!location.contains("client_id"), "{location}");
        let answer = person.browser.get(&location).await;
        assert!(answer.told(&client).contains_key("code"), "{}", answer.location());
        // Another browser has to sign in.
        Browser::new(&server)
            .get(&location)
            .await
            .assert_login("another browser");
    }
    let gone = server
        .get("/oauth/authorize/?posted=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
        .await;
    assert_eq!((gone.status, gone.header("location")), (410, None));
    // What was wrong with the form is told as for a GET.
    let bad = server.form("/oauth/authorize/", format!("{query}&scope=x")).await;
    let answer = server.get(bad.location()).await;
    assert_eq!(answer.told_error(&client, &server), "invalid_request");
}

#[actix_web::test]
async fn az_long_state_and_nonce_come_back_whole_or_are_refused_in_words() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::public(&server);
    let (state, nonce) = ("s".repeat(4096), "n".repeat(384));
    let location = client
        .sign_in(&mut person, &[("state", &state), ("nonce", &nonce)])
        .await;
    let told = query_of(&location);
    assert_eq!(told["state"], state);
    let tokens = crate::support::Tokens(client.redeem(&server, &told["code"]).await.json());
    assert_eq!(crate::support::Tokens::claims(tokens.id())["nonce"], nonce.as_str());
    for (name, length) in [("state", 4097), ("nonce", 1025)] {
        let answer = client.ask(&server, &[(name, &"x".repeat(length))]).await;
        let told = answer.told(&client);
        assert_eq!(told["error"], "invalid_request");
        assert!(told["error_description"].contains(name), "{told:?}");
    }
}
