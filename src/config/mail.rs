//! `[mail]`: who sends, by which server, and for how long it is tried.

use std::time::Duration;

use lettre::message::Mailbox;

use super::mail_texts::MailTexts;
use super::raw::Raw;
use super::smtp::{Delivery, Starttls};
use super::visit::{Section, Setting, Visitor, not_wanted};

/// Outgoing mail.
#[derive(Clone, Debug)]
pub struct Mail {
    /// The sender of every mail.
    pub from: Mailbox,
    /// Where mail goes.
    pub url: Delivery,
    /// How a `smtp:` connection is encrypted; `smtps:` always is.
    pub starttls: Starttls,
    /// How long one try may take.
    pub timeout: Duration,
    /// The pause after the first failed try; it doubles with each.
    pub first_retry: Duration,
    /// The longest pause.
    pub longest_retry: Duration,
    /// A folder with texts that stand in for those that come with the server; empty for none.
    pub texts: MailTexts,
    /// A mail that could not be delivered for so long is given up and erased. A mail with a link also ends with the link.
    pub give_up_after: Duration,
}

impl Mail {
    pub(super) fn blank() -> Self {
        Self {
            from: Mailbox::new(None, lettre::Address::new_dangerous("no-reply", "localhost")),
            url: Delivery::Mailbox,
            starttls: Starttls::Required,
            texts: MailTexts::default(),
            timeout: Duration::from_secs(30),
            first_retry: Duration::from_secs(10),
            longest_retry: Duration::from_mins(10),
            give_up_after: Duration::from_hours(24),
        }
    }
}

impl Section for Mail {
    fn visit<V: Visitor>(&mut self, v: &mut V) {
        let (second, day) = (Duration::from_secs(1), Duration::from_hours(24));
        v.required("from", &mut self.from);
        v.secret("url", &mut self.url);
        v.value("starttls", &mut self.starttls);
        v.value("texts", &mut self.texts);
        v.within("timeout", &mut self.timeout, second..=Duration::from_mins(5));
        v.within("first_retry", &mut self.first_retry, second..=day);
        v.within("longest_retry", &mut self.longest_retry, second..=day);
        v.within("give_up_after", &mut self.give_up_after, second..=7 * day);
    }
}

impl Setting for Mailbox {
    const WANTED: &'static str = r#"a sender; write for example "Example App <no-reply@example.org>""#;

    fn parse(raw: &Raw<'_>) -> Result<Self, String> {
        let text = raw.text::<Self>()?;
        let one_line = !text.contains(char::is_control);
        text.parse()
            .ok()
            .filter(|_| one_line)
            .ok_or_else(|| not_wanted::<Self>(format!("{text:?}")))
    }

    fn show(&self) -> toml::Value {
        self.to_string().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_is_an_address_with_or_without_a_name() {
        let read = |text: &str| Mailbox::parse(&Raw::Text(text));
        assert_eq!(read("a@b.example").map(|from| from.name), Ok(None));
        assert_eq!(read("App <a@b.example>").map(|from| from.name), Ok(Some("App".into())));
        for bad in ["", "App", "App <a>", "a@b.example\r\nBcc: c@d.example"] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
    }
}
