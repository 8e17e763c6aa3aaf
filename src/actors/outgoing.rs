//! The one way out to addresses that clients registered: their key sets, sector lists and logout receivers.
//!
//! Bounded in time, size and number; https alone (http to this machine where the issuer is there too); no redirects, no
//! proxy of the environment, no cookies, and no connection that is kept. Names are resolved here, and a connection is
//! opened only to addresses that [`Reach`] lets pass, so that no name can lead into the operator's own network, whatever
//! it resolved to a moment before.

use std::error::Error as _;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::ACCEPT;
use reqwest::redirect::Policy;
use tokio::sync::Semaphore;

use crate::config::Config;
use crate::domain::destination::{Forbidden, Reach};

/// Who asks, as receivers see it.
const USER_AGENT: &str = concat!("countersign/", env!("CARGO_PKG_VERSION"));

/// Why there is no answer. The texts name no content, so they may be logged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutgoingError {
    /// The address must not be reached.
    #[error("the address is refused: {0}")]
    Forbidden(#[from] Forbidden),
    /// Too many requests are under way.
    #[error("too many outgoing requests are under way")]
    Busy,
    /// No connection, no TLS, or no answer in time.
    #[error("no answer: {0}")]
    Unreachable(String),
    /// An answer other than 2xx; a redirect is one.
    #[error("it answered {0}")]
    Status(u16),
    /// An answer of more bytes than are read.
    #[error("its answer is too long")]
    TooLong,
}

/// The client. Cheap to clone.
#[derive(Clone)]
pub struct Outgoing {
    client: reqwest::Client,
    reach: Arc<Reach>,
    room: Arc<Semaphore>,
    longest: usize,
}

impl Outgoing {
    /// With the bounds of `[outgoing]`.
    ///
    /// # Errors
    /// [`OutgoingError::Unreachable`] if TLS cannot be set up.
    pub fn new(config: &Config) -> Result<Self, OutgoingError> {
        let reach = Arc::new(Reach {
            loopback: config.define.issuer.is_loopback_http(),
            allowed: config.outgoing.allowed_networks.clone(),
        });
        let client = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .timeout(config.outgoing.timeout)
            .redirect(Policy::none())
            .no_proxy()
            // A connection lives on the thread that opened it; keeping one would tie threads together for nothing.
            .pool_max_idle_per_host(0)
            .dns_resolver(Arc::new(Resolver(Arc::clone(&reach))))
            .build()
            .map_err(|error| unreachable(&error))?;
        Ok(Self {
            client,
            reach,
            room: Arc::new(Semaphore::new(config.outgoing.at_once)),
            longest: config.outgoing.body_bytes,
        })
    }

    /// Fetches a document.
    ///
    /// # Errors
    /// [`OutgoingError`].
    pub async fn get(&self, url: &str, accept: &'static str) -> Result<Vec<u8>, OutgoingError> {
        let url = self.reach.check(url)?;
        self.send(self.client.get(url).header(ACCEPT, accept)).await
    }

