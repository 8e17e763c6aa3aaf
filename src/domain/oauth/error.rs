//! Errors in the words of the OAuth and OIDC specifications.

use std::fmt;

use serde::{Serialize, Serializer};

/// Longest description that is sent, in bytes. It may quote a parameter's name, so it needs a bound.
const MAX_DESCRIPTION: usize = 300;

/// An `error` value. The order is that of the specifications that define them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// RFC 6749 §4.1.2.1, §5.2: a parameter is missing, repeated or malformed.
    InvalidRequest,
    /// RFC 6749 §4.1.2.1, §5.2: this client may not use this grant or response type.
    UnauthorizedClient,
    /// RFC 6749 §4.1.2.1: the person or the server said no.
    AccessDenied,
    /// RFC 6749 §4.1.2.1: only `code` is supported.
    UnsupportedResponseType,
    /// RFC 6749 §4.1.2.1, §5.2: the scope is malformed, empty or wider than what was granted.
    InvalidScope,
    /// RFC 6749 §4.1.2.1: what would be a 500, told by redirect.
    ServerError,
    /// RFC 6749 §4.1.2.1: what would be a 503, told by redirect.
    TemporarilyUnavailable,
    /// RFC 6749 §5.2: the client is unknown or did not prove itself.
    InvalidClient,
    /// RFC 6749 §5.2: the code or refresh token does not open anything (any more).
    InvalidGrant,
    /// RFC 6749 §5.2.
    UnsupportedGrantType,
    /// RFC 6750 §3.1: the access token is expired, revoked, malformed or of the wrong kind.
    InvalidToken,
    /// RFC 6750 §3.1: the access token does not reach that far.
    InsufficientScope,
    /// RFC 7009 §2.2.1.
    UnsupportedTokenType,
    /// RFC 8707 §2: the resource is malformed, unknown, or not one that this client or grant is for.
    InvalidTarget,
    /// RFC 8628 §3.5: the person has not decided yet.
    AuthorizationPending,
    /// RFC 8628 §3.5: the same, and the client asks too often.
    SlowDown,
    /// RFC 8628 §3.5: the device code has expired.
    ExpiredToken,
    /// RFC 7591 §3.2.2.
    InvalidRedirectUri,
    /// RFC 7591 §3.2.2.
    InvalidClientMetadata,
    /// OIDC Core §3.1.2.6.
    InteractionRequired,
    /// OIDC Core §3.1.2.6.
    LoginRequired,
    /// OIDC Core §3.1.2.6.
    AccountSelectionRequired,
    /// OIDC Core §3.1.2.6.
    ConsentRequired,
    /// OIDC Core §3.1.2.6.
    RequestNotSupported,
    /// OIDC Core §3.1.2.6.
    RequestUriNotSupported,
    /// OIDC Core §3.1.2.6.
    RegistrationNotSupported,
    /// OIDC Unmet Authentication Requirements §2.
    UnmetAuthenticationRequirements,
    /// RFC 9101 §6: a `request_uri` that names nothing, or nothing any more.
    InvalidRequestUri,
    /// RFC 9101 §6: a request object that is not valid, or not from this client.
    InvalidRequestObject,
    /// RFC 9449 §5.
    InvalidDpopProof,
    /// RFC 9449 §8: the proof must bring the nonce that comes with this answer.
    UseDpopNonce,
}

impl ErrorCode {
    /// The value as it is sent.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::AccessDenied => "access_denied",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::InvalidScope => "invalid_scope",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidToken => "invalid_token",
            Self::InsufficientScope => "insufficient_scope",
            Self::UnsupportedTokenType => "unsupported_token_type",
            Self::InvalidTarget => "invalid_target",
            Self::AuthorizationPending => "authorization_pending",
            Self::SlowDown => "slow_down",
            Self::ExpiredToken => "expired_token",
            Self::InvalidRedirectUri => "invalid_redirect_uri",
            Self::InvalidClientMetadata => "invalid_client_metadata",
            Self::InteractionRequired => "interaction_required",
            Self::LoginRequired => "login_required",
            Self::AccountSelectionRequired => "account_selection_required",
            Self::ConsentRequired => "consent_required",
            Self::RequestNotSupported => "request_not_supported",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::RegistrationNotSupported => "registration_not_supported",
            Self::UnmetAuthenticationRequirements => "unmet_authentication_requirements",
            Self::InvalidRequestUri => "invalid_request_uri",
            Self::InvalidRequestObject => "invalid_request_object",
            Self::InvalidDpopProof => "invalid_dpop_proof",
            Self::UseDpopNonce => "use_dpop_nonce",
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for ErrorCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// An error as a client sees it. It serialises to the JSON object of RFC 6749 §5.2.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize)]
#[error("{code}: {description}")]
pub struct OAuthError {
    #[serde(rename = "error")]
    code: ErrorCode,
    #[serde(rename = "error_description")]
    description: String,
}

impl OAuthError {
    /// An error whose description is brought into the character set of RFC 6749 (`%x20-21 / %x23-5B / %x5D-7E`):
    /// a double quote becomes a single one, anything else outside it a `?`.
    #[must_use]
    pub fn new(code: ErrorCode, description: &str) -> Self {
        let description = description
            .chars()
            .map(|c| match c {
                '"' => '\'',
                '\\' => '?',
                ' '..='~' => c,
                _ => '?',
            })
            .take(MAX_DESCRIPTION)
            .collect();
        Self { code, description }
    }

    /// `invalid_request` with this description.
    #[must_use]
    pub fn invalid_request(description: &str) -> Self {
        Self::new(ErrorCode::InvalidRequest, description)
    }

    /// `invalid_grant` with this description.
    #[must_use]
    pub fn invalid_grant(description: &str) -> Self {
        Self::new(ErrorCode::InvalidGrant, description)
    }

    /// `invalid_client`, always with the same words: it does not tell an unknown client from a wrong secret.
    #[must_use]
    pub fn invalid_client() -> Self {
        Self::new(
            ErrorCode::InvalidClient,
            "the client is unknown or did not authenticate as it is registered",
        )
    }

    /// The `error` value.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        self.code
    }

    /// The `error_description` value.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_serialises_as_rfc_6749_has_it() {
        let json = serde_json::to_string(&OAuthError::invalid_grant("the code is spent")).expect("serialises");
        assert_eq!(
            json,
            r#"{"error":"invalid_grant","error_description":"the code is spent"}"#
        );
    }

    proptest::proptest! {
        #[test]
        fn a_description_keeps_to_the_grammar_whatever_it_quotes(text in ".*") {
            let error = OAuthError::invalid_request(&text);
            proptest::prop_assert!(error.description().len() <= MAX_DESCRIPTION);
            proptest::prop_assert!(
                error.description().bytes().all(|b| matches!(b, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e))
            );
        }
    }
}
