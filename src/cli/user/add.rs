//! `countersign user add`: registers as a browser does, with both sides of OPAQUE in one process.

use std::io::Read;

use serde_json::json;
use zeroize::Zeroizing;

use crate::cli::deployment::{Opened, Target, now};
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::db::{Decision, Transaction, accounts, profiles};
use crate::domain::account::{AccountId, Profile, terms};
use crate::domain::email::Email;
use crate::domain::opaque::client::enrol;
use crate::system::SystemRandom;

/// Longest password that OPAQUE takes, in bytes.
const LONGEST: usize = 65_535;

/// Makes an account.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example: countersign user add --data data ann@example.org --password-stdin < password.txt\n\n\
                  The address counts as confirmed."
)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    target: Target,
    /// E-mail address
    #[arg(value_parser = super::email())]
    email: Email,
    /// Read the password from standard input: one line
    #[arg(long, required = true)]
    password_stdin: bool,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let mut opened = Opened::open(&args.target)?;
    let password = read_password(std::io::stdin())?;
    let secrets = opened.secrets()?;
    let identifier = secrets.identifier.identify(&args.email);
    let record = enrol(&secrets.opaque, identifier, &password, &SystemRandom)
        .map_err(|error| Failure::fault(error.to_string()))?;
    let now = now();
    let id = AccountId::generate(now, &SystemRandom).to_string();
    let insert = accounts::insert(&id, &identifier, &args.email, record.as_bytes(), now);
    let index = profiles::index(&id, &terms(args.email.as_str(), &Profile::default()));
    let made = opened
        .writer
        .transact("add user", async move |transaction: &mut Transaction<'_>| {
            if transaction.query_one(&insert).await?.is_none() {
                return Ok(Decision::Rollback(false));
            }
            for statement in &index {
                transaction.query(statement).await?;
            }
            Ok(Decision::Commit(true))
        })?;
    if !made {
        return Err(Failure::operator(format!(
            "there is an account for {} already; nothing was changed",
            args.email
        )));
    }
    let answer = json!({ "id": id, "email": args.email.as_str(), "status": "active" });
    output::either(args.target.json, &answer, || {
        format!("{} has an account: {id}", args.email)
    })
}

/// One line, without the line break.
fn read_password(source: impl Read) -> Result<Zeroizing<String>, Failure> {
    let refuse = |what: &str| Failure::operator(format!("the password {what}; no account was made"));
    // A buffer that never grows leaves no copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST + 4));
    source
        .take(LONGEST as u64 + 3)
        .read_to_end(&mut bytes)
        .map_err(|error| refuse(&format!("cannot be read: {error}")))?;
    let text = std::str::from_utf8(&bytes).map_err(|_| refuse("is not UTF-8"))?;
    let line = text.strip_suffix('\n').unwrap_or(text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.is_empty() {
        return Err(refuse("on standard input is empty"));
    }
    if line.len() > LONGEST {
        return Err(refuse("is longer than 65535 bytes"));
    }
    if line.contains(['\n', '\r']) {
        return Err(refuse("is more than one line"));
    }
    Ok(Zeroizing::new(line.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_one_line_without_its_end() {
        for (input, wanted) in [
            ("a b ", "a b "),
            ("pass\n", "pass"),
            ("pass\r\n", "pass"),
            ("\u{e9}", "\u{e9}"),
        ] {
            assert_eq!(read_password(input.as_bytes()).expect("reads").as_str(), wanted);
        }
        let long = "a".repeat(LONGEST + 1);
        for bad in [b"".as_slice(), b"\n", b"\r\n", b"a\nb\n", b"\xff", long.as_bytes()] {
            assert!(read_password(bad).is_err(), "{}", bad.len());
        }
        assert!(read_password(&long.as_bytes()[1..]).is_ok());
    }
}