    /// Posts a form; the answer's body is read, so that its sender sees an orderly end, and dropped.
    ///
    /// # Errors
    /// [`OutgoingError`].
    pub async fn post_form(&self, url: &str, form: &[(&str, &str)]) -> Result<(), OutgoingError> {
        let url = self.reach.check(url)?;
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let request = self
            .client
            .post(url)
            .header(reqwest::header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body);
        self.send(request).await.map(drop)
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<Vec<u8>, OutgoingError> {
        let Ok(_place) = self.room.try_acquire() else {
            return Err(OutgoingError::Busy);
        };
        let mut answer = request.send().await.map_err(|error| unreachable(&error))?;
        if !answer.status().is_success() {
            return Err(OutgoingError::Status(answer.status().as_u16()));
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| unreachable(&error))? {
            if body.len() + chunk.len() > self.longest {
                return Err(OutgoingError::TooLong);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

/// Resolves a name to those of its addresses that may be reached.
struct Resolver(Arc<Reach>);

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = Arc::clone(&self.0);
        Box::pin(async move {
            let mut addresses: Vec<_> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            addresses.retain(|address| reach.may_connect(address.ip()));
            if addresses.is_empty() {
                return Err(Forbidden::Address.into());
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// The whole chain of causes, without the URL, or that the resolver found no address that may be reached.
fn unreachable(error: &reqwest::Error) -> OutgoingError {
    let mut causes = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        if let Some(forbidden) = cause.downcast_ref::<Forbidden>() {
            return OutgoingError::Forbidden(*forbidden);
        }
        causes.push(cause.to_string());
        next = cause.source();
    }
    if error.is_timeout() {
        causes.push("it took too long".to_owned());
    }
    OutgoingError::Unreachable(causes.join(": "))
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;
    use crate::testing;

    const LOOPBACK_ISSUER: (&str, &str) = ("COUNTERSIGN_DEFINE__ISSUER", "http://127.0.0.1:4242");

    /// A server for one connection: sends `answer` and keeps what it was sent.
    fn receiver(answer: Vec<u8>) -> (u16, mpsc::Receiver<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("binds");
        let port = listener.local_addr().expect("an address").port();
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a connection");
            let mut got = vec![0; 65536];
            let mut length = stream.read(&mut got).expect("reads");
            while !String::from_utf8_lossy(&got[..length]).ends_with("end=1") && !got[..length].starts_with(b"GET") {
                length += stream.read(&mut got[length..]).expect("reads");
            }
            let _ = tell.send(String::from_utf8_lossy(&got[..length]).into_owned());
            let _ = stream.write_all(&answer);
            // Kept open, so that only the other side's own bounds end a slow answer.
            std::thread::sleep(Duration::from_secs(1));
        });
        (port, told)
    }

    fn answer(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
        let mut answer = format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n", body.len()).into_bytes();
        answer.extend_from_slice(body);
        answer
    }

    fn outgoing(more: &[(&str, &str)]) -> Outgoing {
        Outgoing::new(&testing::config_with(more)).expect("a client")
    }

    #[actix_rt::test]
    async fn documents_are_fetched_and_forms_posted_on_this_machine_where_the_issuer_is() {
        let outgoing = outgoing(&[LOOPBACK_ISSUER]);
        let (port, told) = receiver(answer("200 OK", "", b"{}"));
        let got = outgoing
            .get(&format!("http://127.0.0.1:{port}/jwks"), "application/json")
            .await;
        assert_eq!(got, Ok(b"{}".to_vec()));
        let request = told.recv().expect("a request");
        assert!(request.starts_with("GET /jwks HTTP/1.1\r\n"), "{request}");
        assert!(request.contains("accept: application/json"), "{request}");

        let (port, told) = receiver(answer("204 No Content", "", b""));
        let form = [("logout_token", "a b&c"), ("end", "1")];
        let posted = outgoing.post_form(&format!("http://localhost:{port}/out"), &form).await;
        assert_eq!(posted, Ok(()));
        let request = told.recv().expect("a request");
        assert!(request.ends_with("\r\n\r\nlogout_token=a+b%26c&end=1"), "{request}");
        assert!(
            request.contains("content-type: application/x-www-form-urlencoded"),
            "{request}"
        );
    }

    #[actix_rt::test]
    async fn tk_12h_a_name_that_resolves_into_the_own_network_is_not_connected_to() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("binds");
        listener.set_nonblocking(true).expect("is set");
        let port = listener.local_addr().expect("an address").port();
        let outgoing = outgoing(&[]);
        for host in ["localhost", "127.0.0.1", "[::1]", "0x7f.1"] {
            let refused = outgoing.get(&format!("https://{host}:{port}/"), "*/*").await;
            assert_eq!(refused, Err(Forbidden::Address.into()), "{host}");
        }
        let refused = outgoing.get(&format!("http://localhost:{port}/"), "*/*").await;
        assert_eq!(refused, Err(Forbidden::NotHttps.into()));
        assert!(listener.accept().is_err(), "a connection was opened");
    }

    #[actix_rt::test]
    async fn az_14c_redirects_are_not_followed() {
        let (port, _told) = receiver(answer("302 Found", "location: http://127.0.0.1:1/\r\n", b""));
        let outgoing = outgoing(&[LOOPBACK_ISSUER]);
        let refused = outgoing.get(&format!("http://127.0.0.1:{port}/"), "*/*").await;
        assert_eq!(refused, Err(OutgoingError::Status(302)));
    }

    #[actix_rt::test]
    async fn an_answer_is_bounded_in_size_and_in_time() {
        let outgoing = outgoing(&[
            LOOPBACK_ISSUER,
            ("COUNTERSIGN_OUTGOING__BODY_BYTES", "1024"),
            ("COUNTERSIGN_OUTGOING__TIMEOUT", "300 ms"),
        ]);
        let url = |port: u16| format!("http://127.0.0.1:{port}/");
        let (port, _told) = receiver(answer("200 OK", "", &[b'x'; 1024]));
        assert_eq!(outgoing.get(&url(port), "*/*").await.map(|body| body.len()), Ok(1024));
        let (port, _told) = receiver(answer("200 OK", "", &[b'x'; 1025]));
        assert_eq!(outgoing.get(&url(port), "*/*").await, Err(OutgoingError::TooLong));
        // Longer than it says: no end in sight.
        let (port, _told) = receiver(b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\nslow".to_vec());
        let slow = outgoing.get(&url(port), "*/*").await;
        assert!(matches!(slow, Err(OutgoingError::Unreachable(_))), "{slow:?}");
    }

    #[actix_rt::test]
    async fn more_requests_than_allowed_at_once_are_refused() {
        let outgoing = outgoing(&[LOOPBACK_ISSUER, ("COUNTERSIGN_OUTGOING__AT_ONCE", "1")]);
        let _taken = outgoing.room.try_acquire().expect("room");
        assert_eq!(
            outgoing.get("http://127.0.0.1:1/", "*/*").await,
            Err(OutgoingError::Busy)
        );
    }
}
