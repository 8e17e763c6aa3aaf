//! A mail server of a few lines (RFC 5321), which answers as it is told.

use std::collections::VecDeque;
use std::rc::Rc;

use parking_lot::Mutex;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

/// What it was sent, and what it has yet to answer.
#[derive(Default)]
pub(super) struct Seen {
    /// Messages taken, with their recipients.
    pub(super) taken: Vec<(String, String)>,
    /// How many recipients were named.
    pub(super) recipients: usize,
    /// How many connections were made.
    pub(super) connections: usize,
    /// Answers to the next `RCPT`s, instead of yes.
    pub(super) refusals: VecDeque<&'static str>,
}

/// A server that listens on a port of its own.
pub(super) struct SmtpServer {
    pub(super) port: u16,
    pub(super) seen: Rc<Mutex<Seen>>,
}

impl SmtpServer {
    /// A server that begins each conversation with `greeting`; none means that it says nothing at all.
    pub(super) async fn start(greeting: Option<&'static str>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("listens");
        let port = listener.local_addr().expect("an address").port();
        let seen: Rc<Mutex<Seen>> = Rc::default();
        let shared = Rc::clone(&seen);
        actix_rt::spawn(async move {
            let mut silent = Vec::new();
            while let Ok((stream, _)) = listener.accept().await {
                shared.lock().connections += 1;
                match greeting {
                    Some(greeting) => {
                        actix_rt::spawn(converse(stream, greeting, Rc::clone(&shared)));
                    }
                    None => silent.push(stream),
                }
            }
        });
        Self { port, seen }
    }
}

struct Conversation {
    lines: Lines<BufReader<OwnedReadHalf>>,
    out: OwnedWriteHalf,
}

impl Conversation {
    async fn hear(&mut self) -> Option<String> {
        self.lines.next_line().await.ok().flatten()
    }

    async fn say(&mut self, answer: &str) {
        let _ = self.out.write_all(format!("{answer}\r\n").as_bytes()).await;
    }
}

async fn converse(stream: TcpStream, greeting: &'static str, seen: Rc<Mutex<Seen>>) {
    let (read, out) = stream.into_split();
    let lines = BufReader::new(read).lines();
    let mut peer = Conversation { lines, out };
    peer.say(greeting).await;
    let mut recipient = String::new();
    while let Some(line) = peer.hear().await {
        match line.split([' ', ':']).next().unwrap_or_default() {
            "EHLO" => peer.say("250 localhost").await,
            "RCPT" => {
                line.clone_into(&mut recipient);
                let answer = {
                    let mut seen = seen.lock();
                    seen.recipients += 1;
                    seen.refusals.pop_front()
                };
                peer.say(answer.unwrap_or("250 yes")).await;
            }
            "DATA" => {
                peer.say("354 go on").await;
                let mut message = String::new();
                while let Some(line) = peer.hear().await.filter(|line| line != ".") {
                    message.push_str(&line);
                    message.push('\n');
                }
                seen.lock().taken.push((recipient.clone(), message));
                peer.say("250 taken").await;
            }
            "QUIT" => return peer.say("221 bye").await,
            _ => peer.say("250 ok").await,
        }
    }
}
