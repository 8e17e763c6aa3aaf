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
use crate::load::{self, Measured, measure};
use crate::people::World;
use crate::process::Process;
use crate::report::ratios;
use crate::{USERINFO, bearer};

/// Who works.
const PEOPLE: usize = 1_000;

/// The ratio that is not to be exceeded.
const GOAL: f64 = 1.2;

/// How often the two take turns.
const ROUNDS: usize = 7;

/// How many operations of each kind, in a round.
const SIGN_INS: usize = 1_000;
const REFRESHES: usize = 4_000;
const READS: usize = 6_000;

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

/// A server on its database, and those who use it.
struct Place {
    server: Process,
    world: World,
}

fn sqlite(folder: &Path, others: usize) -> Place {
    let database = folder.join(format!("{others}.db"));
    let url = format!("sqlite:{}", database.display());
    drop(Process::start_on(&url, None));
    if others > 0 {
        fill::sqlite(&database, Filling::of(others));
    }
    Place::open(&url, None, &DatabaseUrl::SqliteFile(database))
}

fn postgres(url: &str, postmaster: u32, others: usize) -> Place {
    drop(Process::start_on(url, Some(postmaster)));
    if others > 0 {
        fill::postgres(url, Filling::of(others));
    }
    Place::open(url, Some(postmaster), &fill::read_url(url))
}

impl Place {
    /// Starts the server, and lets everybody register and sign in.
    fn open(url: &str, postmaster: Option<u32>, parsed: &DatabaseUrl) -> Self {
        let world = World::plant_on(parsed, PEOPLE);
        let server = Process::start_on(url, postmaster);
        load::run(server.address, 0..PEOPLE, &async |connection, number| {
            world.register(connection, number).await;
            world.sign_in(connection, number).await;
        });
        Self { server, world }
    }

    fn sign_in(&self) -> Measured {
        measure(&self.server, 0..SIGN_INS, async |connection, number| {
            self.world.sign_in(connection, number).await;
        })
    }

    fn refresh(&self) -> Measured {
        measure(&self.server, 0..REFRESHES, async |connection, _| {
            self.world.refresh(connection).await;
        })
    }

    fn userinfo(&self) -> Measured {
        let headers: Vec<_> = {
            let tokens = self.world.tokens.lock().expect("nobody panics");
            tokens.iter().map(|tokens| bearer(&tokens.access)).collect()
        };
        measure(&self.server, 0..READS, async |connection, number| {
            let answer = connection.get(USERINFO, &headers[number % headers.len()]).await;
            answer.expect(200);
        })
    }
}

/// What each operation costs at the two places, who are alone and among others.
fn compare(name: &str, others: usize, places: [Place; 2]) {
    type Operation = fn(&Place) -> Measured;
    let operations: [(&str, Operation); 3] = [
        ("whole sign-in", Place::sign_in),
        ("refresh with ID token", Place::refresh),
        ("userinfo", Place::userinfo),
    ];
    for (operation, work) in operations {
        let pairs: Vec<[f64; 2]> = (0..ROUNDS)
            .map(|_| places.each_ref().map(|place| work(place).micros))
            .collect();
        println!(
            "| {name}: {operation} | {} | {} | {:.1} | {:.1} | {} | {GOAL} |",
            PEOPLE + others,
            others * FAMILIES,
            median(pairs.iter().map(|[_, among]| *among)),
            median(pairs.iter().map(|[alone, _]| *alone)),
            ratios(pairs.iter().map(|[alone, among]| among / alone)),
        );
    }
}
