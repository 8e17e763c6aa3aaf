//! A person ends what others hold in their name: sessions of other browsers, an application's access, one grant.

use super::{Browser, Deps, Grants};
use crate::actors::end_session::end_session;
use crate::actors::failure::Failure;
use crate::actors::supervise::{Answer, Myself, Request, Serve};
use crate::db::{Decision, clients, codes, families, sessions};
use crate::domain::oauth::client::ClientId;
use crate::domain::token::refresh::RefreshToken;

/// Ends sessions of whoever is signed in here.
pub struct EndSessions {
    /// Who asks.
    pub browser: Browser,
    /// Which of them.
    pub which: Which,
}

/// Which sessions end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// The one with this name.
    One(String),
    /// All but the one that asks.
    Others,
}

impl Request for EndSessions {
    /// `None` if nobody is signed in here; else how many have ended.
    type Reply = Result<Option<usize>, Failure>;
}

impl Serve<EndSessions> for Grants {
    fn serve(&mut self, request: EndSessions, _: &Myself<Self>) -> Answer<Result<Option<usize>, Failure>> {
        let deps = self.deps.clone();
        Answer::later(async move { deps.end_sessions(request).await })
    }
}

/// Ends what an application was given by whoever is signed in here: consent, grants, codes.
pub struct EndApplication {
    /// Who asks.
    pub browser: Browser,
    /// Which application.
    pub client_id: ClientId,
}

impl Request for EndApplication {
    /// Whether somebody is signed in here.
    type Reply = Result<bool, Failure>;
}

impl Serve<EndApplication> for Grants {
    fn serve(&mut self, request: EndApplication, _: &Myself<Self>) -> Answer<Result<bool, Failure>> {
        let deps = self.deps.clone();
        Answer::later(async move { deps.end_application(request).await })
    }
}

/// Ends the grant of a refresh token. Who holds the token may: it proves no more than that, and gains nothing.
pub struct EndGrant {
    /// The token.
    pub refresh_token: String,
}

impl Request for EndGrant {
    type Reply = Result<(), Failure>;
}

impl Serve<EndGrant> for Grants {
    fn serve(&mut self, request: EndGrant, _: &Myself<Self>) -> Answer<Result<(), Failure>> {
        let deps = self.deps.clone();
        Answer::later(async move {
            if let Ok(token) = RefreshToken::open(&request.refresh_token, &deps.keys.current()) {
                deps.writes
                    .execute(families::end(&token.family, deps.clock.now()))
                    .await?;
            }
            Ok(())
        })
    }
}

impl Deps {
    async fn end_sessions(&self, request: EndSessions) -> Result<Option<usize>, Failure> {
        let Some(own) = self.session(&request.browser).await? else {
            return Ok(None);
        };
        let (account_id, own, now) = (own.facts.account_id, own.facts.sid, self.clock.now());
        let ended = self
            .writes
            .transact("end sessions", async move |transaction| {
                let find = match &request.which {
                    Which::One(sid) => sessions::is_of(sid, &account_id),
                    Which::Others => sessions::others(&account_id, &own),
                };
                let rows = transaction.query(&find).await?;
                for row in &rows {
                    end_session(transaction, row.text(0)?, &account_id, now).await?;
                }
                Ok(Decision::Commit(rows.len()))
            })
            .await?;
        Ok(Some(ended))
    }

    async fn end_application(&self, request: EndApplication) -> Result<bool, Failure> {
        let Some(own) = self.session(&request.browser).await? else {
            return Ok(false);
        };
        let (account_id, now) = (own.facts.account_id, self.clock.now());
        self.writes
            .transact("end application", async move |transaction| {
                for end in [
                    clients::forget_consent(&account_id, &request.client_id),
                    families::end_of_application(&account_id, &request.client_id, now),
                    codes::void_of_application(&account_id, &request.client_id),
                ] {
                    transaction.query(&end).await?;
                }
                Ok(Decision::Commit(()))
            })
            .await?;
        Ok(true)
    }
}
