//! Envelopes: `{"result": …, "status": 0}` and `{"errors": […], "status": N}`.

use std::fmt::Write as _;
use std::sync::Arc;

use serde::Serialize;

use super::list::List;
use crate::actors::failure::Failure;
use crate::actors::supervise::Fault;
use crate::domain::entitlement::proof::{SignedProof, VERSION};

/// The backend refused or failed.
pub const REFUSED: u8 = 1;
/// The request could not be parsed or has unusable values.
pub const UNUSABLE: u8 = 2;
/// This master key already redeemed this payment.
pub const ALREADY_REDEEMED: u8 = 100;
/// No such payment is waiting for this master key.
pub const NOT_FOUND: u8 = 101;

/// How long whoever finds the server full or without a backend should wait, in s.
const RETRY_AFTER: u64 = 1;

/// A whole answer without HTTP around it.
#[derive(Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// `Retry-After`, in s.
    pub retry_after: Option<u64>,
    /// What is in it.
    pub body: Body,
}

/// The body of an answer.
#[derive(Debug)]
pub enum Body {
    /// JSON.
    Json(Vec<u8>),
    /// JSON with the whole list of revocations.
    List(Arc<List>),
    /// Text for people.
    Text(&'static str),
}

#[derive(Serialize)]
struct Success<T> {
    result: T,
    status: u8,
}

#[derive(Serialize)]
struct Refusal<'a> {
    errors: &'a [String],
    status: u8,
}

/// A proof as it goes out.
#[derive(Serialize)]
struct Proof {
    expiry_unix_ts_ms: u64,
    gen_index_hash: String,
    rotating_pkey: String,
    sig: String,
    version: u8,
}

impl Reply {
    /// Success.
    pub fn result(result: impl Serialize) -> Self {
        Self::json(200, &Success { result, status: 0 })
    }

    /// Failure with the number `status`, and at least one sentence.
    #[must_use]
    pub fn errors(status: u8, errors: &[String]) -> Self {
        Self::json(200, &Refusal { errors, status })
    }

    /// The same with one sentence.
    pub fn error(status: u8, error: &impl ToString) -> Self {
        Self::errors(status, &[error.to_string()])
    }

    /// A proof.
    #[must_use]
    pub fn proof(signed: &SignedProof) -> Self {
        Self::result(Proof {
            expiry_unix_ts_ms: signed.proof.expiry_unix_ts_ms,
            gen_index_hash: hex::encode(signed.proof.gen_index_hash),
            rotating_pkey: signed.proof.rotating.to_hex(),
            sig: hex::encode(signed.signature),
            version: VERSION,
        })
    }

    /// No such path, or not with that method.
    #[must_use]
    pub const fn elsewhere(status: u16) -> Self {
        Self {
            status,
            retry_after: None,
            body: Body::Text(match status {
                404 => "There is nothing here.\n",
                405 => "This address takes POST.\n",
                _ => "",
            }),
        }
    }

    fn json(status: u16, envelope: &impl Serialize) -> Self {
        let json = serde_json::to_string(envelope).unwrap_or_default();
        Self {
            status,
            retry_after: None,
            body: Body::Json(ascii(json).into_bytes()),
        }
    }
}

impl From<Failure> for Reply {
    /// The client learns that the backend failed, the operator why. What may work again soon is told so.
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Unavailable(cause) => {
                tracing::warn!(%cause, "an entitlement request could not be served now");
                Self {
                    retry_after: Some(RETRY_AFTER),
                    status: 503,
                    ..Self::error(REFUSED, &"the server is busy; try again")
                }
            }
            Failure::Internal(cause) => {
                tracing::error!(%cause, "an entitlement request failed");
                Self::error(REFUSED, &"the server failed")
            }
        }
    }
}

impl From<Fault> for Reply {
    fn from(fault: Fault) -> Self {
        Failure::from(fault).into()
    }
}

/// JSON whose texts have no letters but those of ASCII, and a newline at its end, as existing servers write it.
fn ascii(mut json: String) -> String {
    json.push('\n');
    if json.is_ascii() {
        return json;
    }
    let mut text = String::with_capacity(json.len() + 32);
    let mut units = [0; 2];
    for letter in json.chars() {
        if letter.is_ascii() {
            text.push(letter);
            continue;
        }
        for unit in letter.encode_utf16(&mut units) {
            let _ = write!(text, "\\u{unit:04x}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_beyond_ascii_are_escaped() {
        assert_eq!(
            ascii(r#"{"a":"é😀"}"#.to_owned()),
            "{\"a\":\"\\u00e9\\ud83d\\ude00\"}\n"
        );
    }

    #[test]
    fn a_server_that_is_full_says_so_in_the_envelope() {
        let reply = Reply::from(Fault::Overloaded);
        assert_eq!((reply.status, reply.retry_after), (503, Some(1)));
        let Body::Json(json) = reply.body else { panic!("JSON") };
        let json: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
        assert_eq!(
            (&json["status"], json["errors"].as_array().map(Vec::len)),
            (&1.into(), Some(1))
        );
        assert_eq!(Reply::from(Fault::Panicked).status, 200);
    }
}
