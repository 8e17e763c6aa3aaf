//! The configuration of `countersign dev`, which needs no file.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::Path;

use super::error::{ConfigError, Origin};
use super::layers::Layers;
use super::{ClientRegistration, Config, DatabaseUrl, Delivery, Issuer, Job, KvUrl, MasterKey, Mode};

/// What `countersign dev` was asked for.
#[derive(Clone, Copy, Debug)]
pub struct Dev<'a> {
    /// `--listen`; port 0 takes a free one, see [`Config::bound_to`].
    pub listen: SocketAddr,
    /// `--data`: the folder of database and master key, made if it is not there.
    pub data_dir: &'a Path,
    /// `--issuer`; without it the issuer is the address listened on.
    pub issuer: Option<&'a str>,
}

/// Keys that the command sets.
const SETTLED: [&str; 7] = [
    "listen",
    "database_url",
    "kv_url",
    "master_key",
    "define.issuer",
    "mail.from",
    "mail.url",
];

impl Config {
    /// Everything on one machine, in `dev.data_dir`, with variables over the defaults. `fresh_key` becomes the master
    /// key if the folder has none yet.
    ///
    /// # Errors
    /// [`ConfigError`] with every problem found: no issuer for that address, a folder that cannot be made, a variable.
    pub fn dev<K, V>(
        dev: Dev<'_>,
        fresh_key: &MasterKey,
        env: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Self, ConfigError>
    where
        K: Into<OsString>,
        V: Into<OsString>,
    {
        let issuer = match dev.issuer {
            Some(text) => Issuer::parse(text),
            None => Issuer::of_listener(dev.listen),
        }
        .map_err(|error| ConfigError::one("define.issuer", Origin::Command, error.to_string()))?;
        make_folder(dev.data_dir)?;
        let key_path = dev.data_dir.join("master.key");
        let master_key = MasterKey::read_or_create(&key_path, fresh_key)
            .map_err(|error| ConfigError::one("master_key", Origin::File(key_path), error.to_string()))?;

        let mut problems = Vec::new();
        let env = env.into_iter().map(|(name, value)| (name.into(), value.into()));
        let layers = Layers::read(None, env, &mut problems)?;
        let mut config = Self::blank();
        config.mode = Mode::Dev;
        config.listen = dev.listen;
        config.database_url = DatabaseUrl::SqliteFile(dev.data_dir.join("countersign.db"));
        config.kv_url = KvUrl::Memory;
        config.master_key = master_key;
        config.define.issuer = issuer;
        config.define.jobs = Job::ALL.to_vec();
        config.mail.url = Delivery::Mailbox;
        // Everything is on; there is still a token to be made first.
        config.define.client_registration = ClientRegistration::Token;
        config.read_over(&layers, &SETTLED, problems)
    }
}

fn make_folder(path: &Path) -> Result<(), ConfigError> {
    use std::os::unix::fs::DirBuilderExt as _;

    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|error| {
            ConfigError::one(
                "",
                Origin::File(path.into()),
                format!("the folder cannot be made: {error}; name another with --data"),
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dev<'a>(listen: &str, data_dir: &'a Path, issuer: Option<&'a str>) -> Dev<'a> {
        Dev {
            listen: listen.parse().expect("address"),
            data_dir,
            issuer,
        }
    }

    fn fresh() -> MasterKey {
        MasterKey::new(std::array::from_fn(|index| u8::try_from(index).expect("small")))
    }

    const NO_ENV: [(&str, &str); 0] = [];

    #[test]
    fn it_lives_in_its_folder_and_keeps_its_key() {
        let dir = tempfile::tempdir().expect("folder");
        let data = dir.path().join("a/data");
        let config = Config::dev(dev("127.0.0.1:4242", &data, None), &fresh(), NO_ENV).expect("reads");
        assert_eq!(config.mode, Mode::Dev);
        assert_eq!(config.define.issuer.as_str(), "http://127.0.0.1:4242");
        assert_eq!(
            config.database_url,
            DatabaseUrl::SqliteFile(data.join("countersign.db"))
        );
        let again = Config::dev(dev("127.0.0.1:4242", &data, None), &MasterKey::new([1; 32]), NO_ENV).expect("reads");
        assert_eq!(again.master_key.expose(), config.master_key.expose());
    }

    #[test]
    fn a_port_of_zero_gets_its_issuer_when_it_is_bound() {
        let dir = tempfile::tempdir().expect("folder");
        let bound = "127.0.0.1:5151".parse().expect("address");
        let mut config = Config::dev(dev("127.0.0.1:0", dir.path(), None), &fresh(), NO_ENV).expect("reads");
        config.bound_to(bound);
        assert_eq!(
            (config.listen, config.define.issuer.as_str()),
            (bound, "http://127.0.0.1:5151")
        );

        let given = Some("http://localhost:80");
        assert!(
            Config::dev(dev("127.0.0.1:0", dir.path(), given), &fresh(), NO_ENV).is_err(),
            "not normal"
        );
        let given = Some("https://dev.example.org");
        let mut config = Config::dev(dev("0.0.0.0:0", dir.path(), given), &fresh(), NO_ENV).expect("reads");
        config.bound_to(bound);
        assert_eq!(config.define.issuer.as_str(), "https://dev.example.org");
    }

    #[test]
    fn an_unspecified_address_needs_an_issuer() {
        let dir = tempfile::tempdir().expect("folder");
        let error = Config::dev(dev("0.0.0.0:4242", dir.path(), None), &fresh(), NO_ENV).expect_err("no issuer");
        assert!(error.to_string().contains("--issuer"), "{error}");
    }

    #[test]
    fn variables_reach_what_the_command_leaves_open_and_nothing_else() {
        let dir = tempfile::tempdir().expect("folder");
        let asked = dev("127.0.0.1:4242", dir.path(), None);
        let env = [("COUNTERSIGN_LIMITS__ADDRESS__BURST", "5000")];
        let config = Config::dev(asked, &fresh(), env).expect("reads");
        assert_eq!(config.limits.address.burst, 5000);

        let env = [
            ("COUNTERSIGN_LISTEN", "0.0.0.0:1"),
            ("COUNTERSIGN_MASTER_KEY_FILE", "/etc/key"),
        ];
        let error = Config::dev(asked, &fresh(), env).expect_err("settled");
        let keys: Vec<_> = error.problems.iter().map(|problem| problem.key.as_str()).collect();
        assert_eq!(keys, ["listen", "master_key_file"]);
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_one_sentence() {
        let dir = tempfile::tempdir().expect("folder");
        let file = dir.path().join("file");
        std::fs::write(&file, "").expect("written");
        let error = Config::dev(dev("127.0.0.1:1", &file.join("data"), None), &fresh(), NO_ENV).expect_err("a file");
        assert_eq!(error.problems.len(), 1);
        assert!(error.to_string().contains("--data"), "{error}");
    }
}
