//! Why the token and revocation endpoints give nothing.

use crate::actors::failure::Failure;
use crate::domain::oauth::error::OAuthError;

/// Why there are no tokens.
#[derive(Debug)]
pub enum TokenRefusal {
    /// An error of RFC 6749 §5.2.
    OAuth(OAuthError),
    /// Too many failed authentications; how long to wait, in s.
    TooMany {
        /// For `Retry-After`.
        retry_after: u64,
    },
    /// The DPoP proof must be made again, with this nonce (RFC 9449 §8).
    UseNonce {
        /// For `DPoP-Nonce`.
        nonce: String,
    },
    /// A failure of the server.
    Failure(Failure),
}

impl<E: Into<Failure>> From<E> for TokenRefusal {
    fn from(error: E) -> Self {
        Self::Failure(error.into())
    }
}

/// An OAuth error is an answer like any other, but it ends the work.
pub(super) const fn oauth<T>(error: OAuthError) -> Result<T, TokenRefusal> {
    Err(TokenRefusal::OAuth(error))
}
