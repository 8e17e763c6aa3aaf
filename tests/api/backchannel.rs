//! Back-channel logout (OIDC Back-Channel Logout 1.0), with a client that listens on a real socket.

use std::collections::VecDeque;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Client, Person, Server, Tokens, jwt, query_of};

/// A request that a client got: its head and its body.
type Heard = (String, String);

/// A client's own HTTP server.
struct Receiver {
    url: String,
    heard: Arc<Mutex<Vec<Heard>>>,
    /// Statuses of the next answers; 200 when there are no more.
    answers: Arc<Mutex<VecDeque<u16>>>,
}

impl Receiver {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}/bye", listener.local_addr().expect("an address"));
        let (heard, answers) = (Arc::default(), Arc::<Mutex<VecDeque<u16>>>::default());
        let receiver = Self {
            url,
            heard: Arc::clone(&heard),
            answers: Arc::clone(&answers),
        };
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let Some(request) = read(&stream) else { continue };
                heard.lock().expect("a lock").push(request);
                let status = answers.lock().expect("a lock").pop_front().unwrap_or(200);
                let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                let _ = (&stream).write_all(answer.as_bytes());
            }
        });
        receiver
    }

    fn heard(&self) -> Vec<Heard> {
        self.heard.lock().expect("a lock").clone()
    }

    /// Waits until so many requests have come.
    async fn wait_for(&self, count: usize) -> Vec<Heard> {
        for _ in 0..600 {
            let heard = self.heard();
            if heard.len() >= count {
                return heard;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("only {} of {count} requests came", self.heard().len());
    }
}

fn read(mut stream: &TcpStream) -> Option<Heard> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return Some((head.to_owned(), body.to_owned()));
            }
        }
        match stream.read(&mut buffer) {
            Ok(read @ 1..) => bytes.extend_from_slice(&buffer[..read]),
            _ => return None,
        }
    }
}

fn register(server: &Server, receiver: &Receiver, extra: &Value) -> Client {
    let mut metadata = json!({
        "token_endpoint_auth_method": "none", "first_party": true, "backchannel_logout_uri": receiver.url,
        "backchannel_logout_session_required": true,
    });
    for (name, value) in extra.as_object().expect("an object") {
        metadata[name] = value.clone();
    }
    Client::register(server, metadata)
}

/// The logout token in a body, which must be its only field.
fn token_in(body: &str) -> String {
    let fields: Vec<(String, String)> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    assert_eq!(fields.len(), 1, "{body}");
    assert_eq!(fields[0].0, "logout_token");
    fields[0].1.clone()
}

async fn log_out_at(person: &mut Person, client: &Client, id_token: &str) {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("id_token_hint", id_token)
        .append_pair("post_logout_redirect_uri", &format!("{}/bye", client.redirect_uri))
        .finish();
    let answer = person.browser.get(&format!("/oauth/logout/?{query}")).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    assert!(
        answer.location().starts_with(&client.redirect_uri),
        "{}",
        answer.location()
    );
}

#[actix_web::test]
async fn bc_01_to_bc_08_a_logout_is_told_to_every_client_of_the_session_by_a_token_of_its_own() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let (first, second, deaf) = (Receiver::start(), Receiver::start(), Receiver::start());
    let one = register(&server, &first, &json!({}));
    let two = register(
        &server,
        &second,
        &json!({ "id_token_signed_response_alg": "RS256", "subject_type": "pairwise" }),
    );
    let never_used = register(&server, &deaf, &json!({}));
    let tokens = one.tokens(&server, &mut person).await;
    let others = two.tokens(&server, &mut person).await;
    log_out_at(&mut person, &one, tokens.id()).await;
    for (receiver, client, told) in [(&first, &one, &tokens), (&second, &two, &others)] {
        let heard = receiver.wait_for(1).await;
        let (head, body) = &heard[0];
        assert!(head.starts_with("POST /bye HTTP/1.1"), "{head}");
        let lower = head.to_ascii_lowercase();
        assert!(
            lower.contains("content-type: application/x-www-form-urlencoded"),
            "{head}"
        );
        assert!(
            !lower.contains("cookie:") && !lower.contains("authorization:"),
            "{head}"
        );
        let token = token_in(body);
        // BC-02: signed as its ID tokens are, by a published key, and of a type of its own.
        let (header, id_header) = (jwt::header(&token), jwt::header(told.id()));
        assert_eq!(
            (&header["alg"], header["typ"].as_str()),
            (&id_header["alg"], Some("logout+jwt"))
        );
        assert!(server.verifies(&token).await);
        // BC-03 to BC-07: whose, for whom, when, which, and what it is; never a nonce.
        let (claims, id) = (Tokens::claims(&token), Tokens::claims(told.id()));
        assert_eq!(
            (claims["iss"].as_str(), claims["aud"].as_str()),
            (Some(server.issuer.as_str()), Some(client.id.as_str()))
        );
        assert_eq!((&claims["sub"], &claims["sid"]), (&id["sub"], &id["sid"]));
        let (iat, exp) = (
            claims["iat"].as_i64().expect("iat"),
            claims["exp"].as_i64().expect("exp"),
        );
        assert!(exp > iat && exp - iat <= 120, "{claims}");
        assert!(claims["jti"].as_str().is_some_and(|jti| jti.len() >= 16), "{claims}");
        assert_eq!(
            claims["events"],
            json!({ "http://schemas.openid.net/event/backchannel-logout": {} })
        );
        assert_eq!((claims.get("nonce"), claims.get("email")), (None, None));
        // It passes for no other token here.
        assert_eq!(Client::userinfo(&server, &token).await.status, 401);
        let hinted = client
            .ask(&server, &[("id_token_hint", &token), ("prompt", "none")])
            .await;
        assert_eq!(hinted.told_error(client, &server), "login_required");
    }
    assert_ne!(
        Tokens::claims(&token_in(&first.heard()[0].1))["jti"],
        Tokens::claims(&token_in(&second.heard()[0].1))["jti"]
    );
    // BC-08: afterwards nobody is signed in here.
    let silent = person.browser.get(&one.authorize_path(&[("prompt", "none")])).await;
    assert_eq!(query_of(silent.location())["error"], "login_required");
    tokio::time::sleep(Duration::from_millis(1200)).await;
    assert_eq!(
        (first.heard().len(), second.heard().len(), deaf.heard().len()),
        (1, 1, 0)
    );
    drop(never_used);
}

