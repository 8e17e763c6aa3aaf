//! The person ends what an application was allowed.

use super::{Browser, Deps, Grants};
use crate::actors::failure::Failure;
use crate::actors::supervise::{Answer, Myself, Request, Serve};
use crate::db::{Decision, clients, codes, families};
use crate::domain::oauth::client::ClientId;

/// Ends the connection of whoever is signed in with one application: its consent, and all that it was granted.
pub struct EndConnection {
    /// Which application.
    pub client_id: String,
    /// Who says so.
    pub browser: Browser,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disconnected {
    /// It is over.
    Yes,
    /// There was none.
    NotConnected,
    /// Nobody is signed in here.
    SignedOut,
}

impl Request for EndConnection {
    type Reply = Result<Disconnected, Failure>;
}

impl Serve<EndConnection> for Grants {
    fn serve(&mut self, request: EndConnection, _: &Myself<Self>) -> Answer<Result<Disconnected, Failure>> {
        let deps = self.deps.clone();
        Answer::later(async move { deps.end_connection(request).await })
    }
}

impl Deps {
    async fn end_connection(&self, request: EndConnection) -> Result<Disconnected, Failure> {
        let Some(session) = self.session(&request.browser).await? else {
            return Ok(Disconnected::SignedOut);
        };
        let Some(client) = ClientId::parse(&request.client_id) else {
            return Ok(Disconnected::NotConnected);
        };
        let (account, now) = (session.facts.account_id, self.clock.now());
        let was_connected = self
            .writes
            .transact("end connection", async move |transaction| {
                let allowed = transaction.query(&clients::forbid(&account, &client)).await?;
                let granted = transaction
                    .query(&families::end_between(&account, &client, now))
                    .await?;
                transaction.query(&codes::void_between(&account, &client)).await?;
                Ok(Decision::Commit(!allowed.is_empty() || !granted.is_empty()))
            })
            .await?;
        Ok(if was_connected {
            Disconnected::Yes
        } else {
            Disconnected::NotConnected
        })
    }
}
