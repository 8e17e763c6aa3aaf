//! Pushed authorization requests (RFC 9126), and what stands for a request instead of its parameters.

use std::time::Duration;

use super::authenticate::Presented;
use super::refusal::{TokenRefusal, oauth};
use super::{Deps, Grants};
use crate::actors::failure::Failure;
use crate::actors::supervise::{Answer, Myself, Request, Serve};
use crate::db::{Decision, pushed as rows};
use crate::domain::oauth::client::Client;
use crate::domain::oauth::discovery::path;
use crate::domain::oauth::error::{ErrorCode, OAuthError};
use crate::domain::oauth::parameters::Parameters;
use crate::domain::oauth::pushed::{self, PushedRequest, Source};
use crate::domain::oauth::request::{Proven, RequestFailure, Rules};
use crate::domain::oauth::request_object;
use crate::domain::oauth::scope::ScopeSet;
use crate::domain::secret::{Token, TokenHash};
use crate::domain::throttle::ClientAddress;
use crate::domain::token::client_jws::{ClientJws, ClientJwsError};

/// Most requests of one client that may be open at once.
const MOST_OPEN: i64 = 2_000;

/// A client hands an authorization request in.
pub struct PushRequest {
    /// The `Authorization` header.
    pub authorization: Option<String>,
    /// The `DPoP` header.
    pub dpop: Option<String>,
    /// The body.
    pub parameters: Parameters,
    /// Where it comes from.
    pub address: ClientAddress,
}

/// What it gets for it (RFC 9126 §2.2).
#[derive(Debug)]
pub struct Pushed {
    /// What the browser brings.
    pub request_uri: String,
    /// How long it may.
    pub expires_in: Duration,
    /// The nonce for the next proof, if this request had one.
    pub dpop_nonce: Option<String>,
}

impl Request for PushRequest {
    type Reply = Result<Pushed, TokenRefusal>;
}

impl Serve<PushRequest> for Grants {
    fn serve(&mut self, request: PushRequest, _: &Myself<Self>) -> Answer<Result<Pushed, TokenRefusal>> {
        let deps = self.deps.clone();
        Answer::later(async move { deps.push(request).await })
    }
}

/// An authorization request as it is to be read, and how it came.
pub(super) struct Asked {
    pub(super) parameters: Parameters,
    pub(super) source: Source,
}

impl Asked {
    /// What came as a query or form.
    pub(super) fn plain(parameters: Parameters) -> Self {
        Self {
            parameters,
            source: Source::default(),
        }
    }
}

impl Deps {
    async fn push(&self, request: PushRequest) -> Result<Pushed, TokenRefusal> {
        let client = self
            .authenticate_at_once(Presented {
                authorization: request.authorization.as_deref(),
                parameters: &request.parameters,
                address: request.address,
                endpoint: path::PAR,
            })
            .await?;
        let key = match &request.dpop {
            Some(proof) => self.prove_key(&client, Some(proof), path::PAR).await?,
            None => None,
        };
        let mut asked = match self.read_pushed(request.parameters, &client).await {
            Ok(asked) => asked,
            Err(error) => return oauth(error),
        };
        if let Some(key) = &key
            && !asked.parameters.bind("dpop_jkt", &key.thumbprint)
        {
            let other = "parameter dpop_jkt names another key than the DPoP proof";
            return oauth(OAuthError::new(ErrorCode::InvalidDpopProof, other));
        }
        if let Err(error) = self.check_pushed(&asked, &client) {
            return oauth(error);
        }
        let kept = PushedRequest {
            client_id: client.id.clone(),
            parameters: asked.parameters,
            signed: asked.source.signed,
        };
        let name = self.keep_pushed(&kept).await?;
        Ok(Pushed {
            request_uri: pushed::request_uri(&name),
            expires_in: self.config.define.lifetimes.pushed_request,
            dpop_nonce: key.map(|key| key.nonce),
        })
    }

    /// The parameters of a body, without what the client proved itself with, or those of its request object.
    async fn read_pushed(&self, parameters: Parameters, client: &Client) -> Result<Asked, OAuthError> {
        let mut parameters = parameters.without_credentials();
        // A client that authenticates by header need not repeat who it is (RFC 9126 §2.1).
        if !parameters.bind("client_id", client.id.as_str()) {
            return Err(OAuthError::invalid_request("parameter client_id names another client"));
        }
        if parameters.get("request_uri").is_some() {
            return Err(OAuthError::invalid_request("parameter request_uri must not be pushed"));
        }
        let object = parameters.get("request").map(str::to_owned);
        let mut asked = match object {
            Some(object) => self.open_object(&object, client).await?,
            None => Asked::plain(parameters),
        };
        asked.source.pushing = true;
        Ok(asked)
    }

    /// RFC 9126 §2.1: what would be refused in the browser is refused here.
    fn check_pushed(&self, asked: &Asked, client: &Client) -> Result<(), OAuthError> {
        let check = || {
            let proven = Proven::prove(&asked.parameters, Some(client))?;
            proven.validate(
                &asked.parameters,
                client,
                &self.rules(&Self::known(client), &asked.source),
            )?;
            Ok::<_, RequestFailure>(())
        };
        check().map_err(|failure| match failure {
            RequestFailure::Page(error) => error,
            RequestFailure::Redirect(told) => told.error,
        })
    }

