//! Open flows in the key-value store, sealed so that only the browser that began one can go on with it.

use super::Deps;
use crate::actors::failure::Failure;
use crate::db::kv::Kind;
use crate::domain::oauth::flow::Flow;
use crate::domain::secret::{Token, TokenHash};

/// Why a flow cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    /// Finished, expired, or never there.
    Gone,
    /// Begun by another browser, or this one sent no cookie.
    OtherBrowser,
}

/// A flow taken up again.
pub(super) struct Open {
    pub(super) flow: Flow,
    pub(super) id: Token,
    pub(super) browser: TokenHash,
}

impl Open {
    pub(super) fn hash(&self) -> TokenHash {
        self.id.hash()
    }
}

impl Deps {
    /// Stores a new flow for `browser`.
    pub(super) async fn open_flow(&self, id: &Token, browser: &TokenHash, flow: &Flow) -> Result<(), Failure> {
        let sealed = self.seal(id, browser, flow)?;
        let lifetime = self.config.define.lifetimes.authorization_request;
        Ok(self.kv.put(Kind::Flow, &key(id), sealed, lifetime).await?)
    }

    /// Reads a flow; it stays where it is.
    pub(super) async fn find_flow(&self, id: &str, browser: Option<TokenHash>) -> Result<Result<Open, Lost>, Failure> {
        let Some(id) = Token::parse(id) else {
            return Ok(Err(Lost::Gone));
        };
        let Some(sealed) = self.kv.get(Kind::Flow, &key(&id)).await? else {
            return Ok(Err(Lost::Gone));
        };
        let Some(browser) = browser else {
            return Ok(Err(Lost::OtherBrowser));
        };
        let Ok(plain) = self.secrets.states.open(&place(&id, &browser), &sealed) else {
            return Ok(Err(Lost::OtherBrowser));
        };
        let flow = serde_json::from_slice(&plain).map_err(|error| Failure::Internal(format!("flow: {error}")))?;
        Ok(Ok(Open { flow, id, browser }))
    }

    /// Stores the next state of a flow; `false` if it is gone meanwhile.
    pub(super) async fn keep_flow(&self, id: &Token, browser: &TokenHash, flow: &Flow) -> Result<bool, Failure> {
        let sealed = self.seal(id, browser, flow)?;
        Ok(self.kv.replace(Kind::Flow, &key(id), sealed).await?)
    }

    /// Forgets a flow that has come to its end.
    pub(super) async fn close_flow(&self, id: &Token) -> Result<(), Failure> {
        self.kv.take(Kind::Flow, &key(id)).await?;
        Ok(())
    }

    fn seal(&self, id: &Token, browser: &TokenHash, flow: &Flow) -> Result<Vec<u8>, Failure> {
        let plain = serde_json::to_vec(flow).map_err(|error| Failure::Internal(format!("flow: {error}")))?;
        Ok(self
            .secrets
            .states
            .seal(self.random.as_ref(), &place(id, browser), &plain))
    }
}

/// Stores know flows by the hash of their id alone.
fn key(id: &Token) -> String {
    id.hash().to_text()
}

fn place(id: &Token, browser: &TokenHash) -> Vec<u8> {
    [b"flow".as_slice(), id.hash().as_bytes(), browser.as_bytes()].concat()
}
