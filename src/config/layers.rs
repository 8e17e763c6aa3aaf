//! What was set where: the file below, the environment above it, each flat from key to value.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::error::{ConfigError, Origin, Problem};
use super::raw::Raw;

/// All variables of ours start so.
const PREFIX: &str = "COUNTERSIGN_";

/// Read by the command line, not a key.
const OF_THE_COMMAND: [&str; 2] = ["CONFIG", "DATA"];

/// What Kubernetes sets by itself beside a service named "countersign"; no key starts so.
const OF_KUBERNETES: [&str; 2] = ["SERVICE_", "PORT"];

/// The values as they were written.
#[derive(Default)]
pub(super) struct Layers {
    path: PathBuf,
    file: BTreeMap<String, toml::Value>,
    sections: BTreeSet<String>,
    variables: BTreeMap<String, Variable>,
}

struct Variable {
    name: String,
    value: String,
}

/// A value and where it came from.
pub(super) struct Found<'a> {
    pub(super) raw: Raw<'a>,
    pub(super) origin: Origin,
}

/// How a secret was given.
pub(super) enum Secret<'a> {
    /// As itself.
    Value(Found<'a>),
    /// As the path of a file that holds it.
    File(Found<'a>),
}

impl Layers {
    /// Reads the file, if there is one, and the variables. What is no UTF-8 is a problem of its own.
    pub(super) fn read(
        path: Option<&Path>,
        env: impl IntoIterator<Item = (OsString, OsString)>,
        problems: &mut Vec<Problem>,
    ) -> Result<Self, ConfigError> {
        let mut layers = Self::default();
        if let Some(path) = path {
            layers.path = path.into();
            let table = read_file(path)?;
            layers.add_table("", table);
        }
        for (name, value) in env {
            let Some(name) = name.to_str().filter(|name| name.starts_with(PREFIX)) else {
                continue;
            };
            match value.to_str() {
                Some(value) => layers.add_variable(name, value),
                None => problems.push(Problem {
                    key: String::new(),
                    origin: Origin::Variable(name.into()),
                    what: "is not UTF-8; write plain text".into(),
                }),
            }
        }
        Ok(layers)
    }

    fn add_table(&mut self, prefix: &str, table: toml::Table) {
        for (name, value) in table {
            // A dot within a quoted name must not pass for a section.
            let name = if name.contains('.') { format!("{name:?}") } else { name };
            let key = join(prefix, &name);
            match value {
                toml::Value::Table(table) => {
                    self.sections.insert(key.clone());
                    self.add_table(&key, table);
                }
                value => {
                    self.file.insert(key, value);
                }
            }
        }
    }

    /// An empty variable counts as not set: that is how compose files pass on what is missing.
    fn add_variable(&mut self, name: &str, value: &str) {
        let rest = name.strip_prefix(PREFIX).unwrap_or_default();
        let foreign = OF_THE_COMMAND.contains(&rest) || OF_KUBERNETES.iter().any(|start| rest.starts_with(start));
        if foreign || value.is_empty() {
            return;
        }
        let variable = Variable {
            name: name.into(),
            value: value.into(),
        };
        self.variables.insert(rest.to_lowercase().replace("__", "."), variable);
    }

    /// The uppermost value of `key`.
    pub(super) fn find(&self, key: &str) -> Option<Found<'_>> {
        self.find_variable(key).or_else(|| self.find_in_file(key))
    }

    /// The uppermost of the secret `key` and the name of its file `<key>_file`.
    pub(super) fn find_secret(&self, key: &str) -> Result<Option<Secret<'_>>, Problem> {
        let file_key = format!("{key}_file");
        let variables = (self.find_variable(key), self.find_variable(&file_key));
        let file = (self.find_in_file(key), self.find_in_file(&file_key));
        for layer in [variables, file] {
            match layer {
                (None, None) => {}
                (Some(value), None) => return Ok(Some(Secret::Value(value))),
                (None, Some(path)) => return Ok(Some(Secret::File(path))),
                (Some(value), Some(_)) => {
                    return Err(Problem {
                        key: key.into(),
                        origin: value.origin,
                        what: format!("stands beside {file_key}; keep one of the two"),
                    });
                }
            }
        }
        Ok(None)
    }

    fn find_variable(&self, key: &str) -> Option<Found<'_>> {
        let variable = self.variables.get(key)?;
        Some(Found {
            raw: Raw::Text(&variable.value),
            origin: Origin::Variable(variable.name.clone()),
        })
    }

    fn find_in_file(&self, key: &str) -> Option<Found<'_>> {
        Some(Found {
            raw: Raw::File(self.file.get(key)?),
            origin: Origin::File(self.path.clone()),
        })
    }

    /// Every key that was set, with its origin.
    pub(super) fn keys(&self) -> impl Iterator<Item = (&str, Origin)> {
        let file = self
            .file
            .keys()
            .map(|key| (key.as_str(), Origin::File(self.path.clone())));
        let variables = self
            .variables
            .iter()
            .map(|(key, variable)| (key.as_str(), Origin::Variable(variable.name.clone())));
        file.chain(variables)
    }

    /// Every section of the file, with its origin.
    pub(super) fn sections(&self) -> impl Iterator<Item = (&str, Origin)> {
        self.sections
            .iter()
            .map(|key| (key.as_str(), Origin::File(self.path.clone())))
    }
}

