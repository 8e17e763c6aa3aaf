//! `-- scale`: whole operations of the same thousand people, alone in a database and among a million others.
//!
//! The others and their three million refresh families are put in past the server ([`fill`]). CPU is that of the server, and
//! of PostgreSQL too where that is the database. Both servers run, and take turns at each operation, so that both meet the
//! machine as it is.

use std::path::Path;

use countersign::config::DatabaseUrl;

use crate::clock::median;
use crate::cost;
use crate::fill::{self, FAMILIES, Filling};
use crate::process::Process;
use crate::report::ratios;
use crate::turns::{self, PEOPLE, Place, REFRESH, SIGN_IN, USERINFO};

/// The ratio that is not to be exceeded.
const GOAL: f64 = 1.2;

/// How often the two take turns.
const ROUNDS: usize = 7;

/// Prints the rows of each database when it has been measured.
pub fn run(share: usize) {
    let others = 1_000_000 / share;
    println!(
        "| operation | accounts | families | CPU µs | CPU µs with {PEOPLE} accounts | ratio | lowest, highest | goal |"
    );
    println!("| --- | --: | --: | --: | --: | --: | --: | --: |");
    let folder = tempfile::tempdir().expect("a folder");
    compare(
        "SQLite",
        others,
        [0, others].map(|others| sqlite(folder.path(), others)),
    );
    let server = test_stores::postgres(&["-c", "shared_buffers=3GB", "-c", "max_wal_size=16GB"]);
    let postmaster = cost::postmaster(&server.url);
    let [few, many] = [(); 2].map(|()| test_stores::Database::within(&server.url));
    let alone = postgres(&few.url(), postmaster, 0);
    let among = postgres(&many.url(), postmaster, others);
    compare("PostgreSQL", others, [alone, among]);
}

fn sqlite(folder: &Path, others: usize) -> Place {
    let database = folder.join(format!("{others}.db"));
    let url = format!("sqlite:{}", database.display());
    drop(Process::start_on(&url, None));
    if others > 0 {
        fill::sqlite(&database, Filling::of(others));
    }
    Place::open(Process::start_on(&url, None), &DatabaseUrl::SqliteFile(database), 0)
}

fn postgres(url: &str, postmaster: u32, others: usize) -> Place {
    drop(Process::start_on(url, Some(postmaster)));
    if others > 0 {
        fill::postgres(url, Filling::of(others));
    }
    Place::open(Process::start_on(url, Some(postmaster)), &fill::read_url(url), 0)
}

/// What each operation costs at the two places, who are alone and among others.
fn compare(name: &str, others: usize, places: [Place; 2]) {
    for operation in [SIGN_IN, REFRESH, USERINFO] {
        let pairs = turns::take(&places, operation, ROUNDS);
        println!(
            "| {name}: {} | {} | {} | {:.1} | {:.1} | {} | {GOAL} |",
            operation.name,
            PEOPLE + others,
            others * FAMILIES,
            median(pairs.iter().map(|[_, among]| *among)),
            median(pairs.iter().map(|[alone, _]| *alone)),
            ratios(pairs.iter().map(|[alone, among]| among / alone)),
        );
    }
}
