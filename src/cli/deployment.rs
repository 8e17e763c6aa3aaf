//! Which deployment a command is about, and its open database.

use std::cell::OnceCell;
use std::future::Future;
use std::path::{Path, PathBuf};

use clap::Args;

use super::failure::Failure;
use crate::actors::key_ring::secrets::{self, Secrets};
use crate::config::{Config, DatabaseUrl, Dev, MasterKey};
use crate::db::store::Migrate;
use crate::db::{DbError, Decision, Row, Statement, Store, Transaction, WriteConnection, keys};
use crate::domain::clock::{Clock as _, Timestamp};
use crate::domain::random::bytes;
use crate::domain::vault::Vault;
use crate::system::{SystemClock, SystemRandom};

/// Where `countersign dev` listens unless it is told.
pub(super) const DEV_LISTEN: ([u8; 4], u16) = ([127, 0, 0, 1], 4242);
/// Where it keeps its data unless it is told.
pub(super) const DEV_DATA: &str = "data";

/// Names a deployment. Without options and variables nothing is guessed.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct Target {
    /// Folder of a `countersign dev`; also `COUNTERSIGN_DATA`
    #[arg(long, value_name = "DIR", conflicts_with = "config")]
    pub(super) data: Option<PathBuf>,
    /// Configuration file of a `countersign serve`; also `COUNTERSIGN_CONFIG`
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Answer in JSON
    #[arg(long)]
    pub(super) json: bool,
}

/// What a target comes down to.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    Dev(PathBuf),
    File(PathBuf),
    Environment,
}

impl Target {
    /// The configuration of a deployment that is there: nothing is made.
    pub(super) fn config(&self) -> Result<Config, Failure> {
        match self.place()? {
            Place::Dev(folder) => {
                for (file, what) in [("countersign.db", "development database"), ("master.key", "master key")] {
                    if !folder.join(file).exists() {
                        return Err(Failure::operator(format!(
                            "there is no {what} in {}; make one with `countersign dev --data {0}`, or name another folder",
                            folder.display()
                        )));
                    }
                }
                dev_config(&folder)
            }
            place => serve_config(place),
        }
    }

    /// The configuration of a deployment that may be about to be made.
    pub(super) fn config_to_make(&self) -> Result<Config, Failure> {
        match self.place()? {
            Place::Dev(folder) => dev_config(&folder),
            place => serve_config(place),
        }
    }

    fn place(&self) -> Result<Place, Failure> {
        self.place_among(|name| std::env::var_os(name).filter(|value| !value.is_empty()).map(Into::into))
    }

    fn place_among(&self, variable: impl Fn(&str) -> Option<PathBuf>) -> Result<Place, Failure> {
        match (&self.data, &self.config) {
            (Some(folder), _) => return Ok(Place::Dev(folder.clone())),
            (None, Some(file)) => return Ok(Place::File(file.clone())),
            (None, None) => {}
        }
        match (variable("COUNTERSIGN_DATA"), variable("COUNTERSIGN_CONFIG")) {
            (Some(_), Some(_)) => Err(Failure::operator(
                "COUNTERSIGN_DATA and COUNTERSIGN_CONFIG are both set; give --data or --config, or unset one of them",
            )),
            (Some(folder), None) => Ok(Place::Dev(folder)),
            (None, Some(file)) => Ok(Place::File(file)),
            (None, None) => Ok(Place::Environment),
        }
    }
}

fn serve_config(place: Place) -> Result<Config, Failure> {
    let file = match place {
        Place::File(file) | Place::Dev(file) => Some(file),
        Place::Environment => {
            if !std::env::vars_os().any(|(name, _)| name.to_string_lossy().starts_with("COUNTERSIGN_")) {
                return Err(Failure::operator(
                    "no deployment is named; give --config FILE, or --data DIR for one that `countersign dev` made",
                ));
            }
            None
        }
    };
    Ok(Config::load(file.as_deref(), std::env::vars_os())?)
}

