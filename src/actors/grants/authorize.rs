//! The authorization endpoint: an authorization request comes in (RFC 6749 §4.1.1, OIDC Core §3.1.2).

use super::push::Asked;
use super::{Browser, Deps, Grants, facts};
use crate::actors::failure::Failure;
use crate::actors::supervise::{Answer, Myself, Request, Serve};
use crate::config::Onboarding;
use crate::db::clients;
use crate::db::kv::Kind;
use crate::domain::oauth::error::OAuthError;
use crate::domain::oauth::flow::{Circumstances, Flow, IdTokenHint, Step};
use crate::domain::oauth::parameters::{ParameterError, Parameters};
use crate::domain::oauth::redirect;
use crate::domain::oauth::request::{self, Proven, RedirectError};
use crate::domain::oauth::scope::ScopeSet;
use crate::domain::secret::Token;
use crate::domain::token::verify::verify_id_token_hint;

/// An authorization request by GET, or one that was stored by [`StorePosted`].
pub struct Authorize {
    /// The parameters, or what is wrong with them.
    pub parameters: Result<Parameters, ParameterError>,
    /// Who asks.
    pub browser: Browser,
}

/// Where the browser goes.
#[derive(Debug)]
pub enum Authorized {
    /// Nowhere: the redirect URI is not proven, so the error is shown here.
    Page(OAuthError),
    /// To the client, with a code or an error.
    Client(redirect::Answer),
    /// To a page of ours.
    Interact(Interaction),
}

/// A page that the person has to deal with.
#[derive(Debug)]
pub struct Interaction {
    /// Which one.
    pub page: Page,
    /// The flow that waits for it.
    pub flow_id: String,
    /// A browser cookie to set, for a browser that had none.
    pub new_browser: Option<Token>,
}

/// The pages that a flow may wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// The login page.
    Login,
    /// The page where accounts are made; one can sign in from there too.
    SignUp,
    /// The consent page.
    Consent,
}

impl Request for Authorize {
    type Reply = Result<Authorized, Failure>;
}

impl Serve<Authorize> for Grants {
    fn serve(&mut self, request: Authorize, _: &Myself<Self>) -> Answer<Result<Authorized, Failure>> {
        let deps = self.deps.clone();
        Answer::later(async move { deps.authorize(request).await })
    }
}

impl Deps {
    async fn authorize(&self, request: Authorize) -> Result<Authorized, Failure> {
        // A repeated parameter is an error, which the client may be told if the rest proves where it lives.
        let (parameters, repeated) = match request.parameters {
            Ok(parameters) => (parameters, None),
            Err(error) => match &error {
                ParameterError::Repeated { rest, .. } => (rest.clone(), Some(OAuthError::from(&error))),
                _ => return Ok(Authorized::Page(OAuthError::from(&error))),
            },
        };
        let client = match request::client_id(&parameters) {
            Ok(id) => self.client(&id).await?,
            Err(error) => return Ok(Authorized::Page(repeated.unwrap_or(error))),
        };
        let Some(client) = client else {
            let error = Proven::prove(&parameters, None).err();
            return Ok(Authorized::Page(
                repeated.or(error).unwrap_or_else(OAuthError::invalid_client),
            ));
        };
        let unread = match repeated {
            Some(error) => Err(error),
            None => self.resolve(&parameters, &client).await?,
        };
        let asked = match unread {
            Ok(Some(asked)) => asked,
            Ok(None) => Asked::plain(parameters),
            // What is wrong with the whole may still be told where the parts beside it prove the way.
            Err(error) => {
                return Ok(match Proven::prove(&parameters, Some(client.as_ref())) {
                    Ok(proven) => self.refuse(&proven.refuse(error)),
                    Err(_) => Authorized::Page(error),
                });
            }
        };
        let proven = match Proven::prove(&asked.parameters, Some(client.as_ref())) {
            Ok(proven) => proven,
            Err(error) => return Ok(Authorized::Page(error)),
        };
        let known = Self::known(&client);
        let validated = match proven.validate(&asked.parameters, &client, &self.rules(&known, &asked.source)) {
            Ok(validated) => validated,
            Err(error) => return Ok(self.refuse(&error)),
        };
        let session = self.session(&request.browser).await?;
        let consented = match &session {
            Some(session) => self.consented(&session.facts.account_id, &client.id).await?,
            None => ScopeSet::default(),
        };
        let hint = self.hint(validated.id_token_hint.as_deref());
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
        let flow_id = Token::generate(self.random.as_ref());
        match Flow::begin(validated, hint, circumstances) {
            Step::Refuse(error) => Ok(self.refuse(&error)),
            Step::Grant(grant) => self.issue_code(&flow_id, &client, grant, session.as_ref()).await,
            Step::Login(flow) => {
                let page = self.login_page(&flow);
                self.interact(page, flow_id, &request.browser, &flow).await
            }
            Step::Consent(flow) => self.interact(Page::Consent, flow_id, &request.browser, &flow).await,
        }
    }

