//! An authorization request, from raw parameters to one that may proceed.
//!
//! Two steps, because errors go two ways: until the redirect URI is proven they are shown on a page ([`Proven::prove`]),
//! after that they are told to the client ([`Proven::validate`]). Between raw parameters and the first step the caller
//! looks the client up by [`client_id`].

use std::borrow::Cow;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::claims_request::ClaimsRequest;
use super::client::{Client, ClientId, GrantType};
use super::error::{ErrorCode, OAuthError};
use super::parameters::Parameters;
use super::pkce::CodeChallenge;
use super::prompt::{self, Prompt};
use super::pushed::Source;
use super::redirect::{self, Answer, ResponseMode};
use super::resource;
use super::scope::ScopeSet;
use crate::domain::token::dpop;

/// Longest `state`, in bytes. It goes into a header of the answer, where each may take three.
pub const MAX_STATE: usize = 4096;
/// Longest `nonce`, in bytes. It is stored with the code and put into the ID token.
pub const MAX_NONCE: usize = 1024;
/// Longest hint for the page (`login_hint`, `ui_locales`), in bytes. A longer one is ignored, as a hint may be.
pub const MAX_HINT: usize = 254;

/// The `client_id` of a request.
///
/// # Errors
/// `invalid_request`, if it is missing or no client could have it. To be shown on a page.
pub fn client_id(parameters: &Parameters) -> Result<ClientId, OAuthError> {
    ClientId::parse(parameters.require("client_id")?)
        .ok_or_else(|| OAuthError::invalid_request("parameter client_id has a form that no client_id has"))
}

/// A request whose client and redirect URI are known to belong together. From here on errors go to the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven {
    redirect_uri: String,
    state: Option<String>,
    response_mode: ResponseMode,
}

impl Proven {
    /// Checks that the client exists and that `redirect_uri` is one of its own. It must be sent, even by a client that has
    /// only one (OIDC Core §3.1.2.1).
    ///
    /// # Errors
    /// What to show on a page; there must be no redirect.
    pub fn prove(parameters: &Parameters, client: Option<&Client>) -> Result<Self, OAuthError> {
        let id = client_id(parameters)?;
        let Some(client) = client.filter(|c| c.id == id) else {
            return Err(OAuthError::new(
                ErrorCode::InvalidClient,
                "parameter client_id names no client that is registered here",
            ));
        };
        let redirect_uri = parameters.require("redirect_uri")?;
        if !client.allows_redirect(redirect_uri) {
            return Err(OAuthError::invalid_request(
                "parameter redirect_uri is not one that this client has registered",
            ));
        }
        Ok(Self {
            redirect_uri: redirect_uri.to_owned(),
            state: parameters.get("state").map(str::to_owned),
            // A mode that nobody knows is an error that has to travel somehow.
            response_mode: parameters
                .get("response_mode")
                .and_then(ResponseMode::parse)
                .unwrap_or_default(),
        })
    }

    /// Checks everything else.
    ///
    /// `display`, `claims_locales` and parameters that nobody knows are ignored, whatever is in them (OIDC Core §3.1.2.1;
    /// RFC 6749 §3.1).
    ///
    /// # Errors
    /// What to tell the client by redirect.
    pub fn validate(
        self,
        parameters: &Parameters,
        client: &Client,
        rules: &Rules<'_>,
    ) -> Result<AuthorizationRequest, RedirectError> {
        match check(parameters, client, rules) {
            Ok(checked) => Ok(AuthorizationRequest {
                client_id: client.id.clone(),
                redirect_uri: self.redirect_uri,
                state: self.state,
                response_mode: self.response_mode,
                ..checked
            }),
            Err(error) => Err(self.refuse(error)),
        }
    }

    /// Any other error for the client, such as a repeated parameter.
    #[must_use]
    pub fn refuse(self, error: OAuthError) -> RedirectError {
        RedirectError {
            redirect_uri: self.redirect_uri,
            state: self.state.filter(|s| s.len() <= MAX_STATE),
            response_mode: self.response_mode,
            error,
        }
    }
}

