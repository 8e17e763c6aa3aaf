//! The end of a session: asked for by a client (OIDC RP-Initiated Logout §2), or by the person here.

use super::{Browser, Deps, Grants, facts};
use crate::actors::end_session::end_session;
use crate::actors::failure::Failure;
use crate::actors::supervise::{Answer, Myself, Request, Serve};
use crate::db::Decision;
use crate::db::kv::Kind;
use crate::domain::oauth::client::ClientId;
use crate::domain::oauth::error::OAuthError;
use crate::domain::oauth::logout::{Destination, Logout, LogoutHint, LogoutRequest, PendingLogout};
use crate::domain::oauth::parameters::Parameters;
use crate::domain::secret::Token;
use crate::domain::token::verify::verify_id_token_hint;

/// A logout request of a client.
pub struct RequestLogout {
    /// The parameters.
    pub parameters: Parameters,
    /// Whose session.
    pub browser: Browser,
}

/// What became of it.
#[derive(Debug)]
pub enum LoggedOut {
    /// It cannot be: shown on a page.
    Page(OAuthError),
    /// Nobody is signed in here (any more): the browser goes there.
    Done(Destination),
    /// The person is asked; the id of the question.
    Ask(String),
}

impl Request for RequestLogout {
    type Reply = Result<LoggedOut, Failure>;
}

impl Serve<RequestLogout> for Grants {
    fn serve(&mut self, request: RequestLogout, _: &Myself<Self>) -> Answer<Result<LoggedOut, Failure>> {
        let deps = self.deps.clone();
        Answer::later(async move { deps.request_logout(request).await })
    }
}

/// The person says yes to a question of [`RequestLogout`].
pub struct ConfirmLogout {
    /// The id of the question.
    pub logout_id: String,
    /// Who says it.
    pub browser: Browser,
}

impl Request for ConfirmLogout {
    /// `None` if the question is gone or was put to another browser.
    type Reply = Result<Option<Destination>, Failure>;
}

impl Serve<ConfirmLogout> for Grants {
    fn serve(&mut self, request: ConfirmLogout, _: &Myself<Self>) -> Answer<Result<Option<Destination>, Failure>> {
        let deps = self.deps.clone();
        Answer::later(async move { deps.confirm_logout(request).await })
    }
}

/// The person signs out on a page of ours.
pub struct EndSession {
    /// Whose session.
    pub browser: Browser,
}

impl Request for EndSession {
    type Reply = Result<(), Failure>;
}

impl Serve<EndSession> for Grants {
    fn serve(&mut self, request: EndSession, _: &Myself<Self>) -> Answer<Result<(), Failure>> {
        let deps = self.deps.clone();
        Answer::later(async move {
            if let Some(session) = deps.session(&request.browser).await? {
                deps.end_session(&session.facts.sid, &session.facts.account_id).await?;
            }
            Ok(())
        })
    }
}

impl Deps {
    async fn request_logout(&self, request: RequestLogout) -> Result<LoggedOut, Failure> {
        let asked = match LogoutRequest::parse(&request.parameters) {
            Ok(asked) => asked,
            Err(error) => return Ok(LoggedOut::Page(error)),
        };
        let hint = self.logout_hint(asked.id_token_hint.as_deref());
        let client = match asked.client_id(&hint) {
            Some(id) => self.client(id).await?,
            None => None,
        };
        let session = self.session(&request.browser).await?;
        match asked.decide(&hint, client.as_deref(), facts(session.as_ref())) {
            Err(error) => Ok(LoggedOut::Page(error)),
            Ok(Logout::Done { then }) => Ok(LoggedOut::Done(then)),
            Ok(Logout::Now { sid, then }) => {
                if let Some(session) = &session {
                    self.end_session(&sid, &session.facts.account_id).await?;
                }
                Ok(LoggedOut::Done(then))
            }
            Ok(Logout::Ask(pending)) => self.ask(&pending, &request.browser).await,
        }
    }

    async fn ask(&self, pending: &PendingLogout, browser: &Browser) -> Result<LoggedOut, Failure> {
        let Some(browser) = browser.hash() else {
            return Ok(LoggedOut::Done(Destination::SignedOut));
        };
        let id = Token::generate(self.random.as_ref());
        let plain = serde_json::to_vec(pending).map_err(|error| Failure::Internal(error.to_string()))?;
        let sealed = self
            .secrets
            .states
            .seal(self.random.as_ref(), &place(&id, browser.as_bytes()), &plain);
        let lifetime = self.config.define.lifetimes.authorization_request;
        self.kv.put(Kind::Logout, &key(&id), sealed, lifetime).await?;
        Ok(LoggedOut::Ask(id.reveal()))
    }

    async fn confirm_logout(&self, request: ConfirmLogout) -> Result<Option<Destination>, Failure> {
        let (Some(id), Some(browser)) = (Token::parse(&request.logout_id), request.browser.hash()) else {
            return Ok(None);
        };
        let Some(sealed) = self.kv.take(Kind::Logout, &key(&id)).await? else {
            return Ok(None);
        };
        let Ok(plain) = self.secrets.states.open(&place(&id, browser.as_bytes()), &sealed) else {
            return Ok(None);
        };
        let pending: PendingLogout =
            serde_json::from_slice(&plain).map_err(|error| Failure::Internal(error.to_string()))?;
        let session = self.session(&request.browser).await?;
        let (sid, then) = pending.confirm(facts(session.as_ref()));
        if let (Some(sid), Some(session)) = (sid, session) {
            self.end_session(&sid, &session.facts.account_id).await?;
        }
        Ok(Some(then))
    }

    fn logout_hint(&self, token: Option<&str>) -> LogoutHint {
        let Some(token) = token else { return LogoutHint::Absent };
        let Ok(hint) = verify_id_token_hint(token, &self.keys.current(), self.issuer()) else {
            return LogoutHint::Unverifiable;
        };
        match ClientId::parse(&hint.audience) {
            Some(audience) => LogoutHint::Verified {
                audience,
                sid: Some(hint.session),
            },
            None => LogoutHint::Unverifiable,
        }
    }

    async fn end_session(&self, sid: &str, account_id: &str) -> Result<(), Failure> {
        let (sid, account_id, now) = (sid.to_owned(), account_id.to_owned(), self.clock.now());
        self.writes
            .transact("end session", async move |transaction| {
                end_session(transaction, &sid, &account_id, now).await?;
                Ok(Decision::Commit(()))
            })
            .await?;
        Ok(())
    }
}

fn key(id: &Token) -> String {
    id.hash().to_text()
}

fn place(id: &Token, browser: &[u8; 32]) -> Vec<u8> {
    [b"logout".as_slice(), id.hash().as_bytes(), browser].concat()
}
