//! The callback: the browser comes back from a page of ours and is sent on.

use super::authorize::{Authorized, Interaction, Page};
use super::flows::{Lost, Open};
use super::{Browser, Deps, Grants, facts};
use crate::actors::failure::Failure;
use crate::actors::supervise::{Answer, Myself, Request, Serve};
use crate::domain::oauth::error::OAuthError;
use crate::domain::oauth::flow::{Circumstances, Stage, Step};
use crate::domain::oauth::scope::ScopeSet;

/// Goes on with a flow from the session as it is now.
pub struct ContinueFlow {
    /// Which flow.
    pub flow_id: String,
    /// Who comes back.
    pub browser: Browser,
}

impl Request for ContinueFlow {
    type Reply = Result<Result<Authorized, Lost>, Failure>;
}

impl Serve<ContinueFlow> for Grants {
    fn serve(&mut self, request: ContinueFlow, _: &Myself<Self>) -> Answer<Result<Result<Authorized, Lost>, Failure>> {
        let deps = self.deps.clone();
        Answer::later(async move {
            match deps.find_flow(&request.flow_id, request.browser.hash()).await? {
                Ok(open) => deps.continue_flow(open, &request.browser).await,
                Err(lost) => Ok(Err(lost)),
            }
        })
    }
}

impl Deps {
    async fn continue_flow(&self, open: Open, browser: &Browser) -> Result<Result<Authorized, Lost>, Failure> {
        let flow_hash = open.hash();
        let Open {
            flow,
            id,
            browser: browser_hash,
        } = open;
        let Some(client) = self.client(&flow.request().client_id).await? else {
            self.close_flow(&id).await?;
            return Ok(Ok(Authorized::Page(OAuthError::invalid_client())));
        };
        let session = self.session(browser).await?;
        let consented = match &session {
            Some(session) => self.consented(&session.facts.account_id, &client.id).await?,
            None => ScopeSet::default(),
        };
        let flow = match &session {
            // The session knows which flow its login was for.
            Some(session)
                if session.flow_hash == Some(flow_hash) && matches!(flow.stage(), Stage::AwaitLogin { .. }) =>
            {
                flow.log_in(&session.facts.sid)
            }
            _ => flow,
        };
        let subject = session
            .as_ref()
            .map(|session| self.subject(&client, &session.facts.account_id));
        let circumstances = Circumstances {
            client: &client,
            session: facts(session.as_ref()),
            subject: subject.as_deref(),
            consented: &consented,
            now: self.clock.now(),
        };
        let (page, flow) = match flow.resume(circumstances) {
            Step::Login(flow) => (self.login_page(&flow), flow),
            Step::Consent(flow) => (Page::Consent, flow),
            Step::Refuse(error) => {
                self.close_flow(&id).await?;
                return Ok(Ok(self.refuse(&error)));
            }
            Step::Grant(grant) => {
                let answer = self.issue_code(&id, &client, grant, session.as_ref()).await?;
                self.close_flow(&id).await?;
                return Ok(Ok(answer));
            }
        };
        if !self.keep_flow(&id, &browser_hash, &flow).await? {
            return Ok(Err(Lost::Gone));
        }
        Ok(Ok(Authorized::Interact(Interaction {
            page,
            flow_id: id.reveal(),
            new_browser: None,
        })))
    }
}
