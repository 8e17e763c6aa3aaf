//! Stands between server and database, and cuts the line around a COMMIT.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What happens to the next COMMIT; else it passes, and so does its answer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    /// It does not reach the database.
    Before = 1,
    /// It reaches the database; its answer does not come back.
    After = 2,
    /// The same, and the line stays cut for whoever comes.
    ForGood = 3,
}

/// The line.
pub(super) struct Proxy {
    /// Host and port to connect to.
    pub(super) address: String,
    line: Arc<Line>,
}

/// What is to happen.
#[derive(Default)]
struct Line {
    next: AtomicU8,
    down: AtomicBool,
}

impl Proxy {
    /// A line to the database at `to`, host and port.
    pub(super) async fn to(to: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
        let address = listener.local_addr().expect("an address").to_string();
        let line = Arc::new(Line::default());
        let (to, shared) = (to.to_owned(), Arc::clone(&line));
        actix_rt::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                if !shared.down.load(Ordering::SeqCst) {
                    let far = TcpStream::connect(&to).await.expect("the database listens");
                    actix_rt::spawn(pass(near, far, Arc::clone(&shared)));
                }
            }
        });
        Self { address, line }
    }

    /// Decides on the next COMMIT; those after it pass.
    pub(super) fn cut(&self, cut: Cut) {
        self.line.next.store(cut as u8, Ordering::SeqCst);
    }

    /// Lets everything pass again.
    pub(super) fn mend(&self) {
        self.line.down.store(false, Ordering::SeqCst);
    }
}

async fn pass(near: TcpStream, far: TcpStream, line: Arc<Line>) {
    let (mut near_in, mut near_out) = near.into_split();
    let (mut far_in, mut far_out) = far.into_split();
    let back = actix_rt::spawn(async move {
        let mut bytes = vec![0; 65_536];
        while let Ok(size @ 1..) = far_in.read(&mut bytes).await {
            if near_out.write_all(&bytes[..size]).await.is_err() {
                break;
            }
        }
    });
    let mut bytes = vec![0; 65_536];
    while let Ok(size @ 1..) = near_in.read(&mut bytes).await {
        let sent = &bytes[..size];
        let commits = sent.windows(7).any(|window| window == b"COMMIT\0");
        let cut = if commits {
            line.next.swap(0, Ordering::SeqCst)
        } else {
            0
        };
        let after = cut >= Cut::After as u8;
        if cut == Cut::ForGood as u8 {
            line.down.store(true, Ordering::SeqCst);
        }
        if after {
            // Nothing more goes back, whatever the database says.
            back.abort();
        }
        if cut == Cut::Before as u8 || far_out.write_all(sent).await.is_err() {
            break;
        }
        if after {
            break;
        }
    }
    back.abort();
}
