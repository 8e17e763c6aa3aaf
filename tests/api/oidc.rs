//! What OpenID Connect lets a client ask for: claims, how and as whom people sign in, and how they are named.

use serde_json::{Value, json};

use crate::support::{Answer, Client, Person, Server, Tokens, jwt, query_of};

async fn userinfo(server: &Server, client: &Client, person: &mut Person, extra: &[(&str, &str)]) -> Value {
    let code = client.code(person, extra).await;
    let tokens = Tokens(client.redeem(server, &code).await.json());
    let answer = Client::userinfo(server, tokens.access()).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

/// Fills in a profile as its owner would.
fn fill_profile(server: &Server, account_id: &str) {
    use countersign::db::profiles;
    use countersign::domain::account::{Address, Profile};
    use countersign::domain::clock::Clock as _;
    let profile = Profile {
        given_name: Some("Ada".to_owned()),
        family_name: Some("Lovelace".to_owned()),
        call_name: Some("Countess".to_owned()),
        phone: Some("+31201234567".to_owned()),
        locale: Some("nl".to_owned()),
        address: Address {
            locality: Some("Delft".to_owned()),
            country: Some("NL".to_owned()),
            ..Address::default()
        },
        ..Profile::default()
    };
    server.write(profiles::put(account_id, &profile, server.clock.now()));
}

/// Somebody with a profile.
async fn ada(server: &Server, client: &Client) -> Person {
    let mut person = Person::signed_up(server, "ada@example.org").await;
    let tokens = client.tokens(server, &mut person).await;
    fill_profile(server, Tokens::claims(tokens.id())["sub"].as_str().expect("a sub"));
    person
}

#[actix_web::test]
async fn az_45_id_11_the_claims_of_each_scope_come_from_userinfo_and_not_in_the_id_token() {
    let server = Server::start();
    let client = Client::public(&server);
    let mut person = ada(&server, &client).await;
    let sub = userinfo(&server, &client, &mut person, &[("scope", "openid")]).await["sub"].clone();
    let mut all = json!({ "sub": sub });
    for (scope, expected) in [
        ("email", json!({ "email": "ada@example.org", "email_verified": true })),
        (
            "profile",
            json!({ "name": "Ada Lovelace", "given_name": "Ada", "family_name": "Lovelace", "nickname": "Countess", "locale": "nl" }),
        ),
        (
            "phone",
            json!({ "phone_number": "+31201234567", "phone_number_verified": false }),
        ),
        (
            "address",
            json!({ "address": { "formatted": "Delft\nNL", "locality": "Delft", "country": "NL" } }),
        ),
    ] {
        let scope = format!("openid {scope}");
        let mut told = userinfo(&server, &client, &mut person, &[("scope", &scope)]).await;
        let members = told.as_object_mut().expect("an object");
        if let Some(updated) = members.remove("updated_at") {
            assert!(updated.is_i64(), "{updated}");
        }
        assert_eq!(members.remove("sub"), Some(sub.clone()));
        assert_eq!(told, expected, "{scope}");
        for (name, value) in expected.as_object().expect("an object") {
            all[name] = value.clone();
        }
    }
    let everything = [("scope", "openid profile email phone address")];
    let code = client.code(&mut person, &everything).await;
    let tokens = Tokens(client.redeem(&server, &code).await.json());
    let mut told = Client::userinfo(&server, tokens.access()).await.json();
    told.as_object_mut().expect("an object").remove("updated_at");
    assert_eq!(told, all);
    let id = Tokens::claims(tokens.id());
    for name in ["name", "email", "phone_number", "address", "nickname", "locale"] {
        assert!(id.get(name).is_none(), "{name} in {id}");
    }
}

#[actix_web::test]
async fn az_44_single_claims_come_where_they_are_asked_for() {
    let server = Server::start();
    let client = Client::public(&server);
    let mut person = ada(&server, &client).await;
    let claims = json!({
        "userinfo": { "name": { "essential": true }, "locale": { "value": "de" }, "phone_number": null, "unheard_of": null },
        "id_token": { "email": { "essential": true }, "nickname": { "values": ["Countess"] }, "auth_time": { "essential": true } }
    });
    let extra = [("scope", "openid"), ("claims", &claims.to_string())];
    let code = client.code(&mut person, &extra).await;
    let tokens = Tokens(client.redeem(&server, &code).await.json());
    let mut told = Client::userinfo(&server, tokens.access()).await.json();
    told.as_object_mut().expect("an object").remove("sub");
    assert_eq!(told, json!({ "name": "Ada Lovelace", "phone_number": "+31201234567" }));
    let id = Tokens::claims(tokens.id());
    assert_eq!(
        (id["email"].as_str(), id["nickname"].as_str()),
        (Some("ada@example.org"), Some("Countess"))
    );
    assert!(id["auth_time"].is_i64() && id.get("name").is_none(), "{id}");
    assert!(server.verifies(tokens.id()).await);
    // What was asked of userinfo stays so after a refresh; an ID token from a refresh has no more than it must.
    let code = client
        .code(
            &mut person,
            &[("scope", "openid offline_access"), ("claims", &claims.to_string())],
        )
        .await;
    let tokens = Tokens(client.redeem(&server, &code).await.json());
    let fresh = Tokens(client.refresh(&server, tokens.refresh()).await.json());
    assert_eq!(
        Client::userinfo(&server, fresh.access()).await.json()["name"],
        "Ada Lovelace"
    );
    assert!(Tokens::claims(fresh.id()).get("email").is_none());
}

#[actix_web::test]
async fn az_46_single_claims_are_no_way_around_consent() {
    let server = Server::start();
    let client = Client::third_party(&server);
    let own = Client::public(&server);
    let mut person = ada(&server, &own).await;
    // Consent to openid alone.
    client.code(&mut person, &[("scope", "openid")]).await;
    let claims = r#"{"userinfo":{"email":null}}"#;
    let extra = [("scope", "openid"), ("claims", claims)];
    let silent = [("scope", "openid"), ("claims", claims), ("prompt", "none")];
    let refused = person.browser.get(&client.authorize_path(&silent)).await;
    assert_eq!(refused.told_error(&client, &server), "consent_required");
    let asked = person.browser.get(&client.authorize_path(&extra)).await;
    let flow_id = asked
        .location()
        .strip_prefix("/consent/?flow_id=")
        .expect("asks")
        .to_owned();
    let shown = person
        .browser
        .get(&format!("/oauth/flow/?flow_id={flow_id}"))
        .await
        .json();
    assert_eq!(
        shown["scopes"],
        json!(["email", "openid"]),
        "the person sees what it opens"
    );
    let told = userinfo(&server, &client, &mut person, &extra).await;
    assert_eq!(told["email"], "ada@example.org");
    // A client that may not ask for the scope gets nothing by asking for its claim.
    let narrow = Client::register(
        &server,
        json!({ "token_endpoint_auth_method": "none", "scope": "openid", "first_party": true }),
    );
    let told = userinfo(&server, &narrow, &mut person, &extra).await;
    assert_eq!(told.get("email"), None);
}

#[actix_web::test]
async fn az_44_a_claims_parameter_that_is_none_is_told() {
    let server = Server::start();
    let client = Client::public(&server);
    for bad in [
        "{not json",
        "[]",
        "\"x\"",
        r#"{"userinfo":1}"#,
        r#"{"id_token":{"email":[]}}"#,
    ] {
        let answer = client.ask(&server, &[("claims", bad)]).await;
        assert_eq!(answer.told_error(&client, &server), "invalid_request", "{bad}");
    }
}

#[actix_web::test]
async fn az_36_acr_is_told_where_it_is_asked_and_an_essential_one_that_nobody_has_is_an_error() {
    let server = Server::start();
    let client = Client::public(&server);
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let acr = "urn:countersign:acr:password";
    let document = server.get("/.well-known/openid-configuration").await.json();
    assert_eq!(document["acr_values_supported"], json!([acr]));
    for extra in [
        ("acr_values", "urn:other 2"),
        ("claims", r#"{"id_token":{"acr":{"essential":true}}}"#),
        ("claims", r#"{"id_token":{"acr":{"values":["urn:other"]}}}"#),
    ] {
        let code = client.code(&mut person, &[extra]).await;
        let tokens = Tokens(client.redeem(&server, &code).await.json());
        assert_eq!(Tokens::claims(tokens.id())["acr"], acr, "{extra:?}");
    }
    let plain = client.tokens(&server, &mut person).await;
    assert_eq!(Tokens::claims(plain.id()).get("acr"), None);
    let unmet = r#"{"id_token":{"acr":{"essential":true,"values":["urn:other"]}}}"#;
    let answer = client.ask(&server, &[("claims", unmet)]).await;
    assert_eq!(answer.told_error(&client, &server), "unmet_authentication_requirements");
}

#[actix_web::test]
async fn se_15_whom_the_client_wants_by_claims_is_whom_it_gets() {
    let server = Server::start();
    let client = Client::public(&server);
    let mut ada = Person::signed_up(&server, "ada@example.org").await;
    let mut bob = Person::signed_up(&server, "bob@example.org").await;
    let tokens = client.tokens(&server, &mut ada).await;
    let sub = Tokens::claims(tokens.id())["sub"].as_str().expect("a sub").to_owned();
    let claims = json!({ "id_token": { "sub": { "value": sub } } }).to_string();
    let silent = [("claims", claims.as_str()), ("prompt", "none")];
    let hers = ada.browser.get(&client.authorize_path(&silent)).await;
    assert!(hers.told(&client).contains_key("code"));
    bob.log_in(None).await;
    let his = bob.browser.get(&client.authorize_path(&silent)).await;
    assert_eq!(his.told_error(&client, &server), "login_required");
    bob.browser
        .get(&client.authorize_path(&[("claims", &claims)]))
        .await
        .assert_login("somebody else is signed in");
}

#[actix_web::test]
async fn se_16_prompt_create_shows_where_accounts_are_made_and_select_account_asks_for_a_login() {
    let server = Server::start();
    let client = Client::public(&server);
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    person.log_in(None).await;
    let create = person
        .browser
        .get(&client.authorize_path(&[("prompt", "create")]))
        .await;
    let flow_id = create
        .location()
        .strip_prefix("/signup/?flow_id=")
        .expect("the page for accounts")
        .to_owned();
    // Whoever has an account after all signs in from there.
    let next = person.log_in(Some(&flow_id)).await;
    assert!(person.browser.get(&next).await.told(&client).contains_key("code"));
    let select = person
        .browser
        .get(&client.authorize_path(&[("prompt", "select_account")]))
        .await;
    select.assert_login("select_account");
    let closed = Server::start_with(|config| config.define.onboarding = countersign::config::Onboarding::Closed);
    let client = Client::public(&closed);
    let answer = client.ask(&closed, &[("prompt", "create")]).await;
    answer.assert_login("where nobody may sign up");
}

fn register_pairwise(server: &Server, host: &str) -> Client {
    Client::register(
        server,
        json!({
            "token_endpoint_auth_method": "none", "first_party": true, "subject_type": "pairwise",
            "redirect_uris": [format!("https://{host}/cb")], "post_logout_redirect_uris": [],
        }),
    )
}

#[actix_web::test]
async fn id_12_a_pairwise_subject_is_the_same_for_its_sector_and_tells_no_other_who_it_is() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let public = Client::public(&server);
    let (one, same, other) = (
        register_pairwise(&server, "a.example"),
        register_pairwise(&server, "a.example"),
        register_pairwise(&server, "b.example"),
    );
    let mut subjects = Vec::new();
    for client in [&public, &one, &same, &other] {
        let tokens = client.tokens(&server, &mut person).await;
        let subject = Tokens::claims(tokens.id())["sub"].as_str().expect("a sub").to_owned();
        assert!(subject.len() <= 255);
        assert_eq!(Tokens::claims(tokens.access())["sub"], subject.as_str());
        assert_eq!(
            Client::userinfo(&server, tokens.access()).await.json()["sub"],
            subject.as_str()
        );
        let fresh = Tokens(client.refresh(&server, tokens.refresh()).await.json());
        assert_eq!(
            Tokens::claims(fresh.id())["sub"],
            subject.as_str(),
            "a refresh keeps it"
        );
        // The ID token as a hint names the same person.
        let extra = [("id_token_hint", tokens.id()), ("prompt", "none")];
        let silent = person.browser.get(&client.authorize_path(&extra)).await;
        assert!(
            query_of(silent.location()).contains_key("code"),
            "{}",
            silent.location()
        );
        subjects.push((subject, tokens));
    }
    assert_eq!(subjects[1].0, subjects[2].0);
    assert_ne!(subjects[0].0, subjects[1].0);
    assert_ne!(subjects[1].0, subjects[3].0);
    for (_, tokens) in &subjects[1..] {
        for token in [tokens.access(), tokens.id()] {
            assert!(
                !Tokens::claims(token).to_string().contains(&subjects[0].0),
                "the account's own id is not told"
            );
        }
    }
    // Somebody else's hint is still somebody else's.
    let mut bob = Person::signed_up(&server, "bob@example.org").await;
    bob.log_in(None).await;
    let extra = [("id_token_hint", subjects[1].1.id()), ("prompt", "none")];
    let silent = bob.browser.get(&one.authorize_path(&extra)).await;
    assert_eq!(query_of(silent.location())["error"], "login_required");
}

#[actix_web::test]
async fn ui_11_userinfo_is_signed_for_a_client_that_asks_for_it() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    for algorithm in ["EdDSA", "ES256", "RS256"] {
        let client = Client::register(
            &server,
            json!({
                "token_endpoint_auth_method": "none", "first_party": true, "userinfo_signed_response_alg": algorithm,
            }),
        );
        let tokens = client.tokens(&server, &mut person).await;
        let answer = Client::userinfo(&server, tokens.access()).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, Some("application/jwt"))
        );
        assert_eq!(jwt::header(&answer.text)["alg"], algorithm);
        assert!(server.verifies(&answer.text).await, "{algorithm}");
        let claims = Tokens::claims(&answer.text);
        assert_eq!(
            (claims["iss"].as_str(), claims["aud"].as_str()),
            (Some(server.issuer.as_str()), Some(client.id.as_str()))
        );
        assert_eq!(
            (&claims["sub"], claims["email"].as_str()),
            (&Tokens::claims(tokens.id())["sub"], Some("ada@example.org"))
        );
        // It passes for no token.
        assert_eq!(Client::userinfo(&server, &answer.text).await.status, 401);
        let hinted: Answer = client
            .ask(&server, &[("id_token_hint", &answer.text), ("prompt", "none")])
            .await;
        assert_eq!(hinted.told_error(&client, &server), "login_required");
    }
}

