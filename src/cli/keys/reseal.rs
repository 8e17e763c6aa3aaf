//! `countersign keys reseal`: another master key for the same secrets.

use std::path::{Path, PathBuf};

use serde_json::json;
use zeroize::Zeroizing;

use crate::cli::deployment::{Opened, Target, wait};
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::config::MasterKey;
use crate::db::{DbError, Decision, OpenError, Sharing, Statement, Transaction, keys};
use crate::domain::vault::{Vault, VaultError};
use crate::system::SystemRandom;

/// Seals every secret anew.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example: countersign keys reseal --config countersign.toml --new-master-key-file new.key\n\n\
                  Make the file with: openssl rand -hex 32 > new.key\n\
                  The server has to be stopped. Start it again with the new master key."
)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    target: Target,
    /// File with the new master key: 64 hexadecimal digits or 43 characters of base64url
    #[arg(long, value_name = "FILE")]
    new_master_key_file: PathBuf,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let mut opened = Opened::open(&args.target)?;
    let new = read_key(&args.new_master_key_file)?;
    if new.expose() == opened.config.master_key.expose() {
        return Err(Failure::operator(format!(
            "{} holds the master key that is in use; make another with: openssl rand -hex 32",
            args.new_master_key_file.display()
        )));
    }
    // A server that goes on would seal its next key under the old master key.
    let lock = wait(opened.store.lock_for_server(Sharing::Alone))?;
    let _server = lock.map_err(|error| match error {
        OpenError::InUse(database) | OpenError::NotAlone(database) => Failure::operator(format!(
            "a server is using {database}; stop it, reseal, and start it with the new master key"
        )),
        other => other.into(),
    })?;
    let old = Vault::new(opened.config.master_key.expose());
    let new = Vault::new(new.expose());
    let _setup = wait(opened.store.lock_for_setup())??;
    let resealed = opened
        .writer
        .transact("reseal", async move |transaction: &mut Transaction<'_>| {
            Ok(match reseal_all(transaction, &old, &new).await? {
                Ok(count) => Decision::Commit(Ok(count)),
                Err(error) => Decision::Rollback(Err(error)),
            })
        });
    let count = resealed??;
    output::either(args.target.json, &json!({ "resealed": count }), || {
        format!(
            "{count} secrets are sealed under the new master key. \
             Start the server with it; the old one opens only older backups."
        )
    })
}

fn read_key(path: &Path) -> Result<MasterKey, Failure> {
    let refuse = |what: String| Failure::operator(format!("{} {what}", path.display()));
    let text = std::fs::read_to_string(path).map(Zeroizing::new).map_err(|error| {
        refuse(format!(
            "cannot be read: {error}; name a text file with the new master key"
        ))
    })?;
    MasterKey::parse(&text).map_err(|error| refuse(error.to_string()))
}

/// Opens everything under `old` and seals it under `new`; what cannot be opened ends it.
async fn reseal_all(
    transaction: &mut Transaction<'_>,
    old: &Vault,
    new: &Vault,
) -> Result<Result<usize, VaultError>, DbError> {
    let again = |place: &str, sealed: &[u8]| Ok(new.seal(&SystemRandom, place, &old.open(place, sealed)?));
    let mut updates: Vec<Statement> = Vec::new();
    for row in transaction.query(&keys::secrets()).await? {
        let name = row.text(0)?;
        match again(&keys::place_of_secret(name), row.blob(1)?) {
            Ok(sealed) => updates.push(keys::reseal_secret(name, sealed)),
            Err(error) => return Ok(Err(error)),
        }
    }
    for row in transaction.query(&keys::all()).await? {
        let key = keys::read(&row)?;
        if !key.record.state.is_published() {
            // A retired key has no secret any more.
            continue;
        }
        match again(&keys::place_of_key(&key.record.kid), &key.sealed) {
            Ok(sealed) => updates.push(keys::reseal(&key.record.kid, sealed)),
            Err(error) => return Ok(Err(error)),
        }
    }
    for update in &updates {
        transaction.query(update).await?;
    }
    Ok(Ok(updates.len()))
}