    async fn keep_pushed(&self, request: &PushedRequest) -> Result<Token, TokenRefusal> {
        let name = Token::generate(self.random.as_ref());
        let plain = serde_json::to_vec(request).map_err(|error| Failure::Internal(error.to_string()))?;
        let sealed = self
            .secrets
            .states
            .seal(self.random.as_ref(), &place(&name.hash()), &plain);
        let now = self.clock.now();
        let until = now.plus(self.config.define.lifetimes.pushed_request);
        let open_of = rows::open_of(&request.client_id, now, MOST_OPEN);
        let insert = rows::insert(&name.hash(), &request.client_id, &sealed, until);
        let stored = self
            .writes
            .transact("push request", async move |transaction| {
                let open = transaction.query_one(&open_of).await?;
                if open.map_or(Ok(0), |row| row.integer(0))? >= MOST_OPEN {
                    return Ok(Decision::Rollback(false));
                }
                transaction.query(&insert).await?;
                Ok(Decision::Commit(true))
            })
            .await?;
        if stored {
            Ok(name)
        } else {
            let full = "a client has as many pushed requests open as may be";
            Err(Failure::Unavailable(full.to_owned()).into())
        }
    }

    /// What an authorization request stands for: a pushed request, a request object, or, `None`, itself. No other
    /// `request_uri` is ever looked at (RFC 9101 §10.4).
    pub(super) async fn resolve(
        &self,
        parameters: &Parameters,
        client: &Client,
    ) -> Result<Result<Option<Asked>, OAuthError>, Failure> {
        match (parameters.get("request_uri"), parameters.get("request")) {
            (None, None) => Ok(Ok(None)),
            (None, Some(object)) => Ok(self.open_object(object, client).await.map(Some)),
            (Some(_), Some(_)) => Ok(Err(OAuthError::invalid_request(
                "parameters request and request_uri are both there",
            ))),
            (Some(uri), None) => match pushed::name_in(uri) {
                Some(name) => Ok(self.open_pushed(&name.hash(), client).await?.map(Some)),
                None => Ok(Err(OAuthError::new(
                    ErrorCode::RequestUriNotSupported,
                    "parameter request_uri must be one that this server gave out",
                ))),
            },
        }
    }

    async fn open_pushed(&self, name: &TokenHash, client: &Client) -> Result<Result<Asked, OAuthError>, Failure> {
        let Some(row) = self.store.query_one(&rows::by_name(name, &client.id)).await? else {
            return Ok(Err(pushed::unknown()));
        };
        let (sealed, expires_at, is_spent) = rows::read(&row)?;
        if !pushed::is_open(expires_at, is_spent, self.clock.now()) {
            return Ok(Err(pushed::unknown()));
        }
        let plain = self
            .secrets
            .states
            .open(&place(name), sealed)
            .map_err(|error| Failure::Internal(format!("pushed_requests: {error}")))?;
        let request: PushedRequest =
            serde_json::from_slice(&plain).map_err(|error| Failure::Internal(format!("pushed_requests: {error}")))?;
        Ok(Ok(Asked {
            parameters: request.parameters,
            source: Source {
                pushed: Some(*name.as_bytes()),
                pushing: false,
                signed: request.signed,
            },
        }))
    }

    /// The parameters in a request object that the client signed with a key of its own (RFC 9101 §6).
    async fn open_object(&self, object: &str, client: &Client) -> Result<Asked, OAuthError> {
        let jws = ClientJws::read(object).map_err(|error| request_object::invalid(&error.to_string()))?;
        if jws
            .typ()
            .is_some_and(|typ| !request_object::TYPES.contains(&typ.as_str()))
        {
            return Err(request_object::invalid("its typ is that of another token"));
        }
        let payload = self.verified(&jws, client).await.map_err(|cause| {
            tracing::info!(client = %client.id, cause, "a request object was not taken");
            request_object::invalid(&cause)
        })?;
        let parameters = request_object::parameters(payload, client, self.issuer(), self.clock.now())?;
        Ok(Asked {
            parameters,
            source: Source {
                signed: true,
                ..Source::default()
            },
        })
    }

    async fn verified<'a>(&self, jws: &'a ClientJws<'_>, client: &Client) -> Result<&'a [u8], String> {
        let algorithm = client.options.request_object_alg;
        let no_keys = |_| "the client has no keys, or they could not be read".to_owned();
        let keys = self.client_keys(client, false).await.map_err(no_keys)?;
        match jws.verify(&keys, algorithm) {
            Err(ClientJwsError::UnknownKey) if Self::publishes_keys(client) => {
                let keys = self.client_keys(client, true).await.map_err(no_keys)?;
                jws.verify(&keys, algorithm).map_err(|error| error.to_string())
            }
            outcome => outcome.map_err(|error| error.to_string()),
        }
    }

    /// Beside the standard scopes, those that some client was registered with are roles.
    pub(super) fn known(client: &Client) -> ScopeSet {
        ScopeSet::standard().union(&client.scopes)
    }

    pub(super) fn rules<'a>(&'a self, known: &'a ScopeSet, source: &'a Source) -> Rules<'a> {
        Rules {
            known,
            issuer: self.issuer(),
            source,
        }
    }
}

fn place(name: &TokenHash) -> Vec<u8> {
    [b"pushed".as_slice(), name.as_bytes()].concat()
}
