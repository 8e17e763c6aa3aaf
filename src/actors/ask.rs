//! Doors: the only way to ask an actor something, and bounded.

use std::sync::Arc;
use std::thread::ThreadId;
use std::time::Duration;

use actix::{Addr, MailboxError, Supervisor};
use parking_lot::RwLock;
use tokio::sync::Semaphore;

use super::supervise::{Alarm, Envelope, Fault, Guarded, Origin, Ping, Request, Role, Serve};

/// How long an asker waits. Longer than any backend's own time-out, so that the actor's answer comes first.
const PATIENCE: Duration = Duration::from_secs(10);

/// A door to one actor: as many requests as it has room for are under way, one more is refused at once.
pub struct Door<R: Role> {
    address: Addr<Guarded<R>>,
    room: Arc<Semaphore>,
    capacity: usize,
}

impl<R: Role> Clone for Door<R> {
    fn clone(&self) -> Self {
        Self {
            address: self.address.clone(),
            room: Arc::clone(&self.room),
            capacity: self.capacity,
        }
    }
}

impl<R: Role> Door<R> {
    /// Starts a supervised actor on `arbiter` and opens a door with room for `capacity` requests.
    #[must_use]
    pub fn open(arbiter: &actix::ArbiterHandle, deps: R::Deps, alarm: Alarm, capacity: usize) -> Self {
        let address = Supervisor::start_in_arbiter(arbiter, move |_| Guarded::<R>::new(deps, alarm, capacity));
        Self {
            address,
            room: Arc::new(Semaphore::new(capacity)),
            capacity,
        }
    }

    /// The same on the arbiter of this thread.
    #[must_use]
    pub fn open_here(deps: R::Deps, alarm: Alarm, capacity: usize) -> Self {
        let address = Supervisor::start(move |_| Guarded::<R>::new(deps, alarm, capacity));
        Self {
            address,
            room: Arc::new(Semaphore::new(capacity)),
            capacity,
        }
    }

    /// Asks and waits for the answer.
    ///
    /// Dropping the future withdraws a request that the actor has not begun; one that it has begun is finished.
    ///
    /// # Errors
    /// [`Fault`] if the actor did not answer; what the request itself can fail with is in its reply.
    pub async fn ask<M: Request>(&self, request: M) -> Result<M::Reply, Fault>
    where
        R: Serve<M>,
    {
        let permit = match Arc::clone(&self.room).try_acquire_owned() {
            Ok(permit) => permit,
            Err(tokio::sync::TryAcquireError::Closed) => return Err(Fault::Stopped),
            Err(tokio::sync::TryAcquireError::NoPermits) => {
                metrics::counter!("countersign_actor_refusals_total", "actor" => R::NAME).increment(1);
                return Err(Fault::Overloaded);
            }
        };
        let envelope = Envelope {
            request,
            origin: Origin::Outside,
            permit: Some(permit),
        };
        match self.address.send(envelope).timeout(PATIENCE).await {
            Ok(result) => result,
            Err(MailboxError::Timeout) => Err(Fault::TimedOut),
            Err(MailboxError::Closed) => Err(Fault::Stopped),
        }
    }

    /// Sends and does not wait. What there is no room for is dropped: this is for hints, not for work.
    pub fn tell<M: Request>(&self, request: M)
    where
        R: Serve<M>,
    {
        if let Ok(permit) = Arc::clone(&self.room).try_acquire_owned() {
            self.address.do_send(Envelope {
                request,
                origin: Origin::Outside,
                permit: Some(permit),
            });
        }
    }

    /// Whether the actor answers and its role is up.
    pub async fn is_well(&self) -> bool {
        self.address
            .send(Ping)
            .timeout(Duration::from_secs(2))
            .await
            .unwrap_or(false)
    }

    /// How many requests are under way.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.capacity.saturating_sub(self.room.available_permits())
    }

    /// For logs, metrics and health.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        R::NAME
    }

    /// Lets nobody in any more and waits until all requests under way are answered, or `patience` is over.
    pub async fn close(&self, patience: Duration) -> bool {
        let all = u32::try_from(self.capacity).unwrap_or(u32::MAX);
        let drained = tokio::time::timeout(patience, self.room.acquire_many(all)).await;
        self.room.close();
        matches!(drained, Ok(Ok(_)))
    }
}

/// Actors of one role, one on each thread that asks: a shard is opened where it is first asked, and whoever asks there
/// again waits for no other thread. What shards of one role must agree on is in the store, so it does not matter which is
/// asked.
pub struct Shards<R: Role> {
    open: Arc<dyn Fn() -> Door<R> + Send + Sync>,
    /// Few, and written only when a thread asks for the first time.
    opened: Arc<RwLock<Vec<Opened<R>>>>,
}

/// A shard's door and the thread that it is for.
struct Opened<R: Role> {
    thread: ThreadId,
    door: Door<R>,
}

impl<R: Role> Clone for Shards<R> {
    fn clone(&self) -> Self {
        Self {
            open: Arc::clone(&self.open),
            opened: Arc::clone(&self.opened),
        }
    }
}

impl<R: Role> Shards<R>
where
    R::Deps: Sync,
{
    /// No shards yet; each will have room for `capacity` requests.
    #[must_use]
    pub fn new(deps: R::Deps, alarm: Alarm, capacity: usize) -> Self {
        let open = move || Door::open_here(deps.clone(), alarm.clone(), capacity);
        Self {
            open: Arc::new(open),
            opened: Arc::default(),
        }
    }
}

impl<R: Role> Shards<R> {
    /// Asks the shard of this thread. See [`Door::ask`].
    ///
    /// # Errors
    /// As [`Door::ask`].
    pub async fn ask<M: Request>(&self, request: M) -> Result<M::Reply, Fault>
    where
        R: Serve<M>,
    {
        self.here().ask(request).await
    }

    /// The doors opened so far, for health, gauges and shutdown.
    #[must_use]
    pub fn doors(&self) -> Vec<Door<R>> {
        self.opened.read().iter().map(|opened| opened.door.clone()).collect()
    }

    fn here(&self) -> Door<R> {
        let thread = std::thread::current().id();
        let known = self
            .opened
            .read()
            .iter()
            .find(|opened| opened.thread == thread)
            .map(|opened| opened.door.clone());
        known.unwrap_or_else(|| {
            let door = (self.open)();
            self.opened.write().push(Opened {
                thread,
                door: door.clone(),
            });
            door
        })
    }
}