/// The configuration of `countersign serve`, from `--config`, `COUNTERSIGN_CONFIG`, or variables alone.
pub(super) fn load(file: Option<&Path>) -> Result<Config, Failure> {
    let variable = || {
        std::env::var_os("COUNTERSIGN_CONFIG")
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let file = file.map(Path::to_owned).or_else(variable);
    Ok(Config::load(file.as_deref(), std::env::vars_os())?)
}

fn dev_config(folder: &Path) -> Result<Config, Failure> {
    make_dev(Dev {
        listen: DEV_LISTEN.into(),
        data_dir: folder,
        issuer: None,
    })
}

/// The configuration of `countersign dev`; folder and master key are made if they are not there.
pub(super) fn make_dev(dev: Dev<'_>) -> Result<Config, Failure> {
    let (database, key) = (dev.data_dir.join("countersign.db"), dev.data_dir.join("master.key"));
    if database.exists() && !key.exists() {
        // A new key could not open what the database holds.
        return Err(Failure::operator(format!(
            "{} is there but its master key {} is not; put the key back, or remove both to begin anew",
            database.display(),
            key.display()
        )));
    }
    let fresh = MasterKey::new(bytes(&SystemRandom));
    Ok(Config::dev(dev, &fresh, std::env::vars_os())?)
}

/// Refuses a database that a command cannot find, so that opening does not make an empty one.
pub(super) fn must_exist(config: &Config) -> Result<(), Failure> {
    match &config.database_url {
        DatabaseUrl::SqliteFile(path) if !path.exists() => Err(Failure::operator(format!(
            "there is no database {}; make one with `countersign migrate up`, or mend database_url",
            path.display()
        ))),
        DatabaseUrl::SqliteFile(_) | DatabaseUrl::Postgres(_) => Ok(()),
        DatabaseUrl::SqliteMemory => Err(Failure::operator(
            "database_url is sqlite::memory:, which only the server itself can see; use a file",
        )),
    }
}

/// The time of this command.
pub(super) fn now() -> Timestamp {
    SystemClock::start().now()
}

/// Runs a future to its end. All of one command run on the same runtime: connections live on it.
pub(super) fn wait<T>(future: impl Future<Output = T>) -> Result<T, Failure> {
    thread_local! {
        // Never taken down: a command ends with its process.
        static RUNTIME: OnceCell<&'static actix_rt::Runtime> = const { OnceCell::new() };
    }
    RUNTIME.with(|cell| {
        let runtime = match cell.get() {
            Some(runtime) => *runtime,
            None => {
                let made = actix_rt::Runtime::new()
                    .map_err(|error| Failure::fault(format!("the runtime cannot be started: {error}")))?;
                *cell.get_or_init(|| Box::leak(Box::new(made)))
            }
        };
        Ok(runtime.block_on(future))
    })
}

/// Writes, for commands, which do nothing meanwhile.
pub(super) struct Writer(WriteConnection);

impl Writer {
    /// As [`WriteConnection::transact`].
    pub(super) fn transact<T, F>(&mut self, name: &'static str, work: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: AsyncFnMut(&mut Transaction<'_>) -> Result<Decision<T>, DbError> + Send + 'static,
    {
        Ok(wait(self.0.transact(name, work))??)
    }

    /// What is behind it.
    pub(super) fn connection(&mut self) -> &mut WriteConnection {
        &mut self.0
    }
}

/// An open deployment. Its database may be in use by a server.
pub(super) struct Opened {
    /// Its configuration.
    pub(super) config: Config,
    /// Reads.
    pub(super) store: Store,
    /// Writes.
    pub(super) writer: Writer,
}

impl Opened {
    /// Opens the database of `target`, which must be there and up to date.
    pub(super) fn open(target: &Target) -> Result<Self, Failure> {
        let config = target.config()?;
        must_exist(&config)?;
        let (url, sizes) = (&config.database_url, config.postgres);
        let (store, writer) = wait(Store::open(url, sizes, config.mode, Migrate::Never, now()))??;
        Ok(Self {
            config,
            store,
            writer: Writer(writer),
        })
    }

    /// Reads.
    pub(super) fn query(&self, statement: &Statement) -> Result<Vec<Row>, Failure> {
        Ok(wait(self.store.query(statement))??)
    }

    /// The vault, once it has opened everything there is: a wrong master key must seal nothing.
    pub(super) fn vault(&self) -> Result<Vault, Failure> {
        let vault = Vault::new(self.config.master_key.expose());
        for row in self.query(&keys::secrets())? {
            vault.open(&keys::place_of_secret(row.text(0)?), row.blob(1)?)?;
        }
        for row in self.query(&keys::all())? {
            let key = keys::read(&row)?;
            if key.record.state.is_published() {
                vault.open(&keys::place_of_key(&key.record.kid), &key.sealed)?;
            }
        }
        Ok(vault)
    }

    /// The secrets, made now if no server has run yet.
    pub(super) fn secrets(&mut self) -> Result<std::sync::Arc<Secrets>, Failure> {
        let vault = self.vault()?;
        let _setup = wait(self.store.lock_for_setup())??;
        let writer = self.writer.connection();
        Ok(wait(secrets::open(&self.store, writer, &vault, &SystemRandom, now()))??)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(data: Option<&str>, config: Option<&str>) -> Target {
        Target {
            data: data.map(Into::into),
            config: config.map(Into::into),
            json: false,
        }
    }

    fn place(target: &Target, variables: &[(&str, &str)]) -> Option<Place> {
        let find = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| PathBuf::from(value))
        };
        target.place_among(find).ok()
    }

    #[test]
    fn options_win_over_variables_and_two_variables_are_one_too_many() {
        let both = [("COUNTERSIGN_DATA", "d"), ("COUNTERSIGN_CONFIG", "c.toml")];
        assert_eq!(place(&target(Some("x"), None), &both), Some(Place::Dev("x".into())));
        assert_eq!(place(&target(None, Some("y")), &both), Some(Place::File("y".into())));
        assert_eq!(place(&target(None, None), &both), None);
        assert_eq!(place(&target(None, None), &both[..1]), Some(Place::Dev("d".into())));
        assert_eq!(
            place(&target(None, None), &both[1..]),
            Some(Place::File("c.toml".into()))
        );
        assert_eq!(place(&target(None, None), &[]), Some(Place::Environment));
    }
}
