//! `countersign keys rotate`.

use serde_json::json;

use crate::actors::key_ring::turn;
use crate::cli::deployment::{Opened, Target, now, wait};
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::config::DatabaseUrl;
use crate::domain::clock::Timestamp;
use crate::domain::keys::lifecycle::{IllegalStep, KeyRecord, Purpose};
use crate::domain::keys::rotation::{self, Change};
use crate::domain::vault::Vault;
use crate::system::SystemRandom;

/// How often the table may change under the command before it gives up.
const TRIES: usize = 10;

/// Begins a rotation.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  countersign keys rotate --config countersign.toml\n  \
                  countersign keys rotate --config countersign.toml --purpose EdDSA --now\n\n\
                  Without --now the new key is published first and signs when every cached key set has it.\n\
                  With --now, for a key that somebody else may have: the new key signs at once and every older one of its\n\
                  purpose is withdrawn with all that it signed or encrypted (on PostgreSQL after 3 s, when every server\n\
                  knows the new key, and after 3 s more, when none signs with the old one any longer). Where the purpose is `refresh`, every refresh token ends; else every ID token and access\n\
                  token of that algorithm.")]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    target: Target,
    /// `EdDSA`, ES256, RS256 or refresh [default: all of them]
    #[arg(long, value_parser = parse_purpose)]
    purpose: Option<Purpose>,
    /// Withdraw the older keys at once
    #[arg(long)]
    now: bool,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let mut opened = Opened::open(&args.target)?;
    let vault = opened.vault()?;
    let purposes = args.purpose.map_or(Purpose::ALL.to_vec(), |purpose| vec![purpose]);
    let shared = matches!(opened.config.database_url, DatabaseUrl::Postgres(_));
    let steps: &[Plan] = match (args.now, shared) {
        (false, _) => &[begin],
        (true, false) => &[rotation::rotate_now],
        (true, true) => &[rotation::announce, rotation::take_over, rotation::withdraw_older],
    };
    let mut changes = vec![Vec::new(); purposes.len()];
    for (number, step) in steps.iter().enumerate() {
        if number > 0 {
            std::thread::sleep(rotation::NOTICED_WITHIN);
        }
        for (purpose, changes) in purposes.iter().zip(&mut changes) {
            changes.extend(rotate(&mut opened, &vault, *purpose, *step)?);
        }
    }
    for (purpose, changes) in purposes.into_iter().zip(&changes) {
        tell(purpose, changes, args)?;
    }
    Ok(())
}

/// What is to be done with the keys of a purpose.
type Plan = fn(&[KeyRecord], Purpose, Timestamp) -> Result<Vec<Change>, IllegalStep>;

#[expect(clippy::unnecessary_wraps, reason = "as all plans")]
fn begin(keys: &[KeyRecord], purpose: Purpose, now: Timestamp) -> Result<Vec<Change>, IllegalStep> {
    Ok(rotation::rotate(keys, purpose, now))
}

/// Rotates one purpose, anew if a running server changed the table meanwhile.
fn rotate(opened: &mut Opened, vault: &Vault, purpose: Purpose, plan: Plan) -> Result<Vec<Change>, Failure> {
    for _ in 0..TRIES {
        let found = wait(turn::load(&opened.store))??;
        let changes =
            plan(&turn::records(&found), purpose, now()).map_err(|error| Failure::fault(error.to_string()))?;
        let writer = opened.writer.connection();
        let applied = turn::apply(writer, &found, changes.clone(), vault, &SystemRandom, &now);
        if wait(applied)?? {
            return Ok(changes);
        }
    }
    Err(Failure::operator("the keys change all the time; try again in a minute"))
}

fn tell(purpose: Purpose, changes: &[Change], args: &Args) -> Result<(), Failure> {
    let mut withdrawn = Vec::new();
    for change in changes {
        // A key that is to leave may have been taken out by a server before this command came to it.
        if let Change::Move { kid, to, .. } = change
            && !to.is_active()
            && !withdrawn.contains(kid)
        {
            withdrawn.push(kid.clone());
        }
    }
    let answer = json!({
        "purpose": purpose.to_string(),
        "created": !changes.is_empty(),
        "withdrawn": withdrawn,
    });
    output::either(args.target.json, &answer, || {
        if changes.is_empty() {
            return format!("{purpose}: a rotation is under way already; nothing was changed.");
        }
        if !args.now {
            return format!("{purpose}: a new key is pending; it takes over when every cached key set has it.");
        }
        let older = match withdrawn.len() {
            0 => "there was none to withdraw".to_owned(),
            1 => "the older one is withdrawn".to_owned(),
            count => format!("{count} older ones are withdrawn"),
        };
        let ended = match purpose {
            Purpose::Refresh => "every refresh token has ended: applications have to send people to sign in again",
            Purpose::Sign(_) => {
                "every ID and access token signed before is refused here within seconds, and elsewhere when the key set \
                 is fetched anew"
            }
        };
        format!("{purpose}: a new key is active and {older}; {ended}.")
    })
}

fn parse_purpose(text: &str) -> Result<Purpose, String> {
    Purpose::ALL
        .into_iter()
        .find(|purpose| purpose.to_string() == text)
        .ok_or_else(|| "it must be EdDSA, ES256, RS256 or refresh".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purposes_read_as_they_are_listed() {
        for purpose in Purpose::ALL {
            assert_eq!(parse_purpose(&purpose.to_string()), Ok(purpose));
        }
        assert!(parse_purpose("none").is_err());
    }
}
