//! One try of one claimed mail.

use tokio::sync::OwnedSemaphorePermit;

use super::claim::Claim;
use super::transport::Undelivered;
use super::{Deps, Mailer, message, queue, retry};
use crate::actors::supervise::{Answer, Myself, Request, Serve};
use crate::db::{Decision, Statement, links, mail_troubles};
use crate::domain::mail::{Letter, Mail, Style, render};
use crate::domain::random::bytes;

/// Tries a mail. One that makes its try panic is tried again when its claim is over; the others do not notice.
pub(super) struct Dispatch {
    /// The row.
    pub(super) id: String,
    /// The mail in it.
    pub(super) sealed: Vec<u8>,
    /// How often it has been tried, this try included.
    pub(super) attempts: i64,
    /// Whether others may be due that there was no room for.
    pub(super) more: bool,
    /// Its place among those under way.
    pub(super) permit: OwnedSemaphorePermit,
}

impl Request for Dispatch {
    type Reply = ();
}

impl Serve<Dispatch> for Mailer {
    fn serve(&mut self, request: Dispatch, me: &Myself<Self>) -> Answer<()> {
        let (deps, me) = (self.deps.clone(), me.clone());
        Answer::later(async move {
            let Dispatch {
                id,
                sealed,
                attempts,
                more,
                permit,
            } = request;
            let settled = deps.attempt(&id, &sealed, attempts).await;
            let noted = deps.writes.transact("settle mail", async move |transaction| {
                for statement in &settled {
                    transaction.query(statement).await?;
                }
                Ok(Decision::Commit(()))
            });
            if let Err(error) = noted.await {
                tracing::error!(mail = id, %error, "what became of a mail was not noted; it is tried again");
            }
            drop(permit);
            if more {
                me.notify(Claim);
            }
        })
    }
}

impl Deps {
    /// Tries a mail; the statements that note what became of it.
    async fn attempt(&self, id: &str, sealed: &[u8], attempts: i64) -> Vec<Statement> {
        let Ok(letter) = queue::open(&self.secrets.mail, id, sealed) else {
            return vec![self.settle(id, attempts, &Err(Undelivered::refused("unreadable")))];
        };
        let recipient = self.secrets.identifier.identify(&letter.to);
        let outcome = self.send(id, self.write(&letter)).await;
        self.note_way(&outcome);
        let trouble = match &outcome {
            Ok(()) => Some(mail_troubles::clear(&recipient)),
            Err(Undelivered::Refused(reason)) => Some(mail_troubles::note(&recipient, reason, self.clock.now())),
            Err(Undelivered::NotNow(_) | Undelivered::Unreachable(_)) => None,
        };
        std::iter::once(self.settle(id, attempts, &outcome))
            .chain(trouble)
            .collect()
    }

    /// Whether others need try.
    fn note_way(&self, outcome: &Result<(), Undelivered>) {
        if let Err(Undelivered::Unreachable(reason)) = outcome {
            // No longer than a mail that fails with each of these tries waits by itself.
            let pause = |failures| retry::pause(&self.config.mail, failures, u32::MAX);
            if let Some(pause) = self.way.failed(self.clock.monotonic(), pause) {
                tracing::warn!(reason, ?pause, "the mail server cannot be reached; mails wait");
            }
        } else if self.way.works() {
            tracing::info!("the mail server can be reached again");
        }
    }

    /// In the application's words of now.
    fn write(&self, letter: &Letter) -> Mail {
        let style = Style {
            realm: self.config.define.realm.as_str(),
            language: letter.language,
            texts: &self.config.mail.texts,
        };
        render(&letter.kind, &letter.to, &style)
    }

    async fn send(&self, id: &str, mail: Mail) -> Result<(), Undelivered> {
        let envelope = message::Envelope {
            id,
            host: self.config.define.issuer.host(),
            from: &self.config.mail.from,
            date: self.clock.now(),
        };
        self.transport.deliver(&envelope, mail).await
    }

    /// Counts the outcome of a try, and gives the statement that notes it. Neither address nor content is logged.
    fn settle(&self, id: &str, attempts: i64, outcome: &Result<(), Undelivered>) -> Statement {
        match outcome {
            Ok(()) => {
                metrics::counter!("countersign_mails_sent_total").increment(1);
                links::erase_mail(id)
            }
            Err(Undelivered::Refused(reason)) => {
                metrics::counter!("countersign_mails_failed_total").increment(1);
                tracing::warn!(mail = id, attempts, reason, "a mail was refused and is given up");
                links::erase_mail(id)
            }
            Err(Undelivered::NotNow(reason) | Undelivered::Unreachable(reason)) => {
                metrics::counter!("countersign_mails_postponed_total").increment(1);
                let spread = u32::from_be_bytes(bytes(self.random.as_ref()));
                let pause = retry::pause(&self.config.mail, attempts, spread);
                tracing::warn!(mail = id, attempts, reason, ?pause, "a mail could not be delivered now");
                links::postpone_mail(id, self.clock.now().plus(pause))
            }
        }
    }
}
