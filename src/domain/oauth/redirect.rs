//! Redirect URIs: whether one is registered, and the answer that is sent there.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::client::ApplicationType;
use super::error::OAuthError;

/// The loopback addresses whose port may differ. `localhost` is not one: it is a name, and names can be made to point
/// elsewhere (RFC 8252 §8.3).
const LOOPBACK: [&str; 2] = ["http://127.0.0.1", "http://[::1]"];

/// Whether `presented` is the `registered` redirect URI: the same bytes, nothing folded, decoded or normalised (RFC 9700
/// §4.1.3). For a native client on a loopback address the port alone may differ, be missing, or be there (RFC 8252 §7.3);
/// that too is decided by text, not by a URL parser.
#[must_use]
pub fn matches(registered: &str, presented: &str, application_type: ApplicationType) -> bool {
    registered == presented
        || application_type == ApplicationType::Native
            && LOOPBACK.iter().any(|address| {
                let rest = |uri| after_port(str::strip_prefix(uri, address)?);
                rest(registered).is_some_and(|path| rest(presented) == Some(path))
            })
}

/// What follows an optional `:port` in what follows an address; `None`, if that is not the end of the authority.
pub(super) fn after_port(text: &str) -> Option<&str> {
    let rest = match text.strip_prefix(':') {
        None => text,
        Some(port_and_rest) => {
            let end = port_and_rest
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(port_and_rest.len());
            let (port, rest) = port_and_rest.split_at_checked(end)?;
            port.parse::<u16>().ok().filter(|p| *p > 0)?;
            rest
        }
    };
    (rest.is_empty() || rest.starts_with(['/', '?'])).then_some(rest)
}

/// How an answer travels (`response_mode`, OAuth 2.0 Multiple Response Types §2.1, OAuth 2.0 Form Post Response Mode §2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseMode {
    /// In the query of the redirect URI, as for every code unless it is asked otherwise.
    #[default]
    Query,
    /// Behind its `#`: it reaches scripts of the page there, and no server.
    Fragment,
    /// In the body of a POST that the browser makes.
    FormPost,
}

impl ResponseMode {
    /// All modes, in the order in which discovery lists them.
    pub const ALL: [Self; 3] = [Self::Query, Self::Fragment, Self::FormPost];

    /// The value as it is sent.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Fragment => "fragment",
            Self::FormPost => "form_post",
        }
    }

    /// The mode of this value.
    #[must_use]
    pub fn parse(value: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == value)
    }
}

/// An answer on its way to the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The browser is sent to this URL.
    Redirect(String),
    /// The browser posts these fields.
    Form {
        /// Where to.
        action: String,
        /// Names and values, in order.
        fields: Vec<(&'static str, String)>,
    },
}

impl Answer {
    fn new(uri: &str, mode: ResponseMode, parameters: &[(&'static str, &str)]) -> Self {
        match mode {
            ResponseMode::Query => Self::Redirect(with_query(uri, parameters.iter().copied())),
            ResponseMode::Fragment => {
                let mut answer = format!("{uri}#");
                append(&mut answer, parameters.iter().copied());
                Self::Redirect(answer)
            }
            ResponseMode::FormPost => Self::Form {
                action: uri.to_owned(),
                fields: parameters
                    .iter()
                    .map(|(name, value)| (*name, (*value).to_owned()))
                    .collect(),
            },
        }
    }
}

/// The answer that carries a code: `code`, `state` and `iss` (RFC 6749 §4.1.2, RFC 9207 §2).
#[must_use]
pub fn code_answer(redirect_uri: &str, mode: ResponseMode, issuer: &str, state: Option<&str>, code: &str) -> Answer {
    let mut parameters = vec![("code", code)];
    parameters.extend(state.map(|s| ("state", s)));
    parameters.push(("iss", issuer));
    Answer::new(redirect_uri, mode, &parameters)
}

/// The answer that carries an error: `error`, `error_description`, `state` and `iss` (RFC 6749 §4.1.2.1, RFC 9207 §2).
#[must_use]
pub fn error_answer(
    redirect_uri: &str,
    mode: ResponseMode,
    issuer: &str,
    state: Option<&str>,
    error: &OAuthError,
) -> Answer {
    let mut parameters = vec![
        ("error", error.code().as_str()),
        ("error_description", error.description()),
    ];
    parameters.extend(state.map(|s| ("state", s)));
    parameters.push(("iss", issuer));
    Answer::new(redirect_uri, mode, &parameters)
}

/// `uri`, which has no fragment, with `parameters` after those its query already has (RFC 6749 §3.1.2).
pub(super) fn with_query<'a>(uri: &str, parameters: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut answer = uri.to_owned();
    let mut parameters = parameters.into_iter().peekable();
    if parameters.peek().is_some() {
        match answer.split_once('?') {
            None => answer.push('?'),
            Some((_, query)) if query.is_empty() || query.ends_with('&') => {}
            Some(_) => answer.push('&'),
        }
    }
    append(&mut answer, parameters);
    answer
}

/// Form-encoded `parameters` with `&` between them.
fn append<'a>(answer: &mut String, parameters: impl IntoIterator<Item = (&'a str, &'a str)>) {
    for (index, (name, value)) in parameters.into_iter().enumerate() {
        if index > 0 {
            answer.push('&');
        }
        answer.push_str(name);
        answer.push('=');
        percent_encode(value, answer);
    }
}

