//! The token endpoint (RFC 6749 §3.2): the client proves itself, then brings what it was granted.

use std::sync::Arc;

use super::refusal::{TokenRefusal, oauth};
use super::tokens::Tokens;
use super::{Deps, Grants};
use crate::actors::supervise::{Answer, Myself, Request, Serve};
use crate::domain::oauth::client::Client;
use crate::domain::oauth::credentials::Credentials;
use crate::domain::oauth::error::{ErrorCode, OAuthError};
use crate::domain::oauth::parameters::Parameters;
use crate::domain::throttle::{self, ClientAddress, Verdict};

/// A token request.
pub struct RequestTokens {
    /// The `Authorization` header.
    pub authorization: Option<String>,
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
        let authorization = request.authorization.as_deref();
        let client = self
            .authenticate(authorization, &request.parameters, request.address)
            .await?;
        match request.parameters.require("grant_type") {
            Ok("authorization_code") => self.redeem_code(&client, &request.parameters).await,
            Ok("refresh_token") => self.refresh_tokens(&client, &request.parameters).await,
            Ok(_) => oauth(OAuthError::new(
                ErrorCode::UnsupportedGrantType,
                "parameter grant_type must be authorization_code or refresh_token",
            )),
            Err(error) => oauth(error),
        }
    }

    /// Finds the client and checks that it is the one (RFC 6749 §2.3). Failures are counted for each client and address,
    /// before the secret is looked at.
    pub(super) async fn authenticate(
        &self,
        authorization: Option<&str>,
        parameters: &Parameters,
        address: ClientAddress,
    ) -> Result<Arc<Client>, TokenRefusal> {
        let credentials = match Credentials::read(authorization, parameters) {
            Ok(credentials) => credentials,
            Err(error) => return oauth(error),
        };
        let now = self.clock.now();
        let bucket = &self.config.limits.client_address;
        let key = [self
            .secrets
            .throttle
            .client_address(credentials.client_id.as_str(), address)];
        // Charged first, given back on success: tries that run at once cannot all slip through.
        let charge = |levels: &mut [Option<i64>]| match levels {
            [level] => {
                let (next, verdict) = throttle::charge(*level, now, bucket);
                *level = next;
                verdict
            }
            _ => Verdict::Pass,
        };
        if let Verdict::Wait(wait) = self.kv.count(&key, now, charge).await? {
            return Err(TokenRefusal::TooMany {
                retry_after: throttle::retry_after_secs(wait),
            });
        }
        let client = self.client(&credentials.client_id).await?;
        match credentials.verify(client.as_deref()) {
            Ok(_) => {
                let refund = |levels: &mut [Option<i64>]| {
                    for level in levels {
                        *level = throttle::refund(*level, now, bucket);
                    }
                };
                self.kv.count(&key, now, refund).await?;
                client.ok_or_else(|| TokenRefusal::OAuth(OAuthError::invalid_client()))
            }
            Err(error) => oauth(error),
        }
    }
}
