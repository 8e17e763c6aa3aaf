//! Making an authorization code, once for each authorization request.

use std::time::Duration;

use super::Deps;
use super::authorize::Authorized;
use crate::actors::failure::Failure;
use crate::db::sessions::LiveSession;
use crate::db::{Decision, codes, families, pushed, sessions};
use crate::domain::oauth::client::Client;
use crate::domain::oauth::code::StoredCode;
use crate::domain::oauth::error::{ErrorCode, OAuthError};
use crate::domain::oauth::flow::Grant;
use crate::domain::oauth::pushed as requests;
use crate::domain::secret::{Token, TokenHash};

/// What became of a grant.
enum Issued {
    /// The code is stored.
    Yes,
    /// The authorization request has given a code before, or its client was removed meanwhile.
    Before,
    /// The session has ended meanwhile.
    SessionEnded,
    /// The pushed request that this is has given a code before.
    PushedSpent,
    /// The account does not hold the scope that the client demands.
    NotAdmitted,
}

impl Deps {
    /// Stores a code for `grant` and says where the browser takes it. The session is looked at again in the same
    /// transaction: one that has just been ended gives no code.
    pub(super) async fn issue_code(
        &self,
        flow_id: &Token,
        client: &Client,
        grant: Grant,
        session: Option<&LiveSession>,
    ) -> Result<Authorized, Failure> {
        let request = grant.request().clone();
        if self.held(&grant.session().account_id, &request.scope).await?.is_empty() {
            let error = OAuthError::new(ErrorCode::InvalidScope, "the person holds none of the scopes asked for");
            return Ok(self.refuse(&request.refuse(error)));
        }
        let now = self.clock.now();
        let token = Token::generate(self.random.as_ref());
        let text = token.reveal();
        let sid = grant.session().sid.clone();
        let may_begin = families::may_begin(&grant.session().account_id, client.required_scope.as_deref());
        let code = StoredCode::issue(grant, now, self.config.define.lifetimes.code);
        let insert = codes::insert(&token.hash(), &flow_id.hash(), &code)?;
        let spend = request
            .pushed
            .map(|name| pushed::spend(&TokenHash::from_bytes(name), now));
        let touch = session.and_then(|session| self.touch(session));
        let issued = self
            .writes
            .transact("issue code", async move |transaction| {
                if transaction.query_one(&sessions::is_live(&sid, now)).await?.is_none() {
                    return Ok(Decision::Rollback(Issued::SessionEnded));
                }
                if transaction.query_one(&may_begin).await?.is_none() {
                    return Ok(Decision::Rollback(Issued::NotAdmitted));
                }
                if transaction.query_one(&insert).await?.is_none() {
                    return Ok(Decision::Rollback(Issued::Before));
                }
                if let Some(spend) = &spend
                    && transaction.query_one(spend).await?.is_none()
                {
                    return Ok(Decision::Rollback(Issued::PushedSpent));
                }
                if let Some(touch) = &touch {
                    transaction.query(touch).await?;
                }
                Ok(Decision::Commit(Issued::Yes))
            })
            .await?;
        Ok(match issued {
            Issued::Yes => Authorized::Client(request.answer(self.issuer(), &text)),
            Issued::PushedSpent => Authorized::Page(requests::unknown()),
            Issued::Before => Authorized::Page(OAuthError::invalid_request(
                "this sign-in cannot be completed, or was before; go back to the application and start again",
            )),
            Issued::NotAdmitted => {
                let error = OAuthError::new(ErrorCode::AccessDenied, "this account may not use this application");
                self.refuse(&request.refuse(error))
            }
            Issued::SessionEnded => {
                let error = OAuthError::new(ErrorCode::LoginRequired, "the session has ended");
                self.refuse(&request.refuse(error))
            }
        })
    }

    /// Puts off the idle end of a session in use, but not at every step of it: a tenth of the time is precise enough.
    fn touch(&self, session: &LiveSession) -> Option<crate::db::Statement> {
        let idle = self.config.define.lifetimes.session_idle;
        let end = self.clock.now().plus(idle).min(session.expires_at);
        let gained = end.since(session.idle_expires_at);
        (gained > (idle / 10).min(Duration::from_hours(1))).then(|| sessions::touch(&session.facts.sid, end))
    }
}
