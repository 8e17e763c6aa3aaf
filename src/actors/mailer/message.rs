//! A mail in the form that travels (RFC 5322, RFC 2046 §5.1.4).

use std::time::{Duration, SystemTime};

use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::{Address, Message};
use url::Host;

use crate::domain::clock::Timestamp;
use crate::domain::email::Email;
use crate::domain::mail::Mail;

/// What a mail needs beside its content.
pub(super) struct Envelope<'a> {
    /// The name of its row. It is the `Message-ID` too, so that a mail sent twice can be known as one.
    pub(super) id: &'a str,
    /// The issuer's host, for the `Message-ID`.
    pub(super) host: &'a str,
    /// The sender.
    pub(super) from: &'a Mailbox,
    /// When it is sent.
    pub(super) date: Timestamp,
}

/// The message; `None` if no mail server could take such an address.
pub(super) fn build(envelope: &Envelope<'_>, mail: Mail) -> Option<Message> {
    let sent = Duration::from_millis(u64::try_from(envelope.date.as_millis()).unwrap_or(0));
    Message::builder()
        .from(envelope.from.clone())
        .to(Mailbox::new(None, address(&mail.to)?))
        .subject(mail.subject)
        .date(SystemTime::UNIX_EPOCH + sent)
        .message_id(Some(format!("<{}@{}>", envelope.id, envelope.host)))
        .raw_header(HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            // RFC 3834 §5: no out-of-office reply.
            "auto-generated".to_owned(),
        ))
        .multipart(MultiPart::alternative_plain_html(mail.text, mail.html))
        .ok()
}

/// The address with its domain as DNS has it (RFC 5891 §4.4), so that only a local part needs SMTPUTF8.
fn address(email: &Email) -> Option<Address> {
    let (local, domain) = email.as_str().rsplit_once('@')?;
    match Host::parse(domain).ok()? {
        Host::Domain(domain) => Address::new(local, domain).ok(),
        // A bare IP address is no domain of mail; RFC 5321 §4.1.3 wants brackets, which `Email` does not take.
        Host::Ipv4(_) | Host::Ipv6(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(to: &str) -> Option<String> {
        let from = "Example App <no-reply@example.org>".parse().expect("a sender");
        let envelope = Envelope {
            id: "0123",
            host: "id.example.org",
            from: &from,
            date: Timestamp::from_secs(1_700_000_000),
        };
        let mail = Mail {
            to: Email::parse(to).expect("an address"),
            subject: "Gr\u{fc}\u{df}e".to_owned(),
            text: "plain".to_owned(),
            html: "<p>html</p>".to_owned(),
        };
        let message = build(&envelope, mail)?;
        Some(String::from_utf8(message.formatted()).expect("ASCII"))
    }

    #[test]
    fn a_message_has_both_parts_and_the_headers_that_mail_servers_ask_for() {
        let message = built("ann@example.org").expect("built");
        for line in [
            "From: \"Example App\" <no-reply@example.org>\r\n",
            "To: ann@example.org\r\n",
            "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n",
            "Message-ID: <0123@id.example.org>\r\n",
            "Auto-Submitted: auto-generated\r\n",
            "MIME-Version: 1.0\r\n",
            "Content-Type: multipart/alternative;",
            "Content-Type: text/plain; charset=utf-8\r\n",
            "Content-Type: text/html; charset=utf-8\r\n",
        ] {
            assert!(message.contains(line), "{line:?} is not in\n{message}");
        }
        assert!(message.is_ascii());
    }

    #[test]
    fn a_domain_travels_in_ascii() {
        let message = built("ann@b\u{fc}cher.example").expect("built");
        assert!(message.contains("To: ann@xn--bcher-kva.example\r\n"), "{message}");
    }

    #[test]
    fn an_address_without_a_domain_is_refused() {
        assert_eq!(built("ann@127.0.0.1"), None);
    }
}
