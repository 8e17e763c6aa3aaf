//! `countersign client remove`.

use serde_json::json;

use crate::cli::deployment::{Opened, Target};
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::db::{Decision, Transaction, clients};
use crate::domain::oauth::client::ClientId;

/// Removes a client.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example: countersign client remove --config countersign.toml shop")]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    target: Target,
    /// Client id
    id: String,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let mut opened = Opened::open(&args.target)?;
    let unknown = || {
        Failure::operator(format!(
            "there is no client {:?}; `countersign client list` shows all there are",
            args.id
        ))
    };
    let remove = clients::remove(&ClientId::parse(&args.id).ok_or_else(unknown)?);
    let removed = opened
        .writer
        .transact("remove client", async move |transaction: &mut Transaction<'_>| {
            Ok(Decision::Commit(transaction.query_one(&remove).await?.is_some()))
        })?;
    if !removed {
        return Err(unknown());
    }
    output::either(args.target.json, &json!({ "removed": args.id }), || {
        format!("{} is removed, with every consent and grant it held.", args.id)
    })
}