/// Leaves only unreserved characters (RFC 3986 §2.3). A blank becomes `%20`, which form decoders and
/// `decodeURIComponent` read alike, as they do not read `+`.
fn percent_encode(text: &str, out: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::oauth::error::ErrorCode;

    const REGISTERED: &str = "https://app.example/cb";

    /// The URL that takes the code `xyz` along.
    fn code_in(mode: ResponseMode, uri: &str, state: Option<&str>) -> String {
        match code_answer(uri, mode, "https://id.example", state, "xyz") {
            Answer::Redirect(url) => url,
            form @ Answer::Form { .. } => panic!("{form:?}"),
        }
    }

    #[test]
    fn az_05_every_mutation_of_a_registered_uri_is_refused() {
        let mutations = [
            "",
            " ",
            "https://app.example/cb/",
            "https://app.example/cb ",
            " https://app.example/cb",
            "https://app.example/cb\n",
            "https://app.example/cb\0",
            "https://app.example/cb%00",
            "https://app.example/cb%20",
            "https://app.example/cb?",
            "https://app.example/cb?x=1",
            "https://app.example/cb#",
            "https://app.example/cb#x",
            "https://app.example/cb;x",
            "https://app.example/cb/..",
            "https://app.example/cb/../cb",
            "https://app.example/./cb",
            "https://app.example//cb",
            "https://app.example/x/../cb",
            "https://app.example/%63b",
            "https://app.example/CB",
            "https://app.example/c",
            "https://app.example/cbx",
            "https://app.example/",
            "https://app.example",
            "https://APP.example/cb",
            "HTTPS://app.example/cb",
            "http://app.example/cb",
            "//app.example/cb",
            "/cb",
            "app.example/cb",
            "https:/app.example/cb",
            "https:app.example/cb",
            "https:\\\\app.example\\cb",
            "https://app.example\\@evil.example/cb",
            "https://app.example:443/cb",
            "https://app.example:8443/cb",
            "https://app.example./cb",
            "https://app.example.evil.example/cb",
            "https://evil.example/app.example/cb",
            "https://evil.example/?https://app.example/cb",
            "https://evil.example/#https://app.example/cb",
            "https://app.example@evil.example/cb",
            "https://user@app.example/cb",
            "https://sub.app.example/cb",
            "https://xapp.example/cb",
            "https://appxexample/cb",
            "https://\u{430}pp.example/cb",
            "https://app.example/cb,https://evil.example/",
            "https://app.example/cb https://evil.example/",
            "https://*.example/cb",
            "javascript:alert(1)//https://app.example/cb",
            "data:text/html,x",
        ];
        for application_type in [ApplicationType::Web, ApplicationType::Native] {
            assert!(matches(REGISTERED, REGISTERED, application_type));
            for mutation in mutations {
                assert!(!matches(REGISTERED, mutation, application_type), "{mutation:?}");
            }
        }
    }

    #[test]
    fn az_05f_the_port_alone_may_differ_on_a_native_loopback_address() {
        let native = |registered, presented| matches(registered, presented, ApplicationType::Native);
        for (registered, presented) in [
            ("http://127.0.0.1/cb", "http://127.0.0.1:51004/cb"),
            ("http://127.0.0.1:8080/cb", "http://127.0.0.1:1/cb"),
            ("http://127.0.0.1:8080/cb", "http://127.0.0.1/cb"),
            ("http://[::1]/cb", "http://[::1]:65535/cb"),
            ("http://127.0.0.1", "http://127.0.0.1:80"),
            ("http://127.0.0.1?x=1", "http://127.0.0.1:80?x=1"),
        ] {
            assert!(native(registered, presented), "{presented}");
            assert!(!matches(registered, presented, ApplicationType::Web), "{presented}");
        }
        for presented in [
            "http://127.0.0.1:51004/cb/",
            "http://127.0.0.1:51004/",
            "http://127.0.0.1:51004",
            "http://127.0.0.1:51004/cb?x",
            "http://127.0.0.1:0/cb",
            "http://127.0.0.1:65536/cb",
            "http://127.0.0.1:999999999999999999999/cb",
            "http://127.0.0.1:/cb",
            "http://127.0.0.1:+80/cb",
            "http://127.0.0.1:80:90/cb",
            "http://127.0.0.1:8x/cb",
            "http://127.0.0.1:\u{668}/cb",
            "http://127.0.0.1:80@evil.example/cb",
            "http://127.0.0.1@evil.example/cb",
            "http://127.0.0.1.evil.example/cb",
            "http://127.0.0.1:80.evil.example/cb",
            "http://127.0.0.1:80\\@evil.example/cb",
            "http://127.0.0.1#@evil.example/cb",
            "http://127.0.0.12/cb",
            "http://127.0.0.2:80/cb",
            "http://127.1:80/cb",
            "http://2130706433:80/cb",
            "http://0x7f.0.0.1:80/cb",
            "http://0.0.0.0:80/cb",
            "http://[::1]:80/cb",
            "http://[0:0:0:0:0:0:0:1]:80/cb",
            "http://[::ffff:127.0.0.1]:80/cb",
            "http://localhost:80/cb",
            "https://127.0.0.1:80/cb",
            "HTTP://127.0.0.1:80/cb",
        ] {
            assert!(!native("http://127.0.0.1/cb", presented), "{presented}");
        }
    }

    #[test]
    fn az_05f_localhost_gets_no_port_rule() {
        let registered = "http://localhost:8080/cb";
        assert!(matches(registered, registered, ApplicationType::Native));
        assert!(!matches(
            registered,
            "http://localhost:8081/cb",
            ApplicationType::Native
        ));
        assert!(!matches(
            registered,
            "http://127.0.0.1:8080/cb",
            ApplicationType::Native
        ));
    }

    #[test]
    fn lg_03_an_answer_has_iss_and_keeps_the_query_it_finds() {
        let answer = |uri| code_in(ResponseMode::Query, uri, Some("a b&c=\u{e9}"));
        let added = "code=xyz&state=a%20b%26c%3D%C3%A9&iss=https%3A%2F%2Fid.example";
        assert_eq!(answer("https://a/cb"), format!("https://a/cb?{added}"));
        assert_eq!(answer("https://a/cb?"), format!("https://a/cb?{added}"));
        assert_eq!(answer("https://a/cb?x=1"), format!("https://a/cb?x=1&{added}"));
        assert_eq!(answer("https://a/cb?x=1&"), format!("https://a/cb?x=1&{added}"));
        assert_eq!(answer("org.example.app:/cb"), format!("org.example.app:/cb?{added}"));
    }

    #[test]
    fn az_15b_an_error_answer_has_iss_too_and_no_state_where_none_came() {
        let error = OAuthError::new(ErrorCode::AccessDenied, "the person said no");
        assert_eq!(
            error_answer("https://a/cb", ResponseMode::Query, "https://id.example", None, &error),
            Answer::Redirect(
                "https://a/cb?error=access_denied&error_description=the%20person%20said%20no&iss=https%3A%2F%2Fid.example"
                    .to_owned()
            )
        );
    }

    #[test]
    fn a_fragment_and_a_form_carry_the_same_parameters() {
        assert_eq!(
            code_in(ResponseMode::Fragment, "https://a/cb?x=1", Some("s t")),
            "https://a/cb?x=1#code=xyz&state=s%20t&iss=https%3A%2F%2Fid.example"
        );
        let form = code_answer(
            "https://a/cb",
            ResponseMode::FormPost,
            "https://id.example",
            Some("s"),
            "xyz",
        );
        let field = |name, value: &str| (name, value.to_owned());
        assert_eq!(
            form,
            Answer::Form {
                action: "https://a/cb".to_owned(),
                fields: vec![
                    field("code", "xyz"),
                    field("state", "s"),
                    field("iss", "https://id.example")
                ],
            }
        );
        for mode in ResponseMode::ALL {
            assert_eq!(ResponseMode::parse(mode.as_str()), Some(mode));
        }
        assert_eq!(ResponseMode::parse("jwt"), None);
    }

    proptest! {
        #[test]
        fn az_05_nothing_matches_but_the_same_bytes(registered in ".{0,40}", presented in ".{0,40}") {
            prop_assert!(matches(&registered, &registered, ApplicationType::Web));
            prop_assert_eq!(matches(&registered, &presented, ApplicationType::Web), registered == presented);
        }

        #[test]
        fn az_05f_a_loopback_match_has_the_registered_address_and_path(presented in "http://127\\.0\\.0\\.1[:@./?#0-9a-z\\\\]{0,20}") {
            if matches("http://127.0.0.1/cb", &presented, ApplicationType::Native) {
                let url = url::Url::parse(&presented).expect("parses");
                prop_assert_eq!((url.host_str(), url.path(), url.query(), url.fragment(), url.username()),
                    (Some("127.0.0.1"), "/cb", None, None, ""));
            }
        }

        #[test]
        fn az_17_state_comes_back_as_it_came_and_adds_no_parameter(state in "\\PC{1,80}") {
            let answer = code_in(ResponseMode::Query, "https://a/cb?x=1", Some(&state));
            let url = url::Url::parse(&answer).expect("parses");
            let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
            prop_assert_eq!(pairs.len(), 4);
            prop_assert_eq!(&pairs[2], &("state".to_owned(), state));
            prop_assert!(url.fragment().is_none());
        }
    }
}
