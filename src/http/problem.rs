//! Errors of every route that has no standard of its own: RFC 9457 problem documents with a stable `type`.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;

use crate::actors::failure::Failure;
use crate::actors::grants::consent::Lost;
use crate::actors::linking::Refusal;
use crate::actors::login::LoginError;
use crate::actors::supervise::Fault;
use crate::domain::account::ProfileError;

/// What kinds of problem there are. The name after `urn:countersign:problem:` never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The request is not of the form this route takes.
    InvalidRequest,
    /// Wrong password or unknown account, alike.
    InvalidCredentials,
    /// The change needs a login made for it, in this browser (again).
    LoginRequired,
    /// There is no access token, or it is not valid (any more), alike (RFC 6750 §3.1).
    InvalidToken,
    /// The token, its client or its person does not have the scope that this needs (RFC 6750 §3.1).
    InsufficientScope,
    /// The change would break a rule that the answer names; nothing was changed.
    Conflict,
    /// A link, login or authorization request is unknown, used or expired, alike.
    Expired,
    /// The step belongs to another browser.
    WrongBrowser,
    /// A page of another origin sent this.
    ForbiddenOrigin,
    /// Nobody may sign up here.
    Closed,
    /// A signature is not one of the key over what it should be.
    BadSignature,
    /// The key belongs to another account.
    LinkedElsewhere,
    /// The person may not use this application.
    NotAdmitted,
    /// Nothing is here.
    NotFound,
    /// The method is not one of this route.
    MethodNotAllowed,
    /// The body did not come in time.
    Timeout,
    /// The body is too long.
    TooLarge,
    /// The body is not JSON.
    UnsupportedMediaType,
    /// Throttled.
    TooManyAttempts,
    /// A fault of the server.
    Internal,
    /// Full or without a backend; try again.
    Unavailable,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid-request",
            Self::InvalidCredentials => "invalid-credentials",
            Self::LoginRequired => "login-required",
            Self::InvalidToken => "invalid-token",
            Self::InsufficientScope => "insufficient-scope",
            Self::Conflict => "conflict",
            Self::Expired => "expired",
            Self::WrongBrowser => "wrong-browser",
            Self::ForbiddenOrigin => "forbidden-origin",
            Self::Closed => "closed",
            Self::BadSignature => "bad-signature",
            Self::LinkedElsewhere => "linked-elsewhere",
            Self::NotAdmitted => "not-admitted",
            Self::NotFound => "not-found",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::Timeout => "timeout",
            Self::TooLarge => "too-large",
            Self::UnsupportedMediaType => "unsupported-media-type",
            Self::TooManyAttempts => "too-many-attempts",
            Self::Internal => "internal",
            Self::Unavailable => "unavailable",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::InvalidRequest => "The request is not valid",
            Self::InvalidCredentials => "Wrong e-mail or password",
            Self::LoginRequired => "This needs a fresh sign-in",
            Self::InvalidToken => "This needs a valid access token",
            Self::InsufficientScope => "This needs a right that the token does not carry",
            Self::Conflict => "This cannot be done as things are",
            Self::Expired => "This is not valid, or not any more",
            Self::WrongBrowser => "This was started in another browser",
            Self::ForbiddenOrigin => "Requests from other sites are not accepted",
            Self::Closed => "Nobody may sign up here",
            Self::BadSignature => "The signature is not one of this key over this challenge",
            Self::LinkedElsewhere => "This key is linked to another account",
            Self::NotAdmitted => "This account may not use this application",
            Self::NotFound => "There is nothing here",
            Self::MethodNotAllowed => "This address does not take that method",
            Self::Timeout => "The request took too long to arrive",
            Self::TooLarge => "The request is too large",
            Self::UnsupportedMediaType => "The body must be application/json",
            Self::TooManyAttempts => "Too many attempts",
            Self::Internal => "The server failed",
            Self::Unavailable => "The server is busy",
        }
    }

    const fn status(self) -> StatusCode {
        match self {
            Self::InvalidRequest | Self::BadSignature => StatusCode::BAD_REQUEST,
            Self::InvalidCredentials | Self::LoginRequired | Self::InvalidToken => StatusCode::UNAUTHORIZED,
            Self::Conflict | Self::LinkedElsewhere => StatusCode::CONFLICT,
            Self::Expired => StatusCode::GONE,
            Self::WrongBrowser | Self::ForbiddenOrigin | Self::Closed | Self::InsufficientScope | Self::NotAdmitted => {
                StatusCode::FORBIDDEN
            }
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Timeout => StatusCode::REQUEST_TIMEOUT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooManyAttempts => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

/// A problem as it goes out. What the operator must know goes to the log instead.
#[derive(Debug)]
pub struct Problem {
    kind: Kind,
    detail: Option<String>,
    field: Option<String>,
    retry_after: Option<u64>,
    challenge: Option<String>,
}

#[derive(Serialize)]
struct Document<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
}

impl Problem {
    /// A problem without further words.
    pub const fn new(kind: Kind) -> Self {
        Self {
            kind,
            detail: None,
            field: None,
            retry_after: None,
            challenge: None,
        }
    }

    /// `invalid-request`, naming the field and what is wrong with it.
    pub fn field(name: &str, detail: impl Into<String>) -> Self {
        Self {
            detail: Some(detail.into()),
            field: Some(name.to_owned()),
            ..Self::new(Kind::InvalidRequest)
        }
    }

    /// The same about a field of another name.
    pub fn of_field(self, name: &str) -> Self {
        Self {
            field: Some(name.to_owned()),
            ..self
        }
    }

    /// Says more.
    pub fn detail(self, detail: impl Into<String>) -> Self {
        Self {
            detail: Some(detail.into()),
            ..self
        }
    }

    /// Says how to prove oneself: the `WWW-Authenticate` header (RFC 6750 §3).
    pub fn challenge(self, challenge: impl Into<String>) -> Self {
        Self {
            challenge: Some(challenge.into()),
            ..self
        }
    }

    /// Says when to try again, in s.
    pub const fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.title())
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.kind.status()
    }

    fn error_response(&self) -> HttpResponse {
        let document = Document {
            r#type: format!("urn:countersign:problem:{}", self.kind.name()),
            title: self.kind.title(),
            status: self.kind.status().as_u16(),
            detail: self.detail.as_deref(),
            field: self.field.as_deref(),
        };
        let mut response = HttpResponse::build(self.kind.status());
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        if let Some(seconds) = self.retry_after {
            response.insert_header((header::RETRY_AFTER, seconds));
        }
        if let Some(challenge) = &self.challenge {
            response.insert_header((header::WWW_AUTHENTICATE, challenge.as_str()));
        }
        let mut response = response.json(document);
        let json = HeaderValue::from_static("application/problem+json");
        response
            .headers_mut()
            .insert(HeaderName::from_static("content-type"), json);
        response
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Unavailable(cause) => {
                tracing::warn!(%cause, "a request could not be served now");
                Self::new(Kind::Unavailable).retry_after(1)
            }
            Failure::Internal(cause) => {
                tracing::error!(%cause, "a request failed");
                Self::new(Kind::Internal)
            }
        }
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        Failure::from(fault).into()
    }
}

