//! `countersign keys list`.

use serde::Serialize;

use crate::actors::key_ring::turn;
use crate::cli::deployment::{Opened, Target, wait};
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::domain::keys::lifecycle::{KeyRecord, KeyState};

/// Lists the keys that rotate.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example: countersign keys list --config countersign.toml")]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    target: Target,
}

#[derive(Serialize)]
struct Listed<'a> {
    kid: &'a str,
    purpose: String,
    /// `state` and its `since` or `until`, in milliseconds since the Unix epoch.
    #[serde(flatten)]
    state: KeyState,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let opened = Opened::open(&args.target)?;
    let keys = turn::records(&wait(turn::load(&opened.store))??);
    let listed: Vec<Listed<'_>> = keys
        .iter()
        .map(|key| Listed {
            kid: &key.kid,
            purpose: key.purpose.to_string(),
            state: key.state,
        })
        .collect();
    output::either(args.target.json, &listed, || {
        let rows: Vec<_> = keys.iter().map(row).collect();
        output::table(["PURPOSE", "STATE", "WHEN", "KEY ID"], &rows)
    })
}

fn row(key: &KeyRecord) -> [String; 4] {
    let (state, when) = match key.state {
        KeyState::Pending { since } => ("pending", format!("since {}", output::moment(since))),
        KeyState::Active { since } => ("active", format!("since {}", output::moment(since))),
        KeyState::Retiring { until } => ("retiring", format!("until {}", output::moment(until))),
        KeyState::Retired { since } => ("retired", format!("since {}", output::moment(since))),
    };
    [key.purpose.to_string(), state.to_owned(), when, key.kid.clone()]
}
