//! `application/x-www-form-urlencoded` queries and bodies, parsed strictly: what is unclear is refused, not guessed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::error::OAuthError;

/// Longest query or body, in bytes as sent.
pub const MAX_BYTES: usize = 32 * 1024;
/// Most parameters in one request.
pub const MAX_COUNT: usize = 64;
/// Longest name, in bytes after decoding.
pub const MAX_NAME: usize = 128;
/// Longest value, in bytes after decoding.
pub const MAX_VALUE: usize = 8 * 1024;

/// The only parameters that may come more than once (RFC 8707 §2, RFC 8693 §2.1).
const REPEATABLE: [&str; 2] = ["resource", "audience"];

/// Why a query or body is not a set of parameters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParameterError {
    /// Over [`MAX_BYTES`].
    #[error("the parameters are longer than 32768 bytes")]
    TooLarge,
    /// Over [`MAX_COUNT`].
    #[error("there are more than 64 parameters")]
    TooMany,
    /// A name over [`MAX_NAME`].
    #[error("the name of a parameter is longer than 128 bytes")]
    NameTooLong,
    /// A value over [`MAX_VALUE`].
    #[error("parameter {name} is longer than 8192 bytes")]
    TooLong {
        /// The parameter.
        name: String,
    },
    /// A value without a name, or a `%` without two hexadecimal digits.
    #[error("the parameters are not application/x-www-form-urlencoded")]
    Malformed,
    /// Percent-decoded bytes that are not UTF-8.
    #[error("the parameters are not UTF-8")]
    NotUtf8,
    /// NUL, a line break or another control character.
    #[error("parameter {name} has a control character in it")]
    ControlCharacter {
        /// The parameter.
        name: String,
    },
    /// RFC 6749 §3.1: a parameter must not be sent more than once.
    #[error("parameter {name} is there more than once")]
    Repeated {
        /// The first parameter that is there twice.
        name: String,
        /// What came once only. An authorization endpoint needs it to tell the client by redirect.
        rest: Parameters,
    },
}

impl From<&ParameterError> for OAuthError {
    fn from(error: &ParameterError) -> Self {
        Self::invalid_request(&error.to_string())
    }
}

/// How a client proves itself in a body: for the endpoint that it is sent to, and nothing to keep.
const CREDENTIALS: [&str; 3] = ["client_secret", "client_assertion", "client_assertion_type"];

/// Parameters by name. One that was sent without a value counts as not sent (RFC 6749 §3.1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Parameters(BTreeMap<String, Vec<String>>);

impl Parameters {
    /// Parses a query (without its `?`) or a body.
    ///
    /// # Errors
    /// [`ParameterError`] says what is wrong and names the parameter. A fault of form goes before a repetition.
    pub fn parse(encoded: &[u8]) -> Result<Self, ParameterError> {
        if encoded.len() > MAX_BYTES {
            return Err(ParameterError::TooLarge);
        }
        let mut parsed = Self::default();
        let mut repeated = Vec::new();
        for (index, pair) in encoded.split(|b| *b == b'&').filter(|p| !p.is_empty()).enumerate() {
            if index >= MAX_COUNT {
                return Err(ParameterError::TooMany);
            }
            let (name, value) = parse_pair(pair)?;
            let values = parsed.0.entry(name.clone()).or_default();
            if !values.is_empty() && !REPEATABLE.contains(&name.as_str()) {
                repeated.push(name);
            }
            values.push(value);
        }
        parsed.without(repeated)
    }

    /// The claims of a request object as parameters (RFC 9101 §4): texts as they are, numbers and objects as JSON, and a
    /// list only where a parameter may be repeated. The bounds are those of a query.
    ///
    /// # Errors
    /// [`ParameterError`] names the parameter.
    pub fn from_claims(claims: &Map<String, Value>) -> Result<Self, ParameterError> {
        let mut parsed = Self::default();
        let mut count = 0_usize;
        for (name, value) in claims {
            let values = match value {
                Value::Array(values) if REPEATABLE.contains(&name.as_str()) => values.as_slice(),
                value => std::slice::from_ref(value),
            };
            for value in values {
                count += 1;
                if count > MAX_COUNT {
                    return Err(ParameterError::TooMany);
                }
                let text = match value {
                    Value::Null => continue,
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                };
                let pair = check_pair(name.clone(), text)?;
                parsed.0.entry(pair.0).or_default().push(pair.1);
            }
        }
        Ok(parsed)
    }

