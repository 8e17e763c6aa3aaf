//! Pushed authorization requests (RFC 9126): handed in by the client itself, beforehand, and picked up by the browser.
//!
//! A `request_uri` is a random name, worth something to its client alone and for minutes. It may be opened again while the
//! person is still signing in (a page may be loaded anew); the code that comes of it spends it.

use serde::{Deserialize, Serialize};

use super::client::{Client, ClientId};
use super::error::{ErrorCode, OAuthError};
use super::parameters::Parameters;
use crate::domain::clock::Timestamp;
use crate::domain::secret::Token;

/// What every `request_uri` of ours begins with (RFC 9126 §2.2).
const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

/// How the parameters of an authorization request came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// From a pushed request: the hash of its name.
    pub pushed: Option<[u8; 32]>,
    /// At the endpoint for pushed requests, just now.
    pub pushing: bool,
    /// In a request object that the client signed.
    pub signed: bool,
}

impl Source {
    /// Whether the client may ask in this way.
    ///
    /// # Errors
    /// `invalid_request`, if it must push or sign and did not (RFC 9126 §6, RFC 9101 §10.5).
    pub fn satisfies(&self, client: &Client) -> Result<(), OAuthError> {
        if client.options.require_pushed && !self.pushing && self.pushed.is_none() {
            return Err(OAuthError::invalid_request(
                "this client must push its authorization requests",
            ));
        }
        if client.options.require_signed && !self.signed {
            return Err(OAuthError::invalid_request(
                "this client must sign its authorization requests",
            ));
        }
        Ok(())
    }
}

/// A pushed request as it is kept. What is in it was valid when it was pushed, and is looked at again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushedRequest {
    /// Who pushed it.
    pub client_id: ClientId,
    /// The parameters.
    pub parameters: Parameters,
    /// Whether they came in a request object.
    pub signed: bool,
}

/// The `request_uri` of a pushed request.
#[must_use]
pub fn request_uri(name: &Token) -> String {
    format!("{PREFIX}{}", name.reveal())
}

/// The name in a `request_uri` of ours; `None` for every other URI. Those are never fetched (RFC 9101 §10.4).
#[must_use]
pub fn name_in(request_uri: &str) -> Option<Token> {
    Token::parse(request_uri.strip_prefix(PREFIX)?)
}

/// Whether a stored request may be opened: within its time and not spent.
#[must_use]
pub fn is_open(expires_at: Timestamp, is_spent: bool, now: Timestamp) -> bool {
    !is_spent && now < expires_at
}

/// The answer to a `request_uri` that opens nothing, or nothing any more, or not for this client.
#[must_use]
pub fn unknown() -> OAuthError {
    OAuthError::new(
        ErrorCode::InvalidRequestUri,
        "the request_uri is unknown, expired, used, or was given to another client",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::oauth::client::testing;

    #[test]
    fn par_01_a_request_uri_holds_256_bits_and_no_other_uri_is_one() {
        let name = Token::parse(&"A".repeat(43)).expect("a token");
        let uri = request_uri(&name);
        assert_eq!(name_in(&uri).map(|name| name.hash()), Some(name.hash()));
        for other in [
            "https://evil.example/request.jwt",
            "urn:ietf:params:oauth:request_uri:",
            "urn:ietf:params:oauth:request_uri:short",
            "URN:ietf:params:oauth:request_uri:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            &format!("{uri}A"),
        ] {
            assert!(name_in(other).is_none(), "{other}");
        }
    }

    #[test]
    fn par_02_a_client_that_must_push_or_sign_is_held_to_it() {
        let plain = Source::default();
        let pushed = Source {
            pushed: Some([0; 32]),
            ..Source::default()
        };
        let pushing = Source {
            pushing: true,
            ..Source::default()
        };
        let signed = Source {
            signed: true,
            ..Source::default()
        };
        let mut client = testing::public();
        assert!(plain.satisfies(&client).is_ok());
        client.options.require_pushed = true;
        assert!(plain.satisfies(&client).is_err() && signed.satisfies(&client).is_err());
        assert!(pushed.satisfies(&client).is_ok() && pushing.satisfies(&client).is_ok());
        client.options.require_signed = true;
        assert!(pushed.satisfies(&client).is_err());
        assert!(Source { signed: true, ..pushed }.satisfies(&client).is_ok());
    }

    #[test]
    fn par_03_it_opens_until_it_expires_or_is_spent() {
        let at = Timestamp::from_secs;
        assert!(is_open(at(10), false, at(9)));
        assert!(!is_open(at(10), false, at(10)) && !is_open(at(10), true, at(9)));
    }
}
