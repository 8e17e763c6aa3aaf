//! The original's settings as a configuration file of ours.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use ini::{Ini, ParseOption};
use serde_json::json;

use crate::cli::failure::Failure;
use crate::cli::output;

/// How the original's variables begin.
const PREFIX: &str = "SESH_PRO_BACKEND_";

/// Settings of the original by name: `section.key`, or the key alone for those of `[base]`.
type Found = BTreeMap<String, String>;

/// What becomes of the original's settings.
#[derive(Debug, Default, PartialEq, Eq)]
struct Translated {
    /// `key = value` lines for the top of our file.
    top: Vec<String>,
    /// The same for `[log]`.
    log: Vec<String>,
    /// What an operator has to know or do.
    notes: Vec<String>,
}

/// Runs `import --settings`.
pub(super) fn run(file: Option<&Path>, as_json: bool) -> Result<(), Failure> {
    let variables: Found = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter_map(|(name, value)| Some((name.strip_prefix(PREFIX)?.to_owned(), value)))
        .collect();
    let named = variables.get("INI_PATH").map(PathBuf::from);
    let file = file.map(Path::to_owned).or(named);
    let mut found = match &file {
        Some(path) => read(path)?,
        None => Found::new(),
    };
    override_with(&mut found, &variables);
    if found.is_empty() {
        return Err(Failure::operator(format!(
            "there are no settings of the original: name its INI file, or set its variables {PREFIX}…"
        )));
    }
    let translated = translate(&found);
    let text = translated.to_toml();
    if as_json {
        return output::json(&json!({ "config": text, "notes": translated.notes }));
    }
    output::line(text.trim_end())
}

fn read(path: &Path) -> Result<Found, Failure> {
    let options = ParseOption {
        enabled_escape: false,
        ..ParseOption::default()
    };
    let parsed = Ini::load_from_file_opt(path, options).map_err(|error| {
        Failure::operator(format!(
            "{} cannot be read: {error}; name the original's INI file",
            path.display()
        ))
    })?;
    let mut found = Found::new();
    for (section, properties) in &parsed {
        for (key, value) in properties {
            let name = match section {
                None | Some("base") => key.to_owned(),
                Some(section) => format!("{section}.{key}"),
            };
            found.insert(name, value.to_owned());
        }
    }
    Ok(found)
}

/// The original lets variables win over its file.
fn override_with(found: &mut Found, variables: &Found) {
    for (name, value) in variables {
        if name == "INI_PATH" || value.is_empty() {
            continue;
        }
        found.insert(name.to_ascii_lowercase(), value.clone());
    }
}

/// Settings that are on or off; off needs no counterpart.
const SWITCHES: [&str; 5] = [
    "dev",
    "print_tables",
    "with_platform_apple",
    "with_platform_google",
    "platform_testing_env",
];

fn translate(found: &Found) -> Translated {
    let mut to = Translated::default();
    for (name, value) in found {
        let on = matches!(value.trim(), "1" | "true" | "yes" | "on");
        // How db_path is meant, which `import` sees by itself; and what is off, as it is here.
        if name == "db_path_is_uri" || (SWITCHES.contains(&name.as_str()) && !on) {
            continue;
        }
        match name.as_str() {
            "db_url" => to.notes.push(match value.split("://").next() {
                Some("postgres" | "postgresql") => {
                    "db_url: the data is moved with `countersign entitlement import URL`; give database_url an empty database of \
                     the same server, never the original's own"
                        .to_owned()
                }
                _ => moved("db_url", value),
            }),
            "db_path" => to.notes.push(moved("db_path", value)),
            "dev" => to
                .notes
                .push("dev: run `countersign dev`, which needs no file; a real server never uses the dev key".to_owned()),
            "unsafe_logging" => to.log.push(format!("unsafe_logging = {on}")),
            "print_tables" => to
                .notes
                .push("print_tables: `countersign db print` prints the tables".to_owned()),
            "log_path" => to
                .notes
                .push("log_path: logs go to standard error; the service manager keeps and rotates them".to_owned()),
            "with_platform_apple" => to.notes.push(no_store("with_platform_apple", "the App Store")),
            "with_platform_google" => to.notes.push(no_store("with_platform_google", "Google Play")),
            _ => {
                let section = name.split_once('.').map_or("", |(section, _)| section);
                let why = match section {
                    "apple" => "there is no adapter for the App Store in this version",
                    "google" => "there is no adapter for Google Play in this version",
                    webhook if webhook.starts_with("session_webhook") => "reports and warnings are not posted to webhooks",
                    _ => "there is no counterpart",
                };
                to.notes.push(format!("{name}: {why}"));
            }
        }
    }
    to
}

