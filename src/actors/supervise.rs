//! What actix's own supervision leaves open: a panic costs the message in hand and nothing else.
//!
//! actix restarts an actor whose context was stopped, but a panic in a handler unwinds through the task that polls the
//! actor, its mailbox and its supervisor, and all three are gone. So no panic may get that far. Every actor runs inside
//! a [`Guarded`] shell which catches what its [`Role`] throws, answers the sender with [`Fault::Panicked`], counts, and
//! makes the role anew from its dependencies. The mailbox and other requests in flight never notice.
//!
//! A panic that a request provokes does not spend the restart budget, or one bad request repeated would be a kill
//! switch; nor does one in a future, which holds no state of the role. A role that cannot begin, or that panics while it
//! handles its own timer or request, does; a spent budget ends the process ([`Alarm`]).

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use actix::dev::{MessageResponse, OneshotSender};
use actix::{Actor, AsyncContext as _, Context, Handler, Message, Supervised};
use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;
use tokio::sync::{OwnedSemaphorePermit, watch};

#[cfg(not(panic = "unwind"))]
compile_error!("supervision rests on unwinding: build with panic = \"unwind\"");

/// How often a role may fail by itself within [`BUDGET_WINDOW`] before the process gives up.
const BUDGET: usize = 5;
/// See [`BUDGET`].
const BUDGET_WINDOW: Duration = Duration::from_mins(1);
/// How long a role that failed to begin is left alone before it is tried again.
const PAUSE: Duration = Duration::from_millis(200);

/// Why a request got no answer from the actor it was sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// As many requests as may be are under way; try again later.
    #[error("the server is at its capacity")]
    Overloaded,
    /// The answer did not come in time; the work may still be done.
    #[error("the server took too long")]
    TimedOut,
    /// Handling this request panicked; the actor is back.
    #[error("handling the request failed")]
    Panicked,
    /// The actor is stopping or beginning anew.
    #[error("the server is stopping or starting")]
    Stopped,
}

/// Something an actor can be asked.
pub trait Request: Send + 'static {
    /// What it answers.
    type Reply: Send + 'static;
}

/// The part of an actor that knows its trade: state made from dependencies, and nothing of actix's dangers.
pub trait Role: Sized + Unpin + 'static {
    /// For logs, metrics and health.
    const NAME: &'static str;
    /// What it is made from, at start and after a panic.
    type Deps: Clone + Send + Unpin + 'static;

    /// Makes the state afresh.
    fn begin(deps: &Self::Deps) -> Self;

    /// Called after each [`Role::begin`], to set timers with [`Timers::every`].
    fn timers(_timers: &mut Timers<'_, Self>) {}

    /// Called by the shell every time a timer set in [`Role::timers`] fires.
    fn tick(&mut self, _me: &Myself<Self>) -> Answer<()> {
        Answer::Ready(())
    }
}

/// A role that answers requests of type `M`.
pub trait Serve<M: Request>: Role {
    /// Handles one request. State is at hand until this returns; what is answered [`Answer::Later`] carries its own.
    fn serve(&mut self, request: M, me: &Myself<Self>) -> Answer<M::Reply>;
}

