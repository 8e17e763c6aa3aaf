//! The happy way of a code, as a certified client looks at it: answers, ID tokens, access tokens (OIDC Core §2, §3.1.3).

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256, Sha512};

use crate::support::{Client, Person, Server, Tokens, jwt, query_of};

fn at_hash(algorithm: &str, access: &str) -> String {
    if algorithm == "EdDSA" {
        return jwt::encode(&Sha512::digest(access)[..32]);
    }
    jwt::encode(&Sha256::digest(access)[..16])
}

fn client_with(server: &Server, extra: &Value) -> Client {
    let mut metadata = json!({ "first_party": true });
    for (name, value) in extra.as_object().expect("an object") {
        metadata[name] = value.clone();
    }
    Client::register(server, metadata)
}

#[actix_web::test]
async fn lg_01_id_01_id_02_id_tokens_verify_with_the_published_keys_in_the_algorithm_of_the_client() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    for (asked, used) in [
        // OIDC Registration §2: a client that says nothing gets RS256.
        (Value::Null, "RS256"),
        (json!("RS256"), "RS256"),
        (json!("ES256"), "ES256"),
        (json!("EdDSA"), "EdDSA"),
    ] {
        let client = client_with(&server, &json!({ "id_token_signed_response_alg": asked }));
        let tokens = client.tokens(&server, &mut person).await;
        let header = jwt::header(tokens.id());
        assert_eq!(header["alg"], used);
        assert!(header["kid"].is_string(), "{header}");
        assert!(server.verifies(tokens.id()).await, "{used}");
        let claims = Tokens::claims(tokens.id());
        assert_eq!(claims["at_hash"], at_hash(used, tokens.access()), "{used}");
        assert_eq!(jwt::header(tokens.access())["alg"], "EdDSA");
        assert!(server.verifies(tokens.access()).await);
    }
}

#[actix_web::test]
async fn lg_03_iss_is_in_every_answer_and_lg_06_no_answer_repeats_a_post() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::third_party(&server);
    let location = client.sign_in(&mut person, &[]).await;
    let told = query_of(&location);
    assert_eq!(told["iss"], server.issuer);
    assert_eq!(told["state"], "the-state");
    let names: Vec<_> = told.keys().map(String::as_str).collect();
    assert_eq!(names, ["code", "iss", "state"]);
    // 303 alone turns a POST into a GET everywhere (RFC 9700 §4.12).
    let path = client.authorize_path(&[]);
    let query = path.split_once('?').expect("a query").1.to_owned();
    for (path, body) in [("/oauth/authorize/", query), ("/oauth/logout/", "state=x".to_owned())] {
        for path in [path, path.trim_end_matches('/')] {
            let answer = server.form(path, body.clone()).await;
            assert_eq!(answer.status, 303, "{path}");
            let then = person.browser.get(answer.location()).await;
            assert!(![307, 308].contains(&then.status), "{path} {}", then.status);
        }
    }
}

#[actix_web::test]
async fn id_03_to_id_10_the_claims_are_those_of_the_sign_in_and_no_others() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::public(&server);
    let tokens = client.tokens(&server, &mut person).await;
    let claims = Tokens::claims(tokens.id());
    assert_eq!(claims["iss"], server.issuer.as_str());
    assert_eq!(claims["aud"], client.id.as_str());
    assert_eq!(claims["nonce"], "the-nonce");
    let subject = claims["sub"].as_str().expect("a subject");
    assert!(
        !subject.is_empty() && subject.len() <= 255 && subject.is_ascii(),
        "{subject}"
    );
    let time = |name: &str| claims[name].as_i64().unwrap_or_else(|| panic!("{name}"));
    assert_eq!(time("exp") - time("iat"), 55 * 60);
    assert!(time("auth_time") <= time("iat"));
    assert!(claims.get("azp").is_none_or(|azp| *azp == client.id.as_str()));
    let header = jwt::header(tokens.id());
    assert_eq!(header.as_object().expect("an object").len(), 3, "{header}");
    assert_eq!(header["typ"], "JWT");
    // RFC 9068 §2.2.
    let access = Tokens::claims(tokens.access());
    assert_eq!(jwt::header(tokens.access())["typ"], "at+jwt");
    for (name, value) in [("iss", &server.issuer), ("client_id", &client.id)] {
        assert_eq!(access[name], value.as_str());
    }
    assert_eq!(access["sub"], claims["sub"]);
    assert_eq!(access["scope"], "email offline_access openid");
    for name in ["aud", "exp", "iat", "jti"] {
        assert!(!access[name].is_null(), "{name}");
    }
}

#[actix_web::test]
async fn id_11_az_45_claims_of_scopes_come_from_userinfo_and_not_in_the_id_token() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::public(&server);
    let all = "openid profile email address phone";
    let code = client.code(&mut person, &[("scope", all)]).await;
    let tokens = Tokens(client.redeem(&server, &code).await.json());
    let expected = [
        "at_hash",
        "aud",
        "auth_time",
        "exp",
        "iat",
        "iss",
        "nonce",
        "sid",
        "sub",
    ];
    let claims = Tokens::claims(tokens.id());
    let mut names: Vec<_> = claims.as_object().expect("an object").keys().cloned().collect();
    names.sort();
    assert_eq!(names, expected);
    assert!(!tokens.id().contains(&jwt::encode("ada@example.org")));
    let userinfo = Client::userinfo(&server, tokens.access()).await.json();
    assert_eq!(userinfo["email"], "ada@example.org");
    assert_eq!(userinfo["email_verified"], true);
}

#[actix_web::test]
async fn id_12_without_openid_there_is_no_id_token_and_no_userinfo() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let client = Client::public(&server);
    let code = client.code(&mut person, &[("scope", "email")]).await;
    let tokens = Tokens(client.redeem(&server, &code).await.json());
    assert_eq!(tokens.0.get("id_token"), None);
    let answer = Client::userinfo(&server, tokens.access()).await;
    assert_eq!(answer.status, 403, "{}", answer.text);
    let challenge = answer.header("www-authenticate").expect("a challenge");
    assert!(challenge.contains("error=\"insufficient_scope\""), "{challenge}");
}

#[actix_web::test]
async fn id_13_two_people_have_two_subjects_and_one_person_has_one() {
    let server = Server::start();
    let mut ada = Person::signed_up(&server, "ada@example.org").await;
    let mut bob = Person::signed_up(&server, "bob@example.org").await;
    let (one, other) = (Client::public(&server), Client::public(&server));
    let subject = |tokens: &Tokens| Tokens::claims(tokens.id())["sub"].clone();
    let first = subject(&one.tokens(&server, &mut ada).await);
    assert_eq!(first, subject(&other.tokens(&server, &mut ada).await));
    assert_ne!(first, subject(&one.tokens(&server, &mut bob).await));
}
