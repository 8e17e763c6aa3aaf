//! What all mails of one application have in common: its name, a language, and the operator's own texts.

use std::collections::BTreeSet;
use std::time::Duration;

use super::fill::next;
use super::{Language, MailKind, Template, built_in};
use crate::config::MailTexts;

/// How a mail is written.
#[derive(Clone, Copy, Debug)]
pub struct Style<'a> {
    /// The application's name.
    pub realm: &'a str,
    /// In which language.
    pub language: Language,
    /// Texts that stand in for those that come with the server.
    pub texts: &'a MailTexts,
}

impl<'a> Style<'a> {
    pub(super) fn template(&self, kind: &MailKind) -> Template<'a> {
        let built_in = built_in::template(kind, self.language);
        Template {
            text: self.own(kind.name(), "txt").unwrap_or(built_in.text),
            html: self.own(kind.name(), "html").unwrap_or(built_in.html),
        }
    }

    pub(super) fn layout(&self) -> &'a str {
        self.own("layout", "html").unwrap_or(built_in::layout(self.language))
    }

    fn own(&self, name: &str, ending: &str) -> Option<&'a str> {
        let texts: &'a MailTexts = self.texts;
        texts.get(&format!("{}/{name}.{ending}", self.language.tag()))
    }
}

/// One of the operator's texts would make a mail that is not right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the mail text {file} {what}")]
pub struct TextsError {
    file: String,
    what: String,
}

/// Every occasion to write, with sample values: for previews and checks.
#[must_use]
pub fn samples(link: &str) -> Vec<MailKind> {
    let (link, valid) = (link.to_owned(), Duration::from_hours(1));
    let url = || link.clone();
    vec![
        MailKind::ConfirmSignup { link: url(), valid },
        MailKind::AlreadyRegistered {
            reset_url: url(),
            login_url: url(),
        },
        MailKind::Admitted { link: url(), valid },
        MailKind::Welcome { login_url: url() },
        MailKind::ResetPassword { link: url(), valid },
        MailKind::PasswordChanged { reset_url: url() },
        MailKind::ConfirmEmailChange { link: url(), valid },
        MailKind::AddressInUse { login_url: url() },
        MailKind::EmailChanged { home_url: url() },
        MailKind::EmailNotChanged { login_url: url() },
        MailKind::AccountDeleted { home_url: url() },
    ]
}

/// Checks the operator's texts: each stands in for one that there is, begins with a subject if it is plain text, and asks
/// for no value that its occasion does not have.
///
/// # Errors
/// [`TextsError`] names the first file that is not right.
pub fn check(texts: &MailTexts) -> Result<(), TextsError> {
    for (file, text) in texts.iter() {
        let refuse = |what: String| TextsError {
            file: file.to_owned(),
            what,
        };
        let known = known(file).ok_or_else(|| {
            refuse("stands in for no text; `countersign mail preview` lists all there are".to_owned())
        })?;
        let has_subject = text
            .split_once("\n\n")
            .is_some_and(|(subject, _)| subject.starts_with("Subject: ") && !subject.contains('\n'));
        if is_plain(file) && !has_subject {
            return Err(refuse(
                "must begin with a line `Subject: …` and an empty line".to_owned(),
            ));
        }
        if let Some(name) = names(text).difference(&known).next() {
            return Err(refuse(format!("has {{{{{name}}}}}, for which there is no value")));
        }
    }
    Ok(())
}

/// The values that a text may use, if there is such a text.
fn known(file: &str) -> Option<BTreeSet<&'static str>> {
    let (folder, file) = file.split_once('/')?;
    let (name, ending) = file.split_once('.')?;
    let language = Language::ALL.into_iter().find(|language| language.tag() == folder)?;
    if (name, ending) == ("layout", "html") {
        return Some(names(built_in::layout(language)));
    }
    let kind = samples("").into_iter().find(|kind| kind.name() == name)?;
    let template = built_in::template(&kind, language);
    (ending == "txt" || ending == "html").then(|| names(template.text).union(&names(template.html)).copied().collect())
}

fn is_plain(file: &str) -> bool {
    file.rsplit_once('.').is_some_and(|(_, ending)| ending == "txt")
}

/// The names of all placeholders in a template.
pub(super) fn names(mut template: &str) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    while let Some((_, name, after)) = next(template) {
        names.insert(name);
        template = after;
    }
    names
}
