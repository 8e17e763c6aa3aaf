//! An authorization request on its way through login and consent to a code.
//!
//! A [`Flow`] is a value that each step consumes. Between two HTTP requests it lies sealed in a store; whoever takes it out
//! there holds the only one. `docs/fsm/flow.mmd` draws it: the edges are the methods below.

use serde::{Deserialize, Serialize};

use super::client::Client;
use super::error::{ErrorCode, OAuthError};
use super::request::{AuthorizationRequest, RedirectError};
use super::scope::ScopeSet;
use crate::domain::clock::Timestamp;

/// What is known of a live browser session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionFacts {
    /// Whose it is.
    pub account_id: String,
    /// Its public name, the `sid` of ID tokens.
    pub sid: String,
    /// When the password was proved.
    pub authenticated_at: Timestamp,
}

/// What the `id_token_hint` of a request turned out to be. An expired ID token is a fine hint (OIDC Core
/// §3.1.2.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdTokenHint {
    /// None was sent.
    Absent,
    /// Not an ID token that this server signed with a key it still has. Where somebody can be asked it is ignored, as an
    /// old token whose key is gone is an honest mistake; a silent request cannot succeed on it.
    Unverifiable,
    /// It names this subject, as its client knows it.
    Subject(String),
}

/// What a decision looks at besides the flow itself.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances<'a> {
    /// The client of the request.
    pub client: &'a Client,
    /// The live session of the browser, if it has one.
    pub session: Option<&'a SessionFacts>,
    /// What the client knows the session's account by.
    pub subject: Option<&'a str>,
    /// What the session's account has allowed this client before.
    pub consented: &'a ScopeSet,
    /// The time.
    pub now: Timestamp,
}

/// Why a login is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoginReason {
    /// Nobody is signed in here.
    NoSession,
    /// `prompt=login` or `prompt=select_account`.
    Prompt,
    /// The session is older than `max_age`.
    MaxAge,
    /// The `id_token_hint` names another account.
    OtherAccount,
}

/// Where a flow stands while it waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "at")]
pub enum Stage {
    /// For a login.
    AwaitLogin {
        /// Why.
        reason: LoginReason,
    },
    /// For the browser to come back after the login that made session `sid`.
    LoggedIn {
        /// The session.
        sid: String,
    },
    /// For the person of session `sid` to allow or deny.
    AwaitConsent {
        /// The session.
        sid: String,
        /// This flow's own login made it.
        by_flow: bool,
    },
    /// For the browser to come back after the person of session `sid` allowed it.
    Allowed {
        /// The session.
        sid: String,
        /// This flow's own login made it.
        by_flow: bool,
    },
    /// For the browser to come back after the person said no, and to take that to the client.
    Denied,
}

/// An authorization request and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flow {
    request: AuthorizationRequest,
    hinted_subject: Option<String>,
    started_at: Timestamp,
    stage: Stage,
}

/// What comes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Show the login page; keep the flow.
    Login(Flow),
    /// Show the consent page; keep the flow.
    Consent(Flow),
    /// Make a code for this and send the browser to the client.
    Grant(Grant),
    /// Send the browser to the client with an error.
    Refuse(RedirectError),
}

/// What the person granted. Only a [`Flow`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    pub(super) request: AuthorizationRequest,
    pub(super) session: SessionFacts,
}

impl Grant {
    /// The request that is granted.
    #[must_use]
    pub const fn request(&self) -> &AuthorizationRequest {
        &self.request
    }

    /// Who granted it, in which session, signed in when.
    #[must_use]
    pub const fn session(&self) -> &SessionFacts {
        &self.session
    }
}

/// A step that does not belong to the stage a flow is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IllegalStep {
    /// Consent was given or denied where none was asked for.
    #[error("no consent is asked for at this point of the flow")]
    NotAwaitingConsent,
    /// Another session answered than the one that was asked.
    #[error("the person signed in is not the one who was asked for consent")]
    OtherSession,
}

impl Flow {
    /// Starts a flow and decides how it goes on. Whom the client wants is taken out of the request: `hint` says what its
    /// `id_token_hint` was, and its `claims` may name a subject.
    #[must_use]
    pub fn begin(mut request: AuthorizationRequest, hint: IdTokenHint, circumstances: Circumstances<'_>) -> Step {
        request.id_token_hint = None;
        let wanted = request.claims.subject.take();
        let hinted_subject = match hint {
            IdTokenHint::Subject(subject) if wanted.as_ref().is_some_and(|wanted| *wanted != subject) => {
                let description = "the claims parameter and the id_token_hint want two people";
                return refuse(request, ErrorCode::InvalidRequest, description);
            }
            IdTokenHint::Subject(subject) => Some(subject),
            IdTokenHint::Unverifiable if request.prompt.is_silent() => {
                return refuse(
                    request,
                    ErrorCode::LoginRequired,
                    "the id_token_hint is not one of this server",
                );
            }
            IdTokenHint::Unverifiable | IdTokenHint::Absent => wanted,
        };
        let fresh = Self {
            request,
            hinted_subject,
            started_at: circumstances.now,
            stage: Stage::AwaitLogin {
                reason: LoginReason::NoSession,
            },
        };
        fresh.resume(circumstances)
    }

    /// Notes that a login, started for this flow in this browser, has made session `sid`. The person may log in at any
    /// stage, also as somebody else; consent given before is then void.
    #[must_use]
    pub fn log_in(self, sid: &str) -> Self {
        Self {
            stage: Stage::LoggedIn { sid: sid.to_owned() },
            ..self
        }
    }

