//! Last message of a login: KE3 in, a session out (RFC 9807 §6.4.4).

use super::states::Exchange;
use super::{Deps, Login, LoginError};
use crate::actors::end_session::end_session;
use crate::actors::supervise::{Answer, Myself, Request, Serve};
use crate::db::sessions::NewSession;
use crate::db::{DbError, Decision, Transaction, accounts, families, sessions};
use crate::domain::clock::Timestamp;
use crate::domain::email::Identifier;
use crate::domain::opaque::login::{Authenticated, Challenged};
use crate::domain::opaque::wire::Ke3;
use crate::domain::random::name_at;
use crate::domain::secret::{Token, TokenHash};
use crate::domain::throttle::ClientAddress;

/// Finishes a login.
pub struct FinishLogin {
    /// Under which the state waits.
    pub auth_id: Token,
    /// The client's last message.
    pub response: Ke3,
    /// The authorization request that the login is for.
    pub flow_id: Option<Token>,
    /// The browser cookie: the one that started the login.
    pub browser: Token,
    /// The session cookie of whoever was signed in before.
    pub session: Option<Token>,
    /// Where it comes from.
    pub address: ClientAddress,
    /// What the browser calls itself.
    pub agent: Option<String>,
}

impl Request for FinishLogin {
    /// The session cookie to set.
    type Reply = Result<Token, LoginError>;
}

impl Serve<FinishLogin> for Login {
    fn serve(&mut self, request: FinishLogin, _: &Myself<Self>) -> Answer<Result<Token, LoginError>> {
        let deps = self.deps.clone();
        Answer::later(async move { deps.finish_login(request).await })
    }
}

impl Deps {
    async fn finish_login(&self, request: FinishLogin) -> Result<Token, LoginError> {
        let browser = request.browser.hash();
        let Some(state) = self.take(Exchange::Login(&browser), &request.auth_id).await? else {
            return Err(LoginError::Expired);
        };
        let challenged = Challenged::from_bytes(&state).ok_or(LoginError::Expired)?;
        let authenticated = challenged.finish(request.response).map_err(|_| LoginError::Refused)?;
        let now = self.clock.now();
        let cookie = Token::generate(self.random.as_ref());
        let lifetimes = &self.config.define.lifetimes;
        let session = NewSession {
            id_hash: cookie.hash(),
            sid: name_at(now, self.random.as_ref()),
            account_id: authenticated.account.clone(),
            browser,
            auth_hash: request.auth_id.hash(),
            flow_hash: request.flow_id.as_ref().map(Token::hash),
            authenticated_at: now,
            idle_expires_at: now.plus(lifetimes.session_idle.min(lifetimes.session_absolute)),
            expires_at: now.plus(lifetimes.session_absolute),
            agent: request.agent,
        };
        let identifier = authenticated.identifier;
        let replaced = request.session.as_ref().map(Token::hash);
        let made = self
            .writes
            .transact("finish login", async move |transaction| {
                make(transaction, &session, &authenticated, replaced.as_ref(), now).await
            })
            .await?;
        let Made::Session { browser_was_known } = made else {
            return Err(LoginError::Refused);
        };
        metrics::counter!("countersign_logins_total").increment(1);
        self.refund(&identifier, request.address, &browser, browser_was_known)
            .await?;
        Ok(cookie)
    }
}

/// What became of a login that the person got right.
enum Made {
    /// The session; and whether this browser had completed a login for this address before.
    Session { browser_was_known: bool },
    /// None.
    Nothing,
}

/// Makes the session, only where the account is active, its record still the one that the login started from, and the
/// login state has made no session yet.
async fn make(
    transaction: &mut Transaction<'_>,
    session: &NewSession,
    authenticated: &Authenticated,
    replaced: Option<&TokenHash>,
    now: Timestamp,
) -> Result<Decision<Made>, DbError> {
    let Some(account) = transaction.query_one(&accounts::standing(&session.account_id)).await? else {
        return Ok(Decision::Rollback(Made::Nothing));
    };
    if account.text(0)? != "active" || account.integer(1)? != authenticated.record_version {
        return Ok(Decision::Rollback(Made::Nothing));
    }
    if transaction.query_one(&sessions::insert(session)).await?.is_none() {
        return Ok(Decision::Rollback(Made::Nothing));
    }
    let browser_was_known = remember(transaction, &session.browser, &authenticated.identifier, now).await?;
    if let Some(replaced) = replaced {
        replace(transaction, replaced, session, now).await?;
    }
    Ok(Decision::Commit(Made::Session { browser_was_known }))
}

/// Notes that this browser has completed a login for this address; whether it had before.
async fn remember(
    transaction: &mut Transaction<'_>,
    browser: &TokenHash,
    identifier: &Identifier,
    now: Timestamp,
) -> Result<bool, DbError> {
    let known = transaction
        .query_one(&accounts::knows_browser(browser, identifier))
        .await?;
    transaction
        .query(&accounts::remember_browser(browser, identifier, now))
        .await?;
    Ok(known.is_some())
}

/// Ends the session that this browser had. If it was the same person's, what hung on it hangs on the new one; another
/// person's ends with it, as by a logout.
async fn replace(
    transaction: &mut Transaction<'_>,
    old: &TokenHash,
    new: &NewSession,
    now: Timestamp,
) -> Result<(), DbError> {
    let Some(row) = transaction.query_one(&sessions::named_by(old)).await? else {
        return Ok(());
    };
    let (sid, account_id) = (row.text(0)?.to_owned(), row.text(1)?.to_owned());
    if account_id == new.account_id {
        transaction.query(&families::move_session(&sid, &new.sid)).await?;
    }
    end_session(transaction, &sid, &account_id, now).await
}
