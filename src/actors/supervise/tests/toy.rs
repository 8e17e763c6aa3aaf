//! A role with just enough state to lose.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

use tokio::sync::Semaphore;

use super::super::*;

#[derive(Clone)]
pub(super) struct ToyDeps {
    /// How often the role was begun.
    pub(super) begins: Arc<AtomicUsize>,
    /// How often beginning will yet panic.
    pub(super) bad_begins: Arc<AtomicUsize>,
    /// Whether each tick panics.
    pub(super) ticks_panic: Arc<AtomicBool>,
    /// Lets one lingering request go for each permit.
    pub(super) gate: Arc<Semaphore>,
    /// How many requests have begun to linger.
    pub(super) begun: Arc<AtomicUsize>,
    /// How many have ended to.
    pub(super) done: Arc<AtomicUsize>,
}

impl Default for ToyDeps {
    fn default() -> Self {
        Self {
            begins: Arc::default(),
            bad_begins: Arc::default(),
            ticks_panic: Arc::default(),
            gate: Arc::new(Semaphore::new(0)),
            begun: Arc::default(),
            done: Arc::default(),
        }
    }
}

pub(super) struct Toy {
    deps: ToyDeps,
    sum: u32,
}

impl Role for Toy {
    const NAME: &'static str = "toy";
    type Deps = ToyDeps;

    fn begin(deps: &ToyDeps) -> Self {
        let left = deps.bad_begins.load(SeqCst);
        if left > 0 {
            deps.bad_begins.store(left - 1, SeqCst);
            panic!("a bad beginning");
        }
        deps.begins.fetch_add(1, SeqCst);
        Self {
            deps: deps.clone(),
            sum: 0,
        }
    }

    fn timers(timers: &mut Timers<'_, Self>) {
        timers.every(Duration::from_millis(5));
    }

    fn tick(&mut self, _: &Myself<Self>) -> Answer<()> {
        assert!(!self.deps.ticks_panic.load(SeqCst), "a bad tick");
        Answer::Ready(())
    }
}

/// Adds to the state, and answers the sum.
pub(super) struct Add(pub(super) u32);

impl Request for Add {
    type Reply = u32;
}

impl Serve<Add> for Toy {
    fn serve(&mut self, request: Add, _: &Myself<Self>) -> Answer<u32> {
        self.sum += request.0;
        Answer::Ready(self.sum)
    }
}

/// Stays under way until the gate lets it go.
pub(super) struct Linger;

impl Request for Linger {
    type Reply = ();
}

impl Serve<Linger> for Toy {
    fn serve(&mut self, _: Linger, _: &Myself<Self>) -> Answer<()> {
        let deps = self.deps.clone();
        deps.begun.fetch_add(1, SeqCst);
        Answer::later(async move {
            if let Ok(permit) = deps.gate.acquire().await {
                permit.forget();
            }
            deps.done.fetch_add(1, SeqCst);
        })
    }
}
