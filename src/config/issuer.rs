//! The issuer: the public address of this server, byte for byte as tokens and discovery carry it.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use url::{Host, Url};

use super::raw::Raw;
use super::visit::Setting;

/// Why a text is no issuer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IssuerError {
    /// Not an absolute http or https URL.
    #[error("{0:?} is not an issuer; write an https URL such as \"https://id.example.org\"")]
    NotAUrl(String),
    /// Plain http to another machine.
    #[error("{0:?} is plain http; write https, or for development http with 127.0.0.1, [::1] or localhost")]
    Cleartext(String),
    /// It carries a user, path, query or fragment.
    #[error("{0:?} has more than scheme, host and port; write {1:?}")]
    TooMuch(String, String),
    /// Another spelling of a clean URL. Clients compare issuers byte for byte.
    #[error("{0:?} is not the normal spelling of that URL; write {1:?}")]
    Spelling(String, String),
    /// Made from an address that no browser can open.
    #[error("an issuer cannot be made from {0}; give one with --issuer, such as \"http://localhost:4242\"")]
    Listener(SocketAddr),
}

/// A clean URL: `https`, or `http` where the host is `127.0.0.1`, `[::1]` or `localhost`; scheme, host and port only, no
/// trailing slash, in normal spelling (OIDC Discovery §3, RFC 8414 §2).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Issuer {
    text: String,
    host: String,
    https: bool,
    loopback: bool,
}

impl Issuer {
    /// Checks `text`.
    ///
    /// # Errors
    /// [`IssuerError`] says what to write instead.
    pub fn parse(text: &str) -> Result<Self, IssuerError> {
        let not_a_url = || IssuerError::NotAUrl(text.into());
        let url = Url::parse(text).map_err(|_| not_a_url())?;
        let https = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err(not_a_url()),
        };
        let loopback = match url.host().ok_or_else(not_a_url)? {
            Host::Domain(name) => name == "localhost",
            Host::Ipv4(address) => address.octets() == [127, 0, 0, 1],
            Host::Ipv6(address) => address.is_loopback(),
        };
        if url.port() == Some(0) {
            return Err(not_a_url());
        }
        if !https && !loopback {
            return Err(IssuerError::Cleartext(text.into()));
        }
        let clean = url.origin().ascii_serialization();
        let bare = url.username().is_empty() && url.password().is_none() && url.path() == "/";
        if !bare || url.query().is_some() || url.fragment().is_some() || text == format!("{clean}/") {
            return Err(IssuerError::TooMuch(text.into(), clean));
        }
        if text != clean {
            return Err(IssuerError::Spelling(text.into(), clean));
        }
        Ok(Self {
            host: url.host_str().unwrap_or_default().into(),
            text: clean,
            https,
            loopback,
        })
    }

    /// The development issuer of a server that listens on `address`; port 0 stands for one not yet known.
    ///
    /// # Errors
    /// [`IssuerError::Listener`] unless the address is `127.0.0.1` or `[::1]`.
    pub fn of_listener(address: SocketAddr) -> Result<Self, IssuerError> {
        let host = match address.ip() {
            IpAddr::V4(ip) if ip.octets() == [127, 0, 0, 1] => ip.to_string(),
            IpAddr::V6(ip) if ip.is_loopback() => format!("[{ip}]"),
            _ => return Err(IssuerError::Listener(address)),
        };
        let port = match address.port() {
            80 => String::new(),
            port => format!(":{port}"),
        };
        Ok(Self {
            text: format!("http://{host}{port}"),
            host,
            https: false,
            loopback: true,
        })
    }

    /// The issuer as tokens carry it. It is also the origin (RFC 6454) of every page.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Host without port; an IPv6 address in brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether cookies are `__Host-` and Secure.
    #[must_use]
    pub const fn is_https(&self) -> bool {
        self.https
    }

    /// Whether this is `http` on this very machine: only then may clients have loopback `http` addresses.
    #[must_use]
    pub const fn is_loopback_http(&self) -> bool {
        self.loopback && !self.https
    }

    /// The URL of `path`, which starts with a slash.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.text)
    }

    /// Stands in the slot until a real one is read.
    pub(super) fn placeholder() -> Self {
        Self {
            text: "https://id.example.org".into(),
            host: "id.example.org".into(),
            https: true,
            loopback: false,
        }
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Setting for Issuer {
    const WANTED: &'static str = r#"an issuer; write an https URL such as "https://id.example.org""#;

    fn parse(raw: &Raw<'_>) -> Result<Self, String> {
        Self::parse(raw.text::<Self>()?).map_err(|error| error.to_string())
    }

    fn show(&self) -> toml::Value {
        self.as_str().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clean_https_and_loopback_http_are_issuers() {
        for good in [
            "https://id.example.org",
            "https://id.example.org:8443",
            "https://[2001:db8::1]",
            "https://xn--bcher-kva.example",
            "http://localhost:4242",
            "http://127.0.0.1:4242",
            "http://[::1]:4242",
            "http://localhost",
        ] {
            let issuer = Issuer::parse(good).expect(good);
            assert_eq!(issuer.as_str(), good);
            assert_eq!(issuer.is_loopback_http(), good.starts_with("http:"), "{good}");
        }
        assert_eq!(Issuer::parse("http://[::1]:1").expect("parses").host(), "[::1]");
    }

    #[test]
    fn everything_else_is_refused_and_the_mend_is_an_issuer() {
        for bad in [
            "",
            "id.example.org",
            "ftp://id.example.org",
            "https://",
            "https://id.example.org:0",
            "http://id.example.org",
            "http://127.0.0.2",
            "http://localhost.example.org",
            "https://id.example.org/",
            "https://id.example.org/tenant",
            "https://id.example.org?",
            "https://id.example.org/?a=b",
            "https://id.example.org#",
            "https://u:p@id.example.org",
            "https://ID.example.org",
            "https://id.example.org:443",
            "https://b\u{fc}cher.example",
            " https://id.example.org",
            "http://127.1:4242",
            "https:\\\\id.example.org",
        ] {
            let error = Issuer::parse(bad).expect_err(bad);
            if let IssuerError::TooMuch(_, mend) | IssuerError::Spelling(_, mend) = error {
                assert!(Issuer::parse(&mend).is_ok(), "{bad}: {mend}");
            }
        }
    }

    #[test]
    fn a_development_issuer_is_made_of_host_and_port() {
        let made = |text: &str| Issuer::of_listener(text.parse().expect("address"));
        assert_eq!(made("127.0.0.1:4242"), Issuer::parse("http://127.0.0.1:4242"));
        assert_eq!(made("[::1]:4242"), Issuer::parse("http://[::1]:4242"));
        assert_eq!(made("127.0.0.1:80"), Issuer::parse("http://127.0.0.1"));
        assert!(made("0.0.0.0:4242").is_err());
        assert!(made("192.0.2.1:4242").is_err());
    }

    proptest::proptest! {
        #[test]
        fn an_accepted_text_is_kept_byte_for_byte(text in "https?://\\PC{0,30}") {
            if let Ok(issuer) = Issuer::parse(&text) {
                proptest::prop_assert_eq!(issuer.as_str(), text.as_str());
            }
        }
    }
}
