//! The floor: what an operation costs if nothing but its cryptography, JSON, HTTP and rows is done, each as a bare loop
//! over the libraries that the server uses, with bytes from real exchanges.

use std::hint::black_box;
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer as _, SigningKey};
use futures_util::future::join_all;
use opaque_ke::{
    ClientLogin, ClientLoginFinishParameters, ClientRegistration, ClientRegistrationFinishParameters,
    CredentialFinalization, CredentialRequest, CredentialResponse, RegistrationRequest, RegistrationResponse,
    RegistrationUpload, ServerLogin, ServerLoginParameters, ServerRegistration, ServerSetup,
};
use rand::rngs::OsRng;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256, Sha512};

use crate::clock::{Span, thread_cpu};
use crate::http::{Connection, Exchange};
use crate::load::{self, CALLERS};
use crate::people::{PASSWORD, Suite};

/// How many exchanges the floor of sockets is measured over.
const EXCHANGES: usize = 20_000;

/// OPAQUE, the server's side, from bytes to bytes.
pub struct Opaque {
    /// Registration request to response, and upload to record.
    pub registration: f64,
    /// KE1 to KE2 with the stored record, state stored and read, KE3.
    pub login: f64,
}

impl Opaque {
    pub fn measure(span: Span) -> Self {
        let setup = ServerSetup::<Suite>::new(&mut OsRng);
        let client = ClientRegistration::<Suite>::start(&mut OsRng, PASSWORD).expect("starts");
        let request = client.message.serialize();
        let respond = || {
            let request = RegistrationRequest::<Suite>::deserialize(&request).expect("a message");
            ServerRegistration::<Suite>::start(&setup, request, &[7; 32])
                .expect("starts")
                .message
                .serialize()
        };
        let response = RegistrationResponse::deserialize(&respond()).expect("a message");
        let parameters = ClientRegistrationFinishParameters::default();
        let upload = client
            .state
            .finish(&mut OsRng, PASSWORD, response, parameters)
            .expect("finishes")
            .message
            .serialize();
        let finish = || {
            let upload = RegistrationUpload::<Suite>::deserialize(&upload).expect("a message");
            ServerRegistration::<Suite>::finish(upload).serialize()
        };
        let record = finish();
        let registration = span.micros(1, || {
            black_box(respond());
            black_box(finish());
        });

        let client = ClientLogin::<Suite>::start(&mut OsRng, PASSWORD).expect("starts");
        let ke1 = client.message.serialize();
        let start = || {
            let started = ServerLogin::<Suite>::start(
                &mut OsRng,
                &setup,
                Some(ServerRegistration::deserialize(&record).expect("a record")),
                CredentialRequest::deserialize(&ke1).expect("a message"),
                &[7; 32],
                ServerLoginParameters::default(),
            )
            .expect("starts");
            (started.message.serialize(), started.state.serialize())
        };
        let (ke2, state) = start();
        let ke2 = CredentialResponse::deserialize(&ke2).expect("a message");
        let parameters = ClientLoginFinishParameters::default();
        let ke3 = client
            .state
            .finish(&mut OsRng, PASSWORD, ke2, parameters)
            .expect("finishes")
            .message
            .serialize();
        let login = span.micros(1, || {
            black_box(start());
            let state = ServerLogin::<Suite>::deserialize(&state).expect("a state");
            let ke3 = CredentialFinalization::deserialize(&ke3).expect("a message");
            black_box(state.finish(ke3, ServerLoginParameters::default()).expect("is right"));
        });
        Self { registration, login }
    }
}

/// Tokens, from claims to text and back.
pub struct Jose {
    /// One signed token.
    pub sign: f64,
    /// One verified token.
    pub verify: f64,
    /// The hash of an access token in the ID token beside it (OIDC Core §3.1.3.6): SHA-512, as the key is Ed25519.
    pub at_hash: f64,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: String,
    client_id: String,
    exp: i64,
    iat: i64,
    jti: String,
    scope: String,
    auth_time: i64,
    sid: String,
    fam: String,
}

impl Jose {
    pub fn measure(span: Span) -> Self {
        const HEADER: &str = r#"{"alg":"EdDSA","typ":"at+jwt","kid":"NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"}"#;
        let key = SigningKey::generate(&mut OsRng);
        let claims = Claims {
            iss: "https://id.example.org".to_owned(),
            sub: "0191e3a0-7c1f-7000-8000-000000000001".to_owned(),
            aud: "https://id.example.org".to_owned(),
            client_id: "0191e3a0-7c1f-7000-8000-000000000002".to_owned(),
            exp: 1_700_003_600,
            iat: 1_700_000_000,
            jti: "0191e3a07c1f70008000000000000003".to_owned(),
            scope: "email offline_access openid".to_owned(),
            auth_time: 1_700_000_000,
            sid: "0191e3a07c1f70008000000000000004".to_owned(),
            fam: "0191e3a07c1f70008000000000000005".to_owned(),
        };
        let sign = || {
            let json = serde_json::to_vec(&claims).expect("JSON");
            let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(HEADER), URL_SAFE_NO_PAD.encode(json));
            let signature = key.sign(message.as_bytes());
            format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
        };
        let token = sign();
        let public = key.verifying_key();
        let verify = || {
            let (message, signature) = token.rsplit_once('.').expect("three parts");
            let (_, claims) = message.split_once('.').expect("three parts");
            let signature = URL_SAFE_NO_PAD.decode(signature).expect("base64url");
            let signature = ed25519_dalek::Signature::from_slice(&signature).expect("64 bytes");
            public.verify_strict(message.as_bytes(), &signature).expect("is right");
            let claims = URL_SAFE_NO_PAD.decode(claims).expect("base64url");
            serde_json::from_slice::<Claims>(&claims).expect("claims")
        };
        Self {
            sign: span.micros(1, || {
                black_box(sign());
            }),
            verify: span.micros(1, || {
                black_box(verify());
            }),
            at_hash: span.micros(1, || {
                let hash = Sha512::digest(black_box(&token));
                black_box(URL_SAFE_NO_PAD.encode(&hash[..32]));
            }),
        }
    }
}

