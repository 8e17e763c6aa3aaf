//! A client in the names of RFC 7591 §3.2.1, without its secret: what registration answers and the command line shows.

use serde_json::{Map, Value, json};

use crate::domain::oauth::client::{ApplicationType, Client, GrantType, KeySource};

/// The members of the document.
#[must_use]
pub fn describe(client: &Client) -> Map<String, Value> {
    let grants: Vec<&str> = client.grant_types.iter().copied().map(GrantType::as_str).collect();
    let response_types: &[&str] = if client.may_use(GrantType::AuthorizationCode) {
        &["code"]
    } else {
        &[]
    };
    let mut described = Map::new();
    let mut put = |name: &str, value: Value| {
        if !value.is_null() {
            described.insert(name.to_owned(), value);
        }
    };
    put("client_id", client.id.as_str().into());
    put("client_name", client.name.as_str().into());
    put("client_uri", json!(client.client_uri));
    put("redirect_uris", json!(client.redirect_uris));
    put("post_logout_redirect_uris", json!(client.post_logout_redirect_uris));
    put("grant_types", json!(grants));
    put("response_types", json!(response_types));
    put("scope", client.scopes.to_string().into());
    put("token_endpoint_auth_method", client.auth_method.as_str().into());
    put("token_endpoint_auth_signing_alg", json!(client.auth_alg));
    match &client.keys {
        Some(KeySource::Jwks(set)) => put("jwks", set.clone()),
        Some(KeySource::JwksUri(uri)) => put("jwks_uri", uri.as_str().into()),
        None => {}
    }
    let application_type = match client.application_type {
        ApplicationType::Web => "web",
        ApplicationType::Native => "native",
    };
    put("application_type", application_type.into());
    put("id_token_signed_response_alg", client.id_token_alg.name().into());
    put("default_max_age", json!(client.default_max_age));
    put("require_auth_time", client.require_auth_time.into());
    put("require_pkce", client.require_pkce.into());
    put("first_party", client.first_party.into());
    put("resources", json!(client.resources));
    put("required_scope", json!(client.required_scope));
    described.extend(client.options.describe());
    described
}
