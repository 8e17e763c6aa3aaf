//! `countersign entitlement jump`.

use serde_json::json;

use super::opened::OpenLedger;
use crate::cli::deployment::Target;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::db::entitlements::runtime;
use crate::db::{Decision, Transaction};

/// How far. Nobody hands out as many between two backups.
const BY: i64 = 1_000_000;
/// Clients hold a ticket in 32 bits.
const MOST: i64 = 1 << 31;

/// Moves generation and ticket ahead.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example: countersign entitlement jump --config countersign.toml\n\n\
                  Run it once after a backup was restored, before the server starts: proofs given since the backup name \
                  generations that would be handed out again, and clients hold tickets that it has not reached.")]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    target: Target,
    /// Show what would be done
    #[arg(long)]
    dry_run: bool,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let mut ledger = OpenLedger::open(&args.target)?;
    let dry_run = args.dry_run;
    let moved = ledger
        .opened
        .writer
        .transact("jump", async move |transaction: &mut Transaction<'_>| {
            let Some(row) = transaction.query_one(&runtime::jump(BY, MOST)).await? else {
                return Ok(Decision::Rollback(None));
            };
            let moved = Some((row.integer(0)?, row.integer(1)?));
            Ok(if dry_run {
                Decision::Rollback(moved)
            } else {
                Decision::Commit(moved)
            })
        })?;
    let Some((generation, ticket)) = moved else {
        return Err(Failure::operator(format!(
            "generation or ticket would pass {MOST}, beyond which clients do not read them; nothing was changed"
        )));
    };
    let answer = json!({ "dry_run": dry_run, "gen_index": generation, "revocation_ticket": ticket });
    output::either(args.target.json, &answer, || {
        let would = if dry_run { "would be" } else { "is" };
        format!("The next generation {would} {generation}, the ticket {ticket}.")
    })
}