/// Small things of which an operation needs several.
pub struct Small {
    /// A random token and its hash.
    pub token: f64,
    /// 300 bytes sealed or opened with AES-256-GCM.
    pub seal: f64,
}

impl Small {
    pub fn measure(span: Span) -> Self {
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &[7; 32]).expect("a key"));
        let token = || {
            let mut bytes = [0; 32];
            rand::RngCore::fill_bytes(&mut OsRng, &mut bytes);
            (URL_SAFE_NO_PAD.encode(bytes), Sha256::digest(bytes))
        };
        let seal = || {
            let mut text = vec![7; 300];
            let nonce = Nonce::assume_unique_for_key([7; 12]);
            key.seal_in_place_append_tag(nonce, Aad::from([7; 64]), &mut text)
                .expect("seals");
            text
        };
        Self {
            token: span.micros(1, || {
                black_box(token());
            }),
            seal: span.micros(1, || {
                black_box(seal());
            }),
        }
    }
}

/// JSON in the bodies of `exchanges`, read and written again.
pub fn json(span: Span, exchanges: &[Exchange]) -> f64 {
    let bodies: Vec<serde_json::Value> = exchanges
        .iter()
        .flat_map(|exchange| [body(&exchange.request), body(&exchange.answer)])
        .filter_map(|body| serde_json::from_slice(body).ok())
        .collect();
    if bodies.is_empty() {
        return 0.0;
    }
    // Half are read by the server and half written; a body is one text either way.
    let texts: Vec<String> = bodies.iter().map(ToString::to_string).collect();
    span.micros(2, || {
        for (text, body) in texts.iter().zip(&bodies) {
            black_box(serde_json::from_str::<std::collections::BTreeMap<&str, serde_json::Value>>(text).ok());
            black_box(body.to_string());
        }
    })
}

fn body(bytes: &[u8]) -> &[u8] {
    let at = bytes.windows(4).position(|four| four == b"\r\n\r\n");
    at.map_or(&[], |at| &bytes[at + 4..])
}

/// The requests of `exchanges` parsed, and nothing else.
pub fn parsing(span: Span, exchanges: &[Exchange]) -> f64 {
    span.micros(1, || {
        for exchange in exchanges {
            parse(&exchange.request);
        }
    })
}

/// The requests of `exchanges` read from sockets and parsed, and their answers written to them, on as many threads as the
/// server has workers and for the callers that the server has: waking these is a part of answering.
pub fn http(exchanges: &[Exchange]) -> f64 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a socket");
    let address = listener.local_addr().expect("an address");
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let operations = EXCHANGES / exchanges.len();
    let cpu: Duration = std::thread::scope(|scope| {
        let callers = scope.spawn(move || {
            load::run(address, 0..operations, &async |connection, _| {
                for exchange in exchanges {
                    connection.replay(&exchange.request).await;
                }
            });
        });
        let mut shares: Vec<Vec<TcpStream>> = (0..workers).map(|_| Vec::new()).collect();
        for number in 0..CALLERS {
            let (stream, _) = listener.accept().expect("accepts");
            shares[number % workers].push(stream);
        }
        let workers: Vec<_> = shares
            .into_iter()
            .map(|share| scope.spawn(|| answer(share, exchanges)))
            .collect();
        callers.join().expect("callers do not panic");
        let cpu = workers
            .into_iter()
            .map(|worker| worker.join().expect("workers do not panic"));
        cpu.sum()
    });
    let operations = u32::try_from(operations).expect("few");
    cpu.as_secs_f64() * 1e6 / f64::from(operations)
}

/// Answers on `streams` until the callers hang up; the CPU that it took.
fn answer(streams: Vec<TcpStream>, exchanges: &[Exchange]) -> Duration {
    let before = thread_cpu();
    load::wait_for(join_all(streams.into_iter().map(async |stream| {
        stream.set_nonblocking(true).expect("a socket option");
        let stream = tokio::net::TcpStream::from_std(stream).expect("a stream");
        let mut connection = Connection::over(stream);
        for exchange in exchanges.iter().cycle() {
            let Some(request) = connection.take(exchange.request.len()).await else {
                return;
            };
            parse(request);
            connection.write(&exchange.answer).await;
        }
    })));
    thread_cpu().saturating_sub(before)
}

fn parse(bytes: &[u8]) {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut request = httparse::Request::new(&mut headers);
    black_box(request.parse(bytes).expect("a request"));
}
