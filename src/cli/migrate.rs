//! `countersign migrate`: the database's schema.

use std::cmp::Ordering;

use serde::Serialize;

use super::deployment::{self, Target, now, wait};
use super::failure::Failure;
use super::output;
use crate::db::Store;
use crate::db::migrate::{self, Status};
use crate::db::store::Migrate;

/// Brings the database up to date, or says how it stands.
#[derive(clap::Subcommand, Debug)]
pub(super) enum Command {
    /// Runs the migrations that are missing; makes the database if there is none
    #[command(after_help = "Example: countersign migrate up --config countersign.toml")]
    Up {
        #[command(flatten)]
        target: Target,
    },
    /// Tells the schema of the database and of this program
    #[command(after_help = "Example: countersign migrate status --config countersign.toml")]
    Status {
        #[command(flatten)]
        target: Target,
    },
}

#[derive(Serialize)]
struct Answer {
    /// The schema in the database.
    schema: i64,
    /// The schema of this program.
    known: i64,
    up_to_date: bool,
}

/// Runs the command.
pub(super) fn run(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Up { target } => {
            let config = target.config_to_make()?;
            let (url, sizes) = (&config.database_url, config.postgres);
            wait(Store::open(url, sizes, config.mode, Migrate::Up, now()))??;
            show(wait(migrate::status(url))??, target.json)
        }
        Command::Status { target } => {
            let config = target.config()?;
            deployment::must_exist(&config)?;
            show(wait(migrate::status(&config.database_url))??, target.json)
        }
    }
}

fn show(status: Status, as_json: bool) -> Result<(), Failure> {
    let answer = Answer {
        schema: status.found,
        known: status.known,
        up_to_date: status.found >= status.known,
    };
    output::either(as_json, &answer, || {
        let Status { found, known } = status;
        match found.cmp(&known) {
            Ordering::Less => {
                format!("The database has schema {found}, this program knows {known}: run `countersign migrate up`.")
            }
            Ordering::Equal => format!("The database is up to date: schema {found}."),
            Ordering::Greater => format!("The database has schema {found}, newer than this program's {known}."),
        }
    })
}
