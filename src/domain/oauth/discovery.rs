//! What the server says about itself (OIDC Discovery §3, RFC 8414 §2). It says what is true, and no more.

use serde::Serialize;

use super::claims_request::ACR;
use super::client::{AuthMethod, GrantType};
use super::prompt::PromptValue;
use super::redirect::ResponseMode;
use super::scope::ScopeSet;
use crate::domain::keys::algorithm::SigningAlgorithm;
use crate::domain::keys::client_key::ClientAlgorithm;

/// Paths of the endpoints, below the issuer.
pub mod path {
    /// Authorization endpoint.
    pub const AUTHORIZE: &str = "/oauth/authorize/";
    /// Token endpoint.
    pub const TOKEN: &str = "/oauth/token/";
    /// Pushed authorization request endpoint.
    pub const PAR: &str = "/oauth/par/";
    /// `UserInfo` endpoint.
    pub const USERINFO: &str = "/oauth/userinfo/";
    /// Revocation endpoint.
    pub const REVOKE: &str = "/oauth/revoke/";
    /// Introspection endpoint.
    pub const INTROSPECT: &str = "/oauth/introspect/";
    /// Device authorization endpoint.
    pub const DEVICE: &str = "/oauth/device/";
    /// Client registration endpoint.
    pub const REGISTER: &str = "/oauth/register/";
    /// End-session endpoint.
    pub const LOGOUT: &str = "/oauth/logout/";
    /// The JWK set.
    pub const JWKS: &str = "/.well-known/jwks.json";
}