    /// All but what the client proved itself with, to be kept.
    #[must_use]
    pub fn without_credentials(mut self) -> Self {
        self.0.retain(|name, _| !CREDENTIALS.contains(&name.as_str()));
        self
    }

    /// Puts `value` under `name` unless one was sent; `false` if that is another.
    #[must_use]
    pub fn bind(&mut self, name: &str, value: &str) -> bool {
        match self.get(name) {
            Some(sent) => sent == value,
            None => {
                self.0.insert(name.to_owned(), vec![value.to_owned()]);
                true
            }
        }
    }

    /// The value of `name`, if it was sent with one.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// All values of a parameter that may be repeated (`resource`, `audience`).
    pub fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        let values = self.0.get(name).map(Vec::as_slice).unwrap_or_default();
        values.iter().map(String::as_str).filter(|v| !v.is_empty())
    }

    /// The value of `name`.
    ///
    /// # Errors
    /// `invalid_request` that names it, if it was not sent or is empty.
    pub fn require(&self, name: &str) -> Result<&str, OAuthError> {
        self.get(name)
            .ok_or_else(|| OAuthError::invalid_request(&format!("parameter {name} is missing")))
    }

    fn without(mut self, repeated: Vec<String>) -> Result<Self, ParameterError> {
        for name in &repeated {
            self.0.remove(name);
        }
        match repeated.into_iter().next() {
            None => Ok(self),
            Some(name) => Err(ParameterError::Repeated { name, rest: self }),
        }
    }
}

fn parse_pair(pair: &[u8]) -> Result<(String, String), ParameterError> {
    let mut halves = pair.splitn(2, |b| *b == b'=');
    let name = decode(halves.next().unwrap_or_default())?;
    let value = decode(halves.next().unwrap_or_default())?;
    check_pair(name, value)
}

fn check_pair(name: String, value: String) -> Result<(String, String), ParameterError> {
    if name.is_empty() {
        return Err(ParameterError::Malformed);
    }
    if name.len() > MAX_NAME {
        return Err(ParameterError::NameTooLong);
    }
    if value.len() > MAX_VALUE {
        return Err(ParameterError::TooLong { name });
    }
    if name.chars().chain(value.chars()).any(char::is_control) {
        return Err(ParameterError::ControlCharacter { name });
    }
    Ok((name, value))
}

