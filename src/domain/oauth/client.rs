//! The record of a client: who may ask, for what, and how it proves itself.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::client_secret::{ClientSecret, ClientSecretHash};
use super::error::{ErrorCode, OAuthError};
use super::redirect;
use super::scope::{OFFLINE_ACCESS, ScopeSet};
use crate::domain::clock::Timestamp;
use crate::domain::keys::algorithm::SigningAlgorithm;

/// Longest client id, in bytes.
pub const MAX_ID: usize = 128;

/// A `client_id`: 1 to 128 characters of printable ASCII without blanks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientId(String);

impl ClientId {
    /// Reads a client id; `None`, if no client could have it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let well_formed = (1..=MAX_ID).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        well_formed.then(|| Self(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How a client proves itself at the token endpoint (`token_endpoint_auth_method`, RFC 7591 §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthMethod {
    /// A public client: it has nothing to prove itself with, PKCE stands in.
    None,
    /// HTTP Basic (RFC 6749 §2.3.1).
    ClientSecretBasic,
}

impl AuthMethod {
    /// All methods, in the order in which discovery lists them.
    pub const ALL: [Self; 2] = [Self::None, Self::ClientSecretBasic];

    /// The name in the IANA registry.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ClientSecretBasic => "client_secret_basic",
        }
    }
}

/// What a client may bring to the token endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    /// RFC 6749 §4.1.3.
    AuthorizationCode,
    /// RFC 6749 §6.
    RefreshToken,
}

impl GrantType {
    /// All grant types, in the order in which discovery lists them.
    pub const ALL: [Self; 2] = [Self::AuthorizationCode, Self::RefreshToken];

    /// The value of `grant_type`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
        }
    }
}

/// Where a client runs (`application_type`, OIDC Registration §2). It decides which redirect URIs it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApplicationType {
    /// On a web server or in a browser.
    Web,
    /// On a person's device.
    Native,
}

/// A registered client. Made from [`ClientMetadata`](super::metadata::ClientMetadata), which checks it; it is stored as JSON.
///
/// There is no list of response types: `code` is the only one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// Its id.
    pub id: ClientId,
    /// What people are shown.
    pub name: String,
    /// Its home page, https (or http, where the issuer is loopback http), shown with the name.
    pub client_uri: Option<String>,
    /// Where answers may go. See [`Client::allows_redirect`].
    pub redirect_uris: Vec<String>,
    /// Where the browser may go after a logout, byte for byte.
    pub post_logout_redirect_uris: Vec<String>,
    /// What it may bring to the token endpoint.
    pub grant_types: Vec<GrantType>,
    /// What it may ask for.
    pub scopes: ScopeSet,
    /// How it proves itself.
    pub auth_method: AuthMethod,
    /// Hash of its secret; there exactly if `auth_method` needs one.
    pub secret_hash: Option<ClientSecretHash>,
    /// An authorization request without PKCE is refused. Always true for public clients.
    pub require_pkce: bool,
    /// One of the operator's own applications: people are not asked for consent, unless it asks that they be.
    pub first_party: bool,
    /// How its ID tokens are signed.
    pub id_token_alg: SigningAlgorithm,
    /// Where it runs.
    pub application_type: ApplicationType,
    /// `max_age` of a request that has none, in seconds.
    pub default_max_age: Option<u64>,
    /// The ID token must have `auth_time`.
    pub require_auth_time: bool,
    /// Codes and tokens given before this moment are void: set to end all that a client holds.
    pub not_before: Timestamp,
}

