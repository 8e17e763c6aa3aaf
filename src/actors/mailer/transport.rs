//! Where mails go: to an SMTP server, or into the mailbox of a development server.

use std::sync::Arc;

use super::mailbox::{DeliveredMail, Mailbox};
use super::message::{Envelope, build};
use super::smtp::Relay;
use crate::config::{Config, Delivery};
use crate::domain::clock::Clock;
use crate::domain::mail::Mail;

/// The transport cannot be made from what is configured.
#[derive(Debug, thiserror::Error)]
#[error("mail.url cannot be used: {0}; check the name of the mail server")]
pub struct TransportError(pub(super) lettre::transport::smtp::Error);

/// Why a mail was not delivered. The texts hold neither address nor content.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Undelivered {
    /// For good; trying again would be refused again.
    Refused(String),
    /// The server does not take this mail now.
    NotNow(String),
    /// There is no way to the server now, for no mail.
    Unreachable(String),
}

impl Undelivered {
    pub(super) fn refused(reason: &str) -> Self {
        Self::Refused(reason.to_owned())
    }
}

/// A way for mails.
#[derive(Clone)]
pub enum Transport {
    /// To the configured server.
    Smtp(Arc<Relay>),
    /// To nobody.
    Mailbox(Mailbox),
}

impl Transport {
    /// The transport that `config.mail` describes. Nothing is connected yet.
    ///
    /// # Errors
    /// [`TransportError`] if TLS cannot be set up for that host.
    pub fn new(config: &Config, clock: Arc<dyn Clock>) -> Result<Self, TransportError> {
        Ok(match &config.mail.url {
            Delivery::Mailbox => Self::Mailbox(Mailbox::default()),
            Delivery::Smtp(smtp) => Self::Smtp(Arc::new(Relay::new(config, smtp, clock)?)),
        })
    }

    /// Tries to deliver.
    pub(super) async fn deliver(&self, envelope: &Envelope<'_>, mail: Mail) -> Result<(), Undelivered> {
        match self {
            Self::Smtp(relay) => {
                let message = build(envelope, mail).ok_or_else(|| Undelivered::refused("unusable address"))?;
                relay.send(&message).await
            }
            Self::Mailbox(mailbox) => {
                mailbox.put(DeliveredMail {
                    id: envelope.id.to_owned(),
                    to: mail.to.as_str().to_owned(),
                    subject: mail.subject,
                    text: mail.text,
                    html: mail.html,
                    sent_at: envelope.date,
                });
                Ok(())
            }
        }
    }
}
