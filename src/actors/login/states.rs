//! OPAQUE states between two messages: sealed, because a login state is the key to the account, and taken out once.

use zeroize::Zeroizing;

use super::Deps;
use crate::actors::failure::Failure;
use crate::db::kv::Kind;
use crate::domain::secret::{Token, TokenHash};

/// Which exchange a state belongs to; a state of one opens in no other.
#[derive(Clone, Copy)]
pub(super) enum Exchange<'a> {
    /// A login, in this browser.
    Login(&'a TokenHash),
    /// A registration by the link with this hash.
    Registration,
}

impl Exchange<'_> {
    fn place(self, auth_id: &Token) -> Vec<u8> {
        let hash = auth_id.hash();
        match self {
            Self::Login(browser) => [b"login".as_slice(), hash.as_bytes(), browser.as_bytes()].concat(),
            Self::Registration => [b"registration".as_slice(), hash.as_bytes()].concat(),
        }
    }
}

impl Deps {
    /// Stores a state; the `auth_id` under which it is taken out.
    pub(super) async fn keep(&self, exchange: Exchange<'_>, state: &[u8]) -> Result<Token, Failure> {
        let auth_id = Token::generate(self.random.as_ref());
        let sealed = self
            .secrets
            .states
            .seal(self.random.as_ref(), &exchange.place(&auth_id), state);
        let lifetime = self.config.define.lifetimes.login_state;
        self.kv
            .put(Kind::Login, &auth_id.hash().to_text(), sealed, lifetime)
            .await?;
        Ok(auth_id)
    }

    /// Takes a state out, which uses it up; `None` if there is none, or it is not one of this exchange.
    pub(super) async fn take(
        &self,
        exchange: Exchange<'_>,
        auth_id: &Token,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
        let Some(sealed) = self.kv.take(Kind::Login, &auth_id.hash().to_text()).await? else {
            return Ok(None);
        };
        Ok(self.secrets.states.open(&exchange.place(auth_id), &sealed).ok())
    }
}
