//! `countersign entitlement import`: an original server's data, or its settings.

use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::opened::OpenLedger;
use super::settings;
use crate::actors::ledger::setup;
use crate::cli::deployment::{Target, wait};
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::config::Mode;
use crate::db::original::convert::Runtime;
use crate::db::original::import::{Counts, Keeper, take_over};
use crate::db::original::place::Place;
use crate::db::{Decision, OpenError, Sharing, Statement, Transaction, keys};
use crate::domain::entitlement::key::ProofKey;
use crate::domain::vault::Vault;
use crate::system::SystemRandom;

/// Takes over what the original server has.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  countersign entitlement import --config countersign.toml backend.db\n  \
                  countersign entitlement import --config countersign.toml postgres://backend@localhost/pro\n  \
                  countersign entitlement import --settings backend.ini\n\n\
                  The server has to be stopped, and the ledger empty. Key, salt and counters of the original take the place of \
                  this deployment's; all of it or nothing. The original's database is only read.\n\
                  With --settings, the settings in the file and in the variables SESH_PRO_BACKEND_… are printed as a \
                  configuration file, with what has no counterpart as comments."
)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    target: Target,
    /// The original's SQLite file, or its PostgreSQL URL
    #[arg(value_name = "DATABASE", required_unless_present = "settings")]
    database: Option<String>,
    /// Turn the original's settings into a configuration file; without FILE those of the variables alone, or of the file
    /// that `SESH_PRO_BACKEND_INI_PATH` names
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "", conflicts_with_all = ["database", "data", "config"])]
    settings: Option<String>,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<(), Failure> {
    if let Some(file) = &args.settings {
        let file = Some(Path::new(file)).filter(|file| !file.as_os_str().is_empty());
        return settings::run(file, args.target.json);
    }
    let place = Place::parse(args.database.as_deref().unwrap_or_default());
    let mut ledger = OpenLedger::open(&args.target)?;
    // A server that goes on would sign with the key that is replaced.
    let lock = wait(ledger.opened.store.lock_for_server(Sharing::Alone))?;
    let _server = lock.map_err(|error| match error {
        OpenError::InUse(database) | OpenError::NotAlone(database) => Failure::operator(format!(
            "a server is using {database}; stop it, import, and start it again"
        )),
        other => other.into(),
    })?;
    let sealer = Sealer {
        vault: ledger.opened.vault()?,
        mode: ledger.opened.config.mode,
        bar: bar(args.target.json),
    };
    let bar = sealer.bar.clone();
    let from = place.clone();
    let taken = ledger
        .opened
        .writer
        .transact("import", async move |transaction: &mut Transaction<'_>| {
            let taken = take_over(transaction, &from, &sealer).await?;
            Ok(match taken {
                Ok(counts) => Decision::Commit(Ok(counts)),
                Err(error) => Decision::Rollback(Err(error.to_string())),
            })
        })?;
    bar.finish_and_clear();
    let counts = taken.map_err(|error| Failure::operator(format!("{error}; nothing was imported")))?;
    // What was committed, as it is read back from the database.
    let keys = OpenLedger::open(&args.target)?.keys;
    show(&place, &counts, &keys.proof, args.target.json)
}

fn show(place: &Place, counts: &Counts, key: &ProofKey, as_json: bool) -> Result<(), Failure> {
    let named: serde_json::Map<_, _> = counts
        .iter()
        .map(|(table, count)| (table.name().to_owned(), json!(count)))
        .collect();
    let answer = json!({ "imported": named, "proof_pkey": key.public().to_hex() });
    output::either(as_json, &answer, || {
        let rows: Vec<_> = counts
            .iter()
            .map(|(table, count)| [table.name().to_owned(), count.to_string()])
            .collect();
        format!(
            "{}\n\nAll of {} is here. Proofs are checked with {}.",
            output::table(["TABLE", "ROWS"], &rows),
            place.describe(),
            key.public().to_hex()
        )
    })
}

/// On standard error, where a person looks; nothing elsewhere.
fn bar(as_json: bool) -> ProgressBar {
    if as_json {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} rows, {eta} left");
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// Seals the original's keys in the place of this deployment's.
struct Sealer {
    vault: Vault,
    mode: Mode,
    bar: ProgressBar,
}

impl Keeper for Sealer {
    fn keep(&self, runtime: &Runtime) -> Result<Vec<Statement>, String> {
        let is_dev = ProofKey::from_seed(&runtime.seed).is_dev();
        match (self.mode, is_dev) {
            (Mode::Production, true) => {
                return Err("the original ran in dev mode, so that everybody knows its key, and a real server must not sign with \
                            it; import it into a folder of `countersign dev`, with --data"
                    .to_owned());
            }
            (Mode::Dev, false) => {
                return Err(
                    "the original has a key of the real world, which a development server must not hold; import it \
                            with --config"
                        .to_owned(),
                );
            }
            (Mode::Production, false) | (Mode::Dev, true) => {}
        }
        let sealed = setup::seal(&self.vault, &SystemRandom, &runtime.seed, &runtime.salt);
        Ok(sealed
            .into_iter()
            .map(|(name, sealed)| keys::reseal_secret(name, sealed))
            .collect())
    }

    fn progress(&self, done: u64, total: u64) {
        self.bar.set_length(total);
        self.bar.set_position(done);
    }
}
