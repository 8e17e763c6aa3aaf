//! The mailbox of a development server: mails end here, where they can be looked at.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;

use super::Mailer;
use super::transport::Transport;
use crate::actors::supervise::{Answer, Myself, Request, Serve};
use crate::domain::clock::Timestamp;

/// How many mails are kept.
const KEPT: usize = 200;

/// A mail as its recipient would have it. It does not print: links open something.
#[derive(Clone, PartialEq, Eq)]
pub struct DeliveredMail {
    /// The name it had in the queue.
    pub id: String,
    /// The recipient.
    pub to: String,
    /// One line.
    pub subject: String,
    /// The plain part.
    pub text: String,
    /// The HTML part.
    pub html: String,
    /// When it was delivered.
    pub sent_at: Timestamp,
}

impl fmt::Debug for DeliveredMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeliveredMail({})", self.id)
    }
}

/// The last mails delivered. A handle, so that they outlive a panic of the role.
#[derive(Clone, Default)]
pub struct Mailbox(Arc<Mutex<VecDeque<DeliveredMail>>>);

impl Mailbox {
    /// Puts a mail on top; the oldest falls out.
    pub(super) fn put(&self, mail: DeliveredMail) {
        let mut mails = self.0.lock();
        mails.push_front(mail);
        mails.truncate(KEPT);
    }

    fn list(&self) -> Vec<DeliveredMail> {
        self.0.lock().iter().cloned().collect()
    }
}

/// Looks into the mailbox, newest first. There is nothing in it where mail goes to a server.
pub struct ListMailbox;

impl Request for ListMailbox {
    type Reply = Vec<DeliveredMail>;
}

impl Serve<ListMailbox> for Mailer {
    fn serve(&mut self, _: ListMailbox, _: &Myself<Self>) -> Answer<Vec<DeliveredMail>> {
        Answer::Ready(match &self.deps.transport {
            Transport::Mailbox(mailbox) => mailbox.list(),
            Transport::Smtp(_) => Vec::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mailbox_keeps_the_last_mails_newest_first() {
        let mailbox = Mailbox::default();
        for number in 0..=KEPT {
            mailbox.put(DeliveredMail {
                id: number.to_string(),
                to: "ann@example.org".to_owned(),
                subject: String::new(),
                text: String::new(),
                html: String::new(),
                sent_at: Timestamp::from_millis(0),
            });
        }
        let kept = mailbox.list();
        assert_eq!(kept.len(), KEPT);
        assert_eq!(kept.first().map(|mail| mail.id.as_str()), Some("200"));
        assert_eq!(kept.last().map(|mail| mail.id.as_str()), Some("1"));
    }
}
