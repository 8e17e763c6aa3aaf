//! Client metadata as RFC 7591 §2 and OIDC Dynamic Client Registration §2 name it, and the client it makes.
//!
//! What the metadata does not say has the defaults of those specifications: a confidential web client with
//! `client_secret_basic`, the authorization code grant and ID tokens signed with RS256. Our own tools say more
//! (`id_token_signed_response_alg: EdDSA`, `require_pkce: true`).

mod describe;
mod proof;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::client::{ApplicationType, AuthMethod, Client, ClientId, GrantType};
use super::client_options::OptionMetadata;
use super::client_secret::ClientSecret;
use super::scope::{OFFLINE_ACCESS, ScopeSet};
use super::{registered_uri, resource};
use crate::domain::clock::Timestamp;
use crate::domain::keys::algorithm::SigningAlgorithm;
use crate::domain::random::{self, Random};
pub use describe::describe;

/// Most redirect URIs of a kind that a client may have.
pub const MAX_URIS: usize = 32;
/// Longest name, in characters.
pub const MAX_NAME: usize = 100;

/// Metadata that asks for a protection or a form this server does not give. Ignoring it would be a promise broken.
const UNSUPPORTED: [&str; 6] = [
    "id_token_encrypted_response_alg",
    "id_token_encrypted_response_enc",
    "userinfo_encrypted_response_alg",
    "userinfo_encrypted_response_enc",
    "request_object_encryption_alg",
    "tls_client_certificate_bound_access_tokens",
];

/// A client as somebody describes it. Fields that nobody knows are ignored (RFC 7591 §2).
#[derive(Clone, Debug, Default, Deserialize)]
pub struct ClientMetadata {
    /// Kept where given, else made at random.
    pub client_id: Option<String>,
    /// Kept where given, else made at random for a client that needs one.
    pub client_secret: Option<ClientSecret>,
    /// The name that people are shown; the id, where there is none.
    pub client_name: Option<String>,
    /// Home page.
    pub client_uri: Option<String>,
    /// Where answers may go.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// Where a logout may end.
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<String>,
    /// One of [`AuthMethod::ALL`].
    pub token_endpoint_auth_method: Option<String>,
    /// One of [`ClientAlgorithm::ALL`](crate::domain::keys::client_key::ClientAlgorithm::ALL).
    pub token_endpoint_auth_signing_alg: Option<String>,
    /// Its public keys by value.
    pub jwks: Option<Value>,
    /// Its public keys by reference.
    pub jwks_uri: Option<String>,
    /// Some of [`GrantType::ALL`].
    pub grant_types: Option<Vec<String>>,
    /// `code`.
    pub response_types: Option<Vec<String>>,
    /// What it may ask for, with spaces; the standard scopes, where it is not said.
    pub scope: Option<String>,
    /// `web` or `native`.
    pub application_type: Option<String>,
    /// `RS256`, `ES256` or `EdDSA`.
    pub id_token_signed_response_alg: Option<String>,
    /// Seconds.
    pub default_max_age: Option<u64>,
    /// The ID token must have `auth_time`.
    #[serde(default)]
    pub require_auth_time: bool,
    /// Our own: refuse an authorization request without PKCE.
    pub require_pkce: Option<bool>,
    /// Our own: do not ask people for consent.
    #[serde(default)]
    pub first_party: bool,
    /// Our own: the resource servers it may have tokens for (RFC 8707).
    #[serde(default)]
    pub resources: Vec<String>,
    /// Our own: only people who hold this scope may use it.
    pub required_scope: Option<String>,
    /// What most clients do without.
    #[serde(flatten)]
    pub options: OptionMetadata,
    /// All else.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

/// What registration depends on besides the metadata.
#[derive(Clone, Copy)]
pub struct Registrar<'a> {
    /// For what is made at random.
    pub random: &'a dyn Random,
    /// The issuer is `http` on a loopback address, so its clients may be so too.
    pub loopback_issuer: bool,
    /// The operator registers it. A client that registers itself chooses neither its name and secret at this server nor
    /// what only an operator may grant.
    pub by_operator: bool,
}

/// A client, and its secret in clear for whoever registered it.
#[derive(Debug)]
pub struct Registered {
    /// What is stored.
    pub client: Client,
    /// What is shown, once.
    pub secret: Option<ClientSecret>,
}

/// A field of the metadata that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct MetadataError {
    /// The field.
    pub field: String,
    /// What is wrong, and what would be right.
    pub problem: String,
}

