//! The templates in English. Another language is another such file beside its own folder of templates.

use super::{MailKind, Template};

/// The frame of every HTML part.
pub(super) const LAYOUT: &str = include_str!("templates/en/layout.html");

/// What to write for `kind`.
pub(super) const fn template(kind: &MailKind) -> Template {
    match kind {
        MailKind::ConfirmSignup { .. } => Template {
            text: include_str!("templates/en/confirm_signup.txt"),
            html: include_str!("templates/en/confirm_signup.html"),
        },
        MailKind::AlreadyRegistered { .. } => Template {
            text: include_str!("templates/en/already_registered.txt"),
            html: include_str!("templates/en/already_registered.html"),
        },
        MailKind::ResetPassword { .. } => Template {
            text: include_str!("templates/en/reset_password.txt"),
            html: include_str!("templates/en/reset_password.html"),
        },
        MailKind::PasswordChanged { .. } => Template {
            text: include_str!("templates/en/password_changed.txt"),
            html: include_str!("templates/en/password_changed.html"),
        },
    }
}
