//! How a client is to prove itself, and what it needs for that.

use super::{ClientMetadata, MetadataError, one_of, refuse};
use crate::domain::keys::client_key::{ClientAlgorithm, ClientKeys};
use crate::domain::oauth::client::{AuthMethod, KeySource};
use crate::domain::oauth::client_secret::ClientSecret;
use crate::domain::oauth::registered_uri;
use crate::domain::random::Random;

impl ClientMetadata {
    pub(super) fn auth_method(&self) -> Result<AuthMethod, MetadataError> {
        let methods = AuthMethod::ALL.map(|m| (m.as_str(), m));
        let method = self.token_endpoint_auth_method.as_deref();
        one_of(
            "token_endpoint_auth_method",
            method,
            &methods,
            AuthMethod::ClientSecretBasic,
        )
    }

    pub(super) fn secret(
        &self,
        method: AuthMethod,
        random: &dyn Random,
    ) -> Result<Option<ClientSecret>, MetadataError> {
        match (method.takes_secret(), &self.client_secret) {
            (false, None) => Ok(None),
            (false, Some(_)) => Err(refuse(
                "client_secret",
                "a client whose token_endpoint_auth_method is none or private_key_jwt has no secret",
            )),
            (true, None) => Ok(Some(ClientSecret::generate(random))),
            (true, Some(secret)) if secret.is_acceptable() => Ok(Some(secret.clone())),
            (true, Some(_)) => Err(refuse(
                "client_secret",
                "it must be 16 to 256 characters of printable ASCII, made at random; leave it out and one is made",
            )),
        }
    }

    pub(super) fn keys(&self, method: AuthMethod, loopback_issuer: bool) -> Result<Option<KeySource>, MetadataError> {
        match (&self.jwks, &self.jwks_uri) {
            (Some(_), Some(_)) => Err(refuse("jwks", "it must not be there beside jwks_uri")),
            (Some(set), None) => {
                ClientKeys::check(set).map_err(|problem| refuse("jwks", &problem.to_string()))?;
                Ok(Some(KeySource::Jwks(set.clone())))
            }
            (None, Some(uri)) => {
                registered_uri::check_page(uri, loopback_issuer).map_err(|problem| refuse("jwks_uri", problem))?;
                Ok(Some(KeySource::JwksUri(uri.clone())))
            }
            (None, None) if method == AuthMethod::PrivateKeyJwt => Err(refuse(
                "jwks",
                "a client whose token_endpoint_auth_method is private_key_jwt needs jwks or jwks_uri",
            )),
            (None, None) => Ok(None),
        }
    }

    pub(super) fn auth_alg(&self) -> Result<Option<ClientAlgorithm>, MetadataError> {
        let algorithms = ClientAlgorithm::ALL.map(|alg| (alg.name(), Some(alg)));
        let name = self.token_endpoint_auth_signing_alg.as_deref();
        one_of("token_endpoint_auth_signing_alg", name, &algorithms, None)
    }
}
