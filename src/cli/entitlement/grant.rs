//! `countersign entitlement grant`.

use clap::builder::ValueParser;
use serde_json::json;

use super::opened::OpenLedger;
use super::shown;
use crate::actors::ledger::book::{self, Granted, Moment, Redeemed};
use crate::cli::deployment::Target;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::db::{Decision, Transaction};
use crate::domain::entitlement::day::{YEAR, proof_end, round_up};
use crate::domain::entitlement::grant::{self, OrderId};
use crate::domain::entitlement::key::PublicKey;
use crate::domain::entitlement::payment::Plan;
use crate::domain::entitlement::proof::{Proof, SignedProof};
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
    /// A name for this grant, so that giving it again under the same name gives nothing more
    #[arg(long, value_name = "ID", value_parser = order_id())]
    order_id: Option<OrderId>,
    /// Show what would be done
    #[arg(long)]
    dry_run: bool,
}

fn order_id() -> ValueParser {
    ValueParser::new(|text: &str| {
        OrderId::parse(text).ok_or_else(|| "it is not 1 to 128 letters, digits and -._~".to_owned())
    })
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let mut ledger = OpenLedger::open(&args.target)?;
    let moment = ledger.moment();
    let duration = args.duration_ms.unwrap_or_else(|| grant::duration(args.plan));
    let order = args
        .order_id
        .clone()
        .unwrap_or_else(|| OrderId::generate(&SystemRandom));
    let payment = grant::payment(&order, args.plan, duration, moment.now);
    let mut expires_at = payment.expires_at;
    let (master, dry_run) = (args.master_pkey, args.dry_run);
    let granted = ledger
        .opened
        .writer
        .transact("grant payment", async move |transaction: &mut Transaction<'_>| {
            let granted = book::grant(transaction, &payment, &master, moment).await?;
            Ok(match granted {
                Granted::Now(_) if !dry_run => Decision::Commit(granted),
                _ => Decision::Rollback(granted),
            })
        })?;
    let redeemed = match granted {
        Granted::Now(redeemed) => Some(redeemed),
        Granted::Before(until) => {
            expires_at = until;
            None
        }
        Granted::OrderTaken => {
            return Err(Failure::operator(
                "another grant goes by this order id; choose another one",
            ));
        }
    };
    let proof = redeemed
        .filter(|_| !dry_run)
        .zip(args.rotating_pkey)
        .map(|(redeemed, rotating)| first_proof(&ledger, moment, redeemed, rotating));
    let repeated = redeemed.is_none();
    let answer = json!({
        "dry_run": dry_run,
        "repeated": repeated,
        "master_pkey": master.to_hex(),
        "plan": args.plan.name(),
        "order_id": order.as_str(),
        "expires_at": expires_at,
        "proof": proof.as_ref().map(shown::proof),
    });
    output::either(args.target.json, &answer, || {
        let done = match (repeated, dry_run) {
            (true, _) => "Had given",
            (false, true) => "Would give",
            (false, false) => "Gave",
        };
        let mut text = format!(
            "{done} plan {} until {}, as order {}.",
            args.plan.name(),
            output::moment(expires_at),
            order.as_str()
        );
        if let Some(proof) = &proof {
            text.push('\n');
            text.push_str(&shown::proof(proof).to_string());
        }
        text
    })
}

/// Signed after the commit: a generation of a grant that was undone is handed out again.
fn first_proof(ledger: &OpenLedger, moment: Moment, redeemed: Redeemed, rotating: PublicKey) -> SignedProof {
    let until = if moment.dev {
        redeemed.proof_basis
    } else {
        round_up(redeemed.proof_basis)
    };
    let unsigned = |number: i64| u64::try_from(number).unwrap_or(0);
    Proof {
        gen_index_hash: ledger.keys.salt.name(unsigned(redeemed.gen_index)),
        rotating,
        expiry_unix_ts_ms: unsigned(proof_end(moment.now, until).as_millis()),
    }
    .sign(&ledger.keys.proof)
}