/// What a request is checked against besides its client.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// The scopes that the server knows.
    pub known: &'a ScopeSet,
    /// The issuer, which is also the resource that this server itself is.
    pub issuer: &'a str,
    /// How the parameters came.
    pub source: &'a Source,
}

/// An error that the client gets by redirect.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct RedirectError {
    /// Where it goes.
    pub redirect_uri: String,
    /// The `state` of the request.
    pub state: Option<String>,
    /// How it travels.
    pub response_mode: ResponseMode,
    /// What is told.
    pub error: OAuthError,
}

impl RedirectError {
    /// How the browser takes it there.
    #[must_use]
    pub fn answer(&self, issuer: &str) -> Answer {
        let state = self.state.as_deref();
        redirect::error_answer(&self.redirect_uri, self.response_mode, issuer, state, &self.error)
    }
}

/// Either way in which an authorization request fails.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestFailure {
    /// Shown on a page: the redirect URI is not proven.
    #[error("{0}")]
    Page(#[from] OAuthError),
    /// Told to the client.
    #[error("{0}")]
    Redirect(#[from] RedirectError),
}

/// An authorization request that may proceed. It serialises, to wait for the person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationRequest {
    /// Who asks.
    pub client_id: ClientId,
    /// Where the answer goes, as it was sent.
    pub redirect_uri: String,
    /// Returned to the client as it came.
    pub state: Option<String>,
    /// What it will get: see [`Client::grantable`].
    pub scope: ScopeSet,
    /// Returned in the ID token as it came.
    pub nonce: Option<String>,
    /// What the code's redeemer must show.
    pub code_challenge: Option<CodeChallenge>,
    /// How much the person is to be asked.
    pub prompt: Prompt,
    /// How long ago the password may have been typed; the client's default where the request says nothing.
    pub max_age: Option<Duration>,
    /// What to write into the e-mail field.
    pub login_hint: Option<String>,
    /// Languages for the page, best first (RFC 5646 tags with spaces between them).
    pub ui_locales: Option<String>,
    /// An ID token that this server gave the client earlier, not yet verified.
    pub id_token_hint: Option<String>,
    /// How the answer travels.
    #[serde(default)]
    pub response_mode: ResponseMode,
    /// The resource servers that the client wants tokens for (RFC 8707).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
    /// The thumbprint of the key that the code is bound to (RFC 9449 §10).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dpop_jkt: Option<String>,
    /// What is asked for beside scopes.
    #[serde(default, skip_serializing_if = "ClaimsRequest::is_empty")]
    pub claims: ClaimsRequest,
    /// The pushed request that this is, by the hash that it is stored under; it is spent with the code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pushed: Option<[u8; 32]>,
}

impl AuthorizationRequest {
    /// How the browser takes `code` to the client.
    #[must_use]
    pub fn answer(&self, issuer: &str, code: &str) -> Answer {
        let state = self.state.as_deref();
        redirect::code_answer(&self.redirect_uri, self.response_mode, issuer, state, code)
    }

    /// All that the client would learn: what it gets, and what single claims would tell it. The person is asked for this.
    #[must_use]
    pub fn disclosed(&self) -> Cow<'_, ScopeSet> {
        if self.claims.is_empty() {
            Cow::Borrowed(&self.scope)
        } else {
            Cow::Owned(self.scope.union(&self.claims.scopes()))
        }
    }

    /// The error that goes to this request's client.
    #[must_use]
    pub fn refuse(self, error: OAuthError) -> RedirectError {
        Proven {
            redirect_uri: self.redirect_uri,
            state: self.state,
            response_mode: self.response_mode,
        }
        .refuse(error)
    }
}

