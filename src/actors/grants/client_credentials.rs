//! The client credentials grant (RFC 6749 §4.4): a client that acts for itself gets an access token, and nothing else.

use super::Deps;
use super::authenticate::Authenticated;
use super::refusal::{TokenRefusal, oauth};
use super::tokens::{Tokens, internal};
use crate::domain::keys::algorithm::SigningAlgorithm;
use crate::domain::oauth::client::{Client, GrantType};
use crate::domain::oauth::error::{ErrorCode, OAuthError};
use crate::domain::oauth::parameters::Parameters;
use crate::domain::oauth::resource;
use crate::domain::oauth::scope::ScopeSet;
use crate::domain::token::claims::{AccessClaims, AccessGrant};
use crate::domain::token::jws::{self, TokenType};

impl Deps {
    pub(super) async fn client_credentials(
        &self,
        authenticated: &Authenticated,
        parameters: &Parameters,
    ) -> Result<Tokens, TokenRefusal> {
        let client = &authenticated.client;
        let (scope, resources) = match self.asked_for_itself(client, parameters) {
            Ok(asked) => asked,
            Err(error) => return oauth(error),
        };
        self.spend(authenticated).await?;
        let lifetime = self.config.define.lifetimes.access;
        let scope = scope.to_string();
        let grant = AccessGrant {
            issuer: self.issuer(),
            audiences: &resource::audiences(&resources, self.issuer(), false),
            subject: client.id.as_str(),
            client_id: client.id.as_str(),
            scope: &scope,
            jti: self.token_name(),
            sign_in: None,
            family: None,
            jkt: authenticated.key.as_ref().map(|key| key.thumbprint.as_str()),
            root: None,
        };
        let claims = AccessClaims::issue(grant, self.clock.now(), lifetime);
        let signer = self.keys.current();
        let signer = signer.signer(SigningAlgorithm::EdDsa);
        Ok(Tokens {
            access: jws::sign(signer, TokenType::Access, &claims).map_err(internal)?,
            expires_in: lifetime,
            id: None,
            refresh: None,
            scope,
            bound: authenticated.key.is_some(),
            dpop_nonce: authenticated.key.as_ref().map(|key| key.nonce.clone()),
            issued_token_type: None,
        })
    }

    fn asked_for_itself(
        &self,
        client: &Client,
        parameters: &Parameters,
    ) -> Result<(ScopeSet, Vec<String>), OAuthError> {
        if client.is_public() || !client.may_use(GrantType::ClientCredentials) {
            return Err(OAuthError::new(
                ErrorCode::UnauthorizedClient,
                "this client may not use the client credentials grant",
            ));
        }
        let asked = parameters.get("scope").map(ScopeSet::parse).transpose()?;
        let resources = resource::requested(parameters, client, self.issuer())?;
        Ok((client.own_scope(asked.as_ref())?, resources))
    }
}
