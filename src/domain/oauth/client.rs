//! The record of a client: who may ask, for what, and how it proves itself.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::client_options::ClientOptions;
use super::client_secret::{ClientSecret, ClientSecretHash};
use super::error::{ErrorCode, OAuthError};
use super::redirect;
use super::scope::{OFFLINE_ACCESS, STANDARD, ScopeSet};
use crate::domain::clock::Timestamp;
use crate::domain::keys::algorithm::SigningAlgorithm;
use crate::domain::keys::client_key::ClientAlgorithm;

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
    /// The secret as a parameter of the body (RFC 6749 §2.3.1).
    ClientSecretPost,
    /// An assertion signed by a key of the client's own (OIDC Core §9, RFC 7523 §3).
    PrivateKeyJwt,
}

impl AuthMethod {
    /// All methods, in the order in which discovery lists them.
    pub const ALL: [Self; 4] = [
        Self::None,
        Self::ClientSecretBasic,
        Self::ClientSecretPost,
        Self::PrivateKeyJwt,
    ];

    /// Those by which a client proves itself to be the one it says it is.
    pub const PROVING: [Self; 3] = [Self::ClientSecretBasic, Self::ClientSecretPost, Self::PrivateKeyJwt];

    /// The name in the IANA registry.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
            Self::PrivateKeyJwt => "private_key_jwt",
        }
    }

    /// Whether a client needs a secret for it.
    #[must_use]
    pub const fn takes_secret(self) -> bool {
        matches!(self, Self::ClientSecretBasic | Self::ClientSecretPost)
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
    /// RFC 6749 §4.4.
    ClientCredentials,
    /// RFC 8628 §3.4.
    #[serde(rename = "urn:ietf:params:oauth:grant-type:device_code")]
    DeviceCode,
    /// RFC 8693 §2.1.
    #[serde(rename = "urn:ietf:params:oauth:grant-type:token-exchange")]
    TokenExchange,
}

impl GrantType {
    /// All grant types, in the order in which discovery lists them.
    pub const ALL: [Self; 5] = [
        Self::AuthorizationCode,
        Self::RefreshToken,
        Self::ClientCredentials,
        Self::DeviceCode,
        Self::TokenExchange,
    ];

    /// The grant of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grant| grant.as_str() == name)
    }

    /// The value of `grant_type`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
            Self::DeviceCode => "urn:ietf:params:oauth:grant-type:device_code",
            Self::TokenExchange => "urn:ietf:params:oauth:grant-type:token-exchange",
        }
    }
}

/// Where the public keys of a client are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeySource {
    /// In its record: a JWK set that [`ClientKeys::check`](crate::domain::keys::client_key::ClientKeys::check) passed.
    Jwks(serde_json::Value),
    /// At this address.
    JwksUri(String),
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
    /// What it signs with; there at least if `auth_method` needs it.
    #[serde(default)]
    pub keys: Option<KeySource>,
    /// The one algorithm of its assertions (`token_endpoint_auth_signing_alg`); any that its keys have, where it says none.
    #[serde(default)]
    pub auth_alg: Option<ClientAlgorithm>,
    /// The resource servers it may have tokens for (RFC 8707), besides this server itself.
    #[serde(default)]
    pub resources: Vec<String>,
    /// Only people who hold this scope may use it.
    #[serde(default)]
    pub required_scope: Option<String>,
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
    /// What most clients do without.
    #[serde(default)]
    pub options: ClientOptions,
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

    /// Whether a person who holds `scopes` may use it.
    #[must_use]
    pub fn admits(&self, scopes: &ScopeSet) -> bool {
        self.required_scope.as_ref().is_none_or(|scope| scopes.contains(scope))
    }

    /// Whether `secret` is its secret, compared in constant time. A public client has none.
    #[must_use]
    pub fn knows_secret(&self, secret: &ClientSecret) -> bool {
        self.secret_hash.as_ref() == Some(&secret.hash())
    }

    /// What it gets when it acts for itself: what it asks for of its scopes, or all of them. The standard ones are about
    /// people, so they mean nothing here.
    ///
    /// # Errors
    /// `invalid_scope`, if it asks for scopes and has none of them.
    pub fn own_scope(&self, asked: Option<&ScopeSet>) -> Result<ScopeSet, OAuthError> {
        let own = ScopeSet::of(self.scopes.iter().filter(|scope| !STANDARD.contains(scope)));
        match asked {
            None => Ok(own),
            Some(asked) => Some(own.intersection(asked))
                .filter(|scope| !scope.is_empty())
                .ok_or_else(|| {
                    OAuthError::new(
                        ErrorCode::InvalidScope,
                        "parameter scope has no scope that this client may have for itself",
                    )
                }),
        }
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
            grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
            scopes: ScopeSet::standard(),
            auth_method: AuthMethod::None,
            secret_hash: None,
            keys: None,
            auth_alg: None,
            resources: Vec::new(),
            required_scope: None,
            require_pkce: true,
            first_party: false,
            id_token_alg: SigningAlgorithm::EdDsa,
            application_type: ApplicationType::Web,
            default_max_age: None,
            require_auth_time: false,
            options: ClientOptions::default(),
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
    fn a_record_of_an_earlier_version_is_read() {
        let mut record = serde_json::to_value(testing::public()).expect("serialises");
        for name in ["keys", "auth_alg", "resources", "required_scope"] {
            record.as_object_mut().expect("an object").remove(name).expect("there");
        }
        assert_eq!(
            serde_json::from_value::<Client>(record).expect("parses"),
            testing::public()
        );
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
    fn a_client_that_acts_for_itself_has_no_scopes_of_people() {
        let client = Client {
            scopes: ScopeSet::of(["openid", "email", "jobs:read", "jobs:write"]),
            ..testing::confidential()
        };
        let ask = |text| client.own_scope(Some(&ScopeSet::parse(text).expect("parses")));
        assert_eq!(client.own_scope(None), Ok(ScopeSet::of(["jobs:read", "jobs:write"])));
        assert_eq!(ask("jobs:read openid admin"), Ok(ScopeSet::of(["jobs:read"])));
        assert!(ask("openid").is_err() && ask("admin").is_err());
        assert_eq!(testing::confidential().own_scope(None), Ok(ScopeSet::default()));
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
