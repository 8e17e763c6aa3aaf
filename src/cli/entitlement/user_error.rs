//! `countersign entitlement user-error`.

use serde_json::json;

use super::shown::{Masking, provider_name};
use crate::cli::deployment::{Opened, Target, now};
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::db::entitlements::user_errors;
use crate::db::{Decision, Transaction};
use crate::domain::clock::Timestamp;
use crate::domain::entitlement::ids::{MAX_ID, Provider};
use crate::domain::entitlement::standing::UserError;

/// Tells people that book-keeping for their subscription failed, or that it is mended.
#[derive(clap::Subcommand, Debug)]
pub(in crate::cli) enum Command {
    /// Lists the subscriptions whose owners are told to ask for help
    #[command(after_help = "Example: countersign entitlement user-error list --config countersign.toml")]
    List {
        #[command(flatten)]
        target: Target,
        /// Show tokens and transaction ids whole
        #[arg(long)]
        unmasked: bool,
    },
    /// Says for subscriptions whether their book-keeping failed
    #[command(
        after_help = "Example: countersign entitlement user-error set --config countersign.toml \
                      1:token=true,2:original-transaction=false"
    )]
    Set(Change),
    /// Forgets that the book-keeping of subscriptions failed
    #[command(
        after_help = "Example: countersign entitlement user-error delete --config countersign.toml \
                      1:token,2:original-transaction"
    )]
    Delete(Change),
}

/// A change of several.
#[derive(clap::Args, Debug)]
pub(in crate::cli) struct Change {
    #[command(flatten)]
    target: Target,
    /// `PROVIDER:ID` with commas between, 1 for a token of Google Play, 2 for an original transaction of the App Store; for
    /// `set` each with `=true` or `=false`
    #[arg(value_name = "P:ID", value_delimiter = ',', required = true)]
    which: Vec<String>,
    /// Show what would be done
    #[arg(long)]
    dry_run: bool,
}

/// Runs the command.
pub(super) fn run(command: &Command) -> Result<(), Failure> {
    match command {
        Command::List { target, unmasked } => list(target, *unmasked),
        Command::Set(change) => apply(change, set_one),
        Command::Delete(change) => apply(change, |text| Ok((parse(text)?, false))),
    }
}

fn list(target: &Target, unmasked: bool) -> Result<(), Failure> {
    let opened = Opened::open(target)?;
    let masking = Masking::new(unmasked, &opened.config);
    let mut found = Vec::new();
    for row in opened.query(&user_errors::all())? {
        let provider = Provider::from_number(row.integer(0)?).map_or("unknown", provider_name);
        let created_at = Timestamp::from_millis(row.integer(2)?);
        found.push((provider, masking.id(row.text(1)?), created_at));
    }
    let answer = found
        .iter()
        .map(|(provider, id, created_at)| json!({ "provider": provider, "payment_id": id, "created_at": created_at }));
    let answer = json!({ "user_errors": answer.collect::<Vec<_>>() });
    output::either(target.json, &answer, || {
        let rows: Vec<_> = found
            .iter()
            .map(|(provider, id, at)| [(*provider).to_owned(), id.clone(), output::moment(*at)])
            .collect();
        output::table(["PROVIDER", "SUBSCRIPTION", "SINCE"], &rows)
    })
}

/// All or none of what is named.
fn apply(change: &Change, read: impl Fn(&str) -> Result<(UserError, bool), String>) -> Result<(), Failure> {
    let read = change.which.iter().map(|text| {
        read(text)
            .map_err(|error| Failure::operator(format!("{text:?} is not understood: {error}; nothing was changed")))
    });
    let wanted = read.collect::<Result<Vec<_>, _>>()?;
    let mut opened = Opened::open(&change.target)?;
    let (dry_run, now) = (change.dry_run, now());
    let changed = opened
        .writer
        .transact("change user errors", async move |transaction: &mut Transaction<'_>| {
            let mut changed = 0_u64;
            for (error, present) in &wanted {
                let statement = if *present {
                    user_errors::insert(error, now)
                } else {
                    user_errors::delete(error)
                };
                changed += u64::from(transaction.query_one(&statement).await?.is_some());
            }
            Ok(if dry_run {
                Decision::Rollback(changed)
            } else {
                Decision::Commit(changed)
            })
        })?;
    let answer = json!({ "dry_run": dry_run, "changed": changed });
    output::either(change.target.json, &answer, || {
        let done = if dry_run { "Would change" } else { "Changed" };
        format!(
            "{done} {changed} of {}; the others were so already.",
            change.which.len()
        )
    })
}

fn set_one(text: &str) -> Result<(UserError, bool), String> {
    match text.rsplit_once('=') {
        Some((which, "true")) => Ok((parse(which)?, true)),
        Some((which, "false")) => Ok((parse(which)?, false)),
        _ => Err("write P:ID=true or P:ID=false".to_owned()),
    }
}

fn parse(text: &str) -> Result<UserError, String> {
    let (provider, id) = text.split_once(':').ok_or("write P:ID")?;
    let provider = match provider {
        "1" => Provider::Google,
        "2" => Provider::Apple,
        _ => return Err("P is 1 for Google Play or 2 for the App Store".to_owned()),
    };
    if id.is_empty() || id.len() > MAX_ID || id.contains('\0') {
        return Err(format!("ID has from 1 to {MAX_ID} bytes and no NUL"));
    }
    Ok(UserError {
        provider,
        payment_id: id.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subscriptions_are_named_by_provider_and_id() {
        let (error, present) = set_one("1:a=b:c=true").expect("parses");
        assert_eq!(
            (error.provider, error.payment_id.as_str(), present),
            (Provider::Google, "a=b:c", true)
        );
        let (error, present) = set_one("2:7=false").expect("parses");
        assert_eq!((error.provider, present), (Provider::Apple, false));
        for bad in [
            "",
            "1:a",
            "3:a=true",
            "1:=true",
            "a=true",
            "1:a=yes",
            &format!("1:{}=true", "a".repeat(1025)),
        ] {
            assert!(set_one(bad).is_err(), "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_argument_panics(text in "\\PC{0,20}") {
            let _ = set_one(&text);
        }
    }
}
