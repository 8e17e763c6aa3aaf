//! `countersign healthcheck`: asks a running server whether it is ready, for containers that have no other client.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use url::Url;

use super::deployment::Target;
use super::failure::Failure;
use super::output;
use crate::config::Config;

/// For connecting, and for each read and write.
const PATIENCE: Duration = Duration::from_secs(5);
/// More than any status line has.
const LONGEST_ANSWER: u64 = 4096;

/// Asks a running server whether it is ready.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  countersign healthcheck --config countersign.toml\n  \
                  countersign healthcheck --url http://127.0.0.1:4242")]
pub(super) struct Args {
    /// Address of the server (plain http); without it, the address that it is configured to listen on
    #[arg(long, value_name = "URL", conflicts_with_all = ["data", "config"])]
    url: Option<String>,
    #[command(flatten)]
    target: Target,
}

/// Where to ask, and under which name.
#[derive(Debug, PartialEq, Eq)]
struct Server {
    address: SocketAddr,
    /// The `Host` header.
    host: String,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let server = match &args.url {
        Some(url) => Server::at(url)?,
        None => Server::configured(&args.target.config()?)?,
    };
    let status = ask(&server).map_err(|error| {
        let told = match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut => "it does not answer in time".to_owned(),
            _ => error.to_string(),
        };
        Failure::fault(format!("the server at {} is not healthy: {told}", server.address))
    })?;
    if status != 200 {
        return Err(Failure::fault(format!(
            "the server at {} is not ready: it answers {status}",
            server.address
        )));
    }
    output::either(args.target.json, &serde_json::json!({ "ready": true }), || {
        "ready".to_owned()
    })
}

impl Server {
    fn at(url: &str) -> Result<Self, Failure> {
        let mend = "write the address that the server listens on, such as http://127.0.0.1:4242";
        let refuse = || Failure::operator(format!("{url:?} cannot be asked; {mend}"));
        let parsed = Url::parse(url).map_err(|_| refuse())?;
        if parsed.scheme() != "http" || !matches!(parsed.path(), "/" | "/readyz" | "/readyz/") {
            return Err(refuse());
        }
        let host = parsed.host_str().ok_or_else(refuse)?;
        let port = parsed.port_or_known_default().unwrap_or(80);
        let address = (host.trim_matches(['[', ']']), port)
            .to_socket_addrs()
            .ok()
            .and_then(|mut found| found.next())
            .ok_or_else(refuse)?;
        Ok(Self {
            address,
            host: parsed.port().map_or(host.to_owned(), |port| format!("{host}:{port}")),
        })
    }

    fn configured(config: &Config) -> Result<Self, Failure> {
        let mut address = config.listen;
        if address.port() == 0 {
            return Err(Failure::operator(
                "the server listens on a port that is not known before; give its address with --url",
            ));
        }
        // A server that listens everywhere is asked here.
        match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
            IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
            _ => {}
        }
        let issuer = config.define.issuer.as_str();
        let host = issuer.split_once("://").map_or(issuer, |(_, host)| host);
        Ok(Self {
            address,
            host: host.to_owned(),
        })
    }
}

/// The status of `GET /readyz`.
fn ask(server: &Server) -> std::io::Result<u16> {
    let mut stream = TcpStream::connect_timeout(&server.address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let request = format!(
        "GET /readyz HTTP/1.1\r\nHost: {}\r\nUser-Agent: countersign-healthcheck\r\nConnection: close\r\n\r\n",
        server.host
    );
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    let mut chunk = [0; 512];
    let mut rest = stream.take(LONGEST_ANSWER);
    while !answer.contains(&b'\n') {
        match rest.read(&mut chunk)? {
            0 => break,
            count => answer.extend(chunk.iter().take(count)),
        }
    }
    status_of(&answer).ok_or_else(|| std::io::Error::new(ErrorKind::InvalidData, "its answer is not HTTP/1.1"))
}

/// The status code in a status line (RFC 9112 §4).
fn status_of(answer: &[u8]) -> Option<u16> {
    let line = answer.split(|byte| *byte == b'\n').next()?;
    let rest = line.strip_prefix(b"HTTP/1.1 ")?;
    let digits = rest.get(..3).filter(|digits| digits.iter().all(u8::is_ascii_digit))?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_address_and_host() {
        for (url, address, host) in [
            ("http://127.0.0.1:4242", "127.0.0.1:4242", "127.0.0.1:4242"),
            ("http://127.0.0.1/", "127.0.0.1:80", "127.0.0.1"),
            ("http://[::1]:5151/readyz", "[::1]:5151", "[::1]:5151"),
        ] {
            let server = Server::at(url).expect(url);
            assert_eq!(
                (server.address.to_string().as_str(), server.host.as_str()),
                (address, host)
            );
        }
        for bad in [
            "",
            "127.0.0.1:4242",
            "https://127.0.0.1",
            "http://127.0.0.1/login/",
            "http://:1",
        ] {
            assert!(Server::at(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_status_is_read_from_the_first_line_alone() {
        assert_eq!(status_of(b"HTTP/1.1 200 OK\r\n\r\n"), Some(200));
        assert_eq!(status_of(b"HTTP/1.1 503\r\n"), Some(503));
        for bad in ["", "HTTP/1.1 2", "HTTP/1.1 +20 OK", "SSH-2.0-x\r\nHTTP/1.1 200 OK"] {
            assert_eq!(status_of(bad.as_bytes()), None, "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_answer_panics(answer: Vec<u8>) {
            let _ = status_of(&answer);
        }
    }
}
