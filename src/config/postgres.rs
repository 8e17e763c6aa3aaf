//! `postgres://…` in `database_url`, and `[postgres]`: how many connections there are to it.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr as _;

use tokio_postgres::config::{Host, SslMode};

use super::visit::{Section, Visitor};

/// What is said of a URL that cannot be read.
const EXAMPLE: &str = r#"write "postgres://user:password@host:5432/database", special characters as %XX"#;

/// Where a PostgreSQL database is and how it is reached. Does not print its password.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresUrl {
    client: tokio_postgres::Config,
    tls: PostgresTls,
    shown: String,
}

/// How the way to the database is protected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PostgresTls {
    /// Not at all: `sslmode=disable`, or nothing said and the server is on this machine.
    Off,
    /// By TLS, certificate and name checked; `roots` names a file of PEM certificates instead of the public ones.
    Verified {
        /// `sslrootcert`.
        roots: Option<PathBuf>,
    },
}

impl PostgresUrl {
    /// Reads `postgres://user:password@host:port/database?…`, whose scheme has been looked at.
    ///
    /// # Errors
    /// A sentence with the mend, without the password.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (base, query) = text.split_once('?').unwrap_or((text, ""));
        let mut mode = None;
        let mut roots = None;
        let mut others = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("sslmode", value)) => mode = Some(value.to_owned()),
                Some(("sslrootcert", value)) => roots = Some(PathBuf::from(decoded(value)?)),
                _ => others.push(pair),
            }
        }
        let url = if others.is_empty() {
            base.to_owned()
        } else {
            format!("{base}?{}", others.join("&"))
        };
        let mut client = tokio_postgres::Config::from_str(&url).map_err(|error| unreadable(&error))?;
        if client.get_hosts().is_empty() && client.get_hostaddrs().is_empty() {
            return Err(format!("the PostgreSQL URL names no host; {EXAMPLE}"));
        }
        if client.get_dbname().is_none_or(str::is_empty) {
            return Err(format!("the PostgreSQL URL names no database; {EXAMPLE}"));
        }
        let tls = tls(&client, mode.as_deref(), roots)?;
        client.ssl_mode(match tls {
            PostgresTls::Off => SslMode::Disable,
            PostgresTls::Verified { .. } => SslMode::Require,
        });
        let shown = shown(&client, mode.as_deref(), &tls);
        Ok(Self { client, tls, shown })
    }

    /// What the driver needs.
    #[must_use]
    pub const fn client(&self) -> &tokio_postgres::Config {
        &self.client
    }

    /// How the way there is protected.
    #[must_use]
    pub const fn tls(&self) -> &PostgresTls {
        &self.tls
    }

    /// The URL without its password, for messages.
    #[must_use]
    pub fn shown(&self) -> &str {
        &self.shown
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PostgresUrl").field(&self.shown).finish()
    }
}

/// `sslmode` as libpq names them, but for the half measures: TLS whose certificate nobody checks protects from nobody
/// who can change what is sent.
fn tls(client: &tokio_postgres::Config, mode: Option<&str>, roots: Option<PathBuf>) -> Result<PostgresTls, String> {
    let verified = match mode {
        Some("disable") => false,
        Some("require" | "verify-ca" | "verify-full") => true,
        Some(other) => {
            return Err(format!(
                "sslmode={other:.20} is not known; write sslmode=require (certificate and name are checked) or \
                 sslmode=disable"
            ));
        }
        None => roots.is_some() || !client.get_hosts().iter().all(is_here),
    };
    match (verified, roots) {
        (true, roots) => Ok(PostgresTls::Verified { roots }),
        (false, None) => Ok(PostgresTls::Off),
        (false, Some(_)) => Err("sslmode=disable and sslrootcert exclude each other; take one of them away".into()),
    }
}

/// Whether a server is reached without leaving this machine.
fn is_here(host: &Host) -> bool {
    match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            let name = name.trim_matches(['[', ']']);
            name == "localhost" || name.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
        }
    }
}