/// An answer now, or a future that gives it. The future runs in a task of its own: the asker may leave, it goes on.
pub enum Answer<T> {
    /// Now.
    Ready(T),
    /// Soon.
    Later(LocalBoxFuture<'static, T>),
}

impl<T> Answer<T> {
    /// An answer that `work` will give.
    pub fn later(work: impl Future<Output = T> + 'static) -> Self {
        Self::Later(Box::pin(work))
    }
}

/// Raised when an actor cannot stay up; whoever runs the process listens and ends it.
#[derive(Clone, Debug)]
pub struct Alarm(Arc<watch::Sender<Option<&'static str>>>);

impl Alarm {
    /// An alarm that nobody has raised, and what hears it.
    #[must_use]
    pub fn new() -> (Self, watch::Receiver<Option<&'static str>>) {
        let (sender, receiver) = watch::channel(None);
        (Self(Arc::new(sender)), receiver)
    }

    fn raise(&self, actor: &'static str) {
        tracing::error!(actor, "the actor cannot stay up; giving up");
        self.0.send_replace(Some(actor));
    }
}

/// Lets a role send itself requests that nobody outside waits for.
pub struct Myself<R: Role>(actix::WeakAddr<Guarded<R>>);

impl<R: Role> Clone for Myself<R> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<R: Role> Myself<R> {
    /// Puts `request` behind everything that is in the mailbox now; its answer is dropped.
    pub fn notify<M: Request>(&self, request: M)
    where
        R: Serve<M>,
    {
        if let Some(address) = self.0.upgrade() {
            address.do_send(Envelope {
                request,
                origin: Origin::Myself,
                permit: None,
            });
        }
    }
}

/// Sets the timer of a role.
pub struct Timers<'a, R: Role>(&'a mut Context<Guarded<R>>);

impl<R: Role> Timers<'_, R> {
    /// Calls [`Role::tick`] every `period`.
    pub fn every(&mut self, period: Duration) {
        // The closure only sends: a panic in it would not be caught.
        self.0.run_interval(period, |_, context| context.notify(Tick));
    }
}

/// The actix actor around a [`Role`].
pub struct Guarded<R: Role> {
    deps: R::Deps,
    role: Option<R>,
    alarm: Alarm,
    /// When the role failed by itself, on actix's clock; within the window only.
    failures: VecDeque<tokio::time::Instant>,
    capacity: usize,
}

impl<R: Role> Guarded<R> {
    /// A shell whose role begins when the actor starts.
    pub const fn new(deps: R::Deps, alarm: Alarm, capacity: usize) -> Self {
        Self {
            deps,
            role: None,
            alarm,
            failures: VecDeque::new(),
            capacity,
        }
    }

    /// Makes the role from its dependencies; tries again after a pause if that panics.
    fn begin(&mut self, context: &mut Context<Self>) {
        self.role = catch_unwind(AssertUnwindSafe(|| R::begin(&self.deps))).ok();
        if self.role.is_none() {
            self.spend_budget();
            context.notify_later(Begin, PAUSE);
        }
    }

    /// After a panic: counts it, and replaces state that may be half changed.
    fn recover(&mut self, origin: Origin, context: &mut Context<Self>) {
        count_panic::<R>();
        if origin == Origin::Myself {
            self.spend_budget();
        }
        self.begin(context);
    }

    fn spend_budget(&mut self) {
        #[expect(
            clippy::disallowed_methods,
            reason = "the budget measures this process's own time, not the world's"
        )]
        let now = tokio::time::Instant::now();
        self.failures.push_back(now);
        while self
            .failures
            .front()
            .is_some_and(|first| now.duration_since(*first) > BUDGET_WINDOW)
        {
            self.failures.pop_front();
        }
        if self.failures.len() > BUDGET {
            self.alarm.raise(R::NAME);
        }
    }

    /// Runs `work` on the role; a panic is caught and recovered from.
    fn guard<T>(
        &mut self,
        origin: Origin,
        context: &mut Context<Self>,
        work: impl FnOnce(&mut R, &Myself<R>) -> T,
    ) -> Result<T, Fault> {
        let Some(role) = self.role.as_mut() else {
            return Err(Fault::Stopped);
        };
        let me = Myself(context.address().downgrade());
        match catch_unwind(AssertUnwindSafe(|| work(role, &me))) {
            Ok(value) => Ok(value),
            Err(_) => {
                self.recover(origin, context);
                Err(Fault::Panicked)
            }
        }
    }
}

fn count_panic<R: Role>() {
    metrics::counter!("countersign_actor_panics_total", "actor" => R::NAME).increment(1);
    tracing::error!(actor = R::NAME, "a handler panicked; only its request is lost");
}

impl<R: Role> Actor for Guarded<R> {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Context<Self>) {
        // Doors bound what comes in; the mailbox needs room for all they let through and for the role's own requests.
        context.set_mailbox_capacity(self.capacity + 16);
        self.begin(context);
        R::timers(&mut Timers(context));
    }
}

impl<R: Role> Supervised for Guarded<R> {}

