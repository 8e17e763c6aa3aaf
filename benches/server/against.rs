//! `-- against BINARY`: what operations cost another build of the server, and this one: whether a change has helped.

use std::path::Path;

use countersign::config::DatabaseUrl;

use crate::clock::median;
use crate::process::{OURS, Process};
use crate::report::ratios;
use crate::turns::{self, NEWCOMERS, Place, REFRESH, REGISTRATION, SIGN_IN, USERINFO};

/// How often the two take turns.
const ROUNDS: usize = 15;

/// Measures what is named after the binary, or all; prints a row for each.
pub fn run(binary: &Path, named: &[String]) {
    let folder = tempfile::tempdir().expect("a folder");
    let places = [("theirs.db", binary), ("ours.db", Path::new(OURS))].map(|(file, binary)| {
        let database = folder.path().join(file);
        let server = Process::start_build(binary, &format!("sqlite:{}", database.display()), None);
        Place::open(server, &DatabaseUrl::SqliteFile(database), ROUNDS * NEWCOMERS)
    });
    println!("| operation | theirs µs | ours µs | ratio | lowest, highest |");
    println!("| --- | --: | --: | --: | --: |");
    for operation in [REGISTRATION, SIGN_IN, REFRESH, USERINFO] {
        if !named.is_empty() && !named.iter().any(|word| operation.name.contains(word.as_str())) {
            continue;
        }
        let pairs = turns::take(&places, operation, ROUNDS);
        println!(
            "| {} | {:.1} | {:.1} | {} |",
            operation.name,
            median(pairs.iter().map(|[theirs, _]| *theirs)),
            median(pairs.iter().map(|[_, ours]| *ours)),
            ratios(pairs.iter().map(|[theirs, ours]| ours / theirs)),
        );
    }
}
