//! How a mail lies in the queue: a letter, sealed, bound to its row. It is written when it is sent.

use zeroize::Zeroizing;

use crate::actors::key_ring::secrets::Secrets;
use crate::db::{Statement, links};
use crate::domain::clock::Timestamp;
use crate::domain::mail::Letter;
use crate::domain::random::{Random, name_at};
use crate::domain::seal::SealingKey;

/// A queued mail that cannot be read: sealed under another key, moved, or damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the queued mail does not open")]
pub(super) struct Unreadable;

/// The statement that queues `letter`, for the transaction that grants what it is about. It is tried until `expires_at`.
///
/// After the commit, [`Wake`](super::Wake) has it sent at once.
#[must_use]
pub fn enqueue(
    secrets: &Secrets,
    random: &dyn Random,
    letter: &Letter,
    now: Timestamp,
    expires_at: Timestamp,
) -> Statement {
    let id = name_at(now, random);
    let sealed = seal(&secrets.mail, random, &id, letter);
    links::queue_mail(&id, &sealed, now, expires_at)
}

fn seal(key: &SealingKey, random: &dyn Random, id: &str, letter: &Letter) -> Vec<u8> {
    #[expect(clippy::expect_used, reason = "texts and numbers always serialise")]
    let plain = Zeroizing::new(serde_json::to_vec(letter).expect("texts serialise"));
    key.seal(random, place(id).as_bytes(), &plain)
}

/// Reads what [`enqueue`] put into the row `id`.
pub(super) fn open(key: &SealingKey, id: &str, sealed: &[u8]) -> Result<Letter, Unreadable> {
    let plain = key.open(place(id).as_bytes(), sealed).map_err(|_| Unreadable)?;
    serde_json::from_slice(&plain).map_err(|_| Unreadable)
}

fn place(id: &str) -> String {
    format!("mails/{id}")
}
