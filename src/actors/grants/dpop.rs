//! Proofs of a key (RFC 9449): right for this request, fresh by their nonce, and used once.

use super::refusal::{TokenRefusal, oauth};
use super::{Deps, Grants};
use crate::actors::failure::Failure;
use crate::actors::supervise::{Answer, Myself, Request, Serve};
use crate::db::pushed;
use crate::domain::oauth::client::Client;
use crate::domain::oauth::error::{ErrorCode, OAuthError};
use crate::domain::token::dpop::{Proof, ProofError, Proved};

/// A key that a request has proved to hold.
#[derive(Clone, Debug)]
pub struct ProvenKey {
    /// Its thumbprint.
    pub thumbprint: String,
    /// The nonce for the next proof.
    pub nonce: String,
}

/// Why a proof is not taken.
#[derive(Debug)]
pub enum ProofRefusal {
    /// It is wrong, or was used before.
    Invalid(OAuthError),
    /// It must be made again, with this nonce.
    UseNonce(String),
    /// A failure of the server.
    Failure(Failure),
}

impl<E: Into<Failure>> From<E> for ProofRefusal {
    fn from(error: E) -> Self {
        Self::Failure(error.into())
    }
}

/// Asks whether a proof beside an access token is right (RFC 9449 §7).
pub struct ProveKey {
    /// The `DPoP` header.
    pub proof: String,
    /// The method of the request.
    pub method: String,
    /// The path of the endpoint.
    pub path: &'static str,
    /// The token that it is to be bound to.
    pub access_token: String,
}

impl Request for ProveKey {
    type Reply = Result<ProvenKey, ProofRefusal>;
}

impl Serve<ProveKey> for Grants {
    fn serve(&mut self, request: ProveKey, _: &Myself<Self>) -> Answer<Result<ProvenKey, ProofRefusal>> {
        let deps = self.deps.clone();
        Answer::later(async move {
            let url = format!("{}{}", deps.issuer(), request.path);
            let proved = Proved {
                method: &request.method,
                url: &url,
                access_token: Some(&request.access_token),
                now: deps.clock.now(),
            };
            deps.check_proof(&request.proof, &proved).await
        })
    }
}

impl Deps {
    /// The key of a POST to one of the endpoints that clients call, if it proves one. A client that gets tokens for a key
    /// alone must.
    pub(super) async fn prove_key(
        &self,
        client: &Client,
        proof: Option<&str>,
        path: &str,
    ) -> Result<Option<ProvenKey>, TokenRefusal> {
        let Some(proof) = proof else {
            if client.options.dpop_bound {
                return oauth(invalid(
                    "this client gets tokens for a key alone: a DPoP proof is missing",
                ));
            }
            return Ok(None);
        };
        let url = format!("{}{path}", self.issuer());
        let proved = Proved {
            method: "POST",
            url: &url,
            access_token: None,
            now: self.clock.now(),
        };
        match self.check_proof(proof, &proved).await {
            Ok(key) => Ok(Some(key)),
            Err(ProofRefusal::Invalid(error)) => oauth(error),
            Err(ProofRefusal::UseNonce(nonce)) => Err(TokenRefusal::UseNonce { nonce }),
            Err(ProofRefusal::Failure(failure)) => Err(failure.into()),
        }
    }

    /// Judges a proof, then its nonce, then whether it was used before: only what is right is remembered.
    async fn check_proof(&self, proof: &str, proved: &Proved<'_>) -> Result<ProvenKey, ProofRefusal> {
        let proof = Proof::read(proof, proved).map_err(|error| ProofRefusal::Invalid(wrong(error)))?;
        let nonces = &self.secrets.nonces;
        let fresh = nonces.current(proved.now);
        if !proof
            .nonce
            .as_deref()
            .is_some_and(|nonce| nonces.knows(nonce, proved.now))
        {
            return Err(ProofRefusal::UseNonce(fresh));
        }
        let used = pushed::use_proof(&proof.id(), proof.expires_at());
        if self.writes.execute(used).await?.is_empty() {
            metrics::counter!("countersign_dpop_replays_total").increment(1);
            return Err(ProofRefusal::Invalid(invalid("the DPoP proof was used before")));
        }
        Ok(ProvenKey {
            thumbprint: proof.thumbprint,
            nonce: fresh,
        })
    }
}

fn wrong(error: ProofError) -> OAuthError {
    invalid(&error.to_string())
}

fn invalid(description: &str) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidDpopProof, description)
}
