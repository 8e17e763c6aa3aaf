//! `countersign user disable` and `enable`.

use serde_json::json;

use crate::actors::end_session::end_all_of_account;
use crate::cli::deployment::{Opened, Target, now};
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::db::{Decision, Transaction, accounts, links};
use crate::domain::email::Email;

/// Closes or opens an account.
#[derive(clap::Args, Debug)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    target: Target,
    /// E-mail address
    #[arg(value_parser = super::email())]
    email: Email,
}

/// Runs the command. What a closed account was given ends in the same transaction.
pub(super) fn run(args: &Args, active: bool) -> Result<(), Failure> {
    let mut opened = Opened::open(&args.target)?;
    let identifier = opened.secrets()?.identifier.identify(&args.email);
    let now = now();
    let found = opened.writer.transact(
        "open or close account",
        async move |transaction: &mut Transaction<'_>| {
            let set = accounts::set_active(&identifier, active, now);
            let Some(row) = transaction.query_one(&set).await? else {
                return Ok(Decision::Rollback(false));
            };
            if !active {
                end_all_of_account(transaction, row.text(0)?, None, now).await?;
                transaction.query(&links::void_all(&identifier, now)).await?;
            }
            Ok(Decision::Commit(true))
        },
    )?;
    if !found {
        return Err(super::no_account(&args.email));
    }
    let status = if active { "active" } else { "disabled" };
    let answer = json!({ "email": args.email.as_str(), "status": status });
    output::either(args.target.json, &answer, || {
        if active {
            format!("{} may sign in again.", args.email)
        } else {
            format!(
                "{} is closed: its sessions, refresh tokens, codes and links have ended. \
                 Access tokens are refused here at once; a server that checks them offline has until they expire.",
                args.email
            )
        }
    })
}
