//! CPU time of bare loops.

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha512};

/// How long a loop runs. All of it counts, as all operations of the server do: what the machine does in between hits both.
#[derive(Clone, Copy)]
pub struct Span(pub Duration);

impl Span {
    /// CPU of one `work` in µs, `each` of which one call does.
    ///
    /// All other cores are kept busy meanwhile, as they are while the server is under load: two threads of one core get
    /// less done than one alone.
    pub fn micros(self, each: u32, mut work: impl FnMut()) -> f64 {
        let busy = AtomicBool::new(true);
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        std::thread::scope(|scope| {
            for _ in 1..cores {
                scope.spawn(|| {
                    while busy.load(Ordering::Relaxed) {
                        black_box(Sha512::digest(black_box([7; 1024])));
                    }
                });
            }
            work();
            let micros = self.once(each, &mut work);
            busy.store(false, Ordering::Relaxed);
            micros
        })
    }

    fn once(self, each: u32, work: &mut impl FnMut()) -> f64 {
        let (started, cpu) = (Instant::now(), thread_cpu());
        let mut done = 0;
        while started.elapsed() < self.0 {
            work();
            done += each;
        }
        thread_cpu().saturating_sub(cpu).as_secs_f64() * 1e6 / f64::from(done)
    }
}

/// The one in the middle, or the upper one of the two.
pub fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut figures: Vec<_> = figures.collect();
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// CPU time of this thread, user and system.
pub fn thread_cpu() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("proc(5)");
    let nanos = text.split(' ').next().expect("a first field");
    Duration::from_nanos(nanos.parse().expect("a number"))
}
