//! As little of an HTTP client as measuring needs: one keep-alive connection, whole answers.

use std::fmt::Write as _;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::net::TcpStream;

/// The issuer of the server under load; it stands behind a proxy that is not there.
pub const ISSUER: &str = "https://id.example.org";

/// A request and its answer, byte for byte.
#[derive(Clone, Default)]
pub struct Exchange {
    /// What was sent.
    pub request: Vec<u8>,
    /// What came back.
    pub answer: Vec<u8>,
}

/// An answer.
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Status line and headers.
    pub head: String,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The value of a header that is there once.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.head, name)
    }

    /// The `name=value` of every cookie that it sets, each with a semicolon.
    pub fn cookies(&self) -> String {
        let mut pairs = String::new();
        for line in self.head.lines() {
            let Some((key, value)) = line.split_once(':') else {
                continue;
            };
            if key.eq_ignore_ascii_case("set-cookie") {
                let pair = value.trim().split(';').next().expect("one part at least");
                let _ = write!(pairs, "{pair}; ");
            }
        }
        pairs
    }

    /// The body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// Itself, if its status is the expected one.
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(
            self.status,
            status,
            "{}\n{}",
            self.head,
            String::from_utf8_lossy(&self.body)
        );
        self
    }
}

/// A connection, and how long each of its requests took.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// From the first byte out to the last byte in, of every request since it was last emptied.
    pub latencies: Vec<Duration>,
    /// All exchanges, if they are kept.
    pub kept: Option<Vec<Exchange>>,
}

impl Connection {
    /// Connects.
    pub async fn open(address: SocketAddr) -> Self {
        Self::over(TcpStream::connect(address).await.expect("connects"))
    }

    /// Over a stream that is open.
    pub fn over(stream: TcpStream) -> Self {
        stream.set_nodelay(true).expect("a socket option");
        Self {
            stream,
            buffer: vec![0; 64 * 1024],
            latencies: Vec::new(),
            kept: None,
        }
    }

    /// GET with further header lines, each ended by CRLF.
    pub async fn get(&mut self, path: &str, headers: &str) -> Answer {
        self.send(&format!(
            "GET {path} HTTP/1.1\r\nHost: id.example.org\r\n{AGENT}{headers}\r\n"
        ))
        .await
    }

    /// POST of JSON, as a page of the server's own sends it.
    pub async fn post_json(&mut self, path: &str, cookies: &str, body: &serde_json::Value) -> Answer {
        let cookie = if cookies.is_empty() {
            String::new()
        } else {
            format!("Cookie: {cookies}\r\n")
        };
        let headers =
            format!("Content-Type: application/json\r\nOrigin: {ISSUER}\r\nSec-Fetch-Site: same-origin\r\n{cookie}");
        self.post(path, &headers, &body.to_string()).await
    }

    /// POST of a form, as an application's back end sends it.
    pub async fn post_form(&mut self, path: &str, authorization: &str, body: &str) -> Answer {
        let headers = format!("Content-Type: application/x-www-form-urlencoded\r\nAuthorization: {authorization}\r\n");
        self.post(path, &headers, body).await
    }

    /// POST of JSON whose packed answer may be of any length; it is read to its end and dropped.
    pub async fn drain(&mut self, path: &str, body: &str) {
        let headers = "Content-Type: application/json\r\nAccept-Encoding: gzip\r\nConnection: close\r\n";
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: id.example.org\r\n{AGENT}{headers}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.write(request.as_bytes()).await;
        while self.read(0).await > 0 {}
    }

    /// Sends a request as it was sent before, and waits for its answer.
    pub async fn replay(&mut self, request: &[u8]) {
        self.write(request).await;
        self.receive().await;
    }

    /// The other side of it: `length` bytes; `None` when the caller has hung up.
    pub async fn take(&mut self, length: usize) -> Option<&[u8]> {
        let mut filled = 0;
        while filled < length {
            match self.read(filled).await {
                0 => return None,
                read => filled += read,
            }
        }
        Some(&self.buffer[..filled])
    }

    async fn post(&mut self, path: &str, headers: &str, body: &str) -> Answer {
        self.send(&format!(
            "POST {path} HTTP/1.1\r\nHost: id.example.org\r\n{AGENT}{headers}Content-Length: {}\r\n\r\n{body}",
            body.len()
        ))
        .await
    }

    async fn send(&mut self, request: &str) -> Answer {
        let started = Instant::now();
        self.write(request.as_bytes()).await;
        let length = self.receive().await;
        self.latencies.push(started.elapsed());
        let bytes = &self.buffer[..length];
        if let Some(kept) = &mut self.kept {
            kept.push(Exchange {
                request: request.as_bytes().to_vec(),
                answer: bytes.to_vec(),
            });
        }
        let end = end_of_head(bytes).expect("a head");
        let head = String::from_utf8(bytes[..end].to_vec()).expect("text");
        Answer {
            status: head.get(9..12).and_then(|code| code.parse().ok()).expect("a status"),
            head,
            body: bytes[end..].to_vec(),
        }
    }

    /// Writes all of `bytes`.
    pub async fn write(&self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            match self.stream.try_write(bytes) {
                Ok(written) => bytes = &bytes[written..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.stream.writable().await.expect("is open");
                }
                Err(error) => panic!("{error}"),
            }
        }
    }

    async fn read(&mut self, from: usize) -> usize {
        loop {
            self.stream.readable().await.expect("is open");
            match self.stream.try_read(&mut self.buffer[from..]) {
                Ok(read) => return read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// Reads one whole answer to the front of the buffer; its length.
    async fn receive(&mut self) -> usize {
        let mut filled = 0;
        loop {
            let read = self.read(filled).await;
            assert_ne!(read, 0, "the server closed the connection");
            filled += read;
            let Some(end) = end_of_head(&self.buffer[..filled]) else {
                continue;
            };
            let head = std::str::from_utf8(&self.buffer[..end]).expect("text");
            let body: usize = header(head, "content-length").map_or(0, |length| length.parse().expect("a number"));
            if filled >= end + body {
                return filled;
            }
        }
    }
}

const AGENT: &str =
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\nAccept: */*\r\n";

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

fn end_of_head(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4)
}
