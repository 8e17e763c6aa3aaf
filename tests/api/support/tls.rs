//! TLS in front of a server, as a reverse proxy ends it: with a certificate that only the test's own client trusts.

use std::net::SocketAddr;
use std::sync::Arc;

use countersign::config::Issuer;
use rcgen::CertifiedKey;
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::Server;

impl Server {
    /// A server whose issuer is `https://localhost`, behind a proxy. It ends with the process.
    pub fn start_behind_tls() -> Self {
        let CertifiedKey { cert, signing_key } =
            rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("protocols")
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .expect("a key that fits");
        let backend = free_address();
        let front = std::net::TcpListener::bind("127.0.0.1:0").expect("binds");
        let port = front.local_addr().expect("an address").port();
        std::thread::spawn(move || proxy(front, backend, config));
        let mut server = Self::start_with(|config| {
            config.listen = backend;
            config.define.issuer = Issuer::parse(&format!("https://localhost:{port}")).expect("an issuer");
        });
        let trusted = reqwest::Certificate::from_der(cert.der()).expect("a certificate");
        server.http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .add_root_certificate(trusted)
            .build()
            .expect("a client");
        server
    }
}

fn free_address() -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("binds");
    listener.local_addr().expect("an address")
}

fn proxy(front: std::net::TcpListener, backend: SocketAddr, config: ServerConfig) {
    actix_web::rt::System::new().block_on(async move {
        front.set_nonblocking(true).expect("is set");
        let front = TcpListener::from_std(front).expect("a listener");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        while let Ok((outside, _)) = front.accept().await {
            let acceptor = acceptor.clone();
            actix_web::rt::spawn(async move {
                let (Ok(mut outside), Ok(mut inside)) =
                    (acceptor.accept(outside).await, TcpStream::connect(backend).await)
                else {
                    return;
                };
                let _ = copy_bidirectional(&mut outside, &mut inside).await;
            });
        }
    });
}
