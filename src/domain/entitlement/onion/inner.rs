//! The request inside an onion, and the answer that goes back.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;

use super::bencode;

/// Longest description of a request (method, endpoint, headers), in bytes.
const MAX_META: usize = 65_536;

/// The plaintext is not a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the onion request has no request inside")]
pub struct Invalid;

/// A request for one of this server's own endpoints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InnerRequest {
    /// In upper case.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// Headers, their names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body; empty where there is none.
    pub body: Vec<u8>,
}

#[derive(Deserialize)]
struct Meta {
    method: String,
    endpoint: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
}

impl InnerRequest {
    /// Reads `l<length>:<description><length>:<body>e`; the body may be left out.
    pub(super) fn parse(plaintext: &[u8]) -> Result<Self, Invalid> {
        let parts = bencode::parse_strings(plaintext, 2).ok_or(Invalid)?;
        let (meta, body) = match parts.as_slice() {
            [meta] => (*meta, &[][..]),
            [meta, body] => (*meta, *body),
            _ => return Err(Invalid),
        };
        if meta.len() > MAX_META || !meta.trim_ascii_start().starts_with(b"{") {
            return Err(Invalid);
        }
        let meta: Meta = serde_json::from_slice(meta).map_err(|_| Invalid)?;
        if !meta.endpoint.starts_with('/') {
            return Err(Invalid);
        }
        let path = meta.endpoint.split('?').next().unwrap_or_default();
        Ok(Self {
            method: meta.method.to_ascii_uppercase(),
            path: path.to_owned(),
            headers: meta
                .headers
                .into_iter()
                .map(|(name, value)| (name.to_ascii_lowercase(), value))
                .collect(),
            body: body.to_vec(),
        })
    }
}

/// The answer to a request inside an onion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status that a plain request would have got.
    pub code: u16,
    /// Headers, their names in lower case, without `content-length`.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    /// An answer of one media type.
    #[must_use]
    pub fn new(code: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            code,
            headers: BTreeMap::from([("content-type".to_owned(), content_type.to_owned())]),
            body: body.into(),
        }
    }

    /// The answer to [`Invalid`].
    #[must_use]
    pub fn invalid() -> Self {
        Self::new(400, "text/plain; charset=utf-8", "Invalid v4 onion request")
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let meta = json!({ "code": self.code, "headers": self.headers }).to_string();
        bencode::write_strings(&[meta.as_bytes(), &self.body])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(meta: &str) -> Result<InnerRequest, Invalid> {
        InnerRequest::parse(&bencode::write_strings(&[meta.as_bytes()]))
    }

    #[test]
    fn a_request_is_read_with_its_query_cut_off() {
        let meta = r#"{"method":"post","endpoint":"/a?b=/c","headers":{"Content-Type":"x"},"more":[1]}"#;
        let expected = InnerRequest {
            method: "POST".to_owned(),
            path: "/a".to_owned(),
            headers: BTreeMap::from([("content-type".to_owned(), "x".to_owned())]),
            body: Vec::new(),
        };
        assert_eq!(parse(meta), Ok(expected));
    }

    #[test]
    fn what_is_missing_or_of_another_kind_is_refused() {
        for bad in [
            r#"["POST","/a"]"#,
            r#"{"method":"POST"}"#,
            r#"{"endpoint":"/a"}"#,
            r#"{"method":"POST","endpoint":"a"}"#,
            r#"{"method":"POST","endpoint":""}"#,
            r#"{"method":1,"endpoint":"/a"}"#,
            r#"{"method":"POST","endpoint":"/a","headers":[]}"#,
            r#"{"method":"POST","endpoint":"/a","headers":null}"#,
            r#"{"method":"POST","endpoint":"/a"} "#.repeat(2).as_str(),
            &format!(r#"{{"method":"POST","endpoint":"/{}"}}"#, "a".repeat(MAX_META)),
        ] {
            assert_eq!(parse(bad), Err(Invalid), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_plaintext_panics(bytes in proptest::collection::vec(any::<u8>(), 0..80), meta in "\\{?\"?(method|endpoint|\\PC){0,8}") {
            let _ = InnerRequest::parse(&bytes);
            let _ = parse(&meta);
        }
    }
}
