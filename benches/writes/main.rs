//! `cargo bench --bench writes`: what a write costs through Writer, beside one transaction for each request.
//!
//! PostgreSQL and SQLite, with 1, 64 and 512 callers who always have one write each under way. CPU is that of this
//! process and of the PostgreSQL server together; commits and syncs are those that the databases counted. `--quick` does a
//! tenth of the work; its figures are rough. Instead of all that,
//!
//! - `scale` measures reads and writes on a small and on a large database, which are filled past the server;
//! - `sweep` measures how long operations take while a million expired rows are deleted.
//!
//! Needs PostgreSQL's server binaries, as the tests do.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a bench measures real time, and fails by panicking"
)]

mod cost;
mod fill;
mod house;
mod pool;
mod scale;
mod sweep;

use std::sync::atomic::{AtomicUsize, Ordering};

use cost::{Cost, Counted, Meter};
use countersign::db::Statement;
use futures_util::future::join_all;
use house::House;
use pool::{EachAlone, Way};

/// How many callers wait at a time.
const CALLERS: [usize; 3] = [1, 64, 512];

fn main() {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let share = if quick { 10 } else { 1 };
    let runtime = actix_rt::System::new();
    let is_asked = |name: &str| std::env::args().any(|argument| argument == name);
    if is_asked("scale") {
        runtime.block_on(scale::run(1_000_000 / share));
    } else if is_asked("sweep") {
        runtime.block_on(sweep::run(1_000_000 / share));
    } else {
        runtime.block_on(compare(share));
    }
}

/// A write that nobody expects to fail.
fn insert(key: usize) -> Statement {
    Statement::new(
        "INSERT INTO revoked_tokens (jti, expires_at) VALUES ($1, $2) ON CONFLICT (jti) DO NOTHING RETURNING jti",
    )
    .bind(format!("{key:016x}"))
    .bind(4_102_444_800_000)
}

async fn compare(share: usize) {
    let server = test_stores::postgres(&[]);
    let mut lines = Vec::new();
    for callers in CALLERS {
        let writes = if callers == 1 { 4_000 } else { 60_000 } / share;
        let database = test_stores::Database::within(&server.url);
        let house = House::on_postgres(&database.url()).await;
        let each = EachAlone::on(&database.url()).await;
        let meter = Meter::of_postgres(&server.url, &database.url());
        let keys = AtomicUsize::new(0);
        let next = || keys.fetch_add(1, Ordering::Relaxed);
        let ours = measure(&meter, callers, writes, async || house.execute(insert(next())).await).await;
        let transaction = measure(&meter, callers, writes, async || {
            each.write(next(), Way::Transaction).await;
        })
        .await;
        let alone = measure(&meter, callers, writes, async || {
            each.write(next(), Way::Autocommit).await;
        })
        .await;
        lines.push(("PostgreSQL, Writer", callers, ours, Some(ours.cpu / transaction.cpu)));
        lines.push(("PostgreSQL, a transaction each, pool of 8", callers, transaction, None));
        lines.push(("PostgreSQL, autocommit each, pool of 8", callers, alone, None));
    }
    for callers in CALLERS {
        let writes = if callers == 1 { 4_000 } else { 60_000 } / share;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("countersign.db");
        let house = House::on_sqlite(&path).await;
        let meter = Meter::of_sqlite(house.recorder.handle());
        let keys = AtomicUsize::new(0);
        let next = || keys.fetch_add(1, Ordering::Relaxed);
        let ours = measure(&meter, callers, writes, async || house.execute(insert(next())).await).await;
        drop(house);
        let each = pool::one_by_one(&path, writes / 10 + 200, 1 << 40);
        lines.push(("SQLite, Writer", callers, ours, Some(ours.cpu / each.cpu)));
        lines.push(("SQLite, a commit each", callers, each, None));
    }
    print(&lines);
}

/// Runs `writes` in all, `callers` at a time, and measures them.
async fn measure(meter: &Meter, callers: usize, writes: usize, write: impl AsyncFn()) -> Cost {
    repeat(callers, writes / 10 + callers, &write).await;
    let before = meter.read().await;
    repeat(callers, writes, &write).await;
    meter.read().await.since(&before, writes)
}

/// Runs `writes` in all, `callers` at a time.
async fn repeat(callers: usize, writes: usize, write: &impl AsyncFn()) {
    let left = AtomicUsize::new(writes);
    let take = || left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
    join_all((0..callers).map(async |_| {
        while take().is_ok() {
            write().await;
        }
    }))
    .await;
}

fn print(lines: &[(&str, usize, Cost, Option<f64>)]) {
    println!(
        "| who writes | callers | CPU µs a write | of that here | commits a write | syncs a write | writes a s | CPU, ratio |"
    );
    println!("| --- | --: | --: | --: | --: | --: | --: | --: |");
    for (name, callers, cost, ratio) in lines {
        let count = |counted: Option<f64>| counted.map_or_else(String::new, |number| format!("{number:.3}"));
        let Counted { commits, syncs } = cost.counted;
        println!(
            "| {name} | {callers} | {:.1} | {:.1} | {} | {} | {:.0} | {} |",
            cost.cpu,
            cost.own_cpu,
            count(commits),
            count(syncs),
            cost.rate,
            ratio.map_or(String::new(), |ratio| format!("{ratio:.2}")),
        );
    }
}
