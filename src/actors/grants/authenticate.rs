//! Client authentication at the token endpoint and its neighbours (RFC 6749 §2.3).

use std::sync::Arc;

use super::Deps;
use super::dpop::ProvenKey;
use super::refusal::{TokenRefusal, oauth};
use crate::db::{DbError, Statement, Transaction, assertions};
use crate::domain::keys::client_key::ClientKeys;
use crate::domain::oauth::client::{AuthMethod, Client};
use crate::domain::oauth::client_assertion::{AssertionError, ClientAssertion, ProvenAssertion};
use crate::domain::oauth::credentials::Credentials;
use crate::domain::oauth::discovery::path;
use crate::domain::oauth::error::OAuthError;
use crate::domain::oauth::parameters::Parameters;
use crate::domain::throttle::{self, ClientAddress, Verdict};
use crate::domain::token::client_jws::ClientJwsError;

/// What a request shows of its client.
pub struct Presented<'a> {
    /// The `Authorization` header.
    pub authorization: Option<&'a str>,
    /// The body.
    pub parameters: &'a Parameters,
    /// Where it comes from.
    pub address: ClientAddress,
    /// The path of the endpoint: an assertion may be for it.
    pub endpoint: &'static str,
}

/// A client that proved itself, and what is spent by that.
pub(super) struct Authenticated {
    pub(super) client: Arc<Client>,
    /// The key that the request proved beside, if it did.
    pub(super) key: Option<ProvenKey>,
    /// Its assertion: whoever acts on it spends it first, or in the same transaction.
    assertion: Option<ProvenAssertion>,
}

/// The assertion was used before.
pub(super) struct Replayed;

impl From<Replayed> for OAuthError {
    fn from(_: Replayed) -> Self {
        Self::invalid_client()
    }
}

/// What has to be written so that an assertion is good once; nothing for every other method.
#[derive(Clone)]
pub(super) struct Spend(Option<Statement>);

impl Spend {
    /// Whether there is anything to write.
    pub(super) const fn is_needed(&self) -> bool {
        self.0.is_some()
    }

    /// Writes it in the transaction that grants.
    pub(super) async fn within(&self, transaction: &mut Transaction<'_>) -> Result<Result<(), Replayed>, DbError> {
        match &self.0 {
            Some(statement) if transaction.query_one(statement).await?.is_none() => Ok(Err(Replayed)),
            _ => Ok(Ok(())),
        }
    }
}

impl Authenticated {
    pub(super) fn spend(&self) -> Spend {
        let statement = |assertion| assertions::spend(&self.client.id, assertion);
        Spend(self.assertion.as_ref().map(statement))
    }
}

impl Deps {
    /// Finds the client and checks that it is the one. Failures are counted for each client and address, before the secret
    /// is looked at.
    pub(super) async fn authenticate(&self, presented: Presented<'_>) -> Result<Authenticated, TokenRefusal> {
        let credentials = match Credentials::read(presented.authorization, presented.parameters) {
            Ok(credentials) => credentials,
            Err(error) => return oauth(error),
        };
        // Charged first, given back on success: tries that run at once cannot all slip through.
        let bucket = &self.config.limits.client_address;
        let key = [self
            .secrets
            .throttle
            .client_address(credentials.client_id.as_str(), presented.address)];
        if let Verdict::Wait(wait) = self.charge(&key, bucket).await? {
            return Err(TokenRefusal::TooMany {
                retry_after: throttle::retry_after_secs(wait),
            });
        }
        let client = self.client(&credentials.client_id).await?;
        let assertion = match (credentials.assertion(), &client) {
            (Some(assertion), Some(client)) => self.prove(client, assertion, presented.endpoint).await,
            _ => None,
        };
        let verified = credentials.verify(client.as_deref(), assertion.as_ref());
        match (verified.map(drop), client) {
            (Ok(()), Some(client)) => {
                self.refund(&key, bucket).await?;
                Ok(Authenticated {
                    client,
                    key: None,
                    assertion,
                })
            }
            (Ok(()), None) => oauth(OAuthError::invalid_client()),
            (Err(error), _) => oauth(error),
        }
    }

    /// The same where nothing is granted in a transaction of its own: what is spent is written at once.
    pub(super) async fn authenticate_at_once(&self, presented: Presented<'_>) -> Result<Arc<Client>, TokenRefusal> {
        let authenticated = self.authenticate(presented).await?;
        self.spend(&authenticated).await?;
        Ok(authenticated.client)
    }

    /// Writes what is spent by an authentication.
    pub(super) async fn spend(&self, authenticated: &Authenticated) -> Result<(), TokenRefusal> {
        let Spend(Some(statement)) = authenticated.spend() else {
            return Ok(());
        };
        if self.writes.execute(statement).await?.is_empty() {
            return oauth(Replayed.into());
        }
        Ok(())
    }

    /// What an assertion proves, with the keys of the client it names. The reason why it proves nothing is for the log.
    async fn prove(
        &self,
        client: &Client,
        assertion: &ClientAssertion,
        endpoint: &'static str,
    ) -> Option<ProvenAssertion> {
        if client.auth_method != AuthMethod::PrivateKeyJwt {
            return None;
        }
        let issuer = self.issuer();
        let own = |path: &str| format!("{issuer}{path}");
        let audiences = [issuer.to_owned(), own(path::TOKEN), own(endpoint)];
        let verify = |keys: &ClientKeys| assertion.verify(keys, client.auth_alg, &audiences, self.clock.now());
        let mut outcome = verify(self.client_keys(client, false).await.ok()?.as_ref());
        if outcome == Err(AssertionError::Jws(ClientJwsError::UnknownKey)) && Self::publishes_keys(client) {
            outcome = verify(self.client_keys(client, true).await.ok()?.as_ref());
        }
        outcome
            .inspect_err(|cause| tracing::info!(client = %client.id, %cause, "a client did not prove itself"))
            .ok()
    }
}