impl Client {
    /// Whether it cannot keep a secret (RFC 6749 §2.1).
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.auth_method == AuthMethod::None
    }

    /// Whether it may use this grant.
    #[must_use]
    pub fn may_use(&self, grant: GrantType) -> bool {
        self.grant_types.contains(&grant)
    }

    /// Whether an answer may go to `presented`, by the rules of [`redirect::matches`].
    #[must_use]
    pub fn allows_redirect(&self, presented: &str) -> bool {
        self.redirect_uris
            .iter()
            .any(|registered| redirect::matches(registered, presented, self.application_type))
    }

    /// Whether a logout may end at `presented`: byte for byte, for native clients too.
    #[must_use]
    pub fn allows_post_logout_redirect(&self, presented: &str) -> bool {
        self.post_logout_redirect_uris
            .iter()
            .any(|registered| registered == presented)
    }

    /// Whether `secret` is its secret, compared in constant time. A public client has none.
    #[must_use]
    pub fn knows_secret(&self, secret: &ClientSecret) -> bool {
        self.secret_hash.as_ref() == Some(&secret.hash())
    }

    /// What it gets of the `requested` scopes: those that the server knows and that it may ask for. `offline_access` means
    /// nothing to a client without the refresh grant, so it is dropped there.
    ///
    /// # Errors
    /// `invalid_scope`, if nothing is left.
    pub fn grantable(&self, requested: &ScopeSet, known: &ScopeSet) -> Result<ScopeSet, OAuthError> {
        let mut scope = requested.intersection(known).intersection(&self.scopes);
        if !self.may_use(GrantType::RefreshToken) {
            scope = scope.without(OFFLINE_ACCESS);
        }
        if scope.is_empty() {
            return Err(OAuthError::new(
                ErrorCode::InvalidScope,
                "parameter scope has no scope that this client may ask for",
            ));
        }
        Ok(scope)
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    /// A public third-party web client with one redirect URI.
    pub fn public() -> Client {
        Client {
            id: ClientId::parse("app").expect("parses"),
            name: "App".to_owned(),
            client_uri: None,
            redirect_uris: vec!["https://app.example/cb".to_owned()],
            post_logout_redirect_uris: vec!["https://app.example/bye".to_owned()],
            grant_types: GrantType::ALL.to_vec(),
            scopes: ScopeSet::standard(),
            auth_method: AuthMethod::None,
            secret_hash: None,
            require_pkce: true,
            first_party: false,
            id_token_alg: SigningAlgorithm::EdDsa,
            application_type: ApplicationType::Web,
            default_max_age: None,
            require_auth_time: false,
            not_before: Timestamp::from_millis(0),
        }
    }

    /// The same with a secret, and PKCE left to it.
    pub fn confidential() -> Client {
        Client {
            auth_method: AuthMethod::ClientSecretBasic,
            secret_hash: Some(ClientSecret::new("a secret of some length".to_owned()).hash()),
            require_pkce: false,
            ..public()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_comes_back_from_json() {
        for client in [testing::public(), testing::confidential()] {
            let json = serde_json::to_string(&client).expect("serialises");
            assert_eq!(serde_json::from_str::<Client>(&json).expect("parses"), client);
        }
    }

    #[test]
    fn names_in_json_are_those_of_the_registries() {
        for method in AuthMethod::ALL {
            assert_eq!(serde_json::to_value(method).expect("serialises"), method.as_str());
        }
        for grant in GrantType::ALL {
            assert_eq!(serde_json::to_value(grant).expect("serialises"), grant.as_str());
        }
    }

    #[test]
    fn st_01_only_its_own_secret_opens_a_client() {
        let right = ClientSecret::new("a secret of some length".to_owned());
        assert!(testing::confidential().knows_secret(&right));
        assert!(!testing::confidential().knows_secret(&ClientSecret::new(String::new())));
        assert!(!testing::public().knows_secret(&right));
    }

    #[test]
    fn unknown_and_foreign_scopes_are_dropped_and_nothing_left_is_invalid_scope() {
        let known = ScopeSet::standard().union(&ScopeSet::of(["admin"]));
        let client = testing::public();
        let ask = |text| client.grantable(&ScopeSet::parse(text).expect("parses"), &known);
        assert_eq!(
            ask("openid email admin unheard-of"),
            Ok(ScopeSet::of(["openid", "email"]))
        );
        assert_eq!(
            ask("admin unheard-of").expect_err("nothing left").code(),
            ErrorCode::InvalidScope
        );
        assert!(ask("").is_err());
    }

    #[test]
    fn offline_access_needs_the_refresh_grant() {
        let client = Client {
            grant_types: vec![GrantType::AuthorizationCode],
            ..testing::public()
        };
        let asked = ScopeSet::of(["openid", OFFLINE_ACCESS]);
        assert_eq!(
            client.grantable(&asked, &ScopeSet::standard()),
            Ok(ScopeSet::of(["openid"]))
        );
    }

    #[test]
    fn client_ids_are_printable_and_bounded() {
        assert!(ClientId::parse(&"a".repeat(MAX_ID)).is_some());
        for bad in ["", "a b", "a\n", "\u{e9}", &"a".repeat(MAX_ID + 1)] {
            assert!(ClientId::parse(bad).is_none(), "{bad:?}");
        }
    }
}
