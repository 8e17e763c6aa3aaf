//! Device authorization (RFC 8628 §3.1): a device says what it would like, and is told what to show.

use std::time::Duration;

use super::authenticate::Presented;
use super::refusal::{TokenRefusal, oauth};
use super::{Deps, Grants};
use crate::actors::failure::Failure;
use crate::actors::supervise::{Answer, Myself, Request, Serve};
use crate::db::{Decision, devices};
use crate::domain::oauth::client::{Client, GrantType};
use crate::domain::oauth::device::{DeviceGrant, UserCode};
use crate::domain::oauth::discovery::path;
use crate::domain::oauth::error::{ErrorCode, OAuthError};
use crate::domain::oauth::parameters::Parameters;
use crate::domain::oauth::resource;
use crate::domain::oauth::scope::ScopeSet;
use crate::domain::secret::Token;
use crate::domain::throttle::{self, ClientAddress, Verdict};

/// How often another user code is made because the first is taken.
const TRIES: usize = 5;

/// A device authorization request.
pub struct AuthorizeDevice {
    /// The `Authorization` header.
    pub authorization: Option<String>,
    /// The body.
    pub parameters: Parameters,
    /// Where it comes from.
    pub address: ClientAddress,
}

/// What the device shows and keeps.
pub struct DeviceCodes {
    /// For the device alone.
    pub device_code: String,
    /// For the person.
    pub user_code: String,
    /// How long both are good.
    pub expires_in: Duration,
    /// How long the device waits between two questions.
    pub interval: Duration,
}

impl Request for AuthorizeDevice {
    type Reply = Result<DeviceCodes, TokenRefusal>;
}

impl Serve<AuthorizeDevice> for Grants {
    fn serve(&mut self, request: AuthorizeDevice, _: &Myself<Self>) -> Answer<Result<DeviceCodes, TokenRefusal>> {
        let deps = self.deps.clone();
        Answer::later(async move { deps.authorize_device(request).await })
    }
}

impl Deps {
    async fn authorize_device(&self, request: AuthorizeDevice) -> Result<DeviceCodes, TokenRefusal> {
        let authenticated = self
            .authenticate(Presented {
                authorization: request.authorization.as_deref(),
                parameters: &request.parameters,
                address: request.address,
                endpoint: path::DEVICE,
            })
            .await?;
        let client = &authenticated.client;
        let (scope, resources) = match self.asked_by_device(client, &request.parameters) {
            Ok(asked) => asked,
            Err(error) => return oauth(error),
        };
        // A public client proves nothing, so it is the address that must not fill the table.
        let key = [self.secrets.throttle.device_address(request.address)];
        if let Verdict::Wait(wait) = self.charge(&key, &self.config.limits.device_address).await? {
            return Err(TokenRefusal::TooMany {
                retry_after: throttle::retry_after_secs(wait),
            });
        }
        let lifetime = self.config.define.lifetimes.device_code;
        let grant = DeviceGrant::begin(client, scope, resources, self.clock.now(), lifetime);
        let interval = grant.pause;
        for _ in 0..TRIES {
            let device_code = Token::generate(self.random.as_ref());
            let user_code = UserCode::generate(self.random.as_ref());
            let user_code_hash = self.secrets.throttle.user_code(&user_code);
            let insert = devices::insert(&device_code.hash(), &user_code_hash, &grant)?;
            let spend = authenticated.spend();
            let stored = self
                .writes
                .transact("authorize device", async move |transaction| {
                    if let Err(replayed) = spend.within(transaction).await? {
                        return Ok(Decision::Rollback(Err(replayed)));
                    }
                    match transaction.query_one(&insert).await? {
                        Some(_) => Ok(Decision::Commit(Ok(true))),
                        None => Ok(Decision::Rollback(Ok(false))),
                    }
                })
                .await?;
            match stored {
                Err(replayed) => return oauth(replayed.into()),
                Ok(false) => {}
                Ok(true) => {
                    return Ok(DeviceCodes {
                        device_code: device_code.reveal(),
                        user_code: user_code.reveal(),
                        expires_in: lifetime,
                        interval,
                    });
                }
            }
        }
        Err(Failure::Unavailable("no user code is free".to_owned()).into())
    }

    fn asked_by_device(&self, client: &Client, parameters: &Parameters) -> Result<(ScopeSet, Vec<String>), OAuthError> {
        if !client.may_use(GrantType::DeviceCode) {
            return Err(OAuthError::new(
                ErrorCode::UnauthorizedClient,
                "this client may not use the device authorization grant",
            ));
        }
        let asked = ScopeSet::parse(parameters.get("scope").unwrap_or_default())?;
        let scope = client.grantable(&asked, &ScopeSet::standard())?;
        Ok((scope, resource::requested(parameters, client, self.issuer())?))
    }
}