impl From<crate::db::DbError> for Problem {
    fn from(error: crate::db::DbError) -> Self {
        Failure::from(error).into()
    }
}

impl From<LoginError> for Problem {
    fn from(error: LoginError) -> Self {
        match error {
            LoginError::Refused => Self::new(Kind::InvalidCredentials),
            LoginError::Expired => Self::new(Kind::Expired),
            LoginError::SignUpClosed => Self::new(Kind::Closed),
            LoginError::NotProven => Self::new(Kind::LoginRequired),
            LoginError::AddressTaken => {
                Self::new(Kind::Conflict).detail("the new address has got an account of its own; nothing was changed")
            }
            LoginError::LastAdministrator => Self::new(Kind::Conflict)
                .detail("this is the last administrator; make somebody else one before, with `countersign user scope`"),
            LoginError::Profile(error) => error.into(),
            LoginError::TooManyAttempts { retry_after } => Self::new(Kind::TooManyAttempts).retry_after(retry_after),
            LoginError::Failure(failure) => failure.into(),
        }
    }
}

impl From<ProfileError> for Problem {
    fn from(error: ProfileError) -> Self {
        Self::field(error.field, error.what)
    }
}

impl From<Lost> for Problem {
    fn from(lost: Lost) -> Self {
        match lost {
            Lost::Gone => Self::new(Kind::Expired),
            Lost::OtherBrowser => Self::new(Kind::WrongBrowser),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::SignedOut => Self::new(Kind::InvalidCredentials).detail("nobody is signed in here"),
            Refusal::Gone => Self::new(Kind::Expired),
            Refusal::BadSignature => Self::new(Kind::BadSignature),
            Refusal::LinkedElsewhere => Self::new(Kind::LinkedElsewhere).detail(refusal.to_string()),
        }
    }
}
