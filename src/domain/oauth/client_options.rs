//! What a client may be registered with beside the necessary: how it must ask, what it knows people by, how it is answered.
//!
//! Each has the default of its specification, so that a record from before an option existed is read as one without it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use url::Url;

use super::client::ApplicationType;
use super::metadata::{MetadataError, one_of, refuse};
use super::registered_uri;
use super::subject::SubjectType;
use crate::domain::keys::algorithm::SigningAlgorithm;
use crate::domain::keys::client_key::ClientAlgorithm;

/// The options of a registered client.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClientOptions {
    /// Its authorization requests must be pushed (RFC 9126 §6).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub require_pushed: bool,
    /// Its authorization requests must be signed (RFC 9101 §10.5).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub require_signed: bool,
    /// The one algorithm of its request objects; any that its key has, where it is not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_object_alg: Option<ClientAlgorithm>,
    /// It gets tokens for a key alone (RFC 9449 §5.2).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dpop_bound: bool,
    /// What it knows people by.
    #[serde(skip_serializing_if = "SubjectType::is_public")]
    pub subject_type: SubjectType,
    /// Where its sector lists its redirect URIs, as it was registered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sector_identifier_uri: Option<String>,
    /// Userinfo answers are signed for it with this algorithm (OIDC Core §5.3.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub userinfo_alg: Option<SigningAlgorithm>,
    /// Where it is told of the end of a session (OIDC Back-Channel Logout §2.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backchannel_logout_uri: Option<String>,
}

impl ClientOptions {
    /// The options that differ from their defaults, by the names of the IANA registry.
    #[must_use]
    pub fn describe(&self) -> Map<String, Value> {
        let mut described = Map::new();
        let mut put = |name: &str, value: Value| {
            if !matches!(value, Value::Null | Value::Bool(false)) {
                described.insert(name.to_owned(), value);
            }
        };
        put("require_pushed_authorization_requests", self.require_pushed.into());
        put("require_signed_request_object", self.require_signed.into());
        put("request_object_signing_alg", json!(self.request_object_alg));
        put("dpop_bound_access_tokens", self.dpop_bound.into());
        put(
            "subject_type",
            if self.subject_type.is_public() {
                "public"
            } else {
                "pairwise"
            }
            .into(),
        );
        put("sector_identifier_uri", json!(self.sector_identifier_uri));
        put("userinfo_signed_response_alg", json!(self.userinfo_alg));
        put("backchannel_logout_uri", json!(self.backchannel_logout_uri));
        put(
            "backchannel_logout_session_required",
            self.backchannel_logout_uri.is_some().into(),
        );
        described
    }
}

/// The metadata of these options, by the names of the IANA registry.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct OptionMetadata {
    /// `public` or `pairwise`.
    pub subject_type: Option<String>,
    /// Where the redirect URIs of a sector are listed (OIDC Registration §5).
    pub sector_identifier_uri: Option<String>,
    /// What is listed there, once whoever registers the client has fetched it.
    #[serde(skip)]
    pub sector_uris: Option<Vec<String>>,
    /// `RS256`, `ES256` or `EdDSA`; unsigned, where it is not said.
    pub userinfo_signed_response_alg: Option<String>,
    /// The algorithm of its request objects.
    pub request_object_signing_alg: Option<String>,
    /// RFC 9101 §10.5.
    pub require_signed_request_object: Option<bool>,
    /// RFC 9126 §6.
    pub require_pushed_authorization_requests: Option<bool>,
    /// RFC 9449 §5.2.
    pub dpop_bound_access_tokens: Option<bool>,
    /// OIDC Back-Channel Logout §2.2.
    pub backchannel_logout_uri: Option<String>,
    /// Every logout token here has `sid`, so there is nothing to decide.
    pub backchannel_logout_session_required: Option<bool>,
}

impl OptionMetadata {
    /// Checks everything against the client's redirect URIs, which are checked already.
    ///
    /// # Errors
    /// [`MetadataError`] names the first field that cannot be.
    pub fn check(
        &self,
        redirect_uris: &[String],
        application_type: ApplicationType,
        loopback_issuer: bool,
    ) -> Result<ClientOptions, MetadataError> {
        Ok(ClientOptions {
            require_pushed: self.require_pushed_authorization_requests.unwrap_or(false),
            require_signed: self.require_signed_request_object.unwrap_or(false),
            request_object_alg: self.request_object_alg()?,
            dpop_bound: self.dpop_bound_access_tokens.unwrap_or(false),
            subject_type: self.subject_type(redirect_uris, loopback_issuer)?,
            sector_identifier_uri: self.sector_identifier_uri.clone(),
            userinfo_alg: self.userinfo_alg()?,
            backchannel_logout_uri: self.backchannel_logout_uri(application_type, loopback_issuer)?,
        })
    }