    /// Notes that the person of `session` allows what is asked.
    ///
    /// # Errors
    /// [`IllegalStep`], if nobody or somebody else was asked.
    pub fn allow(self, session: &SessionFacts) -> Result<Self, IllegalStep> {
        let by_flow = self.asked(session)?;
        let sid = session.sid.clone();
        Ok(Self {
            stage: Stage::Allowed { sid, by_flow },
            ..self
        })
    }

    /// Ends the flow because the person of `session` said no.
    ///
    /// # Errors
    /// [`IllegalStep`], if nobody or somebody else was asked.
    pub fn deny(self, session: &SessionFacts) -> Result<RedirectError, IllegalStep> {
        self.asked(session)?;
        let error = OAuthError::new(ErrorCode::AccessDenied, DENIED);
        Ok(self.request.refuse(error))
    }

    /// Notes that the person of `session` said no, for an answer that the browser has to come back for.
    ///
    /// # Errors
    /// [`IllegalStep`], if nobody or somebody else was asked.
    pub fn hold_denial(self, session: &SessionFacts) -> Result<Self, IllegalStep> {
        self.asked(session)?;
        Ok(Self {
            stage: Stage::Denied,
            ..self
        })
    }

    /// Decides anew how to go on, from the session as it is now.
    #[must_use]
    pub fn resume(self, circumstances: Circumstances<'_>) -> Step {
        if self.stage == Stage::Denied {
            return refuse(self.request, ErrorCode::AccessDenied, DENIED);
        }
        let silent = self.request.prompt.is_silent();
        let session = match self.usable_session(&circumstances) {
            Ok(session) => session,
            Err(_) if silent => return refuse(self.request, ErrorCode::LoginRequired, "a login is needed"),
            Err(Unusable::WrongLogin) => {
                let description = "the person signed in is not the one of the id_token_hint";
                return refuse(self.request, ErrorCode::LoginRequired, description);
            }
            Err(Unusable::Ask(reason)) => {
                return Step::Login(Self {
                    stage: Stage::AwaitLogin { reason },
                    ..self
                });
            }
        };
        if self.needs_consent(session, &circumstances) {
            if silent {
                return refuse(self.request, ErrorCode::ConsentRequired, "consent is needed");
            }
            let by_flow = self.made(session);
            let sid = session.sid.clone();
            return Step::Consent(Self {
                stage: Stage::AwaitConsent { sid, by_flow },
                ..self
            });
        }
        Step::Grant(Grant {
            request: self.request,
            session: session.clone(),
        })
    }

    /// The request.
    #[must_use]
    pub const fn request(&self) -> &AuthorizationRequest {
        &self.request
    }

    /// Where it stands.
    #[must_use]
    pub const fn stage(&self) -> &Stage {
        &self.stage
    }

    /// The session that a grant may rest on.
    ///
    /// Where a new login is wanted, only this flow's own counts: a session is not judged by the clock of whichever process
    /// made it.
    fn usable_session<'a>(&self, circumstances: &Circumstances<'a>) -> Result<&'a SessionFacts, Unusable> {
        let session = circumstances.session.ok_or(Unusable::Ask(LoginReason::NoSession))?;
        let by_flow = self.made(session);
        if self
            .hinted_subject
            .as_deref()
            .is_some_and(|hinted| circumstances.subject != Some(hinted))
        {
            return Err(if by_flow {
                Unusable::WrongLogin
            } else {
                Unusable::Ask(LoginReason::OtherAccount)
            });
        }
        if self.request.prompt.wants_login() && !by_flow {
            return Err(Unusable::Ask(LoginReason::Prompt));
        }
        let age = circumstances.now.since(session.authenticated_at);
        let too_old = self.request.max_age.is_some_and(|max| max.is_zero() || age > max);
        if too_old && !by_flow {
            return Err(Unusable::Ask(LoginReason::MaxAge));
        }
        Ok(session)
    }

    fn needs_consent(&self, session: &SessionFacts, circumstances: &Circumstances<'_>) -> bool {
        let given_here = matches!(&self.stage, Stage::Allowed { sid, .. } if *sid == session.sid);
        let given_before =
            circumstances.client.first_party || self.request.disclosed().is_subset(circumstances.consented);
        !given_here && (self.request.prompt.wants_consent() || !given_before)
    }

    /// Whether this flow's own login made `session`.
    fn made(&self, session: &SessionFacts) -> bool {
        match &self.stage {
            Stage::AwaitLogin { .. } | Stage::Denied => false,
            Stage::LoggedIn { sid } => *sid == session.sid,
            Stage::AwaitConsent { sid, by_flow } | Stage::Allowed { sid, by_flow } => *by_flow && *sid == session.sid,
        }
    }

    /// Whether consent was asked of `session`, and if so, whether this flow made it.
    fn asked(&self, session: &SessionFacts) -> Result<bool, IllegalStep> {
        match &self.stage {
            Stage::AwaitConsent { sid, by_flow } if *sid == session.sid => Ok(*by_flow),
            Stage::AwaitConsent { .. } => Err(IllegalStep::OtherSession),
            _ => Err(IllegalStep::NotAwaitingConsent),
        }
    }
}

/// What a client is told of a no.
const DENIED: &str = "the person did not allow it";

/// Why the browser's session cannot carry a grant.
enum Unusable {
    /// Another login may mend it.
    Ask(LoginReason),
    /// The login that was asked for named somebody else than the hint.
    WrongLogin,
}

fn refuse(request: AuthorizationRequest, code: ErrorCode, description: &str) -> Step {
    Step::Refuse(request.refuse(OAuthError::new(code, description)))
}

#[cfg(test)]
mod tests;
