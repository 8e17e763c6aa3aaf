//! `countersign client invite`: an initial access token, with which clients register themselves.

use std::time::Duration;

use serde_json::json;

use crate::cli::deployment::{Opened, Target, now};
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::config::ClientRegistration;
use crate::db::{Decision, Transaction, registrations};
use crate::domain::secret::Token;
use crate::system::SystemRandom;

/// Makes an initial access token (RFC 7591).
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example: countersign client invite --config countersign.toml --uses 5 --days 7\n\n\
                  Whoever holds the token registers so many clients at /oauth/register/. It is printed once; the database\n\
                  holds its hash."
)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    target: Target,
    /// How many clients it lets in
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(i64).range(1..=1_000_000))]
    uses: i64,
    /// For how many days
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=3660))]
    days: u64,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let mut opened = Opened::open(&args.target)?;
    if opened.config.define.client_registration == ClientRegistration::Off {
        return Err(Failure::operator(
            "clients do not register themselves here; write client_registration = \"token\" under [define] first",
        ));
    }
    let token = Token::generate(&SystemRandom);
    let expires_at = now().plus(Duration::from_hours(24 * args.days));
    let invite = registrations::invite(&token.hash(), args.uses, now(), expires_at);
    opened
        .writer
        .transact("invite clients", async move |transaction: &mut Transaction<'_>| {
            transaction.query(&invite).await?;
            Ok(Decision::Commit(()))
        })?;
    let endpoint = opened
        .config
        .define
        .issuer
        .url(crate::domain::oauth::discovery::path::REGISTER);
    let told = json!({
        "initial_access_token": token.reveal(),
        "registration_endpoint": endpoint,
        "uses": args.uses,
        "expires_at": expires_at.as_secs(),
    });
    output::either(args.target.json, &told, || {
        format!(
            "initial_access_token  {}\nThe token is not shown again.",
            token.reveal()
        )
    })
}
