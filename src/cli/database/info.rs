//! `countersign db info`.

use serde_json::{Map, Value, json};

use crate::cli::deployment::{Opened, Target};
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::db::entitlements::{import, runtime};
use crate::db::migrate::SCHEMA;
use crate::db::{Statement, looks};

/// Tells how the database stands.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example: countersign db info --config countersign.toml")]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    target: Target,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let opened = Opened::open(&args.target)?;
    let mut identity = Map::new();
    for (name, statement) in looks::COUNTS {
        identity.insert(name.to_owned(), count(&opened, &Statement::new(statement))?);
    }
    let mut tables = Map::new();
    for table in import::Table::ALL {
        tables.insert(table.name().to_owned(), count(&opened, &table.count())?);
    }
    let rows = opened.query(&runtime::row())?;
    let runtime = rows.first().map(runtime::read).transpose()?;
    let counters = runtime.map(|runtime| {
        json!({
            "gen_index": runtime.gen_index,
            "revocation_ticket": runtime.revocation_ticket,
            "expired_until": runtime.expired_until,
        })
    });
    let mode = opened.config.mode.as_str();
    let answer = json!({
        "schema": SCHEMA,
        "mode": mode,
        "identity": identity,
        "entitlements": tables,
        "ledger": counters,
    });
    output::either(args.target.json, &answer, || {
        let mut rows = vec![
            ["schema".to_owned(), SCHEMA.to_string()],
            ["mode".to_owned(), mode.to_owned()],
        ];
        if let Some(runtime) = runtime {
            rows.push(["next generation".to_owned(), runtime.gen_index.to_string()]);
            rows.push(["ticket".to_owned(), runtime.revocation_ticket.to_string()]);
            rows.push(["swept until".to_owned(), output::moment(runtime.expired_until)]);
        }
        rows.extend(
            identity
                .iter()
                .chain(&tables)
                .map(|(name, count)| [name.replace('_', " "), count.to_string()]),
        );
        output::table(["WHAT", "HOW MUCH"], &rows)
    })
}

fn count(opened: &Opened, statement: &Statement) -> Result<Value, Failure> {
    let rows = opened.query(statement)?;
    Ok(rows.first().map_or(Ok(0), |row| row.integer(0))?.into())
}
