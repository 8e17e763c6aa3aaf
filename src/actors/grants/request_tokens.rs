//! The token endpoint (RFC 6749 §3.2): the client proves itself, then brings what it was granted.

use super::authenticate::Presented;
use super::refusal::{TokenRefusal, oauth};
use super::tokens::Tokens;
use super::{Deps, Grants};
use crate::actors::supervise::{Answer, Myself, Request, Serve};
use crate::domain::oauth::client::GrantType;
use crate::domain::oauth::discovery::path;
use crate::domain::oauth::error::{ErrorCode, OAuthError};
use crate::domain::oauth::parameters::Parameters;
use crate::domain::throttle::ClientAddress;

/// A token request.
pub struct RequestTokens {
    /// The `Authorization` header.
    pub authorization: Option<String>,
    /// The `DPoP` header.
    pub dpop: Option<String>,
    /// The body.
    pub parameters: Parameters,
    /// Where it comes from.
    pub address: ClientAddress,
}

impl Request for RequestTokens {
    type Reply = Result<Tokens, TokenRefusal>;
}

impl Serve<RequestTokens> for Grants {
    fn serve(&mut self, request: RequestTokens, _: &Myself<Self>) -> Answer<Result<Tokens, TokenRefusal>> {
        let deps = self.deps.clone();
        Answer::later(async move { deps.request_tokens(request).await })
    }
}

impl Deps {
    async fn request_tokens(&self, request: RequestTokens) -> Result<Tokens, TokenRefusal> {
        let parameters = &request.parameters;
        let mut authenticated = self
            .authenticate(Presented {
                authorization: request.authorization.as_deref(),
                parameters,
                address: request.address,
                endpoint: path::TOKEN,
            })
            .await?;
        let name = match parameters.require("grant_type") {
            Ok(name) => name,
            Err(error) => return oauth(error),
        };
        authenticated.key = self
            .prove_key(&authenticated.client, request.dpop.as_deref(), path::TOKEN)
            .await?;
        match GrantType::parse(name) {
            Some(GrantType::AuthorizationCode) => self.redeem_code(&authenticated, parameters).await,
            Some(GrantType::RefreshToken) => self.refresh_tokens(&authenticated, parameters).await,
            Some(GrantType::ClientCredentials) => self.client_credentials(&authenticated, parameters).await,
            Some(GrantType::TokenExchange) => self.exchange_token(&authenticated, parameters).await,
            Some(GrantType::DeviceCode) => self.redeem_device_code(&authenticated, parameters).await,
            None => oauth(OAuthError::new(
                ErrorCode::UnsupportedGrantType,
                "parameter grant_type is none of those that discovery lists",
            )),
        }
    }
}