/// Who sent a request, for the restart budget.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// Somebody through a door.
    Outside,
    /// The role itself, or a timer.
    Myself,
}

/// A request on its way, with the permit that holds its place until it is answered.
pub(super) struct Envelope<M: Request> {
    pub(super) request: M,
    pub(super) origin: Origin,
    pub(super) permit: Option<OwnedSemaphorePermit>,
}

impl<M: Request> Message for Envelope<M> {
    type Result = Result<M::Reply, Fault>;
}

/// What a shell gives back to actix for one envelope.
pub(super) enum Outcome<T: 'static> {
    Now(Result<T, Fault>),
    Soon(LocalBoxFuture<'static, Result<T, Fault>>),
}

impl<R, M> MessageResponse<Guarded<R>, Envelope<M>> for Outcome<M::Reply>
where
    R: Role,
    M: Request,
{
    fn handle(self, _: &mut Context<Guarded<R>>, sender: Option<OneshotSender<Result<M::Reply, Fault>>>) {
        let send = move |result| {
            if let Some(sender) = sender {
                // The asker may have gone; the work is done all the same.
                let _ = sender.send(result);
            }
        };
        match self {
            Self::Now(result) => send(result),
            Self::Soon(work) => {
                actix_rt::spawn(async move { send(work.await) });
            }
        }
    }
}

impl<R, M> Handler<Envelope<M>> for Guarded<R>
where
    R: Serve<M>,
    M: Request,
{
    type Result = Outcome<M::Reply>;

    fn handle(&mut self, envelope: Envelope<M>, context: &mut Context<Self>) -> Self::Result {
        let Envelope {
            request,
            origin,
            permit,
        } = envelope;
        match self.guard(origin, context, |role, me| role.serve(request, me)) {
            Ok(Answer::Ready(reply)) => Outcome::Now(Ok(reply)),
            Err(fault) => Outcome::Now(Err(fault)),
            Ok(Answer::Later(work)) => Outcome::Soon(Box::pin(async move {
                let result = AssertUnwindSafe(work).catch_unwind().await;
                drop(permit);
                // No state of the actor is inside the future, so nothing needs to be made anew.
                result.map_err(|_| {
                    count_panic::<R>();
                    Fault::Panicked
                })
            })),
        }
    }
}

/// Tries [`Role::begin`] again.
#[derive(Message)]
#[rtype(result = "()")]
struct Begin;

impl<R: Role> Handler<Begin> for Guarded<R> {
    type Result = ();

    fn handle(&mut self, _: Begin, context: &mut Context<Self>) {
        if self.role.is_none() {
            self.begin(context);
        }
    }
}

/// The timer fired.
#[derive(Message)]
#[rtype(result = "()")]
struct Tick;

impl<R: Role> Handler<Tick> for Guarded<R> {
    type Result = ();

    fn handle(&mut self, _: Tick, context: &mut Context<Self>) {
        if let Ok(Answer::Later(work)) = self.guard(Origin::Myself, context, R::tick) {
            actix_rt::spawn(async move {
                if AssertUnwindSafe(work).catch_unwind().await.is_err() {
                    count_panic::<R>();
                }
            });
        }
    }
}

/// Asks the shell whether its role is up.
#[derive(Message)]
#[rtype(result = "bool")]
pub(super) struct Ping;

impl<R: Role> Handler<Ping> for Guarded<R> {
    type Result = bool;

    fn handle(&mut self, _: Ping, _: &mut Context<Self>) -> bool {
        self.role.is_some()
    }
}

/// Makes the role panic, in its handler or in a future, to prove that nothing else notices.
#[cfg(test)]
pub(crate) struct Provoke {
    /// In a future that the handler answers with, instead of in the handler.
    pub(crate) later: bool,
}

#[cfg(test)]
impl Request for Provoke {
    type Reply = ();
}

#[cfg(test)]
impl<R: Role> Serve<Provoke> for R {
    fn serve(&mut self, request: Provoke, _: &Myself<Self>) -> Answer<()> {
        if request.later {
            return Answer::later(async { panic!("provoked in a future") });
        }
        panic!("provoked in a handler");
    }
}

#[cfg(test)]
mod tests;
