//! Queueing a letter, for whoever grants what it is about.

use std::sync::Arc;

use super::queue::enqueue;
use crate::actors::key_ring::secrets::Secrets;
use crate::config::Config;
use crate::db::Statement;
use crate::domain::clock::Timestamp;
use crate::domain::email::Email;
use crate::domain::mail::{Language, Letter, MailKind};
use crate::domain::random::Random;
use crate::domain::secret::Token;

/// What a writer of mails needs.
#[derive(Clone)]
pub struct Letters {
    /// Seals them.
    pub secrets: Arc<Secrets>,
    /// The application's address, and how long a mail is tried.
    pub config: Arc<Config>,
    /// Names and seals.
    pub random: Arc<dyn Random>,
}

impl Letters {
    /// The statement that queues a mail which is tried until `expires_at`: for one with a link, the link's own end.
    #[must_use]
    pub fn queue(
        &self,
        kind: &MailKind,
        to: &Email,
        language: Language,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Statement {
        let letter = Letter {
            kind: kind.clone(),
            to: to.clone(),
            language,
        };
        enqueue(&self.secrets, self.random.as_ref(), &letter, now, expires_at)
    }

    /// The same for a notice, which holds no link.
    #[must_use]
    pub fn notice(&self, kind: &MailKind, to: &Email, language: Language, now: Timestamp) -> Statement {
        self.queue(kind, to, language, now, now.plus(self.config.mail.give_up_after))
    }

    /// A link to a page of ours. The token is in the fragment: it reaches no server, log or referrer until the page posts
    /// it.
    #[must_use]
    pub fn link(&self, page: &str, token: &Token) -> String {
        format!("{}#{}", self.url(page), token.reveal())
    }

    /// The address of a page of ours.
    #[must_use]
    pub fn url(&self, page: &str) -> String {
        self.config.define.issuer.url(page)
    }
}