/// Decodes `+` and `%XX` (WHATWG URL §5.1), but refuses a `%` that starts no escape.
///
/// # Errors
/// [`ParameterError::Malformed`] or [`ParameterError::NotUtf8`].
pub fn decode(encoded: &[u8]) -> Result<String, ParameterError> {
    let mut decoded = Vec::with_capacity(encoded.len());
    let mut bytes = encoded.iter().copied();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                let high = bytes.next().and_then(hex_digit).ok_or(ParameterError::Malformed)?;
                let low = bytes.next().and_then(hex_digit).ok_or(ParameterError::Malformed)?;
                high << 4 | low
            }
            _ => byte,
        });
    }
    String::from_utf8(decoded).map_err(|_| ParameterError::NotUtf8)
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|d| u8::try_from(d).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Result<Parameters, ParameterError> {
        Parameters::parse(text.as_bytes())
    }

    #[test]
    fn escapes_and_plus_signs_are_decoded() {
        let parameters = parse("a=x+y%2Bz&b%20c=%C3%A9&&d").expect("parses");
        assert_eq!(parameters.get("a"), Some("x y+z"));
        assert_eq!(parameters.get("b c"), Some("\u{e9}"));
        assert_eq!(parameters.get("d"), None);
    }

    #[test]
    fn a_parameter_without_a_value_counts_as_not_sent() {
        let parameters = parse("state=&nonce").expect("parses");
        assert_eq!((parameters.get("state"), parameters.get("nonce")), (None, None));
        let error = parameters.require("state").expect_err("missing");
        assert_eq!(error.description(), "parameter state is missing");
    }

    #[test]
    fn az_10_tk_07_a_repeated_parameter_is_an_error_that_names_it() {
        for text in [
            "scope=a&x=1&scope=b",
            "scope=a&scope=a&x=1",
            "scope=&x=1&scope=",
            "sc%6Fpe=a&scope=b&x=1",
        ] {
            let Err(ParameterError::Repeated { name, rest }) = parse(text) else {
                panic!("{text}");
            };
            assert_eq!(
                (name.as_str(), rest.get("scope"), rest.get("x")),
                ("scope", None, Some("1")),
                "{text}"
            );
        }
    }

    #[test]
    fn az_14b_claims_become_parameters_within_the_same_bounds() {
        use serde_json::json;
        let read = |claims: Value| Parameters::from_claims(claims.as_object().expect("an object"));
        let parameters = read(json!({
            "scope": "openid", "max_age": 60, "state": null, "claims": { "userinfo": { "name": null } },
            "resource": ["https://a.example", "https://b.example"], "aud": ["x", "y"]
        }))
        .expect("parses");
        assert_eq!(
            (parameters.get("scope"), parameters.get("max_age")),
            (Some("openid"), Some("60"))
        );
        assert_eq!(
            (parameters.get("state"), parameters.get("aud")),
            (None, Some(r#"["x","y"]"#))
        );
        assert_eq!(parameters.get("claims"), Some(r#"{"userinfo":{"name":null}}"#));
        assert_eq!(parameters.all("resource").count(), 2);
        assert!(read(json!({ "state": "a\u{0}b" })).is_err());
        assert!(read(json!({ "state": "x".repeat(MAX_VALUE + 1) })).is_err());
        let many: Map<String, Value> = (0..=MAX_COUNT).map(|n| (format!("p{n}"), json!(1))).collect();
        assert_eq!(Parameters::from_claims(&many), Err(ParameterError::TooMany));
    }

    #[test]
    fn lk_01_what_is_kept_has_no_credentials() {
        let body = "scope=openid&client_secret=s&client_assertion=a&client_assertion_type=t&client_id=app";
        let kept = parse(body).expect("parses").without_credentials();
        assert_eq!(kept, parse("scope=openid&client_id=app").expect("parses"));
    }

    #[test]
    fn resource_and_audience_may_be_repeated() {
        let parameters = parse("resource=a&audience=x&resource=b").expect("parses");
        assert_eq!(parameters.all("resource").collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn what_is_unclear_is_refused() {
        assert_eq!(parse("=x"), Err(ParameterError::Malformed));
        for text in ["a=%", "a=%4", "a=%zz", "a=%+1", "%=a"] {
            assert_eq!(parse(text), Err(ParameterError::Malformed), "{text}");
        }
        for text in ["a=%ff", "a=%C3", "%C3=a", "a=%ED%A0%80", "a=%C0%80"] {
            assert_eq!(parse(text), Err(ParameterError::NotUtf8), "{text}");
        }
        for text in ["a=%00", "a=%0d%0a", "a=\u{7f}", "a=%C2%85", "a%09=1"] {
            assert!(
                matches!(parse(text), Err(ParameterError::ControlCharacter { .. })),
                "{text}"
            );
        }
    }

    #[test]
    fn ab_bounds_hold_exactly() {
        let count = |n: usize| (0..n).map(|i| format!("p{i}=1")).collect::<Vec<_>>().join("&");
        assert!(parse(&count(MAX_COUNT)).is_ok());
        assert_eq!(parse(&count(MAX_COUNT + 1)), Err(ParameterError::TooMany));
        assert!(parse(&format!("a={}", "x".repeat(MAX_VALUE))).is_ok());
        assert_eq!(
            parse(&format!("a={}", "x".repeat(MAX_VALUE + 1))),
            Err(ParameterError::TooLong { name: "a".to_owned() })
        );
        assert_eq!(
            parse(&format!("{}=1", "n".repeat(MAX_NAME + 1))),
            Err(ParameterError::NameTooLong)
        );
        assert_eq!(parse(&"&".repeat(MAX_BYTES + 1)), Err(ParameterError::TooLarge));
    }

    proptest! {
        #[test]
        fn ab_any_bytes_parse_or_are_refused_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Parameters::parse(&bytes);
        }

        #[test]
        fn what_a_form_encodes_comes_back(
            pairs in proptest::collection::btree_map("[^\\p{Cc}]{1,12}", "[^\\p{Cc}]{1,40}", 0..20),
        ) {
            let mut form = url::form_urlencoded::Serializer::new(String::new());
            form.extend_pairs(&pairs);
            let parsed = parse(&form.finish()).expect("a form parses");
            for (name, value) in &pairs {
                prop_assert_eq!(parsed.get(name), Some(value.as_str()));
            }
        }
    }
}
