//! The request inside an onion, and the answer that goes back.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

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

/// The description of a request. Of several members of one name the last counts, and a header that is no text is none.
struct Meta {
    method: String,
    endpoint: String,
    headers: BTreeMap<String, String>,
}

impl Meta {
    fn parse(json: &[u8]) -> Option<Self> {
        let mut members: Map<String, Value> = serde_json::from_slice(json).ok()?;
        let mut text = |name: &str| match members.remove(name) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        };
        let (method, endpoint) = (text("method")?, text("endpoint")?);
        let headers = match members.remove("headers") {
            None => Map::new(),
            Some(Value::Object(headers)) => headers,
            Some(_) => return None,
        };
        let headers = headers.into_iter().filter_map(|(name, value)| match value {
            Value::String(text) => Some((name.to_ascii_lowercase(), text)),
            _ => None,
        });
        Some(Self {
            method,
            endpoint,
            headers: headers.collect(),
        })
    }
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
        if meta.len() > MAX_META {
            return Err(Invalid);
        }
        let meta = Meta::parse(meta).ok_or(Invalid)?;
        if !meta.endpoint.starts_with('/') {
            return Err(Invalid);
        }
        let path = meta.endpoint.split('?').next().unwrap_or_default();
        Ok(Self {
            method: meta.method.to_ascii_uppercase(),
            path: path.to_owned(),
            headers: meta.headers,
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
    fn of_several_members_the_last_counts_and_headers_are_texts() {
        let meta =
            r#"{"method":1,"method":"GET","endpoint":"/a","headers":{"A":1,"b":null,"C":"x","c":"y"},"endpoint":"/b"}"#;
        let expected = InnerRequest {
            method: "GET".to_owned(),
            path: "/b".to_owned(),
            headers: BTreeMap::from([("c".to_owned(), "y".to_owned())]),
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
