//! Slow, endless and oversized senders are cut off, and others do not notice.

use std::time::Duration;

use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::support::socket::{PATIENCE, connect, exchange, rest};
use crate::support::{Browser, Server};

/// A server whose time-outs a test can wait for.
fn hasty() -> Server {
    Server::start_with(|config| {
        config.http.header_timeout = Duration::from_secs(1);
        config.http.body_timeout = Duration::from_secs(1);
        config.http.drain_timeout = Duration::from_secs(5);
    })
}

fn address(server: &Server) -> String {
    server.issuer.trim_start_matches("http://").to_owned()
}

fn head(server: &Server, line: &str, more: &str) -> String {
    format!("{line} HTTP/1.1\r\nhost: {}\r\n{more}", address(server))
}

fn post_head(server: &Server, path: &str, more: &str) -> String {
    let kind = "content-type: application/json\r\n";
    head(server, &format!("POST {path}"), &format!("{kind}{more}\r\n"))
}

async fn is_healthy(server: &Server) {
    for path in ["/healthz", "/readyz"] {
        let mut browser = Browser::new(server);
        let answer = tokio::time::timeout(PATIENCE, browser.get(path)).await;
        assert_eq!(answer.expect("health answers").status, 200, "{path}");
    }
}

/// Resident memory of this process, in bytes.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("reads");
    let pages: usize = statm.split(' ').nth(1).expect("pages").parse().expect("a number");
    pages * 4096
}

#[actix_web::test]
async fn ab_03_headers_that_do_not_come_in_time_are_cut_off() {
    let server = hasty();
    for begun in [
        "",
        "GET",
        "GET /healthz HTTP/1.1\r\n",
        "GET /healthz HTTP/1.1\r\nhost: x\r\nx: ",
    ] {
        let mut stream = connect(&address(&server)).await;
        stream.write_all(begun.as_bytes()).await.expect("writes");
        let answer = rest(&mut stream).await;
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 408"),
            "{begun:?}: {answer}"
        );
    }
    is_healthy(&server).await;
}

