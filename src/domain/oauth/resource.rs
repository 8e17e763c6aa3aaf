//! Resource indicators (RFC 8707): which servers a token is for.
//!
//! A client may have tokens for this server itself, and for the resource servers that are in its record. What a grant was
//! asked for can be narrowed when tokens are asked for, never widened.

use url::Url;

use super::client::Client;
use super::error::{ErrorCode, OAuthError};
use super::parameters::Parameters;

/// Most resources of one client or request.
pub const MAX_COUNT: usize = 16;
/// Longest resource, in bytes.
pub const MAX_BYTES: usize = 512;

/// Checks the form of a resource: an absolute URI without a fragment (RFC 8707 §2). They are compared as text.
///
/// # Errors
/// What is wrong with it, to be put after its field.
pub fn check(uri: &str) -> Result<(), &'static str> {
    if uri.len() > MAX_BYTES {
        return Err("it is longer than 512 bytes");
    }
    if uri.contains('#') {
        return Err("it must not have a fragment");
    }
    let printable = uri.bytes().all(|byte| byte.is_ascii_graphic());
    match Url::parse(uri) {
        Ok(_) if printable => Ok(()),
        _ => Err("it must be an absolute URI"),
    }
}

/// The resources that a request names, each once, in order; empty where it names none.
///
/// # Errors
/// `invalid_target`, if one is malformed, not the client's, or if there are too many.
pub fn requested(parameters: &Parameters, client: &Client, issuer: &str) -> Result<Vec<String>, OAuthError> {
    let mut found = Vec::new();
    for uri in parameters.all("resource") {
        let known = uri == issuer || client.resources.iter().any(|own| own == uri);
        if check(uri).is_err() || !known {
            return Err(invalid_target(
                "parameter resource names no resource that this client may have tokens for",
            ));
        }
        if !found.iter().any(|other| other == uri) {
            found.push(uri.to_owned());
        }
    }
    if found.len() > MAX_COUNT {
        return Err(invalid_target("parameter resource is there more than 16 times"));
    }
    Ok(found)
}

/// The resources of new tokens: those `asked` for now, or all that were `granted` where none are.
///
/// # Errors
/// `invalid_target`, if one was not granted. A grant that named none is one for this server alone.
pub fn narrow(granted: &[String], asked: Vec<String>, issuer: &str) -> Result<Vec<String>, OAuthError> {
    if asked.is_empty() {
        return Ok(granted.to_vec());
    }
    let fits = |uri: &String| granted.contains(uri) || (granted.is_empty() && uri == issuer);
    if asked.iter().all(fits) {
        Ok(asked)
    } else {
        Err(invalid_target("parameter resource asks for more than was granted"))
    }
}

/// The audiences of a token (RFC 9068 §2.2): its resources; and this server where the token must work at userinfo, or where
/// it is for nobody else.
#[must_use]
pub fn audiences(resources: &[String], issuer: &str, for_userinfo: bool) -> Vec<String> {
    let own = (for_userinfo || resources.is_empty()).then_some(issuer);
    let others = resources
        .iter()
        .map(String::as_str)
        .filter(|uri| *uri != issuer || own.is_none());
    own.into_iter().chain(others).map(str::to_owned).collect()
}

fn invalid_target(description: &str) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidTarget, description)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::oauth::client::testing;

    const ISSUER: &str = "https://id.example";

    fn list(uris: &[&str]) -> Vec<String> {
        uris.iter().map(|uri| (*uri).to_owned()).collect()
    }

    fn ask(body: &str) -> Result<Vec<String>, OAuthError> {
        let client = Client {
            resources: list(&["https://api.example/v1", "urn:example:jobs"]),
            ..testing::confidential()
        };
        requested(&Parameters::parse(body.as_bytes()).expect("parses"), &client, ISSUER)
    }

    #[test]
    fn a_client_asks_for_its_own_resources_and_this_server() {
        assert_eq!(ask("a=b"), Ok(vec![]));
        assert_eq!(
            ask("resource=https://api.example/v1&resource=urn:example:jobs&resource=https://api.example/v1"),
            Ok(list(&["https://api.example/v1", "urn:example:jobs"]))
        );
        assert_eq!(ask("resource=https://id.example"), Ok(list(&[ISSUER])));
        for other in [
            "https://api.example/v2",
            "https://api.example/v1/",
            "HTTPS://api.example/v1",
            "https://api.example/v1%23x",
            "api",
        ] {
            let refused = ask(&format!("resource={other}")).expect_err(other);
            assert_eq!(refused.code(), ErrorCode::InvalidTarget, "{other}");
        }
    }

    #[test]
    fn a_resource_is_an_absolute_uri_without_fragment() {
        for (uri, fits) in [
            ("https://api.example/", true),
            ("urn:example:jobs", true),
            ("https://api.example/#x", false),
            ("/api", false),
            ("api.example", false),
            ("https://api.example/a b", false),
            (&format!("https://{}", "a".repeat(MAX_BYTES)), false),
        ] {
            assert_eq!(check(uri).is_ok(), fits, "{uri}");
        }
    }

    #[test]
    fn tokens_are_for_what_was_granted_or_less() {
        let granted = list(&["https://a.example", "https://b.example"]);
        assert_eq!(narrow(&granted, vec![], ISSUER), Ok(granted.clone()));
        let less = list(&["https://b.example"]);
        assert_eq!(narrow(&granted, less.clone(), ISSUER), Ok(less.clone()));
        assert!(narrow(&less, granted, ISSUER).is_err());
        assert!(narrow(&[], less.clone(), ISSUER).is_err());
        assert!(narrow(&less, list(&[ISSUER]), ISSUER).is_err());
        assert_eq!(narrow(&[], list(&[ISSUER]), ISSUER), Ok(list(&[ISSUER])));
    }

    #[test]
    fn this_server_is_an_audience_where_it_must_be() {
        let api = list(&["https://a.example"]);
        assert_eq!(audiences(&[], ISSUER, false), list(&[ISSUER]));
        assert_eq!(audiences(&api, ISSUER, false), api);
        assert_eq!(audiences(&api, ISSUER, true), list(&[ISSUER, "https://a.example"]));
        assert_eq!(audiences(&list(&[ISSUER]), ISSUER, true), list(&[ISSUER]));
        assert_eq!(audiences(&list(&[ISSUER]), ISSUER, false), list(&[ISSUER]));
    }
}
