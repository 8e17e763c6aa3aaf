//! `countersign entitlement revoke list`.

use serde_json::json;

use crate::cli::deployment::{Opened, Target};
use crate::cli::entitlement::shown::{self, Masking};
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::db::entitlements::{payments, revocations, users};
use crate::domain::entitlement::key::PublicKey;
use crate::domain::entitlement::payment::State;

/// More payments nobody has.
const MOST: i64 = 10_000;

/// Lists what may be revoked.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example: countersign entitlement revoke list --config countersign.toml \
                  d04ab232742bb4ab3a1368bd4615e4e6d0224ab71a016baf8520a332c9778737"
)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    target: Target,
    /// Whose
    #[arg(value_name = "MASTER_PKEY", value_parser = crate::cli::entitlement::public_key())]
    master: PublicKey,
    /// Show tokens and order ids whole
    #[arg(long)]
    unmasked: bool,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let opened = Opened::open(&args.target)?;
    let masking = Masking::new(args.unmasked, &opened.config);
    let user = opened.query(&users::by_master(&args.master))?;
    let user = user.first().map(users::read).transpose()?;
    let revocation = match &user {
        Some(user) => {
            let rows = opened.query(&revocations::by_generation(user.gen_index))?;
            rows.first().map(revocations::read_one).transpose()?
        }
        None => None,
    };
    let all = payments::read_all(&opened.query(&payments::newest(&args.master, MOST))?)?;
    let open: Vec<_> = all
        .into_iter()
        .filter(|payment| matches!(payment.state, State::Unredeemed | State::Redeemed(_)))
        .collect();
    let answer = json!({
        "payments": open.iter().map(|payment| shown::payment(payment, masking)).collect::<Vec<_>>(),
        "revoked": revocation.map(|revocation| json!({
            "created_at": revocation.created_at,
            "expires_at": revocation.expires_at,
        })),
    });
    output::either(args.target.json, &answer, || {
        let mut text = if open.is_empty() {
            "No payment of this key is unfinished.".to_owned()
        } else {
            shown::payments(&open, masking)
        };
        if let Some(revocation) = &revocation {
            text.push_str("\nRevoked at ");
            text.push_str(&output::moment(revocation.created_at));
            text.push_str(", listed until ");
            text.push_str(&output::moment(revocation.expires_at));
        }
        text
    })
}
