//! What we write to people: pure rendering from templates, in plain text and in HTML that loads nothing.

mod en;
mod fill;
mod words;

use std::fmt;
use std::time::Duration;

use super::email::Email;
use fill::{escape, fill, one_line};

/// An occasion to write, with what the mail must say. It does not print: links open something.
#[derive(Clone, PartialEq, Eq)]
pub enum MailKind {
    /// Somebody wants to sign up with this address.
    ConfirmSignup {
        /// Where that is confirmed.
        link: String,
        /// How long the link is good.
        valid: Duration,
    },
    /// Somebody wants to sign up with an address that has an account.
    AlreadyRegistered {
        /// Where a forgotten password is reset.
        reset_url: String,
        /// Where to sign in.
        login_url: String,
    },
    /// Somebody wants another password for this account.
    ResetPassword {
        /// Where it is set.
        link: String,
        /// How long the link is good.
        valid: Duration,
    },
    /// The account has another password.
    PasswordChanged {
        /// Where its owner takes it back.
        reset_url: String,
    },
}

impl MailKind {
    /// What it is called in logs and metrics.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::ConfirmSignup { .. } => "confirm-signup",
            Self::AlreadyRegistered { .. } => "already-registered",
            Self::ResetPassword { .. } => "reset-password",
            Self::PasswordChanged { .. } => "password-changed",
        }
    }
}

impl fmt::Debug for MailKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A mail ready to send; the sender is the mailer's. It does not print.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    /// The recipient.
    pub to: Email,
    /// One line without control characters.
    pub subject: String,
    /// The plain part.
    pub text: String,
    /// The HTML part.
    pub html: String,
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mail(..)")
    }
}

/// The templates of one kind in one language.
struct Template {
    /// First line `Subject: …`, an empty line, the text.
    text: &'static str,
    /// What stands within the layout.
    html: &'static str,
}

/// Writes the mail of `kind` to `to`; `realm` is the application's name.
#[must_use]
pub fn render(kind: &MailKind, to: &Email, realm: &str) -> Mail {
    let mut values = vec![("realm", one_line(realm)), ("to", one_line(to.as_str()))];
    match kind {
        MailKind::ConfirmSignup { link, valid } | MailKind::ResetPassword { link, valid } => {
            values.push(("link", one_line(link)));
            values.push(("valid", words::duration(*valid)));
        }
        MailKind::AlreadyRegistered { reset_url, login_url } => {
            values.push(("reset_url", one_line(reset_url)));
            values.push(("login_url", one_line(login_url)));
        }
        MailKind::PasswordChanged { reset_url } => values.push(("reset_url", one_line(reset_url))),
    }
    let template = en::template(kind);
    let (subject, body) = template.text.split_once("\n\n").unwrap_or_default();
    let subject = fill(subject.trim_start_matches("Subject: "), &values);
    let text = fill(body, &values);

    for (_, value) in &mut values {
        *value = escape(value);
    }
    values.push(("content", fill(template.html, &values)));
    values.push(("subject", escape(&subject)));
    let html = fill(en::LAYOUT, &values);
    Mail {
        to: to.clone(),
        subject,
        text,
        html,
    }
}

#[cfg(test)]
mod tests;
