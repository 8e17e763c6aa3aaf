//! `mail.url`: the server that takes our mail.

use std::fmt;

use url::{Host, Url};

use super::raw::Raw;
use super::secrets::Password;
use super::visit::{Setting, not_wanted};

/// Where mail goes.
#[derive(Clone, Debug)]
pub enum Delivery {
    /// Into the page that `countersign dev` shows. No key says so: the command does.
    Mailbox,
    /// `smtp://[user:password@]host[:port]` or `smtps://…`.
    Smtp(Smtp),
}

/// An SMTP server.
#[derive(Clone, Debug)]
pub struct Smtp {
    /// Name or address, an IPv6 address without brackets.
    pub host: String,
    /// 465 for `smtps:`, else 587 where the URL has none.
    pub port: u16,
    /// TLS from the first byte (`smtps:`, RFC 8314 §3.3).
    pub implicit_tls: bool,
    /// Whom to sign in as, percent-decoded.
    pub credentials: Option<(String, Password)>,
    /// Whether the host is this machine.
    pub loopback: bool,
}

impl Setting for Delivery {
    const WANTED: &'static str = r#"a mail server; write for example "smtps://user:password@mail.example.org" (no path, special characters as %XX)"#;

    fn parse(raw: &Raw<'_>) -> Result<Self, String> {
        let text = raw.text::<Self>().map_err(|_| not_wanted::<Self>("that"))?;
        read(text).map(Self::Smtp).ok_or_else(|| not_wanted::<Self>("that"))
    }

    fn show(&self) -> toml::Value {
        match self {
            Self::Mailbox => "mailbox:".into(),
            Self::Smtp(smtp) => smtp.to_string().into(),
        }
    }
}

fn read(text: &str) -> Option<Smtp> {
    let url = Url::parse(text).ok()?;
    let implicit_tls = match url.scheme() {
        "smtps" => true,
        "smtp" => false,
        _ => return None,
    };
    // The scheme is not one that `url` knows, so that an IPv4 address comes as a name.
    let (host, loopback) = match url.host()? {
        Host::Domain(name) => {
            let address = name.parse::<std::net::Ipv4Addr>();
            let local = name.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback());
            (name.to_owned(), local)
        }
        Host::Ipv4(address) => (address.to_string(), address.is_loopback()),
        Host::Ipv6(address) => (address.to_string(), address.is_loopback()),
    };
    let bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
    let port = url.port().unwrap_or(if implicit_tls { 465 } else { 587 });
    let credentials = match (url.username(), url.password()) {
        ("", None) => None,
        ("", Some(_)) | (_, None) => return None,
        (user, Some(password)) => Some((decode(user)?, Password::new(decode(password)?))),
    };
    (bare && port != 0 && !host.is_empty()).then_some(Smtp {
        host,
        port,
        implicit_tls,
        credentials,
        loopback,
    })
}

/// Percent-decoding (RFC 3986 §2.1) of what `url` has made sure is encoded.
pub(super) fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        rest = tail;
        if first == b'%' {
            let (digits, tail) = tail.split_first_chunk::<2>()?;
            bytes.push(u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()?);
            rest = tail;
        } else {
            bytes.push(first);
        }
    }
    String::from_utf8(bytes).ok()
}

impl fmt::Display for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.implicit_tls { "smtps" } else { "smtp" };
        write!(f, "{scheme}://{}:{}", self.host, self.port)
    }
}

/// `mail.starttls`: how a `smtp:` connection is encrypted (RFC 3207).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Starttls {
    /// No mail goes to a server that does not offer it.
    Required,
    /// Used where offered.
    WhenOffered,
    /// Never used.
    Never,
}

impl Setting for Starttls {
    const WANTED: &'static str = r#"a rule for STARTTLS; write "required", "when-offered" or "never""#;

    fn parse(raw: &Raw<'_>) -> Result<Self, String> {
        match raw.text::<Self>()? {
            "required" => Ok(Self::Required),
            "when-offered" => Ok(Self::WhenOffered),
            "never" => Ok(Self::Never),
            other => Err(not_wanted::<Self>(format!("{other:?}"))),
        }
    }

    fn show(&self) -> toml::Value {
        match self {
            Self::Required => "required",
            Self::WhenOffered => "when-offered",
            Self::Never => "never",
        }
        .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_read_with_its_credentials() {
        let smtp = read("smtps://no-reply%40example.org:p%3A%2Fss@mail.example.org").expect("parses");
        let (user, password) = smtp.credentials.clone().expect("has them");
        assert_eq!((user.as_str(), password.expose()), ("no-reply@example.org", "p:/ss"));
        assert_eq!(smtp.to_string(), "smtps://mail.example.org:465");
        assert!(smtp.implicit_tls && !smtp.loopback);
        assert!(!format!("{smtp:?}").contains("ss\""));
    }

    #[test]
    fn this_machine_is_known_by_name_and_address() {
        for local in ["smtp://localhost:25", "smtp://127.0.0.1:2525", "smtp://[::1]"] {
            assert!(read(local).expect(local).loopback, "{local}");
        }
        assert_eq!(read("smtp://[::1]").expect("parses").host, "::1");
        assert_eq!(read("smtp://relay").expect("parses").port, 587);
    }

    #[test]
    fn what_is_no_server_is_refused_without_repeating_it() {
        for bad in [
            "",
            "mail.example.org",
            "smtp://",
            "http://hunter2@x",
            "smtp://user@x",
            "smtp://:hunter2@x",
            "smtp://u:hunter2@x/path",
            "smtp://u:hunter2@x:0",
            "smtp://u:hunter2%ff@x",
            "smtp://u:hunter2@x?a",
            "mailbox:",
        ] {
            let refusal = Delivery::parse(&Raw::Text(bad)).expect_err(bad);
            assert!(!refusal.contains("hunter2"), "{refusal}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "smtps?://\\PC{0,30}") {
            let _ = read(&text);
        }
    }
}
