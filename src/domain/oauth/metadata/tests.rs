//! What registration takes, what it assumes, and what it refuses.

use proptest::prelude::*;

use super::*;
use crate::domain::oauth::client::KeySource;

struct Fixed;
impl Random for Fixed {
    fn fill(&self, out: &mut [u8]) {
        out.fill(7);
    }
}

fn register(json: &str) -> Result<Registered, MetadataError> {
    let metadata: ClientMetadata = serde_json::from_str(json).expect("is metadata");
    metadata.register(Registrar {
        random: &Fixed,
        loopback_issuer: false,
        by_operator: true,
    })
}

/// Metadata with one redirect URI and `more` fields.
fn with(more: &str) -> Result<Registered, MetadataError> {
    register(&format!(r#"{{"redirect_uris":["https://app.example/cb"]{more}}}"#))
}

#[test]
fn id_02_metadata_that_says_nothing_has_the_defaults_of_the_specifications() {
    let Registered { client, secret } = with("").expect("registers");
    assert_eq!(client.id_token_alg, SigningAlgorithm::Rs256);
    assert_eq!(client.auth_method, AuthMethod::ClientSecretBasic);
    assert_eq!(client.grant_types, [GrantType::AuthorizationCode]);
    assert_eq!(client.application_type, ApplicationType::Web);
    assert_eq!(
        client.scopes.to_string(),
        "address email entitlements openid phone profile"
    );
    assert!(!client.require_pkce && !client.first_party);
    assert!(client.knows_secret(&secret.expect("has a secret")));
    assert_eq!(client.name, client.id.as_str());
}

#[test]
fn az_07_a_public_client_has_no_secret_and_must_use_pkce() {
    let registered = with(r#","token_endpoint_auth_method":"none""#).expect("registers");
    assert!(registered.client.is_public() && registered.client.require_pkce);
    assert!(registered.secret.is_none() && registered.client.secret_hash.is_none());
}

#[test]
fn id_and_secret_are_kept_where_given() {
    let registered = with(r#","client_id":"rp-1","client_secret":"0123456789abcdef""#).expect("registers");
    assert_eq!(registered.client.id.as_str(), "rp-1");
    assert!(
        registered
            .client
            .knows_secret(&ClientSecret::new("0123456789abcdef".to_owned()))
    );
}

#[test]
fn everything_that_is_said_is_kept() {
    let client = with(
        r#","client_name":" My App ","client_uri":"https://app.example/","scope":"openid admin","first_party":true,
           "post_logout_redirect_uris":["https://app.example/bye"],"grant_types":["refresh_token","authorization_code"],
           "response_types":["code"],"id_token_signed_response_alg":"EdDSA","default_max_age":60,"subject_type":"public",
           "require_auth_time":true,"require_pkce":true,"contacts":["a@b.example"],"dpop_bound_access_tokens":false"#,
    )
    .expect("registers")
    .client;
    assert_eq!(
        (client.name.as_str(), client.scopes.to_string().as_str()),
        ("My App", "admin openid")
    );
    assert_eq!(
        (client.id_token_alg, client.default_max_age),
        (SigningAlgorithm::EdDsa, Some(60))
    );
    assert!(client.first_party && client.require_auth_time && client.require_pkce);
    assert!(client.may_use(GrantType::RefreshToken) && client.allows_post_logout_redirect("https://app.example/bye"));
    let json = serde_json::to_string(&client).expect("serialises");
    assert_eq!(serde_json::from_str::<Client>(&json).expect("parses"), client);
}

#[test]
fn what_cannot_be_is_refused_and_the_field_is_named() {
    for (more, field) in [
        (
            r#","token_endpoint_auth_method":"client_secret_jwt""#,
            "token_endpoint_auth_method",
        ),
        (r#","token_endpoint_auth_method":"private_key_jwt""#, "jwks"),
        (r#","jwks":{"keys":[]}"#, "jwks"),
        (r#","jwks":{"keys":[]},"jwks_uri":"https://app.example/jwks""#, "jwks"),
        (r#","jwks_uri":"http://app.example/jwks""#, "jwks_uri"),
        (r#","jwks_uri":"https://a:b@app.example/jwks""#, "jwks_uri"),
        (
            r#","token_endpoint_auth_signing_alg":"HS256""#,
            "token_endpoint_auth_signing_alg",
        ),
        (r#","resources":["https://api.example/#x"]"#, "resources[0]"),
        (r#","required_scope":"two scopes""#, "required_scope"),
        (r#","required_scope":"""#, "required_scope"),
        (
            r#","token_endpoint_auth_method":"none","grant_types":["client_credentials"]"#,
            "grant_types",
        ),
        (
            r#","token_endpoint_auth_method":"none","client_secret":"0123456789abcdef""#,
            "client_secret",
        ),
        (r#","client_secret":"short""#, "client_secret"),
        (r#","client_id":"a b""#, "client_id"),
        (r#","client_id":"""#, "client_id"),
        (r#","client_name":"a\u202eb""#, "client_name"),
        (r#","client_uri":"javascript:alert(1)""#, "client_uri"),
        (r#","grant_types":["implicit"]"#, "grant_types"),
        (r#","grant_types":["password","authorization_code"]"#, "grant_types"),
        (r#","grant_types":["refresh_token"]"#, "grant_types"),
        (r#","grant_types":[]"#, "grant_types"),
        (r#","response_types":["code","token"]"#, "response_types"),
        (r#","scope":"a\"b""#, "scope"),
        (r#","application_type":"desktop""#, "application_type"),
        (r#","subject_type":"secret""#, "subject_type"),
        (
            r#","id_token_signed_response_alg":"none""#,
            "id_token_signed_response_alg",
        ),
        (
            r#","id_token_signed_response_alg":"HS256""#,
            "id_token_signed_response_alg",
        ),
        (
            r#","id_token_encrypted_response_alg":"RSA-OAEP""#,
            "id_token_encrypted_response_alg",
        ),
        (
            r#","tls_client_certificate_bound_access_tokens":true"#,
            "tls_client_certificate_bound_access_tokens",
        ),
        (
            r#","token_endpoint_auth_method":"none","require_pkce":false"#,
            "require_pkce",
        ),
        (
            r#","post_logout_redirect_uris":["https://a.example/","http://a.example/"]"#,
            "post_logout_redirect_uris[1]",
        ),
    ] {
        assert_eq!(with(more).expect_err(more).field, field, "{more}");
    }
    assert_eq!(register("{}").expect_err("no URI").field, "redirect_uris");
    let foreign = r#"{"redirect_uris":["http://app.example/cb"]}"#;
    assert_eq!(register(foreign).expect_err("http").field, "redirect_uris[0]");
    let many = serde_json::json!({ "redirect_uris": vec!["https://app.example/cb"; MAX_URIS + 1] });
    assert_eq!(
        register(&many.to_string()).expect_err("too many").field,
        "redirect_uris"
    );
}

#[test]
fn tk_12_a_client_with_keys_of_its_own_has_no_secret() {
    let set = crate::domain::token::client_jws::testing::jwks(SigningAlgorithm::Es256);
    let more = format!(r#","token_endpoint_auth_method":"private_key_jwt","jwks":{set}"#);
    let registered = with(&more).expect("registers");
    assert!(registered.secret.is_none() && registered.client.secret_hash.is_none());
    assert_eq!(registered.client.keys, Some(KeySource::Jwks(set.clone())));
    assert_eq!(describe(&registered.client)["jwks"], set);
    let more = r#","token_endpoint_auth_method":"private_key_jwt","jwks_uri":"https://app.example/jwks""#;
    let client = with(more).expect("registers").client;
    assert_eq!(
        client.keys,
        Some(KeySource::JwksUri("https://app.example/jwks".to_owned()))
    );
}

#[test]
fn a_machine_needs_neither_redirect_uri_nor_the_scopes_of_people() {
    let client = register(r#"{"grant_types":["client_credentials"]}"#)
        .expect("registers")
        .client;
    assert!(client.scopes.is_empty() && client.redirect_uris.is_empty());
    assert_eq!(describe(&client)["response_types"], serde_json::json!([]));
}

#[test]
fn a_client_that_registers_itself_gets_no_privileges() {
    let register = |more: &str| {
        let json = format!(r#"{{"redirect_uris":["https://app.example/cb"]{more}}}"#);
        let metadata: ClientMetadata = serde_json::from_str(&json).expect("is metadata");
        metadata.register(Registrar {
            random: &Fixed,
            loopback_issuer: false,
            by_operator: false,
        })
    };
    assert!(register("").is_ok());
    let asked = register(r#","scope":"openid admin jobs""#).expect("registers");
    assert_eq!(asked.client.scopes.to_string(), "openid");
    for (more, field) in [
        (r#","client_id":"mine""#, "client_id"),
        (r#","client_secret":"0123456789abcdef""#, "client_secret"),
        (r#","first_party":true"#, "first_party"),
        (r#","resources":["https://api.example/"]"#, "resources"),
        (r#","required_scope":"staff""#, "required_scope"),
    ] {
        assert_eq!(register(more).expect_err(more).field, field);
    }
}

#[test]
fn what_is_described_registers_the_same_client() {
    let client = with(
        r#","client_name":"My App","scope":"openid","resources":["https://api.example/"],"required_scope":"staff",
           "grant_types":["authorization_code","urn:ietf:params:oauth:grant-type:token-exchange"]"#,
    )
    .expect("registers")
    .client;
    let mut described = describe(&client);
    described.insert("client_secret".to_owned(), "0123456789abcdef".into());
    let again = register(&Value::Object(described).to_string())
        .expect("registers")
        .client;
    let secret_hash = client.secret_hash;
    assert_eq!(Client { secret_hash, ..again }, client);
}

#[test]
fn lk_01_metadata_does_not_print_its_secret() {
    let metadata: ClientMetadata = serde_json::from_str(r#"{"client_secret":"0123456789abcdef"}"#).expect("parses");
    assert!(!format!("{metadata:?}").contains("0123456789abcdef"));
}

proptest! {
    #[test]
    fn any_json_is_registered_or_refused_without_a_panic(
        field in "client_(id|name|uri|secret)|redirect_uris|grant_types|scope|default_max_age|x",
        text in ".{0,40}",
        list: bool,
    ) {
        let value = if list { serde_json::json!([text]) } else { serde_json::json!(text) };
        let json = serde_json::json!({ field: value });
        if let Ok(metadata) = serde_json::from_value::<ClientMetadata>(json) {
            let _ = metadata.register(Registrar { random: &Fixed, loopback_issuer: true, by_operator: true });
        }
    }
}
