//! `countersign entitlement grant`.

use serde_json::json;

use super::opened::OpenLedger;
use super::shown;
use crate::actors::ledger::book;
use crate::cli::deployment::Target;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::db::{Decision, Transaction};
use crate::domain::entitlement::day::{YEAR, proof_end, round_up};
use crate::domain::entitlement::grant;
use crate::domain::entitlement::ids::PaymentIds;
use crate::domain::entitlement::key::PublicKey;
use crate::domain::entitlement::payment::Plan;
use crate::domain::entitlement::proof::Proof;
use crate::system::SystemRandom;

/// Gives somebody a plan by hand.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example: countersign entitlement grant --config countersign.toml --plan 12M \
                  --master-pkey d04ab232742bb4ab3a1368bd4615e4e6d0224ab71a016baf8520a332c9778737\n\n\
                  The plans last 30, 90 and 365 days. What somebody has already stays; the later end counts."
)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    target: Target,
    /// Whom it is for
    #[arg(long, value_name = "HEX", value_parser = super::public_key())]
    master_pkey: PublicKey,
    /// 1M, 3M or 12M
    #[arg(long, value_parser = super::plan())]
    plan: Plan,
    /// A device to print a first proof for
    #[arg(long, value_name = "HEX", value_parser = super::public_key())]
    rotating_pkey: Option<PublicKey>,
    /// How long it lasts instead, in ms
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(i64).range(1..=10 * YEAR))]
    duration_ms: Option<i64>,
    /// Show what would be done
    #[arg(long)]
    dry_run: bool,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let mut ledger = OpenLedger::open(&args.target)?;
    let moment = ledger.moment();
    let duration = args.duration_ms.unwrap_or_else(|| grant::duration(args.plan));
    let payment = grant::payment(args.plan, duration, moment.now, &SystemRandom);
    let expires_at = payment.expires_at;
    let PaymentIds::Rangeproof { order } = payment.ids.clone() else {
        return Err(Failure::fault("a grant that is of a store"));
    };
    let (master, dry_run) = (args.master_pkey, args.dry_run);
    let redeemed = ledger
        .opened
        .writer
        .transact("grant payment", async move |transaction: &mut Transaction<'_>| {
            let redeemed = book::grant(transaction, &payment, &master, moment).await?;
            Ok(if dry_run {
                Decision::Rollback(redeemed)
            } else {
                Decision::Commit(redeemed)
            })
        })?;
    // Nothing is signed before it is committed.
    let until = if moment.dev {
        redeemed.proof_basis
    } else {
        round_up(redeemed.proof_basis)
    };
    let unsigned = |number: i64| u64::try_from(number).unwrap_or(0);
    let proof = args.rotating_pkey.filter(|_| !dry_run).map(|rotating| {
        Proof {
            gen_index_hash: ledger.keys.salt.name(unsigned(redeemed.gen_index)),
            rotating,
            expiry_unix_ts_ms: unsigned(proof_end(moment.now, until).as_millis()),
        }
        .sign(&ledger.keys.proof)
    });
    let answer = json!({
        "dry_run": dry_run,
        "master_pkey": master.to_hex(),
        "plan": shown::plan_name(args.plan),
        "order_id": order,
        "expires_at": expires_at,
        "proof": proof.as_ref().map(shown::proof),
    });
    output::either(args.target.json, &answer, || {
        let done = if dry_run { "Would give" } else { "Gave" };
        let mut text = format!(
            "{done} plan {} until {}, as order {order}.",
            shown::plan_name(args.plan),
            output::moment(expires_at)
        );
        if let Some(proof) = &proof {
            text.push('\n');
            text.push_str(&shown::proof(proof).to_string());
        }
        text
    })
}
