//! Midnight at the ledger.

use super::*;
use crate::actors::ledger;
use crate::actors::ledger::stores::Stores;
use crate::config::Mode;
use crate::db::entitlements::{revocations, runtime};
use crate::domain::entitlement::revocation::Revocation;

/// A ledger and the one who sweeps it, with a clock each; the ledger's is moved along.
struct House {
    process: Process,
    ledger: ledger::tests::Process,
}

impl House {
    async fn start(store: TestStore, seed: u64) -> Self {
        let ledger = ledger::tests::Process::start(store.again(), Mode::Production, Stores::default()).await;
        ledger.clock.set_wall(START);
        let mut process = Process::start(store, seed);
        process.deps = process.deps.with_ledger(Some(ledger.ledger.clone()));
        Self { process, ledger }
    }

    /// Lets time pass by both clocks, a little at a time, and looks every time.
    async fn pass(&mut self, span: Duration) {
        self.process.clock.pass(span);
        self.ledger.clock.pass(span);
        self.process.turn().await;
    }

    /// Becomes the one whose turn it is, and sweeps.
    async fn settle(&mut self) {
        for _ in 0..40 {
            self.pass(SECOND).await;
        }
    }

    async fn revoke(&self, gen_index: i64, expires_at: Timestamp) {
        let entry = Revocation {
            gen_index,
            created_at: START,
            expires_at,
        };
        self.process.write(revocations::revoke(&entry)).await;
        self.process.write(runtime::advance_ticket(1)).await;
    }

    async fn left(&self) -> Vec<i64> {
        let rows = self
            .process
            .store
            .rows("SELECT gen_index FROM entitlement_revocations ORDER BY gen_index")
            .await;
        rows.iter().map(|row| row.integer(0).expect("a number")).collect()
    }

    async fn runtime(&self) -> runtime::Runtime {
        let row = self
            .process
            .store
            .store
            .query_one(&runtime::row())
            .await
            .expect("reads")
            .expect("is there");
        runtime::read(&row).expect("is ours")
    }
}

fn midnight_after(time: Timestamp) -> Timestamp {
    crate::domain::entitlement::day::round_up(time)
}

#[actix_rt::test]
async fn what_is_over_goes_at_midnight_and_what_was_missed_at_the_start() {
    let mut house = House::start(TestStore::new(), 1).await;
    let midnight = midnight_after(START);
    house.revoke(1, START.minus(Duration::from_hours(48))).await;
    house.revoke(2, midnight).await;
    house.revoke(3, Timestamp::from_millis(midnight.as_millis() + 1)).await;
    house.settle().await;
    assert_eq!(
        house.left().await,
        [2, 3],
        "caught up with the midnight before the start"
    );
    let before = house.runtime().await;
    assert_eq!(
        (before.expired_until.as_millis(), before.revocation_ticket),
        (midnight.as_millis() - DAY, 4)
    );

    let until = midnight.since(house.process.clock.now());
    house.pass(until.saturating_sub(SECOND)).await;
    assert_eq!(house.left().await, [2, 3]);
    house.settle().await;
    assert_eq!(house.left().await, [3]);
    let after = house.runtime().await;
    assert_eq!((after.expired_until, after.revocation_ticket), (midnight, 5));
    let published = house.ledger.deps.revocations.ticket(house.ledger.clock.monotonic());
    assert!(
        published.is_none_or(|ticket| ticket == 5),
        "its own writes are known at once"
    );
}

#[actix_rt::test]
async fn a_clock_that_jumps_ahead_and_back_loses_nothing() {
    let mut house = House::start(TestStore::new(), 1).await;
    house.settle().await;
    let done = house.runtime().await.expired_until;
    house.revoke(1, START.plus(Duration::from_hours(24 * 40))).await;
    let jump = START.plus(Duration::from_hours(24 * 400));
    house.process.clock.set_wall(jump);
    house.ledger.clock.set_wall(jump);
    house.settle().await;
    assert_eq!(house.left().await, [1]);
    assert_eq!(house.runtime().await.expired_until, done);
    let back = START.plus(Duration::from_mins(3));
    house.process.clock.set_wall(back);
    house.ledger.clock.set_wall(back);
    house.settle().await;
    assert_eq!(house.left().await, [1]);
}

#[actix_rt::test]
async fn of_many_rows_a_batch_at_a_time_goes_and_the_ticket_counts_each() {
    let mut house = House::start(TestStore::new(), 1).await;
    let many = 1203;
    let statements: Vec<_> = (0..many)
        .map(|gen_index| {
            revocations::revoke(&Revocation {
                gen_index,
                created_at: START,
                expires_at: Timestamp::from_millis(1),
            })
        })
        .collect();
    for statement in statements {
        house.process.write(statement).await;
    }
    house.settle().await;
    assert_eq!(house.left().await, [] as [i64; 0]);
    assert_eq!(house.runtime().await.revocation_ticket, many);
}

#[actix_rt::test]
async fn a_server_that_starts_far_after_the_last_sweep_sweeps_nothing_until_an_operator_says_that_it_may() {
    let month = Duration::from_hours(30 * 24);
    let mut house = House::start(TestStore::new(), 1).await;
    house.settle().await;
    let done = house.runtime().await.expired_until;
    house.revoke(1, START.plus(month)).await;

    // Its clock is years ahead, and it cannot know.
    let later = |house: &House, seed: u64, span: Duration| {
        let process = Process::start(house.process.store.again(), seed);
        process.clock.set_wall(START.plus(span));
        house.ledger.clock.set_wall(START.plus(span));
        let ledger = house.ledger.ledger.clone();
        let deps = &process.deps;
        let again = Deps::new(
            deps.store.clone(),
            deps.kv.clone(),
            deps.writes.clone(),
            Arc::clone(&deps.clock),
            Arc::clone(&deps.random),
        );
        Process {
            deps: again.with_ledger(Some(ledger)),
            ..process
        }
    };
    house.process = later(&house, 2, month * 40);
    house.settle().await;
    assert_eq!(house.process.course.doubt(), Some(turn::Doubt::Leapt));
    assert_eq!(
        (house.left().await, house.runtime().await.expired_until),
        (vec![1], done)
    );
    assert_eq!(house.process.epoch().await, 1, "it has not taken the turn");

    // Another, which is right and was down for a month, catches up.
    house.process = later(&house, 3, month + Duration::from_hours(48));
    house.settle().await;
    assert_eq!(house.process.course.doubt(), None);
    assert_eq!(house.left().await, [] as [i64; 0]);

    // The first was right after all, and an operator says so.
    house.process = later(&house, 4, month * 40);
    house.settle().await;
    assert_eq!(house.process.course.doubt(), Some(turn::Doubt::Leapt));
    let now = house.process.clock.now();
    house.process.write(crate::db::sweep::accept(now)).await;
    house.settle().await;
    assert_eq!(house.process.course.doubt(), None);
    assert!(house.runtime().await.expired_until >= START.plus(month * 39));

    // A clock that is behind deletes nothing that is not over, and is no reason to stop.
    house.process = later(&house, 5, Duration::ZERO);
    house.settle().await;
    assert_eq!(house.process.course.doubt(), None);
}