impl ClientMetadata {
    /// Checks everything and makes the client.
    ///
    /// # Errors
    /// [`MetadataError`] names the first field that cannot be.
    pub fn register(self, registrar: Registrar<'_>) -> Result<Registered, MetadataError> {
        self.refuse_unsupported()?;
        if !registrar.by_operator {
            self.refuse_privileges()?;
        }
        let id = self.id(registrar.random)?;
        let auth_method = self.auth_method()?;
        let secret = self.secret(auth_method, registrar.random)?;
        let application_type = self.application_type()?;
        let grant_types = self.grant_types(auth_method)?;
        let redirect_uris = self.redirect_uris(&grant_types, application_type, registrar.loopback_issuer)?;
        let options = self
            .options
            .check(&redirect_uris, application_type, registrar.loopback_issuer)?;
        let client = Client {
            name: self.name(&id)?,
            client_uri: self.client_uri(registrar.loopback_issuer)?,
            redirect_uris,
            options,
            post_logout_redirect_uris: self.post_logout_redirect_uris(application_type, registrar.loopback_issuer)?,
            scopes: self.scopes(&grant_types, registrar.by_operator)?,
            grant_types,
            auth_method,
            secret_hash: secret.as_ref().map(ClientSecret::hash),
            keys: self.keys(auth_method, registrar.loopback_issuer)?,
            auth_alg: self.auth_alg()?,
            resources: self.resources()?,
            required_scope: self.required_scope()?,
            require_pkce: self.require_pkce(auth_method)?,
            first_party: self.first_party,
            id_token_alg: self.id_token_alg()?,
            application_type,
            default_max_age: self.default_max_age,
            require_auth_time: self.require_auth_time,
            not_before: Timestamp::from_millis(0),
            id,
        };
        Ok(Registered { client, secret })
    }

    fn refuse_unsupported(&self) -> Result<(), MetadataError> {
        let asked = |name: &&&str| !matches!(self.other.get(**name), None | Some(Value::Null | Value::Bool(false)));
        if let Some(name) = UNSUPPORTED.iter().find(asked) {
            return Err(refuse(name, "this server does not support it"));
        }
        for response_type in self.response_types.iter().flatten() {
            one_of("response_types", Some(response_type), &[("code", ())], ())?;
        }
        Ok(())
    }

    /// What a client that registers itself must not ask for.
    fn refuse_privileges(&self) -> Result<(), MetadataError> {
        let asked = [
            ("client_id", self.client_id.is_some()),
            ("client_secret", self.client_secret.is_some()),
            ("first_party", self.first_party),
            ("resources", !self.resources.is_empty()),
            ("required_scope", self.required_scope.is_some()),
        ];
        match asked.iter().find(|(_, asked)| *asked) {
            Some((name, _)) => Err(refuse(name, "only the operator may set it")),
            None => Ok(()),
        }
    }

    fn id(&self, random: &dyn Random) -> Result<ClientId, MetadataError> {
        // Never begins with a dash, which a command would take for an option.
        let generated = || random::name(random);
        ClientId::parse(&self.client_id.clone().unwrap_or_else(generated)).ok_or_else(|| {
            refuse(
                "client_id",
                "it must be 1 to 128 characters of printable ASCII without blanks",
            )
        })
    }

    fn name(&self, id: &ClientId) -> Result<String, MetadataError> {
        let Some(name) = self.client_name.as_deref().map(str::trim).filter(|n| !n.is_empty()) else {
            return Ok(id.to_string());
        };
        // Marks that reorder text could make the consent page say something else.
        let is_bad = |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if name.chars().count() > MAX_NAME || name.contains(is_bad) {
            return Err(refuse(
                "client_name",
                "it must be at most 100 characters, none of them a control character",
            ));
        }
        Ok(name.to_owned())
    }

    fn application_type(&self) -> Result<ApplicationType, MetadataError> {
        let types = [("web", ApplicationType::Web), ("native", ApplicationType::Native)];
        one_of(
            "application_type",
            self.application_type.as_deref(),
            &types,
            ApplicationType::Web,
        )
    }

    fn grant_types(&self, method: AuthMethod) -> Result<Vec<GrantType>, MetadataError> {
        let Some(names) = &self.grant_types else {
            return Ok(vec![GrantType::AuthorizationCode]);
        };
        let known = GrantType::ALL.map(|g| (g.as_str(), g));
        let mut grants = Vec::new();
        for name in names {
            let grant = one_of("grant_types", Some(name), &known, GrantType::AuthorizationCode)?;
            if !grants.contains(&grant) {
                grants.push(grant);
            }
        }
        let first = |grant: &GrantType| *grant != GrantType::RefreshToken;
        let needs_proof = |grant: &GrantType| matches!(grant, GrantType::ClientCredentials | GrantType::TokenExchange);
        if !grants.iter().any(first) {
            return Err(refuse(
                "grant_types",
                "there must be one by which tokens are got first, such as authorization_code",
            ));
        }
        if method == AuthMethod::None && grants.iter().any(needs_proof) {
            return Err(refuse(
                "grant_types",
                "client_credentials and token exchange are for clients that prove themselves",
            ));
        }
        Ok(grants)
    }

