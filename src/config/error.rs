//! What is wrong with a configuration: every problem, each in one sentence with its mend.

use std::fmt;
use std::path::PathBuf;

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    NotSet,
    /// The configuration file, or the file that a secret's `…_file` names.
    File(PathBuf),
    /// The environment variable of this name.
    Variable(String),
    /// An option of the command.
    Command,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSet => f.write_str("not set"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Variable(name) => f.write_str(name),
            Self::Command => f.write_str("command line"),
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The key with its sections, such as `define.issuer`; empty when it is about the whole file.
    pub key: String,
    /// Who set it.
    pub origin: Origin,
    /// What is wrong and what to write instead. Holds no secret.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.key.is_empty() {
            write!(f, "{}: {}", self.origin, self.what)
        } else {
            write!(f, "{} ({}): {}", self.key, self.origin, self.what)
        }
    }
}

/// A configuration that cannot be used, with everything that is wrong with it; prints one line for each problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// At least one.
    pub problems: Vec<Problem>,
}

impl ConfigError {
    pub(super) fn one(key: &str, origin: Origin, what: impl Into<String>) -> Self {
        Self {
            problems: vec![Problem {
                key: key.into(),
                origin,
                what: what.into(),
            }],
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_one_line_with_key_origin_and_mend() {
        let error = ConfigError::one(
            "listen",
            Origin::Variable("COUNTERSIGN_LISTEN".into()),
            "is bad; write good",
        );
        assert_eq!(error.to_string(), "listen (COUNTERSIGN_LISTEN): is bad; write good");
        let error = ConfigError::one("", Origin::File("a.toml".into()), "cannot be read");
        assert_eq!(error.to_string(), "a.toml: cannot be read");
    }
}