fn moved(name: &str, path: &str) -> String {
    format!(
        "{name}: the data is moved with `countersign entitlement import {path}`; database_url names a new file, never the original's"
    )
}

fn no_store(name: &str, store: &str) -> String {
    format!("{name}: there is no adapter for {store} in this version; until there is, its payments cannot be claimed")
}

impl Translated {
    fn to_toml(&self) -> String {
        let mut text =
            "# Made from the settings of the original server. What they have no counterpart for:\n".to_owned();
        for note in &self.notes {
            // A setting's value may have line breaks; a comment has one line. Writing to a String cannot fail.
            let _ = writeln!(text, "# - {}", note.replace(['\n', '\r'], " "));
        }
        if self.notes.is_empty() {
            text.push_str("# nothing.\n");
        }
        text.push_str(TOP);
        for line in &self.top {
            let _ = writeln!(text, "{line}");
        }
        text.push_str(DEFINE);
        text.push_str("\n[log]\n");
        for line in &self.log {
            let _ = writeln!(text, "{line}");
        }
        text
    }
}

const TOP: &str = "
# NEEDED. 64 hexadecimal digits, made with: openssl rand -hex 32 > master.key
master_key_file = \"master.key\"
database_url = \"sqlite:countersign.db\"
listen = \"127.0.0.1:4242\"
";

const DEFINE: &str = "
[define]
# NEEDED. The public address, where TLS ends.
issuer = \"https://pro.example.org\"
jobs = [\"entitlements\"]

[mail]
# NEEDED only where accounts are a job too.
from = \"no-reply@example.org\"
url = \"smtp://localhost:25\"
starttls = \"never\"
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn found(ini: &str) -> Found {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("backend.ini");
        std::fs::write(&path, ini).expect("written");
        read(&path).expect("reads")
    }

    const INI: &str = "[base]\ndb_url = sqlite:///var/lib/pro/backend.db\nlog_path = /var/log/pro.log\ndev = 0\n\
                       with_platform_google = true\nunsafe_logging = 1\n[google]\npackage_name = a.b\n\
                       [session_webhook.0]\nurl = https://hook.example\n";

    #[test]
    fn what_has_a_counterpart_is_set_and_the_rest_is_told() {
        let translated = translate(&found(INI));
        assert_eq!(translated.log, ["unsafe_logging = true"]);
        let told = translated.notes.join("\n");
        for word in [
            "db_url",
            "sqlite:///var/lib/pro/backend.db",
            "log_path",
            "google.package_name",
            "webhook",
            "Google Play",
        ] {
            assert!(told.contains(word), "{word} in {told}");
        }
        assert!(!told.contains("dev:"), "{told}");
    }

    #[test]
    fn variables_win_and_those_of_older_releases_are_known() {
        let mut settings = found(INI);
        let variables = [
            ("DEV", "1"),
            ("UNSAFE_LOGGING", "0"),
            ("DB_PATH", "old.db"),
            ("DB_PATH_IS_URI", "0"),
            ("INI_PATH", "x"),
            ("LOG_PATH", ""),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        override_with(&mut settings, &variables.into_iter().collect());
        let translated = translate(&settings);
        assert_eq!(translated.log, ["unsafe_logging = false"]);
        let told = translated.notes.join("\n");
        assert!(
            told.contains("countersign dev") && told.contains("import old.db"),
            "{told}"
        );
        assert!(!told.contains("ini_path") && told.contains("log_path"), "{told}");
    }

    #[test]
    fn what_is_printed_is_a_configuration_once_the_secrets_are_there() {
        let text = translate(&found(INI)).to_toml();
        let folder = tempfile::tempdir().expect("a folder");
        let (config, key) = (folder.path().join("c.toml"), folder.path().join("master.key"));
        std::fs::write(&key, format!("{:064x}", u128::MAX / 3)).expect("written");
        let text = text.replace("\"master.key\"", &format!("{key:?}"));
        std::fs::write(&config, &text).expect("written");
        let none: [(&str, &str); 0] = [];
        let config = Config::load(Some(&config), none).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert!(config.log.unsafe_logging);
    }

    proptest::proptest! {
        #[test]
        fn no_value_breaks_out_of_its_comment(name in "[a-z_.]{1,12}", value in "(?s).{0,40}") {
            let translated = translate(&[(name, value)].into());
            let printed: Result<toml::Table, _> = translated.to_toml().parse();
            proptest::prop_assert!(printed.is_ok());
        }
    }
}
