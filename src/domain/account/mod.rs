//! A person's account, and the mailed links that make one or change its password.

mod id;
mod link;

pub use id::AccountId;
pub use link::{Link, LinkPurpose, LinkRefusal, spend};
