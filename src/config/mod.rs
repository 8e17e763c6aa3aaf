//! What the operator sets: read once, validated whole, every problem told at once with its key and its mend.
//!
//! One TOML file with two parts. `[define]` holds public constants that must be the same on every deployment of one
//! application and that break tokens when changed; the rest is this machine's. Each key can be overridden by a variable:
//! `define.issuer` by `COUNTERSIGN_DEFINE__ISSUER`, a secret also by naming a file, `COUNTERSIGN_MASTER_KEY_FILE`.
//!
//! Durations are text: a whole number and one of `ms`, `s`, `min`, `h`, `d`.
//!
//! Each key stands once, in the `visit` of its section; reading, printing and the list of known keys come from there.

mod actors;
mod check;
mod define;
mod dev;
mod duration;
mod error;
mod http;
mod issuer;
mod job;
mod kv;
mod kv_url;
mod layers;
mod lifetimes;
mod limits;
mod load;
mod log;
mod mail;
mod mail_texts;
mod outgoing;
mod postgres;
mod print;
mod raw;
mod reader;
mod realm;
mod secrets;
mod smtp;
mod store;
mod suggest;
mod visit;

use std::net::SocketAddr;

use ipnet::IpNet;

pub use actors::Actors;
pub use define::{ClientRegistration, Define, Entitlements, KeyRotation, Onboarding};
pub use dev::Dev;
pub use error::{ConfigError, Origin, Problem};
pub use http::Http;
pub use issuer::{Issuer, IssuerError};
pub use job::Job;
pub use kv::Kv;
pub use kv_url::{KvUrl, RedisUrl};
pub use lifetimes::Lifetimes;
pub use limits::{Bucket, Limits};
pub use log::{Log, LogFormat};
pub use mail::Mail;
pub use mail_texts::MailTexts;
pub use outgoing::Outgoing;
pub use postgres::{Connections, PostgresTls, PostgresUrl};
pub use realm::Realm;
pub use secrets::{KeyError, MasterKey, Password};
pub use smtp::{Delivery, Smtp, Starttls};
pub use store::DatabaseUrl;

use visit::{Section, Visitor};

/// Which of the two kinds of server this is; the database records it, and they never share one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// `countersign dev`: everything on one machine, mail into a mailbox page, a demo client.
    Dev,
    /// `countersign serve`.
    Production,
}

impl Mode {
    /// As a database records it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Production => "production",
        }
    }
}

/// Everything the operator set, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// Set by the command, not by a key.
    pub mode: Mode,
    /// Where HTTP is served. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// HTTP worker threads; 0 means one per core.
    pub workers: usize,
    /// Proxies whose `X-Forwarded-For` is believed; from anybody else it is ignored.
    pub trusted_proxies: Vec<IpNet>,
    /// Where what was granted or spent is kept.
    pub database_url: DatabaseUrl,
    /// Where short-lived state and counters are kept.
    pub kv_url: KvUrl,
    /// Seals every secret at rest.
    pub master_key: MasterKey,
    /// What is the same on every deployment of the application.
    pub define: Define,
    /// Bounds of HTTP requests.
    pub http: Http,
    /// Throttles.
    pub limits: Limits,
    /// Connections to PostgreSQL.
    pub postgres: Connections,
    /// The most entries of each kind in the key-value store.
    pub kv: Kv,
    /// The most messages that may wait at each actor.
    pub actors: Actors,
    /// Outgoing mail.
    pub mail: Mail,
    /// Requests to addresses that clients registered.
    pub outgoing: Outgoing,
    /// What is logged, and how.
    pub log: Log,
}

impl Config {
    /// Notes the address that was really bound: takes over a port that was asked for as 0, and where the development
    /// issuer was made from the address listened on, makes it anew.
    pub fn bound_to(&mut self, bound: SocketAddr) {
        let made_from_listen = Issuer::of_listener(self.listen).is_ok_and(|made| made == self.define.issuer);
        if let (Mode::Dev, true, Ok(issuer)) = (self.mode, made_from_listen, Issuer::of_listener(bound)) {
            self.define.issuer = issuer;
        }
        self.listen = bound;
    }

    /// Defaults, with placeholders where a key is required; never leaves this module without being read over.
    fn blank() -> Self {
        Self {
            mode: Mode::Production,
            listen: SocketAddr::from(([127, 0, 0, 1], 4242)),
            workers: 0,
            trusted_proxies: Vec::new(),
            database_url: DatabaseUrl::default(),
            kv_url: KvUrl::Memory,
            master_key: MasterKey::new([0; 32]),
            define: Define::blank(),
            http: Http::default(),
            limits: Limits::default(),
            postgres: Connections::default(),
            kv: Kv::default(),
            actors: Actors::default(),
            mail: Mail::blank(),
            outgoing: Outgoing::default(),
            log: Log::default(),
        }
    }
}

impl Section for Config {
    fn visit<V: Visitor>(&mut self, v: &mut V) {
        v.value("listen", &mut self.listen);
        v.within("workers", &mut self.workers, 0..=1024);
        v.value("trusted_proxies", &mut self.trusted_proxies);
        v.url("database_url", &mut self.database_url);
        v.url("kv_url", &mut self.kv_url);
        v.secret("master_key", &mut self.master_key);
        v.section("define", &mut self.define);
        v.section("http", &mut self.http);
        v.section("limits", &mut self.limits);
        v.section("postgres", &mut self.postgres);
        v.section("kv", &mut self.kv);
        v.section("actors", &mut self.actors);
        v.section("mail", &mut self.mail);
        v.section("outgoing", &mut self.outgoing);
        v.section("log", &mut self.log);
    }
}
