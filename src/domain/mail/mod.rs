//! What we write to people: pure rendering from templates, in plain text and in HTML that loads nothing.

mod built_in;
mod fill;
mod language;
mod style;
mod words;

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::email::Email;
use fill::{escape, fill, one_line};

pub use language::Language;
pub use style::{Style, TextsError, check, samples};

/// An occasion to write, with what the mail must say. It does not print: links open something.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
    /// An administrator has admitted or invited this address.
    Admitted {
        /// Where a password is registered.
        link: String,
        /// How long the link is good.
        valid: Duration,
    },
    /// The account is ready.
    Welcome {
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
    /// Somebody wants to move their account to this address.
    ConfirmEmailChange {
        /// Where that is confirmed.
        link: String,
        /// How long the link is good.
        valid: Duration,
    },
    /// Somebody wants to move their account to this address, which has one.
    AddressInUse {
        /// Where to sign in.
        login_url: String,
    },
    /// The account has moved away from this address.
    EmailChanged {
        /// The application.
        home_url: String,
    },
    /// The account could not move: its new address has got an account of its own.
    EmailNotChanged {
        /// Where to sign in.
        login_url: String,
    },
    /// The account is gone.
    AccountDeleted {
        /// The application.
        home_url: String,
    },
}

impl MailKind {
    /// What it is called in logs, metrics and names of files.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::ConfirmSignup { .. } => "confirm_signup",
            Self::AlreadyRegistered { .. } => "already_registered",
            Self::Admitted { .. } => "admitted",
            Self::Welcome { .. } => "welcome",
            Self::ResetPassword { .. } => "reset_password",
            Self::PasswordChanged { .. } => "password_changed",
            Self::ConfirmEmailChange { .. } => "confirm_email_change",
            Self::AddressInUse { .. } => "address_in_use",
            Self::EmailChanged { .. } => "email_changed",
            Self::EmailNotChanged { .. } => "email_not_changed",
            Self::AccountDeleted { .. } => "account_deleted",
        }
    }
}

impl fmt::Debug for MailKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A mail before it is written: all that its text depends on, but for the application's name and texts. What it says takes a
/// hundred bytes, what it looks like thousands. It does not print: that would be an address.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// What it is about.
    pub kind: MailKind,
    /// The recipient.
    pub to: Email,
    /// The language it will be in.
    pub language: Language,
}

impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Letter({:?})", self.kind)
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
#[derive(Clone, Copy)]
struct Template<'a> {
    /// First line `Subject: …`, an empty line, the text.
    text: &'a str,
    /// What stands within the layout.
    html: &'a str,
}

/// Writes the mail of `kind` to `to`.
#[must_use]
pub fn render(kind: &MailKind, to: &Email, style: &Style<'_>) -> Mail {
    let mut values = vec![("realm", one_line(style.realm)), ("to", one_line(to.as_str()))];
    match kind {
        MailKind::ConfirmSignup { link, valid }
        | MailKind::Admitted { link, valid }
        | MailKind::ResetPassword { link, valid }
        | MailKind::ConfirmEmailChange { link, valid } => {
            values.push(("link", one_line(link)));
            values.push(("valid", words::duration(*valid, style.language)));
        }
        MailKind::AlreadyRegistered { reset_url, login_url } => {
            values.push(("reset_url", one_line(reset_url)));
            values.push(("login_url", one_line(login_url)));
        }
        MailKind::PasswordChanged { reset_url } => values.push(("reset_url", one_line(reset_url))),
        MailKind::Welcome { login_url }
        | MailKind::AddressInUse { login_url }
        | MailKind::EmailNotChanged { login_url } => values.push(("login_url", one_line(login_url))),
        MailKind::EmailChanged { home_url } | MailKind::AccountDeleted { home_url } => {
            values.push(("home_url", one_line(home_url)));
        }
    }
    let template = style.template(kind);
    let (subject, body) = template.text.split_once("\n\n").unwrap_or_default();
    let subject = fill(subject.trim_start_matches("Subject: "), &values);
    let text = fill(body, &values);

    for (_, value) in &mut values {
        *value = escape(value);
    }
    values.push(("content", fill(template.html, &values)));
    values.push(("subject", escape(&subject)));
    let html = fill(style.layout(), &values);
    Mail {
        to: to.clone(),
        subject,
        text,
        html,
    }
}

#[cfg(test)]
mod tests;
