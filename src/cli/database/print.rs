//! `countersign db print`.

use serde_json::{Map, Value as Json, json};

use crate::cli::deployment::{Opened, Target};
use crate::cli::entitlement::Masking;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::db::Value;
use crate::db::looks::{Column, SHEETS, Sheet};
use crate::domain::clock::Timestamp;

/// Prints the tables of entitlements.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  countersign db print --config countersign.toml\n  \
                  countersign db print --config countersign.toml --table payments --limit 20 --json")]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    target: Target,
    /// This table alone
    #[arg(long, value_name = "NAME", value_parser = names())]
    table: Option<String>,
    /// Most rows of each table, in the order of their keys
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(i64).range(1..=1_000_000))]
    limit: i64,
    /// Show tokens, order ids and keys whole
    #[arg(long)]
    unmasked: bool,
}

fn names() -> clap::builder::PossibleValuesParser {
    SHEETS.iter().map(|sheet| sheet.name).collect::<Vec<_>>().into()
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let opened = Opened::open(&args.target)?;
    let masking = Masking::new(args.unmasked, &opened.config);
    let mut tables = Map::new();
    let mut blocks = Vec::new();
    for sheet in SHEETS {
        if args.table.as_deref().is_some_and(|wanted| wanted != sheet.name) {
            continue;
        }
        let mut rows = Vec::new();
        for row in opened.query(&sheet.rows(args.limit))? {
            let cells = sheet.columns.iter().enumerate();
            let cells = cells.map(|(index, (_, column))| cell(row.value(index), *column, masking));
            rows.push(cells.collect::<Vec<_>>());
        }
        if args.target.json {
            let objects: Vec<Json> = rows.into_iter().map(|cells| object(&sheet, cells)).collect();
            tables.insert(sheet.name.to_owned(), objects.into());
        } else {
            blocks.push(block(&sheet, &rows));
        }
    }
    if args.target.json {
        return output::json(&tables);
    }
    output::line(&blocks.join("\n\n"))
}

fn cell(value: Option<&Value>, column: Column, masking: Masking) -> Json {
    match (value, column) {
        (None | Some(Value::Null), _) => Json::Null,
        (Some(Value::Integer(number)), _) => json!(number),
        (Some(Value::Text(text)), Column::Personal) => masking.id(text).into(),
        (Some(Value::Text(text)), _) => text.as_str().into(),
        (Some(Value::Blob(bytes)), _) => masking.id(&hex::encode(bytes)).into(),
    }
}

fn object(sheet: &Sheet, cells: Vec<Json>) -> Json {
    let names = sheet.columns.iter().map(|(name, _)| (*name).to_owned());
    names.zip(cells).collect::<Map<_, _>>().into()
}

/// One row below the other, each with its columns: no terminal is as wide as a payment.
fn block(sheet: &Sheet, rows: &[Vec<Json>]) -> String {
    let mut lines = vec![format!("{}: {} rows", sheet.name, rows.len())];
    for cells in rows {
        let shown = sheet.columns.iter().zip(cells).filter(|(_, cell)| !cell.is_null());
        let shown = shown.map(|((name, column), cell)| match (column, cell) {
            (Column::Time, Json::Number(millis)) => {
                let at = Timestamp::from_millis(millis.as_i64().unwrap_or(0));
                format!("{name}={}", output::moment(at))
            }
            (_, Json::String(text)) => format!("{name}={text:?}"),
            (_, other) => format!("{name}={other}"),
        });
        lines.push(format!("  {}", shown.collect::<Vec<_>>().join(" ")));
    }
    lines.join("\n")
}
