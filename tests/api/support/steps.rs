//! Single steps of the protocol, for tests that take them in another order than a page does.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign::domain::opaque::client::{LoggingIn, Registering};
use countersign::domain::opaque::wire;
use countersign::system::SystemRandom;
use serde_json::{Value, json};

use super::{Answer, Browser, Server};

/// KE1 for a password, as it goes over the wire.
pub fn ke1(password: &str) -> String {
    let (request, _) = LoggingIn::start(password, &SystemRandom).expect("starts");
    wire::write(&request)
}

/// A registration request for a password, as it goes over the wire.
pub fn registration_request(password: &str) -> String {
    let (request, _) = Registering::start(password, &SystemRandom).expect("starts");
    wire::write(&request)
}

/// A message of `length` equal bytes, as it goes over the wire.
pub fn message(byte: u8, length: usize) -> String {
    URL_SAFE_NO_PAD.encode(vec![byte; length])
}

/// The bytes of a message.
pub fn bytes(message: &Value) -> Vec<u8> {
    URL_SAFE_NO_PAD
        .decode(message.as_str().expect("text"))
        .expect("base64url")
}

/// KE1 → KE2 for an address, from a browser that nobody has seen.
pub async fn start_login(server: &Server, email: &str) -> Answer {
    start_login_with(server, email, &ke1("a guess")).await
}

/// The same, with this KE1.
pub async fn start_login_with(server: &Server, email: &str, ke1: &str) -> Answer {
    let body = json!({ "email": email, "client_request": ke1 });
    Browser::new(server).post("/login/start/", &body).await
}

/// A POST from a client that a proxy says is at `from`.
pub async fn post_from(server: &Server, browser: &mut Browser, from: &str, path: &str, body: &Value) -> Answer {
    let request = server
        .http
        .post(server.url(path))
        .header("origin", &server.issuer)
        .header("x-forwarded-for", from)
        .json(body);
    browser.send(request).await
}

/// What of an answer an onlooker can tell apart: status, headers but for the date, cookies by name, kinds and lengths.
pub fn shape(answer: &Answer) -> String {
    let mut headers: Vec<_> = answer
        .headers
        .iter()
        .filter(|(name, _)| name.as_str() != "date")
        .map(|(name, value)| {
            let value = value.to_str().expect("text");
            let shown = if name == "set-cookie" {
                value
                    .chars()
                    .map(|letter| if letter.is_ascii_alphanumeric() { 'x' } else { letter })
                    .filter(|letter| !"-_".contains(*letter))
                    .take(12)
                    .collect()
            } else {
                value.to_owned()
            };
            format!("{name}: {shown}")
        })
        .collect();
    headers.sort();
    let body = match serde_json::from_str::<Value>(&answer.text) {
        Ok(Value::Object(fields)) if answer.status == 200 => {
            let field = |(name, value): (&String, &Value)| (name.clone(), value.as_str().map_or(0, str::len));
            format!("{:?}", fields.iter().map(field).collect::<Vec<_>>())
        }
        _ => answer.text.clone(),
    };
    format!("{}\n{}\n{body}", answer.status, headers.join("\n"))
}