/// Everything but client, redirect URI, state and response mode, which [`Proven`] fills in.
fn check(parameters: &Parameters, client: &Client, rules: &Rules<'_>) -> Result<AuthorizationRequest, OAuthError> {
    refuse_unsupported(parameters)?;
    rules.source.satisfies(client)?;
    check_response_type(parameters, client)?;
    bounded(parameters, "state", MAX_STATE)?;
    let code_challenge = CodeChallenge::from_parameters(parameters)?;
    if code_challenge.is_none() && (client.require_pkce || client.is_public()) {
        return Err(OAuthError::invalid_request(
            "parameter code_challenge is missing: this client must use PKCE",
        ));
    }
    let requested = ScopeSet::parse(parameters.get("scope").unwrap_or_default())?;
    let hint = |name| parameters.get(name).filter(|v| v.len() <= MAX_HINT).map(str::to_owned);
    Ok(AuthorizationRequest {
        client_id: client.id.clone(),
        redirect_uri: String::new(),
        state: None,
        scope: client.grantable(&requested, rules.known)?,
        nonce: bounded(parameters, "nonce", MAX_NONCE)?.map(str::to_owned),
        code_challenge,
        prompt: Prompt::parse(parameters.get("prompt").unwrap_or_default())?,
        max_age: match parameters.get("max_age") {
            Some(text) => Some(prompt::parse_max_age(text)?),
            None => client.default_max_age.map(Duration::from_secs),
        },
        login_hint: hint("login_hint"),
        ui_locales: hint("ui_locales"),
        id_token_hint: parameters.get("id_token_hint").map(str::to_owned),
        response_mode: ResponseMode::default(),
        resources: resource::requested(parameters, client, rules.issuer)?,
        dpop_jkt: dpop_jkt(parameters)?,
        claims: ClaimsRequest::from_parameters(parameters, &client.scopes)?,
        pushed: rules.source.pushed,
    })
}

fn dpop_jkt(parameters: &Parameters) -> Result<Option<String>, OAuthError> {
    match parameters.get("dpop_jkt") {
        Some(text) if !dpop::is_thumbprint(text) => Err(OAuthError::invalid_request(
            "parameter dpop_jkt must be a SHA-256 thumbprint in base64url",
        )),
        jkt => Ok(jkt.map(str::to_owned)),
    }
}

/// OIDC Core §3.1.2.6: what is not supported must be refused, never ignored. A request object or pushed request has been
/// replaced by its contents before, and must not lead to another (RFC 9101 §4).
fn refuse_unsupported(parameters: &Parameters) -> Result<(), OAuthError> {
    for (name, code) in [
        ("request", ErrorCode::RequestNotSupported),
        ("request_uri", ErrorCode::RequestUriNotSupported),
        ("registration", ErrorCode::RegistrationNotSupported),
    ] {
        if parameters.get(name).is_some() {
            return Err(OAuthError::new(code, &format!("parameter {name} is not supported")));
        }
    }
    Ok(())
}

fn check_response_type(parameters: &Parameters, client: &Client) -> Result<(), OAuthError> {
    if parameters.require("response_type")? != "code" {
        return Err(OAuthError::new(
            ErrorCode::UnsupportedResponseType,
            "parameter response_type must be code",
        ));
    }
    if parameters
        .get("response_mode")
        .is_some_and(|mode| ResponseMode::parse(mode).is_none())
    {
        return Err(OAuthError::invalid_request(
            "parameter response_mode must be query, fragment or form_post",
        ));
    }
    if !client.may_use(GrantType::AuthorizationCode) {
        return Err(OAuthError::new(
            ErrorCode::UnauthorizedClient,
            "this client may not use the authorization code grant",
        ));
    }
    Ok(())
}

fn bounded<'a>(parameters: &'a Parameters, name: &str, max: usize) -> Result<Option<&'a str>, OAuthError> {
    match parameters.get(name) {
        Some(value) if value.len() > max => Err(OAuthError::invalid_request(&format!(
            "parameter {name} is longer than {max} bytes"
        ))),
        value => Ok(value),
    }
}

#[cfg(test)]
pub(super) mod testing {
    use std::sync::LazyLock;

    use super::{Rules, ScopeSet, Source};

    static KNOWN: LazyLock<ScopeSet> = LazyLock::new(ScopeSet::standard);
    static PLAIN: LazyLock<Source> = LazyLock::new(Source::default);

    /// The rules of a server that knows the standard scopes, for a request that came as a query.
    pub fn rules() -> Rules<'static> {
        Rules {
            known: &KNOWN,
            issuer: "https://id.example",
            source: &PLAIN,
        }
    }
}

#[cfg(test)]
mod tests;