/// `section.key`.
pub(super) fn join(section: &str, key: &str) -> String {
    if section.is_empty() {
        key.into()
    } else {
        format!("{section}.{key}")
    }
}

fn read_file(path: &Path) -> Result<toml::Table, ConfigError> {
    let origin = || Origin::File(path.into());
    let text = std::fs::read_to_string(path).map_err(|error| {
        ConfigError::one(
            "",
            origin(),
            format!("cannot be read: {error}; name another with --config"),
        )
    })?;
    text.parse().map_err(|error: toml::de::Error| {
        // The parser's own display quotes the line, which may hold a secret.
        let before = text
            .get(..error.span().map_or(0, |span| span.start))
            .unwrap_or_default();
        let line = 1 + before.matches('\n').count();
        let message = error.message().replace('\n', ", ");
        ConfigError::one("", origin(), format!("is not TOML: line {line}: {message}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_variables(variables: &[(&str, &str)]) -> Layers {
        let env = variables.iter().map(|(name, value)| (name.into(), value.into()));
        Layers::read(None, env, &mut Vec::new()).unwrap_or_default()
    }

    #[test]
    fn variables_name_keys_and_foreign_ones_are_left_alone() {
        let layers = with_variables(&[
            ("COUNTERSIGN_DEFINE__LIFETIMES__REFRESH_IDLE", "1 d"),
            ("COUNTERSIGN_LISTEN", ""),
            ("COUNTERSIGN_CONFIG", "x.toml"),
            ("COUNTERSIGN_PORT_4242_TCP", "tcp://10.0.0.1:4242"),
            ("COUNTERSIGN_SERVICE_HOST", "10.0.0.1"),
            ("PATH", "/bin"),
        ]);
        let keys: Vec<_> = layers.keys().map(|(key, _)| key.to_owned()).collect();
        assert_eq!(keys, ["define.lifetimes.refresh_idle"]);
    }

    #[test]
    fn a_secret_and_its_file_in_one_layer_are_one_too_many() {
        let both = [("COUNTERSIGN_MASTER_KEY", "a"), ("COUNTERSIGN_MASTER_KEY_FILE", "b")];
        assert!(with_variables(&both).find_secret("master_key").is_err());
        assert!(matches!(
            with_variables(&both[..1]).find_secret("master_key"),
            Ok(Some(Secret::Value(_)))
        ));
        assert!(matches!(
            with_variables(&both[1..]).find_secret("master_key"),
            Ok(Some(Secret::File(_)))
        ));
        assert!(matches!(with_variables(&[]).find_secret("master_key"), Ok(None)));
    }

    #[test]
    fn a_syntax_error_names_the_line_and_repeats_no_secret() {
        let dir = tempfile::tempdir().expect("folder");
        let path = dir.path().join("c.toml");
        std::fs::write(&path, "listen = \"a\"\nmaster_key = hunter2\n").expect("written");
        let error = Layers::read(Some(&path), [], &mut Vec::new())
            .err()
            .expect("refused")
            .to_string();
        assert!(error.contains("line 2") && !error.contains("hunter2"), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}
