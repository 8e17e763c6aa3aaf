//! `countersign client list`.

use crate::cli::deployment::{Opened, Target};
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::db::clients;
use crate::domain::oauth::metadata::describe;

/// Lists all clients.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example: countersign client list --config countersign.toml")]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    target: Target,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let opened = Opened::open(&args.target)?;
    let rows = opened.query(&clients::all())?;
    let found = rows.iter().map(clients::read).collect::<Result<Vec<_>, _>>()?;
    if args.target.json {
        return output::json(&found.iter().map(describe).collect::<Vec<_>>());
    }
    let rows: Vec<_> = found
        .iter()
        .map(|client| {
            let kind = if client.is_public() { "public" } else { "confidential" };
            [
                client.id.to_string(),
                kind.to_owned(),
                client.name.clone(),
                client.redirect_uris.join(" "),
            ]
        })
        .collect();
    output::line(&output::table(["CLIENT ID", "KIND", "NAME", "REDIRECT URIS"], &rows))
}
