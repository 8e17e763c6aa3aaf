//! A person's account: its name that never changes, what they say about themselves, and the mailed links that make an
//! account or change it.

mod date;
mod id;
mod link;
mod profile;
mod terms;
mod words;

pub use date::{Date, NotADate};
pub use id::AccountId;
pub use link::{Link, LinkPurpose, LinkRefusal, spend};
pub use profile::{Address, Change, Introduction, Membership, Profile, ProfileEdit, ProfileError};
pub use terms::{MOST_ASKED, question, terms};
pub use words::TextError;
