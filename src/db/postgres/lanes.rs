//! The two lanes of writing: single statements gather while a commit runs and share the next one; commands have a
//! transaction each, several at once.
//!
//! Works wait in the queue of their lane. A task takes them out for as long as there are some; it runs on the thread
//! that handed in the first. Where no session can be had, whatever waits is answered at once: of that nothing was sent.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::time::Instant;

use super::connector::{Connector, Session};
use super::{CONNECT_LIMIT, commands, left, singles};
use crate::db::error::DbError;
use crate::db::work::Work;

/// The most statements that share one commit.
const BATCH: usize = 256;

/// Writes to PostgreSQL. Cheap to clone.
#[derive(Clone)]
pub struct Lanes(Arc<Inner>);

struct Inner {
    connector: Connector,
    singles: Mutex<Lane>,
    commands: Mutex<Lane>,
    /// The session of start-up and of the command line.
    beside: Mutex<Option<Session>>,
}

impl std::fmt::Debug for Lanes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Lanes").field(&self.0.connector).finish()
    }
}

/// What waits, and who works at it.
struct Lane {
    queue: VecDeque<Box<dyn Work>>,
    /// Tasks under way, and the most that may be.
    tasks: usize,
    most: usize,
    /// Sessions that nobody uses now.
    idle: Vec<Session>,
}

impl Lane {
    const fn new(most: usize) -> Self {
        Self {
            queue: VecDeque::new(),
            tasks: 0,
            most,
            idle: Vec::new(),
        }
    }
}

/// Which lane.
#[derive(Clone, Copy)]
enum Kind {
    Singles,
    Commands,
}

impl Lanes {
    /// Lanes with `writers` sessions between them, one of them for single statements. None is opened yet.
    #[must_use]
    pub(super) fn new(connector: Connector, writers: usize) -> Self {
        Self(Arc::new(Inner {
            connector,
            singles: Mutex::new(Lane::new(1)),
            commands: Mutex::new(Lane::new(writers.saturating_sub(1).max(1))),
            beside: Mutex::default(),
        }))
    }

    /// Queues a work, which will be answered. On a thread that runs local tasks.
    pub fn submit(&self, work: Box<dyn Work>) {
        let kind = if work.statement().is_some() {
            Kind::Singles
        } else {
            Kind::Commands
        };
        let begins = {
            let mut lane = self.lane(kind).lock();
            lane.queue.push_back(work);
            let begins = lane.tasks < lane.most;
            lane.tasks += usize::from(begins);
            begins
        };
        if begins {
            let lanes = self.clone();
            // It runs behind whatever else this thread has to do first, so that more may gather.
            tokio::task::spawn_local(async move { lanes.work_off(kind).await });
        }
    }

    /// Runs one command by itself, here and now; it may take minutes.
    pub(in crate::db) async fn run(&self, work: Box<dyn Work>) {
        let idle = self.0.beside.lock().take();
        if let Ok(session) = commands::run(&self.0.connector.patient(), idle, work).await {
            *self.0.beside.lock() = session;
        }
    }

    /// Lets go of the session of start-up.
    pub fn let_go(&self) {
        self.0.beside.lock().take();
    }

    fn lane(&self, kind: Kind) -> &Mutex<Lane> {
        match kind {
            Kind::Singles => &self.0.singles,
            Kind::Commands => &self.0.commands,
        }
    }

    async fn work_off(self, kind: Kind) {
        let mut task = Task {
            lane: self.lane(kind),
            over: false,
        };
        while let Some(Turn { batch, idle }) = task.next(kind) {
            #[expect(clippy::cast_precision_loss, reason = "a batch is small")]
            metrics::histogram!("countersign_write_batch_size").record(batch.len() as f64);
            let outcome = match kind {
                Kind::Singles => singles::run(&self.0.connector, idle, batch).await,
                Kind::Commands => run_command(&self.0.connector, idle, batch).await,
            };
            match outcome {
                Ok(None) => {}
                Ok(Some(session)) => task.lane.lock().idle.push(session),
                Err(error) => task.give_up(&error),
            }
        }
    }
}

async fn run_command(
    connector: &Connector,
    idle: Option<Session>,
    batch: Vec<Box<dyn Work>>,
) -> Result<Option<Session>, DbError> {
    match batch.into_iter().next() {
        Some(work) => commands::run(connector, idle, work).await,
        None => Ok(idle),
    }
}

/// What a task does next, and a session for it if one is idle.
struct Turn {
    batch: Vec<Box<dyn Work>>,
    idle: Option<Session>,
}

/// A task of a lane. When it ends, in whatever way, another may begin.
struct Task<'l> {
    lane: &'l Mutex<Lane>,
    over: bool,
}

impl Task<'_> {
    /// What to do next; `None` ends the task.
    fn next(&mut self, kind: Kind) -> Option<Turn> {
        let mut lane = self.lane.lock();
        let most = match kind {
            Kind::Singles => BATCH,
            Kind::Commands => 1,
        };
        let size = lane.queue.len().min(most);
        if size == 0 {
            // Under the same lock as the look at the queue, so that no work is left without a task.
            lane.tasks -= 1;
            self.over = true;
            return None;
        }
        let batch = lane.queue.drain(..size).collect();
        let idle = lane.idle.pop();
        Some(Turn { batch, idle })
    }

    /// Answers all that waits.
    fn give_up(&self, error: &DbError) {
        let waiting = std::mem::take(&mut self.lane.lock().queue);
        for work in waiting {
            work.settle(Err(error.clone()));
        }
    }
}

impl Drop for Task<'_> {
    fn drop(&mut self) {
        if !self.over {
            self.lane.lock().tasks -= 1;
        }
    }
}

/// A session: the idle one, if it still lives, or another.
pub(super) async fn session(
    connector: &Connector,
    idle: Option<Session>,
    deadline: Instant,
) -> Result<Session, DbError> {
    if let Some(session) = idle.filter(|session| !session.client.is_closed()) {
        return Ok(session);
    }
    if connector.is_resting() {
        return Err(DbError::Unavailable("PostgreSQL cannot be reached".to_owned()));
    }
    let limit = left(deadline).min(CONNECT_LIMIT);
    match tokio::time::timeout(limit, connector.open()).await {
        Ok(opened) => Ok(opened?),
        Err(_) => Err(DbError::Unavailable("PostgreSQL does not answer".to_owned())),
    }
}
