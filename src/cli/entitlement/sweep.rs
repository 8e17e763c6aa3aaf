//! `countersign entitlement sweep`.

use serde_json::json;

use super::opened::OpenLedger;
use crate::actors::ledger::sweep::forecast;
use crate::cli::deployment::{Target, now, wait};
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::domain::entitlement::day::round_up;

/// Shows what the coming midnight will do.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example: countersign entitlement sweep --config countersign.toml\n\n\
                  It changes nothing: a running server deals with each midnight (UTC) by itself, and with one that it \
                  missed when it starts.")]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    target: Target,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let ledger = OpenLedger::open(&args.target)?;
    let now = now();
    let midnight = round_up(now);
    let would = wait(forecast(&ledger.opened.store, midnight, now))??;
    let answer = json!({
        "midnight_unix_ts_ms": midnight.as_millis(),
        "payments": would.payments,
        "payment_owners": would.payment_owners,
        "revocations": would.revocations,
        "users": would.users,
        "apple_notifications": would.apple_notifications,
        "google_notifications": would.google_notifications,
    });
    output::either(args.target.json, &answer, || {
        format!(
            "At {} {} payments of {} people expire; {} revocations, {} people without payments and {} notifications \
             of stores go.",
            output::moment(midnight),
            would.payments,
            would.payment_owners,
            would.revocations,
            would.users,
            would.apple_notifications + would.google_notifications,
        )
    })
}