/// Claims of the ID token itself, beside those that scopes open.
const ID_TOKEN_CLAIMS: [&str; 9] = ["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "sid", "acr"];

/// The discovery document. Both well-known locations serve it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the fields are those of the two specifications")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the fields are those of the two specifications"
)]
pub struct Discovery {
    pub issuer: String,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    pub userinfo_endpoint: String,
    pub jwks_uri: String,
    pub revocation_endpoint: String,
    pub introspection_endpoint: String,
    pub device_authorization_endpoint: String,
    /// Where clients may register themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registration_endpoint: Option<String>,
    pub end_session_endpoint: String,
    pub pushed_authorization_request_endpoint: String,
    pub scopes_supported: Vec<String>,
    pub response_types_supported: [&'static str; 1],
    pub response_modes_supported: Vec<&'static str>,
    pub grant_types_supported: Vec<&'static str>,
    pub subject_types_supported: [&'static str; 2],
    pub id_token_signing_alg_values_supported: Vec<&'static str>,
    pub userinfo_signing_alg_values_supported: Vec<&'static str>,
    pub request_object_signing_alg_values_supported: Vec<&'static str>,
    pub dpop_signing_alg_values_supported: Vec<&'static str>,
    pub acr_values_supported: [&'static str; 1],
    pub token_endpoint_auth_methods_supported: Vec<&'static str>,
    pub token_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    pub revocation_endpoint_auth_methods_supported: Vec<&'static str>,
    pub revocation_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    pub introspection_endpoint_auth_methods_supported: Vec<&'static str>,
    pub introspection_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    pub code_challenge_methods_supported: [&'static str; 1],
    pub claim_types_supported: [&'static str; 1],
    pub claims_supported: Vec<&'static str>,
    pub prompt_values_supported: Vec<&'static str>,
    pub authorization_response_iss_parameter_supported: bool,
    pub claims_parameter_supported: bool,
    pub request_parameter_supported: bool,
    pub request_uri_parameter_supported: bool,
    pub require_request_uri_registration: bool,
    pub require_pushed_authorization_requests: bool,
    pub backchannel_logout_supported: bool,
    pub backchannel_logout_session_supported: bool,
}

impl Discovery {
    /// The document of `issuer`, a URL without a slash at its end, which knows these scopes.
    #[must_use]
    pub fn new(issuer: &str, scopes: &ScopeSet) -> Self {
        let at = |path| format!("{issuer}{path}");
        let assertion_algs = ClientAlgorithm::ALL.map(ClientAlgorithm::name).to_vec();
        let auth_methods: Vec<&str> = AuthMethod::ALL.into_iter().map(AuthMethod::as_str).collect();
        let ours: Vec<&str> = SigningAlgorithm::ALL.into_iter().map(SigningAlgorithm::name).collect();
        Self {
            issuer: issuer.to_owned(),
            authorization_endpoint: at(path::AUTHORIZE),
            token_endpoint: at(path::TOKEN),
            userinfo_endpoint: at(path::USERINFO),
            jwks_uri: at(path::JWKS),
            revocation_endpoint: at(path::REVOKE),
            introspection_endpoint: at(path::INTROSPECT),
            device_authorization_endpoint: at(path::DEVICE),
            registration_endpoint: None,
            end_session_endpoint: at(path::LOGOUT),
            pushed_authorization_request_endpoint: at(path::PAR),
            scopes_supported: scopes.iter().map(str::to_owned).collect(),
            response_types_supported: ["code"],
            response_modes_supported: ResponseMode::ALL.into_iter().map(ResponseMode::as_str).collect(),
            grant_types_supported: GrantType::ALL.into_iter().map(GrantType::as_str).collect(),
            subject_types_supported: ["public", "pairwise"],
            id_token_signing_alg_values_supported: ours.clone(),
            userinfo_signing_alg_values_supported: ours,
            request_object_signing_alg_values_supported: assertion_algs.clone(),
            dpop_signing_alg_values_supported: assertion_algs.clone(),
            acr_values_supported: [ACR],
            revocation_endpoint_auth_methods_supported: auth_methods.clone(),
            revocation_endpoint_auth_signing_alg_values_supported: assertion_algs.clone(),
            introspection_endpoint_auth_methods_supported: AuthMethod::PROVING.map(AuthMethod::as_str).to_vec(),
            introspection_endpoint_auth_signing_alg_values_supported: assertion_algs.clone(),
            token_endpoint_auth_methods_supported: auth_methods,
            token_endpoint_auth_signing_alg_values_supported: assertion_algs,
            code_challenge_methods_supported: ["S256"],
            claim_types_supported: ["normal"],
            claims_supported: ID_TOKEN_CLAIMS.into_iter().chain(scopes.claims()).collect(),
            prompt_values_supported: PromptValue::ALL.into_iter().map(PromptValue::as_str).collect(),
            authorization_response_iss_parameter_supported: true,
            claims_parameter_supported: true,
            request_parameter_supported: true,
            // None is ever fetched: a pushed one is no such parameter in the sense of OIDC Core §6.2.
            request_uri_parameter_supported: false,
            require_request_uri_registration: false,
            require_pushed_authorization_requests: false,
            backchannel_logout_supported: true,
            backchannel_logout_session_supported: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn document() -> Value {
        serde_json::to_value(Discovery::new("https://id.example", &ScopeSet::standard())).expect("serialises")
    }

    #[test]
    fn disc_15_every_url_comes_from_the_issuer() {
        for (name, value) in document().as_object().expect("an object") {
            if name == "issuer" {
                assert_eq!(value, "https://id.example");
            } else if name.ends_with("_endpoint") || name.ends_with("_uri") {
                assert!(
                    value.as_str().expect("text").starts_with("https://id.example/"),
                    "{name}"
                );
            }
        }
    }

    #[test]
    fn disc_03_what_discovery_requires_is_there() {
        let document = document();
        assert_eq!(
            document["id_token_signing_alg_values_supported"],
            json!(["EdDSA", "ES256", "RS256"])
        );
        assert_eq!(document["subject_types_supported"], json!(["public", "pairwise"]));
        assert_eq!(document["code_challenge_methods_supported"], json!(["S256"]));
        assert_eq!(
            document["token_endpoint_auth_methods_supported"],
            json!(["none", "client_secret_basic", "client_secret_post", "private_key_jwt"])
        );
        assert_eq!(document["authorization_response_iss_parameter_supported"], json!(true));
        assert!(
            document["scopes_supported"]
                .as_array()
                .expect("a list")
                .contains(&json!("openid"))
        );
        assert!(
            document["claims_supported"]
                .as_array()
                .expect("a list")
                .contains(&json!("email_verified"))
        );
    }

    #[test]
    fn disc_07_neither_implicit_nor_password_grant_is_offered() {
        let document = document();
        assert_eq!(document["response_types_supported"], json!(["code"]));
        assert_eq!(
            document["grant_types_supported"],
            json!([
                "authorization_code",
                "refresh_token",
                "client_credentials",
                "urn:ietf:params:oauth:grant-type:device_code",
                "urn:ietf:params:oauth:grant-type:token-exchange"
            ])
        );
    }

    #[test]
    fn az_14_request_objects_come_by_value_or_are_pushed_and_are_never_fetched() {
        let document = document();
        assert_eq!(document["request_parameter_supported"], json!(true));
        assert_eq!(document["request_uri_parameter_supported"], json!(false));
        assert_eq!(
            document["pushed_authorization_request_endpoint"],
            "https://id.example/oauth/par/"
        );
        for name in [
            "request_object_signing_alg_values_supported",
            "dpop_signing_alg_values_supported",
        ] {
            let algorithms = document[name].as_array().expect("a list");
            assert!(!algorithms.iter().any(|alg| alg == "none" || alg == "HS256"), "{name}");
        }
    }

    #[test]
    fn bc_00_back_channel_logout_is_offered_with_sid() {
        let document = document();
        assert_eq!(document["backchannel_logout_supported"], json!(true));
        assert_eq!(document["backchannel_logout_session_supported"], json!(true));
    }
}