    /// Scopes beyond the standard ones open what the operator's own servers guard, so a client cannot give them to itself.
    fn scopes(&self, grants: &[GrantType], by_operator: bool) -> Result<ScopeSet, MetadataError> {
        let for_people = |grant: &GrantType| matches!(grant, GrantType::AuthorizationCode | GrantType::DeviceCode);
        match &self.scope {
            Some(text) => match ScopeSet::parse(text) {
                Ok(scopes) if !scopes.is_empty() && by_operator => Ok(scopes),
                Ok(scopes) if !scopes.is_empty() => Ok(scopes.intersection(&ScopeSet::standard())),
                _ => Err(refuse("scope", "it must be scopes with spaces between them")),
            },
            None if !grants.iter().any(for_people) => Ok(ScopeSet::default()),
            None if grants.contains(&GrantType::RefreshToken) => Ok(ScopeSet::standard()),
            None => Ok(ScopeSet::standard().without(OFFLINE_ACCESS)),
        }
    }

    fn resources(&self) -> Result<Vec<String>, MetadataError> {
        if self.resources.len() > resource::MAX_COUNT {
            return Err(refuse("resources", "there must be at most 16"));
        }
        for (index, uri) in self.resources.iter().enumerate() {
            resource::check(uri).map_err(|problem| refuse(&format!("resources[{index}]"), problem))?;
        }
        Ok(self.resources.clone())
    }

    fn required_scope(&self) -> Result<Option<String>, MetadataError> {
        let Some(text) = &self.required_scope else {
            return Ok(None);
        };
        match ScopeSet::parse(text) {
            Ok(scopes) if scopes.iter().eq([text.as_str()]) => Ok(Some(text.clone())),
            _ => Err(refuse("required_scope", "it must be one scope")),
        }
    }

    fn require_pkce(&self, method: AuthMethod) -> Result<bool, MetadataError> {
        match (method, self.require_pkce) {
            (AuthMethod::None, Some(false)) => Err(refuse("require_pkce", "a public client cannot go without PKCE")),
            (AuthMethod::None, _) => Ok(true),
            (_, wanted) => Ok(wanted.unwrap_or(false)),
        }
    }

    fn id_token_alg(&self) -> Result<SigningAlgorithm, MetadataError> {
        let algorithms = SigningAlgorithm::ALL.map(|a| (a.name(), a));
        let name = self.id_token_signed_response_alg.as_deref();
        one_of(
            "id_token_signed_response_alg",
            name,
            &algorithms,
            SigningAlgorithm::Rs256,
        )
    }

    fn client_uri(&self, loopback_issuer: bool) -> Result<Option<String>, MetadataError> {
        if let Some(uri) = &self.client_uri {
            registered_uri::check_page(uri, loopback_issuer).map_err(|problem| refuse("client_uri", problem))?;
        }
        Ok(self.client_uri.clone())
    }

    fn redirect_uris(
        &self,
        grants: &[GrantType],
        kind: ApplicationType,
        loopback_issuer: bool,
    ) -> Result<Vec<String>, MetadataError> {
        if self.redirect_uris.is_empty() && grants.contains(&GrantType::AuthorizationCode) {
            return Err(refuse("redirect_uris", "there must be at least one"));
        }
        checked_uris("redirect_uris", &self.redirect_uris, kind, loopback_issuer)
    }

    fn post_logout_redirect_uris(&self, kind: ApplicationType, loopback: bool) -> Result<Vec<String>, MetadataError> {
        checked_uris(
            "post_logout_redirect_uris",
            &self.post_logout_redirect_uris,
            kind,
            loopback,
        )
    }
}

fn checked_uris(
    field: &str,
    uris: &[String],
    kind: ApplicationType,
    loopback_issuer: bool,
) -> Result<Vec<String>, MetadataError> {
    if uris.len() > MAX_URIS {
        return Err(refuse(field, "there must be at most 32"));
    }
    for (index, uri) in uris.iter().enumerate() {
        registered_uri::check_redirect(uri, kind, loopback_issuer)
            .map_err(|problem| refuse(&format!("{field}[{index}]"), problem))?;
    }
    Ok(uris.to_vec())
}

pub(super) fn one_of<T: Copy>(
    field: &str,
    name: Option<&str>,
    known: &[(&str, T)],
    default: T,
) -> Result<T, MetadataError> {
    let Some(name) = name else {
        return Ok(default);
    };
    known
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, value)| *value)
        .ok_or_else(|| {
            let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
            refuse(field, &format!("this server supports {} only", names.join(", ")))
        })
}

pub(super) fn refuse(field: &str, problem: &str) -> MetadataError {
    MetadataError {
        field: field.to_owned(),
        problem: problem.to_owned(),
    }
}

#[cfg(test)]
mod tests;
