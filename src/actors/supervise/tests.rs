//! What a panic costs, what spends the budget, and what a door promises: shown on a role that does nothing else.

mod toy;
mod unguarded;

use std::sync::atomic::Ordering::SeqCst;

use futures_util::FutureExt as _;
use futures_util::future::{join, join3};

use self::toy::{Add, Linger, Toy, ToyDeps};
use super::*;
use crate::actors::ask::Door;
use crate::testing::until;

struct Bench {
    deps: ToyDeps,
    door: Door<Toy>,
    raised: watch::Receiver<Option<&'static str>>,
}

impl Bench {
    fn new() -> Self {
        Self::with(ToyDeps::default(), 8)
    }

    fn with(deps: ToyDeps, capacity: usize) -> Self {
        let (alarm, raised) = Alarm::new();
        let door = Door::open(&actix_rt::Arbiter::current(), deps.clone(), alarm, capacity);
        Self { deps, door, raised }
    }

    async fn is_up(&self) {
        until("the role is up", async || self.door.is_well().await).await;
    }

    async fn until_lingering(&self, how_many: usize) {
        until("they linger", async || self.deps.begun.load(SeqCst) == how_many).await;
    }

    fn is_silent(&self) -> bool {
        self.raised.borrow().is_none()
    }

    async fn until_raised(&self) {
        until("the alarm is raised", async || !self.is_silent()).await;
        assert_eq!(*self.raised.borrow(), Some("toy"));
    }
}

const PANIC: Provoke = Provoke { later: false };
const PANIC_LATER: Provoke = Provoke { later: true };

#[actix_rt::test]
async fn a_panic_in_a_handler_costs_its_message_and_the_state_and_nothing_else() {
    let bench = Bench::new();
    assert_eq!(bench.door.ask(Add(5)).await, Ok(5));
    let in_flight = bench.door.ask(Linger);
    let others = async {
        bench.until_lingering(1).await;
        // All three lie in the mailbox when the first is handled.
        let answers = join3(bench.door.ask(PANIC), bench.door.ask(Add(1)), bench.door.ask(Add(1))).await;
        bench.deps.gate.add_permits(1);
        answers
    };
    let (lingered, answers) = join(in_flight, others).await;
    assert_eq!(lingered, Ok(()), "a request in flight is answered");
    assert_eq!(answers, (Err(Fault::Panicked), Ok(1), Ok(2)), "the state is fresh");
    assert_eq!(bench.deps.begins.load(SeqCst), 2);
    assert!(bench.is_silent());
}

#[actix_rt::test]
async fn a_panic_in_a_future_costs_its_message_alone() {
    let bench = Bench::new();
    assert_eq!(bench.door.ask(Add(5)).await, Ok(5));
    let answers = join(bench.door.ask(PANIC_LATER), bench.door.ask(Add(1))).await;
    assert_eq!(answers, (Err(Fault::Panicked), Ok(6)));
    assert_eq!(bench.deps.begins.load(SeqCst), 1);
    assert_eq!(bench.door.depth(), 0);
}

#[actix_rt::test]
async fn panics_that_requests_provoke_do_not_spend_the_budget() {
    let bench = Bench::new();
    for _ in 0..100 {
        assert_eq!(bench.door.ask(PANIC).await, Err(Fault::Panicked));
        assert_eq!(bench.door.ask(PANIC_LATER).await, Err(Fault::Panicked));
    }
    assert_eq!(bench.door.ask(Add(1)).await, Ok(1));
    assert!(bench.is_silent());
}

#[actix_rt::test]
async fn timers_that_panic_raise_the_alarm() {
    let deps = ToyDeps::default();
    deps.ticks_panic.store(true, SeqCst);
    let bench = Bench::with(deps, 8);
    bench.until_raised().await;
    assert!(bench.deps.begins.load(SeqCst) > BUDGET, "it was begun anew each time");
}