#[actix_web::test]
async fn ab_03_headers_that_drip_are_cut_off() {
    let server = hasty();
    let mut stream = connect(&address(&server)).await;
    stream.write_all(b"GET /healthz HTTP/1.1\r\n").await.expect("writes");
    let (mut reading, mut writing) = stream.into_split();
    let drip = async {
        while writing.write_all(b"x: y\r\n").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    let closed = async {
        let mut buffer = [0; 1024];
        while let Ok(1..) = tokio::io::AsyncReadExt::read(&mut reading, &mut buffer).await {}
    };
    tokio::time::timeout(PATIENCE, async {
        tokio::select! {
            () = drip => {}
            () = closed => {}
        }
    })
    .await
    .expect("the server closes");
}

#[actix_web::test]
async fn ab_04_a_body_that_does_not_come_in_time_is_answered_and_cut_off() {
    let server = hasty();
    for path in [
        "/login/start/",
        "/oauth/token/",
        "/oauth/authorize/",
        "/oauth/userinfo/",
    ] {
        let mut stream = connect(&address(&server)).await;
        let request = post_head(&server, path, "content-length: 1000\r\n") + "{\"email\":";
        stream.write_all(request.as_bytes()).await.expect("writes");
        let answer = rest(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 4"), "{path}: {answer}");
    }
    is_healthy(&server).await;
}

#[actix_web::test]
async fn ab_04_a_body_that_drips_is_cut_off() {
    let server = hasty();
    let mut stream = connect(&address(&server)).await;
    let request = post_head(&server, "/login/start/", "transfer-encoding: chunked\r\n");
    stream.write_all(request.as_bytes()).await.expect("writes");
    let (mut reading, mut writing) = stream.into_split();
    let drip = async {
        while writing.write_all(b"1\r\n \r\n").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let answer = async {
        let mut buffer = [0; 1024];
        let read = tokio::io::AsyncReadExt::read(&mut reading, &mut buffer).await;
        String::from_utf8_lossy(&buffer[..read.unwrap_or(0)]).into_owned()
    };
    let answer = tokio::time::timeout(PATIENCE, async {
        tokio::select! {
            () = drip => String::new(),
            answer = answer => answer,
        }
    });
    let answer = answer.await.expect("the server answers");
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
}

/// Writes without end until the server has had enough.
async fn pour(stream: &mut TcpStream, piece: &[u8], what: &str) {
    let pouring = async { while stream.write_all(piece).await.is_ok() {} };
    tokio::time::timeout(PATIENCE, pouring)
        .await
        .unwrap_or_else(|_| panic!("{what} is read without end"));
}

#[actix_web::test]
async fn ab_05_endless_bodies_and_headers_are_cut_off_in_bounded_memory() {
    let server = hasty();
    is_healthy(&server).await;
    let before = resident();
    let chunked = "transfer-encoding: chunked\r\n";
    let piece = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    for path in [
        "/login/start/",
        "/oauth/token/",
        "/nothing",
        "/healthz",
        "/login/",
        "/oauth/callback/",
    ] {
        let mut stream = connect(&address(&server)).await;
        let request = post_head(&server, path, chunked);
        stream.write_all(request.as_bytes()).await.expect("writes");
        pour(&mut stream, piece.as_bytes(), path).await;
        is_healthy(&server).await;
    }
    for begun in ["GET /", "GET / HTTP/1.1\r\nx: "] {
        let mut stream = connect(&address(&server)).await;
        stream.write_all(begun.as_bytes()).await.expect("writes");
        pour(&mut stream, &"a".repeat(65_536).into_bytes(), begun).await;
    }
    let mut stream = connect(&address(&server)).await;
    stream.write_all(b"GET / HTTP/1.1\r\n").await.expect("writes");
    pour(&mut stream, "a: b\r\n".repeat(1_000).as_bytes(), "a list of headers").await;
    is_healthy(&server).await;
    let grown = resident().saturating_sub(before);
    // Other tests run in this process too, so this is generous.
    assert!(grown < 512 << 20, "{} MiB", grown >> 20);
}

#[actix_web::test]
async fn ab_06_oversized_requests_are_refused() {
    let server = hasty();
    let get = |path: &str, more: &str| {
        head(
            &server,
            &format!("GET {path}"),
            &format!("{more}connection: close\r\n\r\n"),
        )
    };
    let many = (0..10_000).fold(String::new(), |all, number| format!("{all}x{number}: y\r\n"));
    let huge = format!("x: {}\r\n", "a".repeat(1 << 20));
    let long = format!("/healthz?{}", "a".repeat(1 << 20));
    for request in [get("/healthz", &many), get("/healthz", &huge), get(&long, "")] {
        let answer = exchange(&address(&server), request.as_bytes()).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    // A length that is only claimed is refused before it is sent.
    let claimed = post_head(&server, "/login/start/", "content-length: 99999999999\r\n") + "{";
    let answer = exchange(&address(&server), claimed.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    let large = json!({ "email": "a".repeat(64 * 1024), "client_request": "" });
    let answer = Browser::new(&server).post("/login/start/", &large).await;
    assert_eq!((answer.status, answer.problem().as_str()), (413, "too-large"));
    is_healthy(&server).await;
}

#[actix_web::test]
async fn ab_07_what_is_no_http_is_refused() {
    let server = hasty();
    for request in [
        "\r\n\r\n\r\n",
        "GET\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "G\0T / HTTP/1.1\r\n\r\n",
        "\u{16}\u{3}\u{1}\u{2}\0\u{1}",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "POST /login/start/ HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
        "POST /login/start/ HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
        "POST /login/start/ HTTP/1.1\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n",
        "POST /login/start/ HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFF\r\n",
    ] {
        let answer = exchange(&address(&server), request.as_bytes()).await;
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 4"),
            "{request:?}: {answer}"
        );
        assert!(answer.matches("HTTP/1.1 ").count() <= 1, "{request:?}: {answer}");
    }
    is_healthy(&server).await;
}

#[actix_web::test]
async fn ab_08_a_thousand_idle_connections_do_not_keep_others_out() {
    let server = Server::start();
    let mut idle = Vec::new();
    for number in 0..800 {
        let mut stream = connect(&address(&server)).await;
        if number % 2 == 0 {
            stream
                .write_all(b"GET /healthz HTTP/1.1\r\nhost: ")
                .await
                .expect("writes");
        }
        idle.push(stream);
    }
    is_healthy(&server).await;
    let answer = crate::support::steps::start_login(&server, "a@example.org").await;
    assert_eq!(answer.status, 200);
    drop(idle);
}

#[actix_web::test]
async fn ab_09_the_dev_server_answers_to_its_own_name_alone() {
    let server = hasty();
    for host in ["evil.example", "localhost", "127.0.0.1", "127.0.0.1:1", ""] {
        let request = format!("GET / HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        let answer = exchange(&address(&server), request.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{host}: {answer}");
    }
}
