//! How a command fails: what is told, and with which exit code.

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

use clap::CommandFactory as _;
use clap::error::ErrorKind;

use crate::actors::key_ring::turn::TurnError;
use crate::actors::ledger::setup::SetupError;
use crate::app::RunError;
use crate::config::ConfigError;
use crate::db::{DbError, OpenError};
use crate::domain::vault::VaultError;

/// A command that did not do what it was asked.
#[derive(Debug)]
pub(super) struct Failure {
    code: u8,
    /// Sentences with their mend, for people. No secrets.
    sentences: Vec<String>,
}

impl Failure {
    /// Something that the operator must mend.
    pub(super) fn operator(sentence: impl Into<String>) -> Self {
        Self {
            code: 2,
            sentences: vec![sentence.into()],
        }
    }

    /// A fault of ours, or a server that is not healthy.
    pub(super) fn fault(sentence: impl Into<String>) -> Self {
        Self {
            code: 1,
            sentences: vec![sentence.into()],
        }
    }

    /// Writes the sentences to standard error.
    pub(super) fn tell(self) -> ExitCode {
        for sentence in &self.sentences {
            tell(sentence);
        }
        ExitCode::from(self.code)
    }
}

/// Writes one line to standard error; where that is closed, nobody is there to be told.
pub(super) fn tell(sentence: &str) {
    let _ = writeln!(std::io::stderr().lock(), "countersign: {sentence}");
}

/// Tells what is wrong with the arguments; help and version are no errors.
pub(super) fn refuse_arguments(error: &clap::Error, words: &[OsString]) -> ExitCode {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            let _ = error.print();
            ExitCode::SUCCESS
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = error.print();
            ExitCode::from(2)
        }
        _ => Failure::operator(one_sentence(&error.to_string(), &command_among(words))).tell(),
    }
}

/// The parser's several lines as one, and where to read on.
fn one_sentence(text: &str, command: &str) -> String {
    let told: Vec<&str> = text
        .lines()
        .take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more information"))
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let told = told.join(" ");
    let told = told.strip_prefix("error: ").unwrap_or(&told);
    format!("{told}; see `{command} --help`")
}

/// The command that `words` lead to, as it is typed.
fn command_among(words: &[OsString]) -> String {
    let mut command = super::Cli::command();
    let mut typed = command.get_name().to_owned();
    for word in words {
        if let Some(next) = word.to_str().and_then(|word| command.find_subcommand(word)).cloned() {
            typed.push(' ');
            typed.push_str(next.get_name());
            command = next;
        }
    }
    typed
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self {
            code: 2,
            sentences: error.problems.iter().map(ToString::to_string).collect(),
        }
    }
}

impl From<DbError> for Failure {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Unavailable(_) => Self::operator(format!(
                "{error}; nothing was written: see that the database answers and its disk has room, then try again"
            )),
            DbError::Unknown => Self::operator(format!("{error}; see whether it was, before you try again")),
            DbError::Constraint(_) | DbError::Inconsistent(_) | DbError::Panicked => Self::fault(error.to_string()),
        }
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Db(error) => error.into(),
            refused => Self::operator(refused.to_string()),
        }
    }
}

impl From<VaultError> for Failure {
    fn from(error: VaultError) -> Self {
        Self::operator(error.to_string())
    }
}

impl From<SetupError> for Failure {
    fn from(error: SetupError) -> Self {
        match error {
            SetupError::Db(error) => error.into(),
            SetupError::Vault(error) => error.into(),
            SetupError::Missing(_) | SetupError::NotDev => Self::operator(error.to_string()),
        }
    }
}

impl From<TurnError> for Failure {
    fn from(error: TurnError) -> Self {
        match error {
            TurnError::Db(error) => error.into(),
            TurnError::Vault(error) => error.into(),
            TurnError::Write(_)
            | TurnError::Key(_)
            | TurnError::RefreshKey(_)
            | TurnError::Set(_)
            | TurnError::Step(_) => Self::fault(error.to_string()),
        }
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Operator(sentence) => Self::operator(sentence),
            RunError::Fault(sentence) => Self::fault(sentence),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::super::Cli;
    use super::*;

    fn told(arguments: &[&str]) -> String {
        let words: Vec<OsString> = std::iter::once(&"countersign")
            .chain(arguments)
            .map(Into::into)
            .collect();
        let error = Cli::try_parse_from(&words).expect_err("is refused");
        one_sentence(&error.to_string(), &command_among(&words))
    }

    #[test]
    fn wrong_arguments_are_one_sentence_that_names_the_command() {
        let text = told(&["user", "list", "--colour"]);
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.starts_with("unexpected argument '--colour' found"), "{text}");
        assert!(text.ends_with("see `countersign user list --help`"), "{text}");
        let text = told(&["user", "add", "ann@example.org"]);
        assert!(text.contains("--password-stdin"), "{text}");
        let text = told(&["user", "add", "ann"]);
        assert!(
            text.contains("name@example.org; see `countersign user add --help`"),
            "{text}"
        );
    }

    #[test]
    fn what_the_operator_can_mend_is_told_apart_from_our_faults() {
        assert_eq!(Failure::from(DbError::Unavailable("full".into())).code, 2);
        assert_eq!(Failure::from(OpenError::Foreign("x.db".into())).code, 2);
        assert_eq!(Failure::from(VaultError::OtherMasterKey("x".into())).code, 2);
        assert_eq!(Failure::from(DbError::Panicked).code, 1);
    }
}