#[actix_web::test]
async fn id_13_each_client_has_its_id_tokens_signed_as_it_is_registered() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    for algorithm in ["EdDSA", "ES256", "RS256"] {
        let client = Client::register(
            &server,
            json!({ "token_endpoint_auth_method": "none", "first_party": true, "id_token_signed_response_alg": algorithm }),
        );
        let tokens = client.tokens(&server, &mut person).await;
        assert_eq!(jwt::header(tokens.id())["alg"], algorithm);
        assert!(server.verifies(tokens.id()).await);
    }
}

#[actix_web::test]
async fn rs_01_access_tokens_are_for_the_resources_that_were_granted_and_asked_for() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let (one, two) = ("https://one.example/", "https://two.example/api");
    let client = Client::register(
        &server,
        json!({ "token_endpoint_auth_method": "none", "first_party": true, "resources": [one, two] }),
    );
    let path = format!(
        "{}&resource={}",
        client.authorize_path(&[("scope", "openid offline_access"), ("resource", one)]),
        "https%3A%2F%2Ftwo.example%2Fapi"
    );
    let login = person.browser.get(&path).await;
    let flow_id = login.location().split("flow_id=").nth(1).expect("a flow").to_owned();
    let next = person.log_in(Some(&flow_id)).await;
    let code = person.browser.get(&next).await.told(&client)["code"].clone();
    let redeemed = client.redeem_with(&server, &code, &[("resource", one)]).await;
    assert_eq!(redeemed.status, 200, "{}", redeemed.text);
    let tokens = Tokens(redeemed.json());
    let audiences = |token: &str| Tokens::claims(token)["aud"].clone();
    assert_eq!(audiences(tokens.access()), json!([server.issuer, one]));
    let all = Tokens(client.refresh(&server, tokens.refresh()).await.json());
    assert_eq!(
        audiences(all.access()),
        json!([server.issuer, one, two]),
        "the grant was for both"
    );
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", all.refresh())];
    let more = [refresh[0], refresh[1], ("resource", "https://three.example/")];
    let answer = client.post(&server, "/oauth/token/", &more).await;
    assert_eq!(answer.refusal(), (400, "invalid_target".to_owned()));
    let narrowed = [refresh[0], refresh[1], ("resource", two)];
    let answer = client.post(&server, "/oauth/token/", &narrowed).await;
    assert_eq!(audiences(Tokens(answer.json()).access()), json!([server.issuer, two]));
    for bad in ["https://three.example/", "one", "https://one.example/#x"] {
        let answer = client.ask(&server, &[("resource", bad)]).await;
        assert_eq!(answer.told_error(&client, &server), "invalid_target", "{bad}");
    }
}
