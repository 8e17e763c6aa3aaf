//! A person with an address and a password, who does what the pages do.

use countersign::db::links;
use countersign::db::links::NewLink;
use countersign::domain::account::{Link, LinkPurpose};
use countersign::domain::email::Email;
use countersign::domain::opaque::client::{LoggingIn, Registering};
use countersign::domain::opaque::wire;
use countersign::system::SystemRandom;
use serde_json::{Value, json};

use super::{Answer, Browser, Server};

/// Somebody.
#[derive(Clone)]
pub struct Person {
    /// The address.
    pub email: String,
    /// The password.
    pub password: String,
    /// The browser.
    pub browser: Browser,
}

impl Person {
    /// Somebody who is not known yet.
    pub fn stranger(server: &Server, email: &str) -> Self {
        Self {
            email: email.to_owned(),
            password: "correct horse battery staple".to_owned(),
            browser: Browser::new(server),
        }
    }

    /// Somebody who has signed up through the mailed link.
    pub async fn signed_up(server: &Server, email: &str) -> Self {
        let mut person = Self::stranger(server, email);
        let asked = person
            .browser
            .post("/onboard/signup/", &json!({ "email": email }))
            .await;
        assert_eq!((asked.status, asked.text.as_str()), (200, "{}"));
        let token = person.mailed_token(server, "/confirm/").await;
        let confirmed = person.browser.post("/onboard/email/", &json!({ "token": token })).await;
        assert_eq!(confirmed.status, 200, "{}", confirmed.text);
        let answer = person
            .register(confirmed.json()["token"].as_str().expect("a token"))
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        person
    }

    /// Waits for a mail to this address whose subject holds `words`; its text.
    pub async fn mail_about(&mut self, email: &str, words: &str) -> String {
        for _ in 0..200 {
            let mails = self.browser.get("/dev/mailbox.json").await.json();
            for mail in mails.as_array().expect("mails") {
                if mail["to"] == email && mail["subject"].as_str().expect("text").contains(words) {
                    return mail["text"].as_str().expect("text").to_owned();
                }
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("no mail to {email} about {words}");
    }

    /// The token in the newest mail to this person that links to `page`; waits for the mail.
    pub async fn mailed_token(&mut self, server: &Server, page: &str) -> String {
        let prefix = format!("{}{page}#", server.issuer);
        for _ in 0..200 {
            let mails = self.browser.get("/dev/mailbox.json").await.json();
            for mail in mails.as_array().expect("mails") {
                let text = mail["text"].as_str().expect("text");
                if mail["to"] == self.email.as_str() && text.contains(&prefix) {
                    let rest = text.split(&prefix).nth(1).expect("a link");
                    return rest.chars().take(43).collect();
                }
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("no mail to {} with a link to {page}", self.email);
    }

    /// Registers the password with a registration token.
    pub async fn register(&mut self, token: &str) -> Answer {
        let routes = ("/onboard/register/", "/onboard/finish/");
        self.enrol(token, routes).await
    }

    /// Chooses the password anew with a token from a reset mail.
    pub async fn reset(&mut self, token: &str) -> Answer {
        let routes = ("/update/password/start/", "/update/password/finish/");
        self.enrol(token, routes).await
    }

    /// Registers the password, with more to say of oneself.
    pub async fn register_as(&mut self, token: &str, said: &Value) -> Answer {
        let routes = ("/onboard/register/", "/onboard/finish/");
        self.enrol_with("token", token, routes, said).await
    }

    /// Registers the password at the address that the account moves to.
    pub async fn move_address(&mut self, flow_id: &str) -> Answer {
        let routes = ("/update/email/check/", "/update/email/check/");
        self.enrol_with("flow_id", flow_id, routes, &json!({})).await
    }

    async fn enrol(&mut self, token: &str, routes: (&str, &str)) -> Answer {
        self.enrol_with("token", token, routes, &json!({})).await
    }

    async fn enrol_with(&mut self, name: &str, token: &str, (start, finish): (&str, &str), said: &Value) -> Answer {
        let (request, registering) = Registering::start(&self.password, &SystemRandom).expect("starts");
        let body = json!({ name: token, "client_request": wire::write(&request) });
        let started = self.browser.post(start, &body).await;
        if started.status != 200 {
            return started;
        }
        let started = started.json();
        let response = wire::read(started["server_message"].as_str().expect("a message")).expect("parses");
        let upload = registering.finish(response, &SystemRandom).expect("finishes");
        let mut body = json!({ "auth_id": started["auth_id"], "client_request": wire::write(&upload) });
        for (field, value) in said.as_object().expect("an object") {
            body[field] = value.clone();
        }
        self.browser.post(finish, &body).await
    }

    /// The id of this person's account; they must be signed in.
    pub async fn account_id(&mut self) -> String {
        let session = self.browser.get("/account/session/").await;
        session.json()["id"].as_str().expect("an id").to_owned()
    }

    /// KE1 → KE2: what the server answered, and the client's state.
    pub async fn start_login(&mut self) -> (Value, LoggingIn) {
        let (request, logging_in) = LoggingIn::start(&self.password, &SystemRandom).expect("starts");
        let body = json!({ "email": self.email, "client_request": wire::write(&request) });
        let started = self.browser.post("/login/start/", &body).await;
        assert_eq!(started.status, 200, "{}", started.text);
        (started.json(), logging_in)
    }

    /// The body of `/login/finish/` for a login that was started; `None` where the client sees that the password is wrong.
    pub fn finish_body(started: &Value, logging_in: LoggingIn, flow_id: Option<&str>) -> Option<Value> {
        let challenge = wire::read(started["server_message"].as_str().expect("a message")).expect("parses");
        let finished = logging_in.finish(challenge, &SystemRandom).ok()?;
        let mut body = json!({ "auth_id": started["auth_id"], "client_request": wire::write(&finished.response) });
        if let Some(flow_id) = flow_id {
            body["flow_id"] = flow_id.into();
        }
        Some(body)
    }

    /// A whole login; where to go next.
    pub async fn log_in(&mut self, flow_id: Option<&str>) -> String {
        let (started, logging_in) = self.start_login().await;
        let body = Self::finish_body(&started, logging_in, flow_id).expect("the password is right");
        let finished = self.browser.post("/login/finish/", &body).await;
        assert_eq!(finished.status, 200, "{}", finished.text);
        finished.json()["next"].as_str().expect("a next step").to_owned()
    }

    /// Puts a link into the database as if it had been mailed; its token. For tests that are not about mail.
    pub fn plant_link(server: &Server, email: &str, purpose: LinkPurpose, account_id: Option<String>) -> String {
        use countersign::domain::clock::Clock as _;
        let email = Email::parse(email).expect("an address");
        let now = server.clock.now();
        let token = countersign::domain::secret::Token::generate(&SystemRandom);
        let secrets = server.home.beside(now, async move |store, mut connection| {
            let master = countersign::domain::vault::Vault::new(&super::server::MASTER_KEY);
            let opened =
                countersign::actors::key_ring::secrets::open(&store, &mut connection, &master, &SystemRandom, now);
            opened.await.expect("opens")
        });
        let link = NewLink {
            token_hash: token.hash(),
            link: Link::issue(purpose, now, &countersign::config::Lifetimes::default()),
            identifier: secrets.identifier.identify(&email),
            email,
            account_id,
            details: None,
            created_at: now,
        };
        server.write(links::insert(&link));
        token.reveal()
    }
}
