//! `kv_url`: where short-lived state and counters are kept.

use std::fmt;
use std::path::PathBuf;

use url::{Host, Url};

use super::raw::Raw;
use super::secrets::Password;
use super::smtp::decode;
use super::visit::{Setting, not_wanted};

/// What the names of all our entries begin with, where the URL does not say.
const DEFAULT_PREFIX: &str = "countersign";

/// The key-value store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KvUrl {
    /// `memory:`, within the process.
    Memory,
    /// `redis://` or `rediss://`, shared by any number of processes.
    Redis(RedisUrl),
}

impl KvUrl {
    /// Whether other processes can see what this one keeps there.
    #[must_use]
    pub const fn is_shared(&self) -> bool {
        matches!(self, Self::Redis(_))
    }
}

/// A Redis server: `redis[s]://[[user]:password@]host[:port][/database][?prefix=…&ca=…]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedisUrl {
    /// Name or address, an IPv6 address without brackets.
    pub host: String,
    /// 6379 where the URL has none.
    pub port: u16,
    /// `rediss:`.
    pub tls: bool,
    /// The user of its access list, percent-decoded; without one it is the default user.
    pub user: Option<String>,
    /// What `AUTH` is told, percent-decoded.
    pub password: Option<Password>,
    /// What `SELECT` is told.
    pub database: u32,
    /// What the names of all entries begin with: two applications may share a server.
    pub prefix: String,
    /// PEM file of the authorities that may vouch for the server, in place of those that everybody trusts.
    pub ca: Option<PathBuf>,
}

impl Setting for KvUrl {
    const WANTED: &'static str = r#"a key-value URL; write "memory:" or "redis://:password@host:6379/0" (rediss: for TLS; special characters as %XX; ?prefix= and ?ca=FILE may follow)"#;

    fn parse(raw: &Raw<'_>) -> Result<Self, String> {
        // Nothing of the text is repeated: it may hold a password.
        let text = raw.text::<Self>().map_err(|_| not_wanted::<Self>("that"))?;
        if text == "memory:" {
            return Ok(Self::Memory);
        }
        read(text).map(Self::Redis).ok_or_else(|| not_wanted::<Self>("that"))
    }

    fn show(&self) -> toml::Value {
        match self {
            Self::Memory => "memory:".into(),
            Self::Redis(redis) => redis.to_string().into(),
        }
    }
}

fn read(text: &str) -> Option<RedisUrl> {
    let url = Url::parse(text).ok()?;
    let tls = match url.scheme() {
        "redis" => false,
        "rediss" => true,
        _ => return None,
    };
    let host = match url.host()? {
        Host::Domain(name) => name.to_owned(),
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    };
    let database = match url.path() {
        "" | "/" => 0,
        path => path.strip_prefix('/')?.parse().ok()?,
    };
    let password = match url.password() {
        Some(password) => Some(Password::new(decode(password)?)),
        None => None,
    };
    let mut redis = RedisUrl {
        host,
        port: url.port().unwrap_or(6379),
        tls,
        user: Some(decode(url.username())?).filter(|user| !user.is_empty()),
        password,
        database,
        prefix: DEFAULT_PREFIX.to_owned(),
        ca: None,
    };
    for (name, value) in url.query_pairs() {
        match name.as_ref() {
            "prefix" if is_prefix(&value) => redis.prefix = value.into_owned(),
            "ca" if tls && !value.is_empty() => redis.ca = Some(value.into_owned().into()),
            _ => return None,
        }
    }
    let is_sound = redis.port != 0 && !redis.host.is_empty() && url.fragment().is_none();
    (is_sound && (redis.user.is_none() || redis.password.is_some())).then_some(redis)
}

/// Braces would move the entries to another slot of a cluster, spaces would confuse whoever looks at them.
fn is_prefix(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte))
}

/// Without the password.
impl fmt::Display for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "rediss" } else { "redis" };
        let host = if self.host.contains(':') {
            format!("[{}]", self.host)
        } else {
            self.host.clone()
        };
        write!(
            f,
            "{scheme}://{host}:{}/{}?prefix={}",
            self.port, self.database, self.prefix
        )?;
        match &self.ca {
            Some(ca) => write!(f, "&ca={}", ca.display()),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<KvUrl, String> {
        KvUrl::parse(&Raw::Text(text))
    }

    fn redis(text: &str) -> RedisUrl {
        match parse(text) {
            Ok(KvUrl::Redis(redis)) => redis,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn a_url_names_server_user_database_and_prefix() {
        assert_eq!(parse("memory:"), Ok(KvUrl::Memory));
        let plain = redis("redis://kv.example.org");
        assert_eq!(
            (plain.host.as_str(), plain.port, plain.tls),
            ("kv.example.org", 6379, false)
        );
        assert_eq!((plain.user, plain.password, plain.database), (None, None, 0));
        assert_eq!(plain.prefix, "countersign");

        let full = redis("rediss://ann:p%40ss@[::1]:7000/3?prefix=shop&ca=/etc/kv.pem");
        assert_eq!((full.host.as_str(), full.port, full.tls), ("::1", 7000, true));
        assert_eq!(full.user.as_deref(), Some("ann"));
        assert_eq!(full.password.as_ref().map(Password::expose), Some("p@ss"));
        assert_eq!((full.database, full.prefix.as_str()), (3, "shop"));
        assert_eq!(full.ca, Some("/etc/kv.pem".into()));
        assert_eq!(full.to_string(), "rediss://[::1]:7000/3?prefix=shop&ca=/etc/kv.pem");
        assert_eq!(redis("redis://:secret@127.0.0.1").user, None);
    }

    #[test]
    fn what_is_no_such_url_is_refused_without_its_password() {
        for bad in [
            "",
            "memory",
            "memory:x",
            "redis:",
            "redis://",
            "redis://:hunter2@",
            "redis://ann@kv",
            "redis://:hunter2@kv:0",
            "redis://:hunter2@kv/x",
            "redis://:hunter2@kv/-1",
            "redis://:hunter2@kv/0/1",
            "redis://:hunter2@kv?colour=red",
            "redis://:hunter2@kv?prefix=",
            "redis://:hunter2@kv?prefix=a{b}",
            "redis://:hunter2@kv?ca=/etc/kv.pem",
            "rediss://:hunter2@kv#insecure",
            "http://:hunter2@kv",
            "unix:/run/redis.sock",
        ] {
            let refusal = parse(bad).expect_err(bad);
            assert!(
                refusal.contains("redis://") && !refusal.contains("hunter2"),
                "{refusal}"
            );
        }
    }

    #[test]
    fn a_password_does_not_print() {
        let url = parse("redis://ann:hunter2@kv").expect("parses");
        assert!(!format!("{url:?} {}", url.show()).contains("hunter2"));
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text: String) {
            let _ = parse(&text);
            let _ = parse(&format!("redis://{text}"));
        }
    }
}