#[actix_rt::test]
async fn a_role_that_cannot_begin_is_tried_again() {
    let deps = ToyDeps::default();
    deps.bad_begins.store(2, SeqCst);
    let bench = Bench::with(deps, 8);
    assert_eq!(bench.door.ask(Add(1)).await, Err(Fault::Stopped));
    assert!(!bench.door.is_well().await);
    bench.is_up().await;
    assert_eq!(bench.door.ask(Add(1)).await, Ok(1));
    assert!(bench.is_silent());
}

#[actix_rt::test]
async fn a_role_that_never_begins_raises_the_alarm() {
    let deps = ToyDeps::default();
    deps.bad_begins.store(usize::MAX, SeqCst);
    Bench::with(deps, 8).until_raised().await;
}

#[actix_rt::test]
async fn a_full_door_refuses_at_once_and_empties_again() {
    let bench = Bench::with(ToyDeps::default(), 2);
    let refused = async {
        bench.until_lingering(2).await;
        assert_eq!(bench.door.depth(), 2);
        let refusal = bench.door.ask(Add(1)).now_or_never();
        bench.deps.gate.add_permits(2);
        refusal
    };
    let (first, second, refusal) = join3(bench.door.ask(Linger), bench.door.ask(Linger), refused).await;
    assert_eq!((first, second), (Ok(()), Ok(())));
    assert_eq!(refusal, Some(Err(Fault::Overloaded)));
    assert_eq!(bench.door.depth(), 0);
    assert_eq!(bench.door.ask(Add(1)).await, Ok(1));
}

#[actix_rt::test]
async fn closing_waits_for_what_is_under_way_and_lets_nobody_in() {
    let bench = Bench::new();
    let closing = async {
        bench.until_lingering(1).await;
        let closing = bench.door.close(Duration::from_secs(30));
        let meanwhile = async {
            let refusal = bench.door.ask(Add(1)).await;
            assert_eq!(bench.deps.done.load(SeqCst), 0);
            bench.deps.gate.add_permits(1);
            refusal
        };
        join(closing, meanwhile).await
    };
    let (lingered, (drained, refusal)) = join(bench.door.ask(Linger), closing).await;
    assert_eq!(lingered, Ok(()));
    assert!(drained);
    assert!(refusal.is_err(), "{refusal:?}");
    assert_eq!(bench.door.ask(Add(1)).await, Err(Fault::Stopped));
}

#[actix_rt::test]
async fn closing_does_not_wait_longer_than_its_patience() {
    let bench = Bench::new();
    let closing = async {
        bench.until_lingering(1).await;
        let drained = bench.door.close(Duration::ZERO).await;
        bench.deps.gate.add_permits(1);
        drained
    };
    let (lingered, drained) = join(bench.door.ask(Linger), closing).await;
    assert_eq!((lingered, drained), (Ok(()), false));
}

#[actix_rt::test]
async fn a_request_dropped_before_it_is_begun_is_withdrawn() {
    let bench = Bench::new();
    assert_eq!(bench.door.ask(Add(0)).await, Ok(0));
    // Polled once it lies in the mailbox; this thread is the actor's too, so it cannot have begun.
    assert_eq!(bench.door.ask(Add(5)).now_or_never(), None);
    assert_eq!(bench.door.ask(Add(1)).await, Ok(1));
    assert_eq!(bench.door.depth(), 0);
}

#[actix_rt::test]
async fn a_request_dropped_after_it_is_begun_is_finished() {
    let bench = Bench::new();
    {
        let asked = std::pin::pin!(bench.door.ask(Linger));
        let begun = std::pin::pin!(bench.until_lingering(1));
        futures_util::future::select(asked, begun).await;
    }
    assert_eq!(bench.door.depth(), 1, "it keeps its place");
    bench.deps.gate.add_permits(1);
    until("it is finished", async || bench.deps.done.load(SeqCst) == 1).await;
    until("its place is free", async || bench.door.depth() == 0).await;
}
