//! `-- scale`: whole operations of the same thousand people, alone in a database and among a million others.
//!
//! The others and their three million refresh families are put in past the server ([`fill`]). CPU is that of the server, and
//! of PostgreSQL too where that is the database.

use countersign::config::{Config, DatabaseUrl};

use crate::cost;
use crate::fill::{self, FAMILIES, Filling};
use crate::load::measure;
use crate::people::World;
use crate::process::Process;
use crate::{USERINFO, bearer};

/// Who works.
const PEOPLE: usize = 1_000;

/// The ratio that is not to be exceeded.
const GOAL: f64 = 1.2;

/// How many operations of each kind.
struct Counts {
    sign_ins: usize,
    refreshes: usize,
    reads: usize,
}

/// A database to work on.
struct Place {
    url: String,
    /// The process of PostgreSQL that all others are children of.
    postmaster: Option<u32>,
}

/// Prints each row as it is measured.
pub fn run(share: usize) {
    let counts = Counts {
        sign_ins: 8_000 / share,
        refreshes: 30_000 / share,
        reads: 40_000 / share,
    };
    println!("| operation | accounts | families | CPU µs | CPU µs with {PEOPLE} accounts | ratio | goal |");
    println!("| --- | --: | --: | --: | --: | --: | --: |");
    let folder = tempfile::tempdir().expect("a folder");
    let mut alone = Vec::new();
    for others in [0, 1_000_000 / share] {
        let database = folder.path().join(format!("{others}.db"));
        let place = Place {
            url: format!("sqlite:{}", database.display()),
            postmaster: None,
        };
        drop(place.start());
        if others > 0 {
            fill::sqlite(&database, Filling::of(others));
        }
        let url = DatabaseUrl::SqliteFile(database);
        alone = report("SQLite", &place, &url, others, &counts, &alone);
    }
    let server = test_stores::postgres(&["-c", "shared_buffers=3GB", "-c", "max_wal_size=16GB"]);
    alone.clear();
    for others in [0, 1_000_000 / share] {
        let database = test_stores::Database::within(&server.url);
        let place = Place {
            url: database.url(),
            postmaster: Some(cost::postmaster(&server.url)),
        };
        drop(place.start());
        if others > 0 {
            fill::postgres(&place.url, Filling::of(others));
        }
        let url = place.parsed();
        alone = report("PostgreSQL", &place, &url, others, &counts, &alone);
    }
}

impl Place {
    fn start(&self) -> Process {
        Process::start_on(&self.url, self.postmaster)
    }

    /// As a configuration reads it.
    fn parsed(&self) -> DatabaseUrl {
        let env = [
            ("COUNTERSIGN_DATABASE_URL", self.url.as_str()),
            (
                "COUNTERSIGN_MASTER_KEY",
                "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
            ),
            ("COUNTERSIGN_DEFINE__ISSUER", "https://id.example.org"),
            ("COUNTERSIGN_MAIL__FROM", "bench@example.org"),
            ("COUNTERSIGN_MAIL__URL", "smtps://mail.example.org"),
        ];
        Config::load(None, env).expect("a configuration").database_url
    }
}

/// Lets everybody register, sign in and use their tokens; prints what each costs, and gives it.
fn report(name: &str, place: &Place, url: &DatabaseUrl, others: usize, counts: &Counts, alone: &[f64]) -> Vec<f64> {
    let world = World::plant_on(url, PEOPLE);
    let server = place.start();
    let mut costs = Vec::new();
    let print = |costs: &mut Vec<f64>, operation: &str, micros: f64| {
        let beside = alone.get(costs.len()).map_or_else(
            || " | | ".to_owned(),
            |alone| format!("{alone:.1} | {:.2} | {GOAL}", micros / alone),
        );
        println!(
            "| {name}: {operation} | {} | {} | {micros:.1} | {beside} |",
            PEOPLE + others,
            others * FAMILIES
        );
        costs.push(micros);
    };
    crate::load::run(server.address, 0..PEOPLE, &async |connection, number| {
        world.register(connection, number).await;
    });
    let sign_in = measure(&server, counts.sign_ins, async |connection, number| {
        world.sign_in(connection, number % PEOPLE).await;
    });
    print(&mut costs, "whole sign-in", sign_in.micros);
    let refresh = measure(&server, counts.refreshes, async |connection, _| {
        world.refresh(connection).await;
    });
    print(&mut costs, "refresh with ID token", refresh.micros);
    let headers: Vec<_> = {
        let tokens = world.tokens.lock().expect("nobody panics");
        tokens.iter().map(|tokens| bearer(&tokens.access)).collect()
    };
    let userinfo = measure(&server, counts.reads, async |connection, number| {
        let answer = connection.get(USERINFO, &headers[number % headers.len()]).await;
        answer.expect(200);
    });
    print(&mut costs, "userinfo", userinfo.micros);
    costs
}
