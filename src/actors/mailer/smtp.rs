//! The SMTP client: connections to the configured server, kept for the next mail for a while.
//!
//! lettre's pooled transport is not used: it bounds only the time to connect, and takes a connection back into the pool
//! whose send was given up half-way, so that the next mail would read the answers meant for this one.

use std::sync::Arc;
use std::time::Duration;

use lettre::Message;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Category;
use parking_lot::Mutex;

use super::CONCURRENCY;
use super::transport::{TransportError, Undelivered};
use crate::config::{Config, Smtp, Starttls};
use crate::domain::clock::Clock;

/// How long an idle connection is kept. Servers wait five minutes at least (RFC 5321 §4.5.3.2.7).
const IDLE: Duration = Duration::from_secs(30);

/// How a connection is encrypted.
enum Encryption {
    /// From the first byte.
    Implicit(TlsParameters),
    /// By STARTTLS, or there is no connection.
    Required(TlsParameters),
    /// By STARTTLS where the server offers it.
    WhenOffered(TlsParameters),
    /// Not at all.
    Never,
}

/// A connection that nobody uses, since a monotonic moment.
struct Idle {
    connection: AsyncSmtpConnection,
    since: Duration,
}

/// The way to one SMTP server.
pub struct Relay {
    host: String,
    port: u16,
    encryption: Encryption,
    credentials: Option<Credentials>,
    name: ClientId,
    timeout: Duration,
    clock: Arc<dyn Clock>,
    idle: Mutex<Vec<Idle>>,
}

impl Relay {
    pub(super) fn new(config: &Config, smtp: &Smtp, clock: Arc<dyn Clock>) -> Result<Self, TransportError> {
        let tls = || TlsParameters::new(smtp.host.clone()).map_err(TransportError);
        let encryption = match config.mail.starttls {
            _ if smtp.implicit_tls => Encryption::Implicit(tls()?),
            Starttls::Required => Encryption::Required(tls()?),
            Starttls::WhenOffered => Encryption::WhenOffered(tls()?),
            Starttls::Never => Encryption::Never,
        };
        let credentials = smtp.credentials.as_ref();
        Ok(Self {
            host: smtp.host.clone(),
            port: smtp.port,
            encryption,
            credentials: credentials
                .map(|(user, password)| Credentials::new(user.clone(), password.expose().to_owned())),
            name: ClientId::Domain(config.define.issuer.host().to_owned()),
            timeout: config.mail.timeout,
            clock,
            idle: Mutex::default(),
        })
    }

    /// Hands `message` over to the server.
    pub(super) async fn send(&self, message: &Message) -> Result<(), Undelivered> {
        // A connection is inside the future while it is used: one that is given up half-way is closed, not used again.
        match tokio::time::timeout(self.timeout, self.try_send(message)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Undelivered::NotNow("the mail server took too long".to_owned())),
        }
    }

    async fn try_send(&self, message: &Message) -> Result<(), Undelivered> {
        let mut connection = match self.take_idle().await {
            Some(connection) => connection,
            // Whatever goes wrong before a mail is mentioned is not the mail's fault.
            None => self
                .connect()
                .await
                .map_err(|error| Undelivered::Unreachable(error.to_string()))?,
        };
        match connection.send(message.envelope(), &message.formatted()).await {
            Ok(_) => {
                self.put_idle(connection);
                Ok(())
            }
            Err(error) => Err(judge(&error)),
        }
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Error> {
        let implicit = match &self.encryption {
            Encryption::Implicit(tls) => Some(tls.clone()),
            _ => None,
        };
        let server = (self.host.as_str(), self.port);
        let mut connection = AsyncSmtpConnection::connect_tokio1(server, None, &self.name, implicit, None).await?;
        match &self.encryption {
            Encryption::Required(tls) => connection.starttls(tls.clone(), &self.name).await?,
            Encryption::WhenOffered(tls) if connection.can_starttls() => {
                connection.starttls(tls.clone(), &self.name).await?;
            }
            _ => {}
        }
        if let Some(credentials) = &self.credentials {
            connection.auth(DEFAULT_MECHANISMS, credentials).await?;
        }
        Ok(connection)
    }

    /// A connection that is still good, if there is one.
    async fn take_idle(&self) -> Option<AsyncSmtpConnection> {
        loop {
            let Idle { mut connection, since } = self.idle.lock().pop()?;
            let fresh = self.clock.monotonic().saturating_sub(since) < IDLE;
            if fresh && connection.test_connected().await {
                return Some(connection);
            }
        }
    }

    fn put_idle(&self, connection: AsyncSmtpConnection) {
        let since = self.clock.monotonic();
        let mut idle = self.idle.lock();
        idle.retain(|other| since.saturating_sub(other.since) < IDLE);
        if idle.len() < CONCURRENCY {
            idle.push(Idle { connection, since });
        }
    }
}

/// What an error after a good connection means. The server's words stay out: they often repeat the address.
fn judge(error: &Error) -> Undelivered {
    match error.status() {
        // x5z is about the mail or its mailbox, all others are about the connection or the commands (RFC 5321 §4.2.1).
        Some(code) if error.is_permanent() && code.category == Category::MailSystem => {
            Undelivered::Refused(format!("SMTP {code}"))
        }
        Some(code) => Undelivered::NotNow(format!("SMTP {code}")),
        // The address needs SMTPUTF8, which the server does not offer.
        None if error.is_client() => Undelivered::refused("the mail server cannot take this address"),
        None => Undelivered::NotNow("the connection to the mail server broke".to_owned()),
    }
}