fn shown(client: &tokio_postgres::Config, mode: Option<&str>, tls: &PostgresTls) -> String {
    let user = client.get_user().map(|user| format!("{user}@")).unwrap_or_default();
    let hosts: Vec<String> = client
        .get_hosts()
        .iter()
        .enumerate()
        .map(|(index, host)| {
            let host = match host {
                Host::Tcp(name) => name.clone(),
                Host::Unix(path) => path.display().to_string().replace('/', "%2F"),
            };
            let ports = client.get_ports();
            match ports.get(index).or_else(|| ports.first()) {
                Some(port) => format!("{host}:{port}"),
                None => host,
            }
        })
        .collect();
    let mut text = format!(
        "postgres://{user}{}/{}",
        hosts.join(","),
        client.get_dbname().unwrap_or_default()
    );
    let mut glue = '?';
    let mut parameter = |pair: String| {
        text.push(glue);
        text.push_str(&pair);
        glue = '&';
    };
    if let Some(mode) = mode {
        parameter(format!("sslmode={mode}"));
    }
    if let PostgresTls::Verified { roots: Some(path) } = tls {
        parameter(format!("sslrootcert={}", path.display()));
    }
    text
}

fn unreadable(error: &tokio_postgres::Error) -> String {
    use std::error::Error as _;
    // The cause names an option or a place, never a value.
    let cause = error.source().map(ToString::to_string).unwrap_or_default();
    format!("the PostgreSQL URL cannot be read ({cause}); {EXAMPLE}")
}

fn decoded(text: &str) -> Result<String, String> {
    url::form_urlencoded::parse(format!("v={}", text.replace('+', "%2B")).as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .ok_or_else(|| format!("the PostgreSQL URL cannot be read; {EXAMPLE}"))
}

/// Connections of one process to PostgreSQL; SQLite takes no notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connections {
    /// The most that read at once.
    pub readers: usize,
    /// That write: one for single statements, the others for commands.
    pub writers: usize,
}

impl Default for Connections {
    fn default() -> Self {
        Self { readers: 8, writers: 8 }
    }
}

impl Section for Connections {
    fn visit<V: Visitor>(&mut self, v: &mut V) {
        v.within("readers", &mut self.readers, 1..=1000);
        v.within("writers", &mut self.writers, 2..=1000);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<PostgresUrl, String> {
        PostgresUrl::parse(text)
    }

    #[test]
    fn a_url_is_read_and_shown_without_its_password() {
        let url = parse("postgres://ann:hunter%402@db.example.org:5433/cs?sslrootcert=/etc/ca%20x.pem").expect("reads");
        assert_eq!(url.client().get_user(), Some("ann"));
        assert_eq!(url.client().get_password(), Some(b"hunter@2".as_slice()));
        assert_eq!(
            url.tls(),
            &PostgresTls::Verified {
                roots: Some("/etc/ca x.pem".into())
            }
        );
        for text in [url.shown().to_owned(), format!("{url:?}")] {
            assert!(
                text.contains("ann@db.example.org:5433/cs") && !text.contains("hunter"),
                "{text}"
            );
        }
        let again = parse(url.shown()).expect("reads back");
        assert_eq!(again.tls(), url.tls());
    }

    #[test]
    fn tls_is_the_rule_unless_the_server_is_here_or_it_is_switched_off() {
        let off = PostgresTls::Off;
        let on = PostgresTls::Verified { roots: None };
        for (url, wanted) in [
            ("postgres://u@db/x", &on),
            ("postgres://u@db/x?sslmode=require", &on),
            ("postgres://u@db/x?sslmode=verify-full", &on),
            ("postgres://u@db/x?sslmode=disable", &off),
            ("postgres://u@localhost/x", &off),
            ("postgres://u@127.0.0.1:5433/x", &off),
            ("postgres://u@%2Frun%2Fpostgresql/x", &off),
            ("postgres://u@localhost,db/x", &on),
            ("postgres://u@localhost/x?sslmode=require", &on),
        ] {
            let read = parse(url).expect(url);
            assert_eq!(read.tls(), wanted, "{url}");
            let required = matches!(read.tls(), PostgresTls::Verified { .. });
            assert_eq!(read.client().get_ssl_mode() == SslMode::Require, required, "{url}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused_without_the_password() {
        for bad in [
            "postgres://u:hunter2@db",
            "postgres://u:hunter2@db/",
            "postgres:///x",
            "postgres://u:hunter2@db:port/x",
            "postgres://u:hunter2@db/x?colour=red",
            "postgres://u:hunter2@db/x?sslmode=prefer",
            "postgres://u:hunter2@db/x?sslmode=disable&sslrootcert=/ca.pem",
        ] {
            let refusal = parse(bad).expect_err(bad);
            assert!(!refusal.contains("hunter2"), "{refusal}");
            assert!(refusal.contains("; "), "{refusal} has no mend");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_url_panics(text in "postgres://[a-z:@/?=&%0-9.,\\[\\]-]{0,40}") {
            let _ = PostgresUrl::parse(&text);
        }
    }
}
