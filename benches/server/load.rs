//! Load: operations from 32 callers at once, and what they cost the server.

use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;

use crate::clock::median;
use crate::http::Connection;
use crate::process::Process;

/// How many operations are under way at once.
pub const CALLERS: usize = 32;

/// On how many threads. One for each caller would be woken for each answer, by the server, at its cost.
const THREADS: usize = 2;

/// What a number of operations cost.
pub struct Measured {
    /// CPU of the server for one operation, in µs.
    pub micros: f64,
    /// Operations a second, client and server on the same machine.
    pub rate: f64,
    /// Latencies of single requests, in order.
    latencies: Vec<Duration>,
}

impl Measured {
    /// All of `rounds` as one: the CPU and the rate of the median round, and the latencies of all.
    pub fn median(rounds: &[&Self]) -> Self {
        let mut latencies: Vec<_> = rounds.iter().flat_map(|round| &round.latencies).copied().collect();
        latencies.sort_unstable();
        Self {
            micros: median(rounds.iter().map(|round| round.micros)),
            rate: median(rounds.iter().map(|round| round.rate)),
            latencies,
        }
    }

    /// The latency that `share` of all requests stayed within, in ms.
    pub fn percentile(&self, share: f64) -> f64 {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "an index"
        )]
        let index = ((self.latencies.len() - 1) as f64 * share).round() as usize;
        self.latencies[index].as_secs_f64() * 1e3
    }
}

/// Runs `operation` for every number in `range` on the server and measures; the first tenth warms up.
pub fn measure(
    server: &Process,
    range: Range<usize>,
    operation: impl AsyncFn(&mut Connection, usize) + Sync,
) -> Measured {
    let warm = range.start + range.len() / 10;
    run(server.address, range.start..warm, &operation);
    let (cpu, wall) = (server.cpu(), Instant::now());
    let mut latencies = run(server.address, warm..range.end, &operation);
    let (cpu, wall) = (server.cpu().saturating_sub(cpu), wall.elapsed());
    latencies.sort_unstable();
    #[expect(clippy::cast_precision_loss, reason = "a count")]
    let done = (range.end - warm) as f64;
    Measured {
        micros: cpu.as_secs_f64() * 1e6 / done,
        rate: done / wall.as_secs_f64(),
        latencies,
    }
}

/// Runs `operation` for every number in `range`; the latencies of all requests.
pub fn run(
    address: SocketAddr,
    range: Range<usize>,
    operation: &(impl AsyncFn(&mut Connection, usize) + Sync),
) -> Vec<Duration> {
    let next = AtomicUsize::new(range.start);
    let all = Mutex::new(Vec::new());
    let call = async || {
        let mut connection = Connection::open(address).await;
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= range.end {
                break;
            }
            operation(&mut connection, index).await;
        }
        all.lock().expect("no caller panics").append(&mut connection.latencies);
    };
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| wait_for(join_all((0..CALLERS / THREADS).map(|_| call()))));
        }
    });
    all.into_inner().expect("no caller panics")
}

/// Runs a future to its end on this thread.
pub fn wait_for<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(work)
}