    fn request_object_alg(&self) -> Result<Option<ClientAlgorithm>, MetadataError> {
        let known = ClientAlgorithm::ALL.map(|algorithm| (algorithm.name(), Some(algorithm)));
        let name = self.request_object_signing_alg.as_deref();
        one_of("request_object_signing_alg", name, &known, None)
    }

    fn userinfo_alg(&self) -> Result<Option<SigningAlgorithm>, MetadataError> {
        let known = SigningAlgorithm::ALL.map(|algorithm| (algorithm.name(), Some(algorithm)));
        let name = self.userinfo_signed_response_alg.as_deref();
        one_of("userinfo_signed_response_alg", name, &known, None)
    }

    /// OIDC Core §8.1: the sector is the host of the sector identifier, or the one host of all redirect URIs.
    fn subject_type(&self, redirect_uris: &[String], loopback_issuer: bool) -> Result<SubjectType, MetadataError> {
        let types = [("public", false), ("pairwise", true)];
        let is_pairwise = one_of("subject_type", self.subject_type.as_deref(), &types, false)?;
        if let Some(uri) = &self.sector_identifier_uri {
            let sector = self.sector(uri, redirect_uris, loopback_issuer)?;
            return Ok(if is_pairwise {
                SubjectType::Pairwise { sector }
            } else {
                SubjectType::Public
            });
        }
        if !is_pairwise {
            return Ok(SubjectType::Public);
        }
        let mut hosts: Vec<String> = redirect_uris.iter().filter_map(|uri| host(uri)).collect();
        hosts.sort();
        hosts.dedup();
        match <[String; 1]>::try_from(hosts) {
            Ok([sector]) => Ok(SubjectType::Pairwise { sector }),
            Err(_) => Err(refuse(
                "sector_identifier_uri",
                "a pairwise client whose redirect URIs do not all have the same host needs one",
            )),
        }
    }

    fn sector(&self, uri: &str, redirect_uris: &[String], loopback_issuer: bool) -> Result<String, MetadataError> {
        let field = "sector_identifier_uri";
        registered_uri::check_page(uri, loopback_issuer).map_err(|problem| refuse(field, problem))?;
        let host = host(uri).ok_or_else(|| refuse(field, "it must have a host"))?;
        let Some(listed) = &self.sector_uris else {
            return Err(refuse(field, "the list there could not be read"));
        };
        match redirect_uris.iter().find(|uri| !listed.contains(uri)) {
            Some(missing) => Err(refuse(field, &format!("the list there does not have {missing}"))),
            None => Ok(host),
        }
    }

    fn backchannel_logout_uri(&self, kind: ApplicationType, loopback: bool) -> Result<Option<String>, MetadataError> {
        let Some(uri) = &self.backchannel_logout_uri else {
            return Ok(None);
        };
        let checked = match kind {
            ApplicationType::Web => registered_uri::check_page(uri, loopback),
            // §2.2: it is this server that calls, so an app on a device has none.
            ApplicationType::Native => Err("a native client has no address that this server could call"),
        };
        checked.map_err(|problem| refuse("backchannel_logout_uri", problem))?;
        Ok(Some(uri.clone()))
    }
}

/// The list at a sector identifier: a JSON array of redirect URIs (OIDC Registration §5).
#[must_use]
pub fn sector_list(body: &[u8]) -> Option<Vec<String>> {
    let list: Vec<Value> = serde_json::from_slice(body).ok()?;
    list.into_iter()
        .map(|uri| match uri {
            Value::String(uri) => Some(uri),
            _ => None,
        })
        .collect()
}

