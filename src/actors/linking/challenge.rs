//! What a master key has to sign.

use super::{Deps, Linking, Refusal, SignedIn};
use crate::actors::failure::Failure;
use crate::actors::supervise::{Answer, Myself, Request, Serve};
use crate::db::{Decision, linking};
use crate::domain::clock::Timestamp;
use crate::domain::entitlement::key::PublicKey;
use crate::domain::linking::CHALLENGE_LIFETIME;
use crate::domain::secret::Token;

/// A signed-in person wants to link a key. An earlier challenge of the account is void from now on.
pub struct BeginLink {
    /// Who asks.
    pub who: SignedIn,
    /// The key.
    pub master: PublicKey,
}

/// The challenge. With the issuer and the version it is what the key signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    /// The account.
    pub account: String,
    /// The nonce.
    pub nonce: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl Request for BeginLink {
    type Reply = Result<Result<Begun, Refusal>, Failure>;
}

impl Serve<BeginLink> for Linking {
    fn serve(&mut self, request: BeginLink, _: &Myself<Self>) -> Answer<Result<Result<Begun, Refusal>, Failure>> {
        let deps = self.deps.clone();
        Answer::later(async move { deps.begin(request).await })
    }
}

impl Deps {
    async fn begin(&self, request: BeginLink) -> Result<Result<Begun, Refusal>, Failure> {
        let now = self.clock.now();
        let nonce = Token::generate(self.random.as_ref());
        let (session, browser) = request.who.hashes();
        let master = request.master;
        let (hash, expires_at) = (nonce.hash(), now.plus(CHALLENGE_LIFETIME));
        let account = self
            .writes
            .transact("begin a link", async move |transaction| {
                let Some(account) = linking::signed_in(transaction, &session, &browser, now).await? else {
                    return Ok(Decision::Rollback(None));
                };
                let put = linking::put_challenge(&account, &hash, &master, expires_at);
                transaction.query(&put).await?;
                Ok(Decision::Commit(Some(account)))
            })
            .await?;
        Ok(account.ok_or(Refusal::SignedOut).map(|account| Begun {
            account,
            nonce: nonce.reveal(),
            expires_at,
        }))
    }
}