    async fn interact(
        &self,
        page: Page,
        flow_id: Token,
        browser: &Browser,
        flow: &Flow,
    ) -> Result<Authorized, Failure> {
        let (hash, new_browser) = match browser.hash() {
            Some(hash) => (hash, None),
            None => {
                let fresh = Token::generate(self.random.as_ref());
                (fresh.hash(), Some(fresh))
            }
        };
        self.open_flow(&flow_id, &hash, flow).await?;
        Ok(Authorized::Interact(Interaction {
            page,
            flow_id: flow_id.reveal(),
            new_browser,
        }))
    }

    pub(super) fn refuse(&self, error: &RedirectError) -> Authorized {
        Authorized::Client(error.answer(self.issuer()))
    }

    /// Where the person signs in, or makes an account first if the client wants that and anybody may.
    pub(super) fn login_page(&self, flow: &Flow) -> Page {
        let closed = self.config.define.onboarding == Onboarding::Closed;
        if flow.request().prompt.wants_account() && !closed {
            Page::SignUp
        } else {
            Page::Login
        }
    }

    fn hint(&self, token: Option<&str>) -> IdTokenHint {
        match token {
            None => IdTokenHint::Absent,
            Some(token) => match verify_id_token_hint(token, &self.keys.current(), self.issuer()) {
                Ok(hint) => IdTokenHint::Subject(hint.subject),
                Err(_) => IdTokenHint::Unverifiable,
            },
        }
    }

    /// What an account has allowed a client before.
    pub(super) async fn consented(
        &self,
        account_id: &str,
        client: &crate::domain::oauth::client::ClientId,
    ) -> Result<ScopeSet, Failure> {
        match self.store.query_one(&clients::consent(account_id, client)).await? {
            None => Ok(ScopeSet::default()),
            Some(row) => ScopeSet::parse(row.text(0)?).map_err(|error| Failure::Internal(error.to_string())),
        }
    }
}

/// Parameters that came by a cross-site POST, which brings no cookies: they wait for a GET that does.
pub struct StorePosted {
    /// The body as it came.
    pub body: Vec<u8>,
}

impl Request for StorePosted {
    type Reply = Result<String, Failure>;
}

impl Serve<StorePosted> for Grants {
    fn serve(&mut self, request: StorePosted, _: &Myself<Self>) -> Answer<Result<String, Failure>> {
        let deps = self.deps.clone();
        Answer::later(async move {
            let id = Token::generate(deps.random.as_ref()).reveal();
            let lifetime = deps.config.define.lifetimes.authorization_request;
            deps.kv.put(Kind::Posted, &id, request.body, lifetime).await?;
            Ok(id)
        })
    }
}

/// Reads what [`StorePosted`] stored. It stays, so that the page can be loaded again.
pub struct FindPosted {
    /// The id that was given for it.
    pub id: String,
}

impl Request for FindPosted {
    type Reply = Result<Option<Vec<u8>>, Failure>;
}

impl Serve<FindPosted> for Grants {
    fn serve(&mut self, request: FindPosted, _: &Myself<Self>) -> Answer<Result<Option<Vec<u8>>, Failure>> {
        let deps = self.deps.clone();
        Answer::later(async move { Ok(deps.kv.get(Kind::Posted, &request.id).await?) })
    }
}
