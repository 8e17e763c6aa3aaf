//! Fields that many bodies have.

use serde::Deserialize;

use super::problem::Problem;
use crate::domain::email::Email;
use crate::domain::opaque::wire::{self, Message};
use crate::domain::secret::Token;

/// No parameters; the body is there because a page of ours must send it.
#[derive(Deserialize)]
pub struct Nothing {}

/// An address in a field called `email`.
pub fn email(text: &str) -> Result<Email, Problem> {
    Email::parse(text).map_err(|error| Problem::field("email", error.to_string()))
}

/// An OPAQUE message in the field `client_request`.
pub fn opaque<M: Message>(text: &str) -> Result<M, Problem> {
    wire::read(text).map_err(|error| Problem::field("client_request", error.to_string()))
}

/// A token in a field; one that cannot be one of ours is as good as expired.
pub fn token(field: &str, text: &str) -> Result<Token, Problem> {
    Token::parse(text).ok_or_else(|| Problem::field(field, "must be 43 characters of base64url"))
}
