//! `countersign db accept-clock`.

use serde_json::json;

use crate::cli::deployment::{Opened, Target, now};
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::db::sweep::{accept, believed, read_believed};
use crate::db::{Decision, Transaction};

/// Says that the clock of this machine is right.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example: countersign db accept-clock --config countersign.toml\n\n\
                  A server that starts more than 60 days after the last sweep deletes nothing and raises an alarm, for its \
                  clock may be wrong. Look at the time that is shown; if it is right, this ends the alarm within seconds.")]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    target: Target,
    /// Show both times, and change nothing
    #[arg(long)]
    dry_run: bool,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let mut opened = Opened::open(&args.target)?;
    let now = now();
    let rows = opened.query(&believed())?;
    let before = rows.first().map(read_believed).transpose()?;
    if !args.dry_run {
        let statement = accept(now);
        opened
            .writer
            .transact("accept clock", async move |transaction: &mut Transaction<'_>| {
                transaction.query(&statement).await?;
                Ok(Decision::Commit(()))
            })?;
    }
    let answer = json!({ "dry_run": args.dry_run, "last_sweep": before, "now": now });
    output::either(args.target.json, &answer, || {
        let before = before.map_or_else(|| "never".to_owned(), output::moment);
        let done = if args.dry_run { "Would believe" } else { "Believes" };
        format!("Last sweep: {before}. {done} that it is {}.", output::moment(now))
    })
}
