//! How a mail lies in the queue: sealed, bound to its row.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::actors::key_ring::secrets::Secrets;
use crate::db::{Statement, links};
use crate::domain::clock::Timestamp;
use crate::domain::email::Email;
use crate::domain::mail::Mail;
use crate::domain::random::{Random, name};
use crate::domain::seal::SealingKey;

/// A mail as it is sealed.
#[derive(Serialize, Deserialize)]
struct Sealed<'a> {
    to: std::borrow::Cow<'a, str>,
    subject: std::borrow::Cow<'a, str>,
    text: std::borrow::Cow<'a, str>,
    html: std::borrow::Cow<'a, str>,
}

/// A queued mail that cannot be read: sealed under another key, moved, or damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the queued mail does not open")]
pub(super) struct Unreadable;

/// The statement that queues `mail`, for the transaction that grants what it is about. It is tried until `expires_at`.
///
/// After the commit, [`Wake`](super::Wake) has it sent at once.
#[must_use]
pub fn enqueue(
    secrets: &Secrets,
    random: &dyn Random,
    mail: &Mail,
    now: Timestamp,
    expires_at: Timestamp,
) -> Statement {
    let id = name(random);
    let sealed = seal(&secrets.mail, random, &id, mail);
    links::queue_mail(&id, &sealed, now, expires_at)
}

fn seal(key: &SealingKey, random: &dyn Random, id: &str, mail: &Mail) -> Vec<u8> {
    let parts = Sealed {
        to: mail.to.as_str().into(),
        subject: mail.subject.as_str().into(),
        text: mail.text.as_str().into(),
        html: mail.html.as_str().into(),
    };
    #[expect(clippy::expect_used, reason = "four texts always serialise")]
    let plain = Zeroizing::new(serde_json::to_vec(&parts).expect("texts serialise"));
    key.seal(random, place(id).as_bytes(), &plain)
}

/// Reads what [`enqueue`] put into the row `id`.
pub(super) fn open(key: &SealingKey, id: &str, sealed: &[u8]) -> Result<Mail, Unreadable> {
    let plain = key.open(place(id).as_bytes(), sealed).map_err(|_| Unreadable)?;
    let parts: Sealed<'_> = serde_json::from_slice(&plain).map_err(|_| Unreadable)?;
    Ok(Mail {
        to: Email::parse(&parts.to).map_err(|_| Unreadable)?,
        subject: parts.subject.into_owned(),
        text: parts.text.into_owned(),
        html: parts.html.into_owned(),
    })
}

fn place(id: &str) -> String {
    format!("mails/{id}")
}
