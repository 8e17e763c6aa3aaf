//! Reading the whole configuration for `serve` and for the commands beside it.

use std::ffi::OsString;
use std::path::Path;

use super::check::check;
use super::error::{ConfigError, Problem};
use super::layers::Layers;
use super::reader::Reader;
use super::visit::Section as _;
use super::{Config, Mode};

impl Config {
    /// Reads the file at `path`, if one is named, and over it the variables in `env` (`std::env::vars_os()`).
    ///
    /// # Errors
    /// [`ConfigError`] with every problem found.
    pub fn load<K, V>(path: Option<&Path>, env: impl IntoIterator<Item = (K, V)>) -> Result<Self, ConfigError>
    where
        K: Into<OsString>,
        V: Into<OsString>,
    {
        let mut problems = Vec::new();
        let env = env.into_iter().map(|(name, value)| (name.into(), value.into()));
        let layers = Layers::read(path, env, &mut problems)?;
        let mut config = Self::blank();
        config.mode = Mode::Production;
        config.read_over(&layers, &[], problems)
    }

    /// Reads `layers` over the values of `self`; `settled` names the keys that no layer may touch.
    pub(super) fn read_over(
        mut self,
        layers: &Layers,
        settled: &[&str],
        problems: Vec<Problem>,
    ) -> Result<Self, ConfigError> {
        let mut reader = Reader::new(layers, settled, problems);
        self.visit(&mut reader);
        check(&self, &mut reader);
        let problems = reader.finish();
        if problems.is_empty() {
            Ok(self)
        } else {
            Err(ConfigError { problems })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Delivery, Origin};
    use super::*;

    const EXAMPLE: &str = include_str!("../../countersign.example.toml");
    const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    const NEEDED: [(&str, &str); 4] = [
        ("COUNTERSIGN_MASTER_KEY", KEY),
        ("COUNTERSIGN_DEFINE__ISSUER", "https://id.example.org"),
        ("COUNTERSIGN_MAIL__FROM", "no-reply@example.org"),
        ("COUNTERSIGN_MAIL__URL", "smtps://user:hunter2@mail.example.org"),
    ];

    fn load_file(text: &str, env: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let dir = tempfile::tempdir().expect("folder");
        let path = dir.path().join("countersign.toml");
        std::fs::write(&path, text).expect("written");
        Config::load(Some(&path), env.iter().copied())
    }

    fn keys(error: &ConfigError) -> Vec<&str> {
        error.problems.iter().map(|problem| problem.key.as_str()).collect()
    }

    #[test]
    fn the_environment_alone_is_enough() {
        let config = Config::load(None, NEEDED).expect("reads");
        assert_eq!(config.mode, Mode::Production);
        assert!(matches!(config.mail.url, Delivery::Smtp(_)));
        assert_eq!(config.define.lifetimes.access.as_secs(), 3600);
    }

    #[test]
    fn the_example_names_every_key_with_its_default() {
        let example = load_file(EXAMPLE, &NEEDED[..1]).expect("reads");
        let defaults = Config::load(None, NEEDED).expect("reads");
        let printed = |config: &Config| config.to_toml().parse::<toml::Table>().expect("is TOML");
        let (mut shown, mut wanted) = (printed(&example), printed(&defaults));
        for table in [&mut shown, &mut wanted] {
            // The one key whose example is not its default and that is no secret.
            let from = table
                .get_mut("mail")
                .and_then(|mail| mail.get_mut("from"))
                .expect("there");
            *from = "x".into();
        }
        assert_eq!(shown, wanted);

        let layout = |table: &toml::Table| {
            let mut keys = Vec::new();
            flatten("", table, &mut keys);
            keys
        };
        let written: toml::Table = EXAMPLE.parse().expect("is TOML");
        assert_eq!(layout(&written), layout(&wanted));
    }

    fn flatten(prefix: &str, table: &toml::Table, keys: &mut Vec<String>) {
        for (name, value) in table {
            let key = format!("{prefix}{}", name.strip_suffix("_file").unwrap_or(name));
            match value {
                toml::Value::Table(inner) => flatten(&format!("{key}."), inner, keys),
                _ => keys.push(key),
            }
        }
    }

    #[test]
    fn what_is_printed_reads_back_once_the_secrets_are_put_in() {
        let config = Config::load(None, NEEDED).expect("reads");
        let printed = config.to_toml();
        assert!(
            !printed.contains("hunter2") && !printed.contains(&KEY[..16]),
            "{printed}"
        );
        assert!(!format!("{config:?}").contains("hunter2"));
        let secrets = [NEEDED[0], NEEDED[3]];
        assert_eq!(load_file(&printed, &secrets).expect("reads").to_toml(), printed);
    }

    #[test]
    fn all_problems_are_told_at_once() {
        let file = "
            listen = 4242
            database_url = \"mysql://db/x\"
            [define]
            issuer = \"http://id.example.org\"
            [define.lifetimes]
            code = \"1 d\"
            refresh_idle = \"200 d\"
            [mail]
            fron = \"a@b.example\"
        ";
        let error = load_file(file, &[("COUNTERSIGN_LOG__LEVEL", "loud")]).expect_err("wrong");
        assert_eq!(
            keys(&error),
            [
                "listen",
                "database_url",
                "master_key",
                "define.issuer",
                "define.lifetimes.code",
                "mail.from",
                "mail.url",
                "log.level",
                "define.lifetimes.refresh_idle",
                "mail.fron",
            ]
        );
        assert_eq!(error.to_string().lines().count(), 10, "{error}");
        assert!(error.to_string().contains("did you mean mail.from?"), "{error}");
        assert!(
            error.to_string().contains("log.level (COUNTERSIGN_LOG__LEVEL)"),
            "{error}"
        );
    }

    #[test]
    fn unknown_keys_and_sections_are_refused_wherever_they_stand() {
        for (file, key) in [
            ("colour = 1", "colour"),
            ("[colour]", "colour"),
            ("[colour]\nred = 1", "colour.red"),
            ("[listen]", "listen"),
            ("\"define.issuer\" = \"https://id.example.org\"", "\"define.issuer\""),
        ] {
            assert_eq!(keys(&load_file(file, &NEEDED).expect_err(file)), [key], "{file}");
        }
        let mut env = NEEDED.to_vec();
        env.push(("COUNTERSIGN_DEFINE", "x"));
        assert_eq!(keys(&Config::load(None, env).expect_err("a section")), ["define"]);
        let mut env = NEEDED.to_vec();
        env.push(("COUNTERSIGN_LISTEM", "x"));
        let error = Config::load(None, env).expect_err("unknown");
        assert_eq!(
            error.to_string(),
            "listem (COUNTERSIGN_LISTEM): is not a key; did you mean listen?"
        );
    }

    #[test]
    fn a_variable_wins_over_the_file_and_a_secret_may_lie_in_its_own() {
        let dir = tempfile::tempdir().expect("folder");
        let path = dir.path().join("key");
        std::fs::write(&path, format!("{KEY}\n")).expect("written");
        let env = [("COUNTERSIGN_MASTER_KEY_FILE", path.to_str().expect("text"))];
        let file = format!("master_key = \"{}\"\n{}", "ff".repeat(32), MINIMAL);
        assert_eq!(load_file(&file, &env).expect("reads").master_key.expose()[31], 31);

        let env = [("COUNTERSIGN_MASTER_KEY_FILE", "/no/such/file")];
        let error = load_file(MINIMAL, &env).expect_err("no file");
        assert_eq!(keys(&error), ["master_key_file"]);
        assert_eq!(error.to_string().lines().count(), 1, "{error}");

        std::fs::write(&path, "hunter2").expect("written");
        let env = [("COUNTERSIGN_MASTER_KEY_FILE", path.to_str().expect("text"))];
        let error = load_file(MINIMAL, &env).expect_err("no key");
        assert_eq!(error.problems[0].origin, Origin::File(path));
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }

    const MINIMAL: &str = "
        define.issuer = \"https://id.example.org\"
        mail.from = \"no-reply@example.org\"
        mail.url = \"smtp://localhost:25\"
    ";

    #[test]
    fn a_mail_password_never_crosses_the_network_in_clear() {
        let with = |url: &str, rule: &str| {
            let env = [
                ("COUNTERSIGN_MASTER_KEY", KEY),
                ("COUNTERSIGN_MAIL__URL", url),
                ("COUNTERSIGN_MAIL__STARTTLS", rule),
            ];
            load_file(MINIMAL, &env)
        };
        assert_eq!(
            keys(&with("smtp://u:p@mail.example.org", "when-offered").expect_err("clear")),
            ["mail.starttls"]
        );
        for (url, rule) in [
            ("smtp://u:p@mail.example.org", "required"),
            ("smtps://u:p@mail.example.org", "never"),
            ("smtp://u:p@localhost", "never"),
            ("smtp://mail.example.org", "never"),
        ] {
            assert!(with(url, rule).is_ok(), "{url} {rule}");
        }
    }

    #[test]
    fn keys_are_published_before_they_sign() {
        let mut env = NEEDED.to_vec();
        env.push(("COUNTERSIGN_DEFINE__KEYS__PUBLISH_AHEAD", "10 min"));
        assert_eq!(
            keys(&Config::load(None, env).expect_err("too short")),
            ["define.keys.publish_ahead"]
        );
    }

    #[test]
    fn a_file_that_is_not_there_is_one_sentence() {
        let error = Config::load(Some(Path::new("/no/such.toml")), NEEDED).expect_err("no file");
        assert!(
            error.to_string().starts_with("/no/such.toml: cannot be read"),
            "{error}"
        );
    }

    proptest::proptest! {
        #[test]
        fn no_file_panics(text in "([a-z_.\\[\\]]{1,12}( = )?[0-9\"a-z]{0,6}\n){0,6}") {
            if let Ok(table) = text.parse::<toml::Table>() {
                proptest::prop_assert!(load_file(&text, &[]).is_err(), "{:?}", table);
            }
        }
    }
}
