//! `countersign entitlement revoke set`.

use serde_json::json;

use super::{taken_user, unknown};
use crate::actors::ledger::book;
use crate::cli::deployment::{Target, now};
use crate::cli::entitlement::opened::OpenLedger;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::db::entitlements::revocations;
use crate::db::{Decision, Transaction};
use crate::domain::clock::Timestamp;
use crate::domain::entitlement::key::PublicKey;
use crate::domain::entitlement::revocation::Revocation;

/// The end of the year 9999, in s.
const LAST_SECOND: i64 = 253_402_300_799;

/// Revokes the proofs that somebody has.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example: countersign entitlement revoke set --config countersign.toml \
                  d04ab232742bb4ab3a1368bd4615e4e6d0224ab71a016baf8520a332c9778737 1798761600\n\n\
                  The key gets no proof while it is listed, until its next payment. A second call changes the times. \
                  Clients heed a revocation one day after it was created."
)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    target: Target,
    /// Whose
    #[arg(value_name = "MASTER_PKEY", value_parser = crate::cli::entitlement::public_key())]
    master: PublicKey,
    /// Until when it is listed: seconds since the Unix epoch, at or after the end of the last proof
    #[arg(value_name = "EXPIRY_S", value_parser = clap::value_parser!(i64).range(0..=LAST_SECOND))]
    expiry: i64,
    /// When it was made: seconds since the Unix epoch [default: now]
    #[arg(long, value_name = "T", value_parser = clap::value_parser!(i64).range(0..=LAST_SECOND))]
    creation_unix_ts_s: Option<i64>,
    /// Show what would be done
    #[arg(long)]
    dry_run: bool,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let mut ledger = OpenLedger::open(&args.target)?;
    let created_at = args.creation_unix_ts_s.map_or_else(now, Timestamp::from_secs);
    let expires_at = Timestamp::from_secs(args.expiry);
    let (master, dry_run) = (args.master, args.dry_run);
    let done = ledger
        .opened
        .writer
        .transact("revoke by hand", async move |transaction: &mut Transaction<'_>| {
            let Some(user) = taken_user(transaction, &master).await? else {
                return Ok(Decision::Rollback(None));
            };
            let revocation = Revocation {
                gen_index: user.gen_index,
                created_at,
                expires_at,
            };
            transaction.query(&revocations::put(&revocation)).await?;
            let ticket = book::advance_ticket(transaction, 1).await?;
            Ok(if dry_run {
                Decision::Rollback(Some(ticket))
            } else {
                Decision::Commit(Some(ticket))
            })
        })?;
    let ticket = done.ok_or_else(unknown)?;
    let answer = json!({
        "dry_run": dry_run,
        "created_at": created_at,
        "expires_at": expires_at,
        "ticket": ticket,
    });
    output::either(args.target.json, &answer, || {
        let done = if dry_run { "Would revoke" } else { "Revoked" };
        format!(
            "{done} the proofs of this key as of {}, listed until {}; the ticket is {ticket}.",
            output::moment(created_at),
            output::moment(expires_at)
        )
    })
}
