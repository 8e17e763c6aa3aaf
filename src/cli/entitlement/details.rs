//! `countersign entitlement details`.

use serde_json::json;

use super::shown::{self, Masking};
use crate::cli::deployment::{Opened, Target, now};
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::db::entitlements::{payments, users};
use crate::domain::entitlement::key::PublicKey;
use crate::domain::entitlement::standing::{Details, Entitled};

/// Shows what is known of a master key.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example: countersign entitlement details --config countersign.toml \
                  d04ab232742bb4ab3a1368bd4615e4e6d0224ab71a016baf8520a332c9778737")]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    target: Target,
    /// Whose
    #[arg(value_name = "MASTER_PKEY", value_parser = super::public_key())]
    master: PublicKey,
    /// How many payments to show, the newest first
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(i64).range(0..=10_000))]
    count: i64,
    /// Show tokens and order ids whole
    #[arg(long)]
    unmasked: bool,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let opened = Opened::open(&args.target)?;
    let masking = Masking::new(args.unmasked, &opened.config);
    let details = read(&opened, &args.master, args.count)?;
    let status = match details.entitled(now()) {
        Entitled::Never => "never",
        Entitled::Active => "active",
        Entitled::Expired => "expired",
    };
    let standing = details.user.map(|user| user.standing);
    let expires_at = standing.map(|standing| standing.expires_at);
    let answer = json!({
        "status": status,
        "expires_at": expires_at,
        "auto_renewing": standing.is_some_and(|standing| standing.auto_renewing),
        "grace_ms": standing.map(|standing| standing.grace_ms),
        "refund_requested_at": standing.and_then(|standing| standing.refund_requested_at),
        "is_revoked": details.is_revoked,
        "has_error": details.has_error,
        "payments_total": details.payments_total,
        "payments": details.payments.iter().map(|payment| shown::payment(payment, masking)).collect::<Vec<_>>(),
    });
    output::either(args.target.json, &answer, || {
        let mut text = format!(
            "Status    {status}{}{}\nExpires   {}\nPayments  {}",
            if details.is_revoked { ", revoked" } else { "" },
            if details.has_error {
                ", told to ask for help"
            } else {
                ""
            },
            shown::moment(expires_at),
            details.payments_total
        );
        if !details.payments.is_empty() {
            text.push_str("\n\n");
            text.push_str(&shown::payments(&details.payments, masking));
        }
        text
    })
}

fn read(opened: &Opened, master: &PublicKey, count: i64) -> Result<Details, Failure> {
    let totals = opened.query(&users::totals(master))?;
    let total = |index: usize| totals.first().map_or(Ok(0), |row| row.integer(index));
    let user = opened.query(&users::with_revocation(master))?;
    let user = user.first();
    Ok(Details {
        payments_total: total(0)?,
        has_error: total(1)? > 0,
        is_revoked: user.is_some_and(users::read_is_revoked),
        user: user.map(users::read).transpose()?,
        payments: payments::read_all(&opened.query(&payments::newest(master, count))?)?,
    })
}
