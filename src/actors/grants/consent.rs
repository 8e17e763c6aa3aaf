//! What the pages may show of a flow, and the person's yes or no.

pub use super::flows::Lost;
use super::flows::Open;
use super::{Browser, Deps, Grants};
use crate::actors::failure::Failure;
use crate::actors::supervise::{Answer, Myself, Request, Serve};
use crate::db::clients;
use crate::domain::oauth::flow::{SessionFacts, Stage};
use crate::domain::oauth::redirect::{Answer as Answered, ResponseMode};

/// Asks what the pages may show of a flow.
pub struct DescribeFlow {
    /// Which flow.
    pub flow_id: String,
    /// Who asks.
    pub browser: Browser,
}

/// What the pages may show of a flow.
#[derive(Debug)]
pub struct FlowView {
    /// The client's name.
    pub client_name: String,
    /// Its home page.
    pub client_uri: Option<String>,
    /// The scopes it asks for.
    pub scopes: Vec<String>,
    /// What to write into the e-mail field.
    pub login_hint: Option<String>,
    /// Languages for the page, best first.
    pub ui_locales: Option<String>,
    /// Whether the flow waits for consent; else for a login.
    pub awaits_consent: bool,
    /// Who is signed in here.
    pub signed_in_as: Option<String>,
}

impl Request for DescribeFlow {
    type Reply = Result<Result<FlowView, Lost>, Failure>;
}

impl Serve<DescribeFlow> for Grants {
    fn serve(&mut self, request: DescribeFlow, _: &Myself<Self>) -> Answer<Result<Result<FlowView, Lost>, Failure>> {
        let deps = self.deps.clone();
        Answer::later(async move { deps.describe(request).await })
    }
}

/// The person allows or denies.
pub struct DecideConsent {
    /// Which flow.
    pub flow_id: String,
    /// Who decides.
    pub browser: Browser,
    /// Yes or no.
    pub allow: bool,
}

/// What follows from a decision.
#[derive(Debug)]
pub enum Decided {
    /// Back to the callback, which makes the code.
    Continue,
    /// To the client, with an error.
    Client(String),
    /// Nobody was asked, or somebody else.
    NotAsked,
}

impl Request for DecideConsent {
    type Reply = Result<Result<Decided, Lost>, Failure>;
}

impl Serve<DecideConsent> for Grants {
    fn serve(&mut self, request: DecideConsent, _: &Myself<Self>) -> Answer<Result<Result<Decided, Lost>, Failure>> {
        let deps = self.deps.clone();
        Answer::later(async move { deps.decide(request).await })
    }
}

impl Deps {
    async fn describe(&self, request: DescribeFlow) -> Result<Result<FlowView, Lost>, Failure> {
        let open = match self.find_flow(&request.flow_id, request.browser.hash()).await? {
            Ok(open) => open,
            Err(lost) => return Ok(Err(lost)),
        };
        let asked = open.flow.request();
        let Some(client) = self.client(&asked.client_id).await? else {
            return Ok(Err(Lost::Gone));
        };
        let session = self.session(&request.browser).await?;
        // Nobody is asked to share a role that is not theirs.
        let scope = match &session {
            Some(session) => self.held(&session.facts.account_id, &asked.disclosed()).await?,
            None => asked.disclosed().into_owned(),
        };
        Ok(Ok(FlowView {
            client_name: client.name.clone(),
            client_uri: client.client_uri.clone(),
            scopes: scope.iter().map(str::to_owned).collect(),
            login_hint: asked.login_hint.clone(),
            ui_locales: asked.ui_locales.clone(),
            awaits_consent: matches!(open.flow.stage(), Stage::AwaitConsent { .. }),
            signed_in_as: session.map(|session| session.email),
        }))
    }

    /// The answer goes to the client at once if the browser can be sent there, else when it comes back for it.
    async fn deny(&self, open: Open, session: &SessionFacts) -> Result<Result<Decided, Lost>, Failure> {
        let Open { flow, id, browser } = open;
        if flow.request().response_mode == ResponseMode::FormPost {
            let Ok(held) = flow.hold_denial(session) else {
                return Ok(Ok(Decided::NotAsked));
            };
            let kept = self.keep_flow(&id, &browser, &held).await?;
            return Ok(if kept { Ok(Decided::Continue) } else { Err(Lost::Gone) });
        }
        let Ok(refusal) = flow.deny(session) else {
            return Ok(Ok(Decided::NotAsked));
        };
        self.close_flow(&id).await?;
        Ok(match refusal.answer(self.issuer()) {
            Answered::Redirect(location) => Ok(Decided::Client(location)),
            // A form was held above.
            Answered::Form { .. } => Ok(Decided::NotAsked),
        })
    }

    async fn decide(&self, request: DecideConsent) -> Result<Result<Decided, Lost>, Failure> {
        let open = match self.find_flow(&request.flow_id, request.browser.hash()).await? {
            Ok(open) => open,
            Err(lost) => return Ok(Err(lost)),
        };
        let Some(session) = self.session(&request.browser).await? else {
            return Ok(Ok(Decided::NotAsked));
        };
        if !request.allow {
            return self.deny(open, &session.facts).await;
        }
        let asked = open.flow.request().clone();
        let Ok(flow) = open.flow.allow(&session.facts) else {
            return Ok(Ok(Decided::NotAsked));
        };
        let before = self.consented(&session.facts.account_id, &asked.client_id).await?;
        if !asked.disclosed().is_subset(&before) {
            let allowed = before.union(&asked.disclosed());
            let statement = clients::allow(&session.facts.account_id, &asked.client_id, &allowed, self.clock.now());
            self.writes.execute(statement).await?;
        }
        if !self.keep_flow(&open.id, &open.browser, &flow).await? {
            return Ok(Err(Lost::Gone));
        }
        Ok(Ok(Decided::Continue))
    }
}
