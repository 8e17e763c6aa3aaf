//! How long ordinary operations take while the Sweeper deletes a million expired rows beside them, and how long without it.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::{Duration, Instant};

use countersign::actors::ask::Door;
use countersign::actors::supervise::Alarm;
use countersign::actors::sweeper::{Deps, Sweeper};
use countersign::config::Kv;
use countersign::db::Statement;
use countersign::db::kv::KeyValue;
use countersign::system::{SystemClock, SystemRandom};
use futures_util::future::{join, join_all};

use crate::fill::{self, FAMILIES, Filling};
use crate::house::House;
use crate::scale::Operations;

/// How many callers there are, each of whom rests for [`PAUSE`] after an operation: people, and no flood.
const CALLERS: usize = 32;
const PAUSE: Duration = Duration::from_millis(20);

/// How long is looked at before the sweep.
const BEFORE: Duration = Duration::from_secs(20);

/// Every how many operations a caller writes; the others are reads.
const READS: usize = 3;

/// Fills both databases and prints latencies before and during the sweep.
pub async fn run(expired: usize) {
    let filling = Filling {
        accounts: expired / 10,
        expired,
    };
    println!("| database | rows swept | while | operations | a s | p50 ms | p99 ms | max ms |");
    println!("| --- | --: | --- | --: | --: | --: | --: | --: |");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("countersign.db");
    drop(House::on_sqlite(&path).await);
    fill::sqlite(&path, filling);
    report("SQLite", House::on_sqlite(&path).await, filling).await;
    let server = test_stores::postgres(&["-c", "shared_buffers=1GB", "-c", "max_wal_size=16GB"]);
    let database = test_stores::Database::within(&server.url);
    let house = House::on_postgres(&database.url()).await;
    fill::postgres(&database.url(), filling);
    report("PostgreSQL", house, filling).await;
}

async fn report(name: &str, house: House, filling: Filling) {
    let turn = AtomicUsize::new(0);
    let operations = Operations {
        house: &house,
        accounts: filling.accounts,
        turn: &turn,
    };
    let began = Instant::now();
    let quiet = work(&operations, async || began.elapsed() > BEFORE).await;
    print(name, 0, "nothing else", &quiet, began.elapsed());

    let clock = Arc::new(SystemClock::start());
    let kv = KeyValue::in_memory(clock.clone(), Kv::default());
    let deps = Deps::new(house.store.clone(), kv, house.writes(), clock, Arc::new(SystemRandom));
    let (alarm, _) = Alarm::new();
    let sweeping = actix_rt::Arbiter::new();
    let sweeper: Door<Sweeper> = Door::open(&sweeping.handle(), deps, alarm, 16);
    let began = Instant::now();
    let busy = work(&operations, async || {
        families(&house).await == filling.accounts * FAMILIES
    })
    .await;
    print(name, filling.expired, "the sweep", &busy, began.elapsed());
    drop(sweeper);
    sweeping.stop();
}

/// How many families there are.
async fn families(house: &House) -> usize {
    let rows = house.query(&Statement::new("SELECT COUNT(*) FROM families")).await;
    usize::try_from(rows[0].integer(0).expect("a number")).expect("fits")
}

/// Lets all callers work until it `is_over`, which is asked every few seconds; how long each operation took, in order.
async fn work(operations: &Operations<'_>, is_over: impl AsyncFn() -> bool) -> Vec<Duration> {
    let (over, all) = (std::cell::Cell::new(false), RefCell::new(Vec::new()));
    let call = async |caller: usize| {
        for number in caller.. {
            if over.get() {
                break;
            }
            let began = Instant::now();
            match number % READS {
                0 => operations.refresh().await,
                1 => operations.userinfo().await,
                _ => operations.log_in().await,
            }
            all.borrow_mut().push(began.elapsed());
            actix_rt::time::sleep(PAUSE).await;
        }
    };
    let watch = async {
        while !is_over().await {
            actix_rt::time::sleep(Duration::from_secs(2)).await;
        }
        over.set(true);
    };
    join(watch, join_all((0..CALLERS).map(call))).await;
    let mut all = all.into_inner();
    all.sort_unstable();
    all
}

fn print(name: &str, swept: usize, beside: &str, latencies: &[Duration], took: Duration) {
    let at = |share: f64| latencies[((latencies.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
    println!(
        "| {name} | {swept} | {beside}, {:.0} s | {} | {:.0} | {:.2} | {:.2} | {:.2} |",
        took.as_secs_f64(),
        latencies.len(),
        latencies.len() as f64 / took.as_secs_f64(),
        at(0.5),
        at(0.99),
        at(1.0),
    );
}
