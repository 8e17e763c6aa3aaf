//! Which request is which: the whole protocol, without HTTP around it.

use super::answer::{Reply, UNUSABLE};
use super::json::Json;
use super::{Entitlements, add_payment, details, generate_proof, refund, revocations};

/// The longest body of a request, in bytes.
pub const MAX_BODY: usize = 1024 * 1024;

/// A request without HTTP around it.
#[derive(Clone, Copy, Debug)]
pub struct Inner<'a> {
    /// In capital letters.
    pub method: &'a str,
    /// The path, perhaps with a query, which nobody looks at.
    pub endpoint: &'a str,
    /// The `Content-Type`, if any.
    pub content_type: Option<&'a str>,
    /// The body.
    pub body: &'a [u8],
}

/// The endpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// `/add_pro_payment`
    AddPayment,
    /// `/generate_pro_proof`
    GenerateProof,
    /// `/get_pro_details`
    Details,
    /// `/get_pro_revocations`
    Revocations,
    /// `/set_payment_refund_requested`
    Refund,
}

impl Endpoint {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::AddPayment,
        Self::GenerateProof,
        Self::Details,
        Self::Revocations,
        Self::Refund,
    ];

    /// Its path; with a slash behind it, it is another.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::AddPayment => "/add_pro_payment",
            Self::GenerateProof => "/generate_pro_proof",
            Self::Details => "/get_pro_details",
            Self::Revocations => "/get_pro_revocations",
            Self::Refund => "/set_payment_refund_requested",
        }
    }
}

/// Answers a request, whoever brought it.
pub async fn dispatch(entitlements: &Entitlements, request: Inner<'_>) -> Reply {
    let path = request.endpoint.split('?').next().unwrap_or_default();
    let Some(endpoint) = Endpoint::ALL.into_iter().find(|endpoint| endpoint.path() == path) else {
        return Reply::elsewhere(404);
    };
    match request.method {
        "POST" => post(entitlements, endpoint, request.content_type, request.body).await,
        "OPTIONS" => Reply::elsewhere(200),
        _ => Reply::elsewhere(405),
    }
}

/// Answers a POST to `endpoint`.
pub async fn post(entitlements: &Entitlements, endpoint: Endpoint, content_type: Option<&str>, body: &[u8]) -> Reply {
    if body.len() > MAX_BODY {
        return too_long();
    }
    // What a form posts is not looked at: existing servers see nothing in it.
    let json = if is_form(content_type) { None } else { Json::parse(body) };
    let Some(json) = json else {
        return Reply::error(UNUSABLE, &"the body must be JSON");
    };
    let answer = match endpoint {
        Endpoint::AddPayment => add_payment::answer(entitlements, &json).await,
        Endpoint::GenerateProof => generate_proof::answer(entitlements, &json).await,
        Endpoint::Details => details::answer(entitlements, &json).await,
        Endpoint::Revocations => revocations::answer(entitlements, &json).await,
        Endpoint::Refund => refund::answer(entitlements, &json).await,
    };
    answer.unwrap_or_else(|wrong| Reply::errors(UNUSABLE, &wrong))
}

/// A body beyond [`MAX_BODY`].
#[must_use]
pub fn too_long() -> Reply {
    Reply::error(UNUSABLE, &format!("at most {MAX_BODY} bytes are read"))
}

fn is_form(content_type: Option<&str>) -> bool {
    let media = content_type
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default()
        .trim();
    ["application/x-www-form-urlencoded", "multipart/form-data"]
        .iter()
        .any(|form| media.eq_ignore_ascii_case(form))
}

/// What a body that is no object is told.
pub(super) fn not_an_object() -> Vec<String> {
    vec!["the body must be a JSON object".to_owned()]
}
