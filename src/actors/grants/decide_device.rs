//! The page where a person types the code of a device: what it asks for, and the person's yes or no (RFC 8628 §3.3).

use std::sync::Arc;

use super::{Browser, Deps, Grants};
use crate::actors::failure::Failure;
use crate::actors::supervise::{Answer, Myself, Request, Serve};
use crate::db::sessions::LiveSession;
use crate::db::{devices, families};
use crate::domain::oauth::client::Client;
use crate::domain::oauth::device::{DeviceGrant, UserCode};
use crate::domain::throttle::{self, ClientAddress, Verdict};

/// Asks what a device would like.
pub struct DescribeDevice {
    /// What the person typed.
    pub user_code: String,
    /// Who asks.
    pub browser: Browser,
    /// Where they are.
    pub address: ClientAddress,
}

/// What the page shows before the person decides.
#[derive(Debug)]
pub struct DeviceView {
    /// The code as the device shows it.
    pub user_code: String,
    /// The client's name.
    pub client_name: String,
    /// Its home page.
    pub client_uri: Option<String>,
    /// The scopes that it asks for.
    pub scopes: Vec<String>,
    /// Who is signed in here.
    pub signed_in_as: String,
}

/// The person allows or denies.
pub struct DecideDevice {
    /// What the person typed.
    pub user_code: String,
    /// Who decides.
    pub browser: Browser,
    /// Where they are.
    pub address: ClientAddress,
    /// Yes or no.
    pub allow: bool,
}

/// Why nothing is shown or decided.
#[derive(Debug)]
pub enum DeviceRefusal {
    /// Nobody is signed in here: only who has an account may try codes.
    SignedOut,
    /// No open authorization has this code.
    Unknown,
    /// The person may not use this application.
    NotAdmitted,
    /// Too many codes that were not right; how long to wait, in s.
    TooMany {
        /// For `Retry-After`.
        retry_after: u64,
    },
    /// A failure of the server.
    Failure(Failure),
}

impl<E: Into<Failure>> From<E> for DeviceRefusal {
    fn from(error: E) -> Self {
        Self::Failure(error.into())
    }
}

impl Request for DescribeDevice {
    type Reply = Result<DeviceView, DeviceRefusal>;
}

impl Serve<DescribeDevice> for Grants {
    fn serve(&mut self, request: DescribeDevice, _: &Myself<Self>) -> Answer<Result<DeviceView, DeviceRefusal>> {
        let deps = self.deps.clone();
        Answer::later(async move { deps.describe_device(request).await })
    }
}

impl Request for DecideDevice {
    type Reply = Result<(), DeviceRefusal>;
}

impl Serve<DecideDevice> for Grants {
    fn serve(&mut self, request: DecideDevice, _: &Myself<Self>) -> Answer<Result<(), DeviceRefusal>> {
        let deps = self.deps.clone();
        Answer::later(async move { deps.decide_device(request).await })
    }
}

/// An open authorization that somebody found by its code.
struct Found {
    hash: devices::UserCodeHash,
    code: UserCode,
    grant: DeviceGrant,
    client: Arc<Client>,
    session: LiveSession,
}

impl Deps {
    async fn describe_device(&self, request: DescribeDevice) -> Result<DeviceView, DeviceRefusal> {
        let found = self
            .find_device(&request.user_code, &request.browser, request.address)
            .await?;
        Ok(DeviceView {
            user_code: found.code.reveal(),
            client_name: found.client.name.clone(),
            client_uri: found.client.client_uri.clone(),
            scopes: found.grant.scope.iter().map(str::to_owned).collect(),
            signed_in_as: found.session.email,
        })
    }

    async fn decide_device(&self, request: DecideDevice) -> Result<(), DeviceRefusal> {
        let found = self
            .find_device(&request.user_code, &request.browser, request.address)
            .await?;
        if request.allow && !self.admits(&found).await? {
            return Err(DeviceRefusal::NotAdmitted);
        }
        let decide = devices::decide(&found.hash, request.allow, &found.session.facts, self.clock.now());
        if self.writes.execute(decide).await?.is_empty() {
            return Err(DeviceRefusal::Unknown);
        }
        Ok(())
    }

    async fn admits(&self, found: &Found) -> Result<bool, DeviceRefusal> {
        let required = found.client.required_scope.as_deref();
        let may_begin = families::may_begin(&found.session.facts.account_id, required);
        Ok(self.store.query_one(&may_begin).await?.is_some())
    }

    /// A code is charged before it is looked up and given back if it was right: whoever guesses pays, whoever types does not.
    async fn find_device(
        &self,
        typed: &str,
        browser: &Browser,
        address: ClientAddress,
    ) -> Result<Found, DeviceRefusal> {
        let session = self.session(browser).await?.ok_or(DeviceRefusal::SignedOut)?;
        let keys = [
            self.secrets.throttle.user_code_address(address),
            self.secrets.throttle.user_code_account(&session.facts.account_id),
        ];
        let bucket = &self.config.limits.user_code;
        if let Verdict::Wait(wait) = self.charge(&keys, bucket).await? {
            return Err(DeviceRefusal::TooMany {
                retry_after: throttle::retry_after_secs(wait),
            });
        }
        let Some(code) = UserCode::parse(typed) else {
            return Err(DeviceRefusal::Unknown);
        };
        let hash = self.secrets.throttle.user_code(&code);
        let Some(row) = self.store.query_one(&devices::by_user_code(&hash)).await? else {
            return Err(DeviceRefusal::Unknown);
        };
        let grant = devices::read(&row)?;
        let client = self.client(&grant.client_id).await?;
        let now = self.clock.now();
        let fits = |client: &Arc<Client>| grant.is_open(now) && grant.issued_at >= client.not_before;
        let Some(client) = client.filter(fits) else {
            return Err(DeviceRefusal::Unknown);
        };
        self.refund(&keys, bucket).await?;
        Ok(Found {
            hash,
            code,
            grant,
            client,
            session,
        })
    }
}
