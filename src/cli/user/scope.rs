//! `countersign user scope`.

use serde_json::json;

use crate::cli::deployment::{Opened, Target, now};
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::db::{DbError, Decision, Transaction, accounts};
use crate::domain::email::Email;
use crate::domain::oauth::scope::{ADMIN, ScopeSet};

/// Gives and takes scopes.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example: countersign user scope --config countersign.toml ann@example.org --add admin --remove editor"
)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    target: Target,
    /// E-mail address
    #[arg(value_parser = super::email())]
    email: Email,
    /// Scope to give; may be repeated
    #[arg(long, value_name = "SCOPE", value_parser = parse_scope)]
    add: Vec<String>,
    /// Scope to take away; may be repeated
    #[arg(long, value_name = "SCOPE", value_parser = parse_scope)]
    remove: Vec<String>,
    /// Take admin away even if no other administrator is left
    #[arg(long)]
    force: bool,
}

enum Outcome {
    Holds(Vec<String>),
    NoAccount,
    LastAdministrator,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<(), Failure> {
    if let Some(both) = args.add.iter().find(|scope| args.remove.contains(scope)) {
        return Err(Failure::operator(format!(
            "{both} is in --add and in --remove; keep one of the two"
        )));
    }
    let mut opened = Opened::open(&args.target)?;
    let identifier = opened.secrets()?.identifier.identify(&args.email);
    let (add, remove) = (args.add.clone(), args.remove.clone());
    let guarded = !args.force && remove.iter().any(|scope| scope == ADMIN);
    let outcome = opened
        .writer
        .transact("change scopes", async move |transaction: &mut Transaction<'_>| {
            let Some(account) = transaction.query_one(&accounts::by_identifier(&identifier)).await? else {
                return Ok(Decision::Rollback(Outcome::NoAccount));
            };
            let id = accounts::read(&account)?.id;
            if guarded && super::is_last_administrator(transaction, &id).await? {
                return Ok(Decision::Rollback(Outcome::LastAdministrator));
            }
            for scope in &add {
                transaction.query(&accounts::add_scope(&id, scope, now())).await?;
            }
            for scope in &remove {
                transaction.query(&accounts::remove_scope(&id, scope)).await?;
            }
            let rows = transaction.query(&accounts::scopes(&id)).await?;
            let scopes = rows.iter().map(|row| Ok(row.text(0)?.to_owned()));
            Ok(Decision::Commit(Outcome::Holds(
                scopes.collect::<Result<_, DbError>>()?,
            )))
        })?;
    let scopes = match outcome {
        Outcome::Holds(scopes) => scopes,
        Outcome::NoAccount => return Err(super::no_account(&args.email)),
        Outcome::LastAdministrator => return Err(super::last_administrator(&args.email)),
    };
    let answer = json!({ "email": args.email.as_str(), "scopes": scopes });
    output::either(args.target.json, &answer, || {
        if scopes.is_empty() {
            format!("{} has no scopes.", args.email)
        } else {
            format!("{} has {}", args.email, scopes.join(" "))
        }
    })
}

/// One scope token (RFC 6749 §3.3).
fn parse_scope(text: &str) -> Result<String, String> {
    match ScopeSet::parse(text) {
        Ok(scopes) if scopes.contains(text) => Ok(text.to_owned()),
        _ => Err("it is not a scope: printable ASCII without blanks, quotes and backslashes".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_one_token() {
        assert_eq!(parse_scope("admin:read"), Ok("admin:read".to_owned()));
        for bad in ["", " ", "two words", "quo\"te", "\u{e9}", " lead"] {
            assert!(parse_scope(bad).is_err(), "{bad:?}");
        }
    }
}
