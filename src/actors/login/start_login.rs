//! First message of a login: KE1 in, KE2 out (RFC 9807 §6.2.2).

use super::states::Exchange;
use super::{Delayed, Deps, Login, LoginError};
use crate::actors::failure::Failure;
use crate::actors::supervise::{Answer, Myself, Request, Serve};
use crate::db::accounts;
use crate::domain::email::Email;
use crate::domain::opaque::login::{Challenge, Enrolled};
use crate::domain::opaque::registration::Record;
use crate::domain::opaque::wire::{Ke1, Ke2};
use crate::domain::secret::Token;
use crate::domain::throttle::ClientAddress;

/// Starts a login.
pub struct StartLogin {
    /// For whom; the account may not exist.
    pub email: Email,
    /// The client's first message.
    pub request: Ke1,
    /// The browser cookie, if there is one.
    pub browser: Option<Token>,
    /// Where it comes from.
    pub address: ClientAddress,
}

/// A login that waits for KE3.
pub struct LoginStarted {
    /// The server's message.
    pub challenge: Ke2,
    /// Under which the state waits.
    pub auth_id: Token,
    /// A browser cookie to set, for a browser that had none.
    pub new_browser: Option<Token>,
}

impl Request for StartLogin {
    type Reply = Result<Delayed<LoginStarted>, LoginError>;
}

impl Serve<StartLogin> for Login {
    fn serve(&mut self, request: StartLogin, _: &Myself<Self>) -> Answer<Result<Delayed<LoginStarted>, LoginError>> {
        let deps = self.deps.clone();
        Answer::later(async move { deps.start_login(request).await })
    }
}

impl Deps {
    async fn start_login(&self, request: StartLogin) -> Result<Delayed<LoginStarted>, LoginError> {
        let identifier = self.secrets.identifier.identify(&request.email);
        let (browser, new_browser) = match request.browser {
            Some(browser) => (browser, None),
            None => {
                let fresh = Token::generate(self.random.as_ref());
                (fresh.clone(), Some(fresh))
            }
        };
        let browser = browser.hash();
        let delay = self.charge(&identifier, request.address, Some(&browser)).await?;
        let row = self.store.query_one(&accounts::by_identifier(&identifier)).await?;
        let account = row.as_ref().map(accounts::read).transpose()?;
        // A disabled account is answered as one that is not there.
        let account = account.filter(|account| account.active);
        let record = account.as_ref().and_then(|account| Record::from_bytes(&account.record));
        let enrolled = match (&account, &record) {
            (Some(account), Some(record)) => Some(Enrolled {
                account: &account.id,
                record_version: account.record_version,
                record,
            }),
            _ => None,
        };
        let now = self.clock.now();
        let started = Challenge::start(
            &self.secrets.opaque,
            enrolled,
            identifier,
            request.request,
            now,
            self.random.as_ref(),
        );
        let (challenge, challenged) = started.map_err(|error| Failure::Internal(error.to_string()))?;
        let auth_id = self.keep(Exchange::Login(&browser), &challenged.to_bytes()).await?;
        Ok(Delayed {
            answer: LoginStarted {
                challenge,
                auth_id,
                new_browser,
            },
            delay,
        })
    }
}
