//! `countersign user disable` and `enable`.

use serde_json::json;

use crate::actors::end_session::end_all_of_account;
use crate::cli::deployment::{Opened, Target, now};
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::db::{Decision, Transaction, accounts, links};
use crate::domain::email::Email;

/// Opens an account.
#[derive(clap::Args, Debug)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    target: Target,
    /// E-mail address
    #[arg(value_parser = super::email())]
    email: Email,
}

/// Closes an account.
#[derive(clap::Args, Debug)]
pub(in crate::cli) struct Closing {
    #[command(flatten)]
    args: Args,
    /// Even if no other administrator is left
    #[arg(long)]
    force: bool,
}

/// Runs the command that opens.
pub(super) fn enable(args: &Args) -> Result<(), Failure> {
    run(args, true, true)
}

/// Runs the command that closes.
pub(super) fn disable(closing: &Closing) -> Result<(), Failure> {
    run(&closing.args, false, closing.force)
}

enum Outcome {
    Done,
    NoAccount,
    LastAdministrator,
}

/// What a closed account was given ends in the same transaction.
fn run(args: &Args, active: bool, force: bool) -> Result<(), Failure> {
    let mut opened = Opened::open(&args.target)?;
    let identifier = opened.secrets()?.identifier.identify(&args.email);
    let now = now();
    let outcome = opened.writer.transact(
        "open or close account",
        async move |transaction: &mut Transaction<'_>| {
            let set = accounts::set_active(&identifier, active, now);
            let Some(row) = transaction.query_one(&accounts::by_identifier(&identifier)).await? else {
                return Ok(Decision::Rollback(Outcome::NoAccount));
            };
            let id = accounts::read(&row)?.id;
            if !active && !force && super::is_last_administrator(transaction, &id).await? {
                return Ok(Decision::Rollback(Outcome::LastAdministrator));
            }
            transaction.query(&set).await?;
            if !active {
                end_all_of_account(transaction, &id, None, now).await?;
                transaction.query(&links::void_all(&identifier, now)).await?;
            }
            Ok(Decision::Commit(Outcome::Done))
        },
    )?;
    match outcome {
        Outcome::Done => {}
        Outcome::NoAccount => return Err(super::no_account(&args.email)),
        Outcome::LastAdministrator => return Err(super::last_administrator(&args.email)),
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
