//! A person's account, and the mailed links that make one or change its password.

mod id;
mod link;
mod status;

pub use id::AccountId;
pub use link::{Link, LinkPurpose, LinkRefusal, spend};
pub use status::AccountStatus;

use super::clock::Timestamp;
use super::email::Email;

/// An account, without its registration record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Who it is, for ever.
    pub id: AccountId,
    /// The address in canonical form; no two accounts have the same.
    pub email: Email,
    /// Whether somebody showed that mail to the address reaches them (`email_verified`, OIDC Core §5.1).
    pub email_verified: bool,
    /// Whether it may be signed in to.
    pub status: AccountStatus,
    /// Counts the registration records it has had. A login finishes only with the version it started from.
    pub record_version: i64,
    /// When it was made.
    pub created_at: Timestamp,
}