#[actix_web::test]
async fn bc_09_a_client_that_does_not_answer_well_is_told_again_even_after_a_restart() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let receiver = Receiver::start();
    receiver.answers.lock().expect("a lock").extend([500, 302, 400, 503]);
    let client = register(&server, &receiver, &json!({}));
    let tokens = client.tokens(&server, &mut person).await;
    log_out_at(&mut person, &client, tokens.id()).await;
    receiver.wait_for(1).await;
    let server = server.restart();
    for count in 2..=5 {
        server.clock.advance(Duration::from_mins(10));
        receiver.wait_for(count).await;
    }
    let heard = receiver.heard();
    let jtis: std::collections::BTreeSet<String> = heard
        .iter()
        .map(|(_, body)| {
            Tokens::claims(&token_in(body))["jti"]
                .as_str()
                .expect("a jti")
                .to_owned()
        })
        .collect();
    assert_eq!(jtis.len(), heard.len(), "each try has a token of its own");
    // The fifth was answered 200: that is the end of it.
    server.clock.advance(Duration::from_mins(30));
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(receiver.heard().len(), 5);
}

#[actix_web::test]
async fn bc_10_every_end_of_a_session_is_told() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let receiver = Receiver::start();
    let client = register(&server, &receiver, &json!({}));
    // On the account page.
    client.tokens(&server, &mut person).await;
    person.browser.post("/account/logout/", &json!({})).await;
    receiver.wait_for(1).await;
    // By somebody else who signs in in this browser.
    client.tokens(&server, &mut person).await;
    let mut bob = Person::signed_up(&server, "bob@example.org").await;
    bob.browser = person.browser.clone();
    bob.log_in(None).await;
    receiver.wait_for(2).await;
    // By a new password.
    person.browser = crate::support::Browser::new(&server);
    let tokens = client.tokens(&server, &mut person).await;
    let sid = Tokens::claims(tokens.id())["sid"].clone();
    let asked = person
        .browser
        .post("/update/password/reset/", &json!({ "email": person.email }))
        .await;
    assert_eq!(asked.status, 200, "{}", asked.text);
    let token = person.mailed_token(&server, "/reset/").await;
    "another correct horse battery".clone_into(&mut person.password);
    assert_eq!(person.reset(&token).await.status, 200);
    let heard = receiver.wait_for(3).await;
    assert_eq!(Tokens::claims(&token_in(&heard[2].1))["sid"], sid);
}

#[actix_web::test]
async fn bc_10_a_client_is_told_of_the_session_that_it_knows() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let receiver = Receiver::start();
    let client = register(&server, &receiver, &json!({}));
    let tokens = client.tokens(&server, &mut person).await;
    let known = Tokens::claims(tokens.id())["sid"].clone();
    // The same person signs in again here: for the client the session goes on.
    person.log_in(None).await;
    let refreshed = Tokens(client.refresh(&server, tokens.refresh()).await.json());
    assert_eq!(Tokens::claims(refreshed.id())["sid"], known);
    person.browser.post("/account/logout/", &json!({})).await;
    let heard = receiver.wait_for(1).await;
    assert_eq!(Tokens::claims(&token_in(&heard[0].1))["sid"], known);
}

#[actix_web::test]
async fn lo_13_a_logout_ends_what_hangs_on_the_session_but_for_what_may_go_on_offline() {
    let server = Server::start();
    let mut person = Person::signed_up(&server, "ada@example.org").await;
    let receiver = Receiver::start();
    let client = register(&server, &receiver, &json!({}));
    let online = client.code(&mut person, &[("scope", "openid email")]).await;
    let online = Tokens(client.redeem(&server, &online).await.json());
    let offline = client.tokens(&server, &mut person).await;
    log_out_at(&mut person, &client, offline.id()).await;
    assert_eq!(
        client.refresh(&server, online.refresh()).await.refusal(),
        (400, "invalid_grant".to_owned())
    );
    assert_eq!(Client::userinfo(&server, online.access()).await.status, 401);
    assert_eq!(client.refresh(&server, offline.refresh()).await.status, 200);
    // Two grants in one session are one piece of news.
    receiver.wait_for(1).await;
    tokio::time::sleep(Duration::from_millis(1200)).await;
    assert_eq!(receiver.heard().len(), 1);
}
