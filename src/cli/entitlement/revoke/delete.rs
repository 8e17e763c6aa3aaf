//! `countersign entitlement revoke delete`.

use serde_json::json;

use super::{taken_user, unknown};
use crate::actors::ledger::book;
use crate::cli::deployment::Target;
use crate::cli::entitlement::opened::OpenLedger;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::db::entitlements::revocations;
use crate::db::{Decision, Transaction};
use crate::domain::entitlement::key::PublicKey;

/// Takes somebody's proofs off the list.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example: countersign entitlement revoke delete --config countersign.toml \
                  d04ab232742bb4ab3a1368bd4615e4e6d0224ab71a016baf8520a332c9778737"
)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    target: Target,
    /// Whose
    #[arg(value_name = "MASTER_PKEY", value_parser = crate::cli::entitlement::public_key())]
    master: PublicKey,
    /// Show what would be done
    #[arg(long)]
    dry_run: bool,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let mut ledger = OpenLedger::open(&args.target)?;
    let (master, dry_run) = (args.master, args.dry_run);
    let done = ledger.opened.writer.transact(
        "take a revocation back",
        async move |transaction: &mut Transaction<'_>| {
            let Some(user) = taken_user(transaction, &master).await? else {
                return Ok(Decision::Rollback(None));
            };
            let there = transaction
                .query_one(&revocations::delete(user.gen_index))
                .await?
                .is_some();
            if there {
                book::advance_ticket(transaction, 1).await?;
            }
            Ok(if dry_run {
                Decision::Rollback(Some(there))
            } else {
                Decision::Commit(Some(there))
            })
        },
    )?;
    let there = done.ok_or_else(unknown)?;
    output::either(
        args.target.json,
        &json!({ "dry_run": dry_run, "deleted": there }),
        || {
            match (there, dry_run) {
                (false, _) => "The proofs of this key are not on the list.",
                (true, true) => "Would take the proofs of this key off the list.",
                (true, false) => "Took the proofs of this key off the list.",
            }
            .to_owned()
        },
    )
}
