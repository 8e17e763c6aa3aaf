//! `countersign mail`: the mails that go out, to look at.

use serde_json::json;

use super::deployment::Target;
use super::failure::Failure;
use super::output;
use crate::domain::email::Email;
use crate::domain::mail::{Language, MailKind, Style, check, render, samples};

/// Shows the mails that go out.
#[derive(clap::Subcommand, Debug)]
pub(super) enum Command {
    /// Writes a mail with sample values to standard output; without a name, lists all there are
    Preview(Args),
}

/// Which mail to show.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example: countersign mail preview --config countersign.toml welcome --language nl --html\n\n\
                  Texts in the folder mail.texts stand in for those that come with the server."
)]
pub(super) struct Args {
    #[command(flatten)]
    target: Target,
    /// The occasion
    name: Option<String>,
    /// In which language: en or nl
    #[arg(long, default_value = "en", value_parser = language)]
    language: Language,
    /// The HTML part instead of the plain one
    #[arg(long)]
    html: bool,
}

fn language(text: &str) -> Result<Language, String> {
    Language::of(text).ok_or_else(|| "mails are written in en and nl".to_owned())
}

/// Runs the command.
pub(super) fn run(command: &Command) -> Result<(), Failure> {
    let Command::Preview(args) = command;
    let config = args.target.config()?;
    check(&config.mail.texts).map_err(|error| Failure::operator(error.to_string()))?;
    let kinds = samples(&config.define.issuer.url("/page/#sample"));
    let Some(name) = &args.name else {
        let names: Vec<&str> = kinds.iter().map(MailKind::name).collect();
        return output::either(args.target.json, &names, || names.join("\n"));
    };
    let Some(kind) = kinds.iter().find(|kind| kind.name() == name) else {
        let what = format!("there is no mail {name:?}; `countersign mail preview` lists all there are");
        return Err(Failure::operator(what));
    };
    let to = Email::parse("somebody@example.org").map_err(|error| Failure::fault(error.to_string()))?;
    let style = Style {
        realm: config.define.realm.as_str(),
        language: args.language,
        texts: &config.mail.texts,
    };
    let mail = render(kind, &to, &style);
    let answer = json!({ "subject": mail.subject, "text": mail.text, "html": mail.html });
    output::either(args.target.json, &answer, || {
        if args.html {
            mail.html.clone()
        } else {
            format!("Subject: {}\n\n{}", mail.subject, mail.text)
        }
    })
}
