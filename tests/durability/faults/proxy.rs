//! Between servers and PostgreSQL: passes everything on, until it is told to swallow the answer to a write that was done,
//! and to cut the connection.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// What the database says when something was written for good (`CommandComplete`, its tag and a zero byte).
const DONE: [&[u8]; 2] = [b"COMMIT\0", b"1\0Z\0\0\0\x05I"];

/// A proxy that lives as long as the test.
pub struct Proxy {
    address: String,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    armed: AtomicBool,
    cuts: AtomicUsize,
}

impl Proxy {
    /// To the server at `target`.
    pub fn to(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("binds");
        let address = listener.local_addr().expect("has one").to_string();
        let state = Arc::<State>::default();
        let (shared, target) = (Arc::clone(&state), target.to_owned());
        std::thread::spawn(move || {
            while let Ok((client, _)) = listener.accept() {
                if let Ok(server) = TcpStream::connect(&target) {
                    pass(client, server, &shared);
                }
            }
        });
        Self { address, state }
    }

    /// The URL of its target, by way of it.
    pub fn url_like(&self, url: &str) -> String {
        let (user, rest) = url.rsplit_once('@').expect("a user");
        let (_, database) = rest.split_once('/').expect("a database");
        format!("{user}@{}/{database}", self.address)
    }

    /// Cuts one connection as soon as it answers that something was written for good.
    pub fn cut_the_next_answer(&self) {
        self.state.armed.store(true, Ordering::SeqCst);
    }

    /// Passes everything on again.
    pub fn cut_nothing(&self) {
        self.state.armed.store(false, Ordering::SeqCst);
    }

    /// How many were cut.
    pub fn cuts(&self) -> usize {
        self.state.cuts.load(Ordering::SeqCst)
    }
}

fn pass(client: TcpStream, server: TcpStream, state: &Arc<State>) {
    let both = || (client.try_clone().expect("clones"), server.try_clone().expect("clones"));
    let (from, to) = both();
    std::thread::spawn(move || copy(from, to, |_| false));
    let (to, from) = both();
    let state = Arc::clone(state);
    std::thread::spawn(move || {
        copy(from, to, |chunk| {
            let is_done = DONE
                .iter()
                .any(|done| chunk.windows(done.len()).any(|part| part == *done));
            let cut = is_done && state.armed.swap(false, Ordering::SeqCst);
            if cut {
                state.cuts.fetch_add(1, Ordering::SeqCst);
            }
            cut
        });
    });
}

/// Copies until the end, an error, or a chunk that is to be swallowed; then both directions are closed.
fn copy(mut from: TcpStream, mut to: TcpStream, mut swallows: impl FnMut(&[u8]) -> bool) {
    let mut chunk = vec![0; 65536];
    while let Ok(count) = from.read(&mut chunk) {
        if count == 0 || swallows(&chunk[..count]) || to.write_all(&chunk[..count]).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
