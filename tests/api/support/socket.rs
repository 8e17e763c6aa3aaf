//! A bare socket, for requests that no client library would send.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// How long a test waits for a server that must act by itself; only there to fail.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Opens a connection to `host:port`.
pub async fn connect(address: &str) -> TcpStream {
    TcpStream::connect(address).await.expect("connects")
}

/// All that comes until the server closes.
///
/// # Panics
/// If it does not within [`PATIENCE`].
pub async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    let all = async {
        // A reset after the answer ends it as well.
        while let Ok(read @ 1..) = stream.read(&mut buffer).await {
            bytes.extend_from_slice(&buffer[..read]);
        }
    };
    tokio::time::timeout(PATIENCE, all).await.expect("the server closes");
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Sends bytes and reads until the server closes.
pub async fn exchange(address: &str, request: &[u8]) -> String {
    let mut stream = connect(address).await;
    // What is refused early may close before all is written.
    let _ = stream.write_all(request).await;
    rest(&mut stream).await
}
