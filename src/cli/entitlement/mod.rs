//! `countersign entitlement`: payments, proofs and revocations, beside a running server or without one.

mod details;
mod dev_payment;
mod grant;
mod import;
mod jump;
mod key;
mod opened;
mod report;
mod revoke;
mod settings;
mod shown;
mod sweep;
mod user_error;
mod verify;

pub(in crate::cli) use shown::Masking;

use clap::builder::ValueParser;

use super::failure::Failure;
use crate::domain::entitlement::key::PublicKey;
use crate::domain::entitlement::payment::Plan;

/// Grants, revokes and shows what people are entitled to; moves an original server's data in.
#[derive(clap::Subcommand, Debug)]
pub(super) enum Command {
    /// Gives somebody a plan by hand, redeemed at once
    Grant(grant::Args),
    /// Lists, revokes and un-revokes what somebody is entitled to
    #[command(subcommand)]
    Revoke(revoke::Command),
    /// Shows what is known of a master key
    Details(details::Args),
    /// Tells people that book-keeping for their subscription failed, or that it is mended
    #[command(subcommand)]
    UserError(user_error::Command),
    /// Counts users, payments and refunds by day, week or month
    Report(report::Args),
    /// Checks a proof offline, with a public key and a revocation list
    Verify(verify::Args),
    /// Prints the public key that proofs are checked with
    Key(key::Args),
    /// Takes over the database of the original server, or its settings
    Import(import::Args),
    /// Moves generation and ticket ahead after a backup was restored
    Jump(jump::Args),
    /// Shows what the coming midnight will do, and does nothing
    Sweep(sweep::Args),
    /// Acts as a client of a development server
    #[command(subcommand)]
    DevPayment(dev_payment::Command),
}

/// Runs the command.
pub(super) fn run(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Grant(args) => grant::run(args),
        Command::Revoke(command) => revoke::run(command),
        Command::Details(args) => details::run(args),
        Command::UserError(command) => user_error::run(command),
        Command::Report(args) => report::run(args),
        Command::Verify(args) => verify::run(args),
        Command::Key(args) => key::run(args),
        Command::Import(args) => import::run(args),
        Command::Jump(args) => jump::run(args),
        Command::Sweep(args) => sweep::run(args),
        Command::DevPayment(command) => dev_payment::run(command),
    }
}

/// Reads a public key from an argument.
fn public_key() -> ValueParser {
    ValueParser::new(|text: &str| {
        PublicKey::from_hex(text).ok_or_else(|| "it is not an Ed25519 public key of 64 hexadecimal digits".to_owned())
    })
}

/// Reads a plan from an argument.
fn plan() -> ValueParser {
    ValueParser::new(|text: &str| {
        Plan::from_name(text).ok_or_else(|| "it is not a plan; write 1M, 3M or 12M".to_owned())
    })
}
