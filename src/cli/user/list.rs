//! `countersign user list`.

use serde::Serialize;

use crate::cli::deployment::{Opened, Target};
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::db::accounts;
use crate::domain::clock::Timestamp;
use crate::domain::email::Email;

/// Lists accounts.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example: countersign user list --config countersign.toml --limit 20 --after ann@example.org")]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    target: Target,
    /// Begin after this address
    #[arg(long, value_name = "EMAIL", value_parser = super::email())]
    after: Option<Email>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(i64).range(1..=10_000))]
    limit: i64,
}

#[derive(Serialize)]
struct Listed {
    id: String,
    email: String,
    status: String,
    /// Milliseconds since the Unix epoch.
    created_at: Timestamp,
}

#[derive(Serialize)]
struct Page {
    users: Vec<Listed>,
    /// There are more: what to give as `--after`.
    next_after: Option<String>,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let opened = Opened::open(&args.target)?;
    let after = args.after.as_ref().map_or("", Email::as_str);
    // One more than asked for tells whether there are more.
    let rows = opened.query(&accounts::list(after, args.limit + 1))?;
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let mut users = Vec::with_capacity(rows.len());
    for row in rows.iter().take(limit) {
        users.push(Listed {
            id: row.text(0)?.to_owned(),
            email: row.text(1)?.to_owned(),
            status: row.text(2)?.to_owned(),
            created_at: Timestamp::from_millis(row.integer(3)?),
        });
    }
    let last = users.last().map(|user| user.email.clone());
    let page = Page {
        next_after: last.filter(|_| rows.len() > limit),
        users,
    };
    output::either(args.target.json, &page, || text(&page))
}

fn text(page: &Page) -> String {
    let rows: Vec<_> = page
        .users
        .iter()
        .map(|user| {
            [
                user.email.clone(),
                user.status.clone(),
                output::moment(user.created_at),
                user.id.clone(),
            ]
        })
        .collect();
    let table = output::table(["E-MAIL", "STATUS", "CREATED", "ID"], &rows);
    match &page.next_after {
        Some(email) => format!("{table}\nThere are more: --after {email}"),
        None => table,
    }
}