fn host(uri: &str) -> Option<String> {
    Url::parse(uri).ok()?.host_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(metadata: Value, redirect_uris: &[&str]) -> Result<ClientOptions, MetadataError> {
        let metadata: OptionMetadata = serde_json::from_value(metadata).expect("is metadata");
        let uris: Vec<String> = redirect_uris.iter().map(|uri| (*uri).to_owned()).collect();
        metadata.check(&uris, ApplicationType::Web, false)
    }

    const ONE: [&str; 1] = ["https://app.example/cb"];

    #[test]
    fn metadata_that_says_nothing_gives_no_options_and_their_record_is_empty() {
        let options = check(json!({}), &ONE).expect("registers");
        assert_eq!(options, ClientOptions::default());
        assert_eq!(serde_json::to_value(&options).expect("writes"), json!({}));
        assert_eq!(
            serde_json::from_value::<ClientOptions>(json!({})).expect("reads"),
            options
        );
    }

    #[test]
    fn everything_that_is_said_is_kept() {
        let options = check(
            json!({
                "subject_type": "pairwise", "userinfo_signed_response_alg": "ES256", "request_object_signing_alg": "PS256",
                "require_signed_request_object": true, "require_pushed_authorization_requests": true,
                "dpop_bound_access_tokens": true, "backchannel_logout_uri": "https://app.example/bye",
                "backchannel_logout_session_required": true
            }),
            &ONE,
        )
        .expect("registers");
        let sector = "app.example".to_owned();
        assert_eq!(options.subject_type, SubjectType::Pairwise { sector });
        assert_eq!(options.userinfo_alg, Some(SigningAlgorithm::Es256));
        assert_eq!(options.request_object_alg, Some(ClientAlgorithm::Ps256));
        assert!(options.require_signed && options.require_pushed && options.dpop_bound);
        let json = serde_json::to_string(&options).expect("writes");
        assert_eq!(serde_json::from_str::<ClientOptions>(&json).expect("reads"), options);
    }

    #[test]
    fn what_cannot_be_is_named() {
        for (metadata, field) in [
            (json!({ "subject_type": "secret" }), "subject_type"),
            (
                json!({ "userinfo_signed_response_alg": "none" }),
                "userinfo_signed_response_alg",
            ),
            (
                json!({ "userinfo_signed_response_alg": "HS256" }),
                "userinfo_signed_response_alg",
            ),
            (
                json!({ "request_object_signing_alg": "none" }),
                "request_object_signing_alg",
            ),
            (
                json!({ "backchannel_logout_uri": "http://app.example/bye" }),
                "backchannel_logout_uri",
            ),
            (
                json!({ "backchannel_logout_uri": "https://app.example/bye#x" }),
                "backchannel_logout_uri",
            ),
            (
                json!({ "backchannel_logout_uri": "http://127.0.0.1/bye" }),
                "backchannel_logout_uri",
            ),
            (
                json!({ "sector_identifier_uri": "http://app.example/list" }),
                "sector_identifier_uri",
            ),
            (
                json!({ "sector_identifier_uri": "https://app.example/list" }),
                "sector_identifier_uri",
            ),
        ] {
            let error = check(metadata.clone(), &ONE).expect_err("cannot be");
            assert_eq!(error.field, field, "{metadata}");
        }
    }

    #[test]
    fn a_sector_is_one_host_or_a_list_that_has_every_redirect_uri() {
        let two = ["https://a.example/cb", "https://b.example/cb"];
        let error = check(json!({ "subject_type": "pairwise" }), &two).expect_err("has two hosts");
        assert_eq!(error.field, "sector_identifier_uri");
        let same = ["https://a.example/cb", "https://a.example:8443/other"];
        assert!(check(json!({ "subject_type": "pairwise" }), &same).is_ok());
        let listed = |list: &[u8]| {
            let metadata = OptionMetadata {
                subject_type: Some("pairwise".to_owned()),
                sector_identifier_uri: Some("https://sector.example/list.json".to_owned()),
                sector_uris: sector_list(list),
                ..OptionMetadata::default()
            };
            metadata.check(&two.map(str::to_owned), ApplicationType::Web, false)
        };
        let options =
            listed(br#"["https://b.example/cb","https://a.example/cb","https://c.example/cb"]"#).expect("is listed");
        let sector = "sector.example".to_owned();
        assert_eq!(options.subject_type, SubjectType::Pairwise { sector });
        for bad in [
            r#"["https://a.example/cb"]"#,
            r#"{"a":1}"#,
            r#"["https://a.example/cb",1]"#,
            "x",
        ] {
            assert!(listed(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
