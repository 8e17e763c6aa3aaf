//! The same reads and writes on a small and on a large database: does an operation cost more where there are more rows?
//!
//! Rows are touched at random, in an order in which no cache of ours helps. What is measured is the store alone, without
//! the cryptography and HTTP around it, so that nothing hides the difference.

use std::sync::atomic::{AtomicUsize, Ordering};

use countersign::db::{accounts, families};
use countersign::domain::clock::Timestamp;
use countersign::domain::email::Identifier;
use countersign::domain::oauth::family::Family;

use crate::cost::{Cost, Meter};
use crate::fill::{self, FAMILIES, Filling, account, bytes, family};
use crate::house::House;
use crate::{measure, repeat};

/// Accounts of the small database.
const SMALL: usize = 1_000;

/// Operations of each kind.
const OPERATIONS: usize = 30_000;

/// Reads before anything is measured. Each session of PostgreSQL has to map the pages of the shared memory that it meets, once;
/// a fresh one spends more on that than on the reads.
const WARMING: usize = 400_000;

/// How many callers wait at a time.
const CALLERS: usize = 64;

/// In the middle of everything's life.
pub const NOW: Timestamp = Timestamp::from_millis(1_000_000_000_000);

/// Fills both databases, small and large, and prints what operations cost, row by row as they are measured.
pub async fn run(large: usize) {
    println!("| operation | accounts | families | CPU µs | of that here | CPU µs with {SMALL} accounts | ratio |");
    println!("| --- | --: | --: | --: | --: | --: | --: |");
    let mut small = Vec::new();
    for accounts in [SMALL, large] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("countersign.db");
        drop(House::on_sqlite(&path).await);
        fill::sqlite(&path, Filling::of(accounts));
        let house = House::on_sqlite(&path).await;
        let meter = Meter::of_sqlite(house.recorder.handle());
        small = report("SQLite", &house, &meter, accounts, &small).await;
    }
    let server = test_stores::postgres(&["-c", "shared_buffers=3GB", "-c", "max_wal_size=16GB"]);
    small.clear();
    for accounts in [SMALL, large] {
        let database = test_stores::Database::within(&server.url);
        let house = House::on_postgres(&database.url()).await;
        fill::postgres(&database.url(), Filling::of(accounts));
        let meter = Meter::of_postgres(&server.url, &database.url());
        small = report("PostgreSQL", &house, &meter, accounts, &small).await;
    }
}

/// Measures all operations and prints each, beside that of the `small` database if this is not the one.
async fn report(name: &str, house: &House, meter: &Meter, accounts: usize, small: &[Cost]) -> Vec<Cost> {
    let mut costs = Vec::new();
    let turn = AtomicUsize::new(0);
    let print = |costs: &mut Vec<Cost>, operation: &str, cost: Cost| {
        let beside = small.get(costs.len()).map_or_else(
            || " | ".to_owned(),
            |small| format!("{:.1} | {:.2}", small.cpu, cost.cpu / small.cpu),
        );
        println!(
            "| {name}: {operation} | {accounts} | {} | {:.1} | {:.1} | {beside} |",
            accounts * FAMILIES,
            cost.cpu,
            cost.own_cpu,
        );
        costs.push(cost);
    };
    let operations = Operations {
        house,
        accounts,
        turn: &turn,
    };
    repeat(CALLERS, WARMING / 2, &async || operations.log_in().await).await;
    repeat(CALLERS, WARMING / 2, &async || operations.userinfo().await).await;
    let cost = measure(meter, CALLERS, OPERATIONS, async || operations.log_in().await).await;
    print(&mut costs, "look up an account", cost);
    let cost = measure(meter, CALLERS, OPERATIONS, async || operations.userinfo().await).await;
    print(&mut costs, "userinfo's join", cost);
    let cost = measure(meter, CALLERS, OPERATIONS, async || operations.refresh().await).await;
    print(&mut costs, "read and rotate a family", cost);
    costs
}

/// What is done with rows that were put in by [`fill`].
pub struct Operations<'a> {
    pub house: &'a House,
    /// How many accounts there are.
    pub accounts: usize,
    /// Goes on with each operation.
    pub turn: &'a AtomicUsize,
}

impl Operations<'_> {
    /// A step that is prime to all numbers of rows visits each before it comes back to one.
    fn next(&self, rows: usize) -> usize {
        self.turn.fetch_add(7_919_000_023, Ordering::Relaxed) % rows
    }

    fn next_family(&self) -> String {
        let [id, ..] = family(self.next(self.accounts * FAMILIES), self.accounts);
        id
    }

    /// Looks up an account by its address.
    pub async fn log_in(&self) {
        let [_, identifier, ..] = account(self.next(self.accounts));
        let by_identifier = accounts::by_identifier(&Identifier(bytes(&identifier)));
        assert_eq!(self.house.query(&by_identifier).await.len(), 1);
    }

    /// Reads what userinfo needs.
    pub async fn userinfo(&self) {
        let standing = families::standing(&self.next_family(), ["jti", "root"], NOW, NOW);
        assert_eq!(self.house.query(&standing).await.len(), 1);
    }

    /// Reads a family and rotates it.
    pub async fn refresh(&self) {
        let id = self.next_family();
        let found = self.house.query(&families::by_id(&id, None)).await;
        let family = families::read(&found[0]).expect("a family");
        let next = Family {
            sequence: family.sequence + 1,
            ..family.clone()
        };
        let rotate = families::rotate(&id, &family, &next, None).expect("a statement");
        self.house.execute(rotate).await;
    }
}
