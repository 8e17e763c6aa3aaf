//! Grants: from the authorization request over consent and code to tokens and their refresh family.
//!
//! Several shards of one role. None keeps anything between two requests: an open flow lies sealed in the key-value
//! store, what was granted or spent is a database row, and the statement that writes it decides.

pub mod administer_clients;
pub mod authenticate;
pub mod authorize;
pub mod authorize_device;
pub mod client_cache;
pub mod consent;
pub mod continue_flow;
pub mod decide_device;
pub mod dpop;
pub mod end_access;
pub mod introspect;
pub mod logout;
pub mod push;
pub mod refusal;
pub mod register_client;
pub mod request_tokens;
pub mod revoke;

mod charges;
mod client_credentials;
mod client_keys;
mod code;
mod exchange;
mod flows;
mod redeem;
mod redeem_device;
mod refresh;
mod tokens;

use std::borrow::Cow;
use std::sync::Arc;

pub use client_keys::KeyCache;

use self::client_cache::ClientCache;
use super::failure::Failure;
use super::key_ring::Keys;
use super::key_ring::secrets::Secrets;
use super::outgoing::Outgoing;
use super::supervise::Role;
use super::writer::Writes;
use crate::config::Config;
use crate::db::kv::KeyValue;
use crate::db::sessions::LiveSession;
use crate::db::{Store, accounts, clients, sessions};
use crate::domain::clock::Clock;
use crate::domain::oauth::client::{Client, ClientId};
use crate::domain::oauth::flow::SessionFacts;
use crate::domain::oauth::scope::ScopeSet;
use crate::domain::random::{Random, name, name_at};
use crate::domain::secret::{Token, TokenHash};

/// What Grants is made from.
#[derive(Clone)]
pub struct Deps {
    /// Reads what was granted.
    pub store: Store,
    /// Client records read a moment ago.
    pub clients: Arc<ClientCache>,
    /// Open flows.
    pub kv: KeyValue,
    /// Writes what is granted and spent.
    pub writes: Writes,
    /// Signs tokens.
    pub keys: Keys,
    /// Seals flows.
    pub secrets: Arc<Secrets>,
    /// Fetches the keys of clients that publish them.
    pub outgoing: Outgoing,
    /// What was fetched so.
    pub key_cache: KeyCache,
    /// Issuer, lifetimes, limits.
    pub config: Arc<Config>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Codes, names of tokens and families.
    pub random: Arc<dyn Random>,
}

/// The role; it has no state but what it depends on, which each request under way holds too.
pub struct Grants {
    deps: Arc<Deps>,
}

impl Role for Grants {
    const NAME: &'static str = "grants";
    type Deps = Deps;

    fn begin(deps: &Deps) -> Self {
        Self {
            deps: Arc::new(deps.clone()),
        }
    }
}

/// What a browser shows of itself: the ids in its cookies.
#[derive(Clone, Debug, Default)]
pub struct Browser {
    /// The browser cookie.
    pub id: Option<Token>,
    /// The session cookie.
    pub session: Option<Token>,
}

impl Browser {
    /// What the browser cookie hashes to.
    #[must_use]
    pub fn hash(&self) -> Option<TokenHash> {
        self.id.as_ref().map(Token::hash)
    }
}

impl Deps {
    async fn client(&self, id: &ClientId) -> Result<Option<Arc<Client>>, Failure> {
        let now = self.clock.monotonic();
        if let Some(client) = self.clients.get(id, now) {
            return Ok(Some(client));
        }
        let Some(row) = self.store.query_one(&clients::by_id(id)).await? else {
            return Ok(None);
        };
        let client = Arc::new(clients::read(&row)?);
        self.clients.put(Arc::clone(&client), now);
        Ok(Some(client))
    }

    /// The live session of a browser: both cookies must be there and belong together.
    async fn session(&self, browser: &Browser) -> Result<Option<LiveSession>, Failure> {
        let (Some(browser_hash), Some(session)) = (browser.hash(), &browser.session) else {
            return Ok(None);
        };
        let row = self
            .store
            .query_one(&sessions::live(&session.hash(), self.clock.now()))
            .await?;
        let session = row.as_ref().map(sessions::read).transpose()?;
        Ok(session.filter(|session| session.browser == browser_hash))
    }

    /// What a client knows an account by.
    fn subject<'a>(&self, client: &Client, account_id: &'a str) -> Cow<'a, str> {
        self.secrets.subjects.subject(&client.options.subject_type, account_id)
    }

    /// What of `scope` an account holds now. Asks the store only where there is a role in it.
    async fn held(&self, account_id: &str, scope: &ScopeSet) -> Result<ScopeSet, Failure> {
        if !scope.has_roles() {
            return Ok(scope.clone());
        }
        let rows = self.store.query(&accounts::scopes(account_id)).await?;
        let roles = rows.iter().map(|row| row.text(0)).collect::<Result<Vec<_>, _>>()?;
        Ok(scope.held(&ScopeSet::of(roles)))
    }

    fn issuer(&self) -> &str {
        self.config.define.issuer.as_str()
    }

    /// A fresh name of a token.
    fn token_name(&self) -> String {
        name(self.random.as_ref())
    }

    /// A fresh name of a family.
    fn family_name(&self) -> String {
        name_at(self.clock.now(), self.random.as_ref())
    }
}

fn facts(session: Option<&LiveSession>) -> Option<&SessionFacts> {
    session.map(|session| &session.facts)
}
