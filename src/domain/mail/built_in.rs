//! The texts that come with the server: a folder for each language, two files for each occasion.

use super::{Language, MailKind, Template};

/// The frame of every HTML part.
pub(super) const fn layout(language: Language) -> &'static str {
    match language {
        Language::English => include_str!("templates/en/layout.html"),
        Language::Dutch => include_str!("templates/nl/layout.html"),
    }
}

/// Both files of an occasion in each language.
macro_rules! both {
    ($language:expr, $name:literal) => {
        match $language {
            Language::English => Template {
                text: include_str!(concat!("templates/en/", $name, ".txt")),
                html: include_str!(concat!("templates/en/", $name, ".html")),
            },
            Language::Dutch => Template {
                text: include_str!(concat!("templates/nl/", $name, ".txt")),
                html: include_str!(concat!("templates/nl/", $name, ".html")),
            },
        }
    };
}

/// What to write for `kind`.
pub(super) const fn template(kind: &MailKind, language: Language) -> Template<'static> {
    match kind {
        MailKind::ConfirmSignup { .. } => both!(language, "confirm_signup"),
        MailKind::AlreadyRegistered { .. } => both!(language, "already_registered"),
        MailKind::ResetPassword { .. } => both!(language, "reset_password"),
        MailKind::PasswordChanged { .. } => both!(language, "password_changed"),
        MailKind::Admitted { .. } => both!(language, "admitted"),
        MailKind::Welcome { .. } => both!(language, "welcome"),
        MailKind::ConfirmEmailChange { .. } => both!(language, "confirm_email_change"),
        MailKind::AddressInUse { .. } => both!(language, "address_in_use"),
        MailKind::EmailChanged { .. } => both!(language, "email_changed"),
        MailKind::EmailNotChanged { .. } => both!(language, "email_not_changed"),
        MailKind::AccountDeleted { .. } => both!(language, "account_deleted"),
    }
}
