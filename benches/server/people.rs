//! What people, pages and applications do: the operations that are measured.

use std::path::Path;
use std::sync::Mutex;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use countersign::actors::key_ring::secrets;
use countersign::config::{Connections, DatabaseUrl, Lifetimes, Mode};
use countersign::db::links::NewLink;
use countersign::db::store::Migrate;
use countersign::db::{Decision, Store, Transaction, clients, links};
use countersign::domain::account::{Link, LinkPurpose};
use countersign::domain::clock::Clock as _;
use countersign::domain::email::Email;
use countersign::domain::oauth::metadata::{ClientMetadata, Registrar};
use countersign::domain::secret::Token;
use countersign::domain::vault::Vault;
use countersign::system::{SystemClock, SystemRandom};
use opaque_ke::{
    ClientLogin, ClientLoginFinishParameters, ClientRegistration, ClientRegistrationFinishParameters,
    CredentialResponse, RegistrationResponse,
};
use rand::rngs::OsRng;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::http::Connection;
use crate::load;
use crate::process::MASTER_KEY;

/// The server's suite but for the key stretching, of which the server sees nothing: Argon2 would leave no time to
/// anything else on the machine.
pub struct Suite;

impl opaque_ke::CipherSuite for Suite {
    type OprfCs = opaque_ke::Ristretto255;
    type KeyExchange = opaque_ke::TripleDh<opaque_ke::Ristretto255, sha2::Sha512>;
    type Ksf = opaque_ke::ksf::Identity;
}

/// Everybody's password.
pub const PASSWORD: &[u8] = b"correct horse battery staple";

/// The code verifier of RFC 7636 appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// One application and all people; a person's number is their address.
pub struct World {
    /// The registration link of each person.
    links: Vec<Token>,
    authorize: String,
    authorization: String,
    /// Tokens of those who are signed in.
    pub tokens: Mutex<Vec<Tokens>>,
}

/// What a sign-in gave.
pub struct Tokens {
    /// The access token.
    pub access: String,
    /// The refresh token.
    pub refresh: String,
}

impl Tokens {
    /// Those of a token response, with which an ID token has to come.
    pub fn of(answer: &serde_json::Value) -> Self {
        assert!(answer["id_token"].is_string(), "no ID token");
        let text = |name: &str| answer[name].as_str().expect("a token").to_owned();
        Self {
            access: text("access_token"),
            refresh: text("refresh_token"),
        }
    }
}

impl World {
    /// Registers a confidential application of our own and plants a registration link for each of `people`. The server
    /// has run on this database before.
    pub fn plant(database: &Path, people: usize) -> Self {
        Self::plant_on(&DatabaseUrl::SqliteFile(database.to_owned()), people)
    }

    /// The same on any database.
    pub fn plant_on(url: &DatabaseUrl, people: usize) -> Self {
        load::wait_for(Self::planted(url, people))
    }

    async fn planted(url: &DatabaseUrl, people: usize) -> Self {
        let clock = SystemClock::start();
        let now = clock.now();
        let opened = Store::open(url, Connections::default(), Mode::Production, Migrate::Never, now).await;
        let (store, mut connection) = opened.expect("the database opens");
        let metadata: ClientMetadata = serde_json::from_value(json!({
            "redirect_uris": ["https://shop.example.org/back"],
            "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
            "id_token_signed_response_alg": "EdDSA",
            "require_pkce": true,
            "first_party": true,
        }))
        .expect("metadata");
        let registrar = Registrar {
            random: &SystemRandom,
            loopback_issuer: false,
            by_operator: true,
        };
        let application = metadata.register(registrar).expect("is registered");
        let vault = Vault::new(&MASTER_KEY);
        let secrets = secrets::open(&store, &mut connection, &vault, &SystemRandom, now)
            .await
            .expect("opens");
        let tokens: Vec<_> = (0..people).map(|_| Token::generate(&SystemRandom)).collect();
        let mut inserts = vec![clients::insert(&application.client, now).expect("a statement")];
        for (number, token) in tokens.iter().enumerate() {
            let email = Email::parse(&address(number)).expect("an address");
            inserts.push(links::insert(&NewLink {
                token_hash: token.hash(),
                link: Link::issue(LinkPurpose::Register, now, &Lifetimes::default()),
                identifier: secrets.identifier.identify(&email),
                email,
                account_id: None,
                details: None,
                created_at: now,
            }));
        }
        connection
            .transact("plant", async move |transaction: &mut Transaction<'_>| {
                for insert in &inserts {
                    transaction.query(insert).await?;
                }
                Ok(Decision::Commit(()))
            })
            .await
            .expect("is planted");
        let id = application.client.id.to_string();
        let secret = application.secret.expect("a secret");
        Self {
            links: tokens,
            authorize: format!(
                "/oauth/authorize?response_type=code&client_id={id}&redirect_uri=https%3A%2F%2Fshop.example.org%2Fback\
                 &scope=openid%20email%20offline_access&state=af0ifjsldkj&nonce=n-0S6_WzA2Mj\
                 &code_challenge={}&code_challenge_method=S256",
                challenge()
            ),
            authorization: format!("Basic {}", STANDARD.encode(format!("{id}:{}", secret.reveal()))),
            tokens: Mutex::default(),
        }
    }

    /// Person `number` registers their password by the link.
    pub async fn register(&self, connection: &mut Connection, number: usize) {
        let client = ClientRegistration::<Suite>::start(&mut OsRng, PASSWORD).expect("starts");
        let body = json!({
            "token": self.links[number].reveal(),
            "client_request": URL_SAFE_NO_PAD.encode(client.message.serialize()),
        });
        let started = connection
            .post_json("/onboard/register/", "", &body)
            .await
            .expect(200)
            .json();
        let message = decode(&started["server_message"]);
        let finished = client
            .state
            .finish(
                &mut OsRng,
                PASSWORD,
                RegistrationResponse::deserialize(&message).expect("a message"),
                ClientRegistrationFinishParameters::default(),
            )
            .expect("finishes");
        let body = json!({
            "auth_id": started["auth_id"],
            "client_request": URL_SAFE_NO_PAD.encode(finished.message.serialize()),
        });
        connection.post_json("/onboard/finish/", "", &body).await.expect(200);
    }

    /// Person `number` begins to sign in with a browser that was never here, and leaves it at that.
    pub async fn begin(&self, connection: &mut Connection, number: usize) -> Begun {
        let answer = connection.get(&self.authorize, "").await.expect(303);
        let location = answer.header("location").expect("a location");
        let (_, flow_id) = location.split_once("flow_id=").expect("a flow");
        let cookies = answer.cookies();
        let client = ClientLogin::<Suite>::start(&mut OsRng, PASSWORD).expect("starts");
        let body = json!({
            "email": address(number),
            "client_request": URL_SAFE_NO_PAD.encode(client.message.serialize()),
        });
        let started = connection
            .post_json("/login/start/", &cookies, &body)
            .await
            .expect(200)
            .json();
        Begun {
            flow_id: flow_id.to_owned(),
            cookies,
            client: client.state,
            started,
        }
    }

    /// Person `number` signs in, and the application gets its tokens.
    pub async fn sign_in(&self, connection: &mut Connection, number: usize) {
        let Begun {
            flow_id,
            mut cookies,
            client,
            started,
        } = self.begin(connection, number).await;
        let message = decode(&started["server_message"]);
        let finished = client
            .finish(
                &mut OsRng,
                PASSWORD,
                CredentialResponse::deserialize(&message).expect("a message"),
                ClientLoginFinishParameters::default(),
            )
            .expect("finishes");
        let body = json!({
            "auth_id": started["auth_id"],
            "client_request": URL_SAFE_NO_PAD.encode(finished.message.serialize()),
            "flow_id": flow_id,
        });
        let answer = connection
            .post_json("/login/finish/", &cookies, &body)
            .await
            .expect(200);
        cookies.push_str(&answer.cookies());
        let next = answer.json()["next"].as_str().expect("a next step").to_owned();
        let answer = connection
            .get(&next, &format!("Cookie: {cookies}\r\n"))
            .await
            .expect(303);
        let location = answer.header("location").expect("a location");
        let (_, code) = location.split_once("code=").expect("a code");
        let code = code.split('&').next().expect("one part at least");
        let form = format!(
            "grant_type=authorization_code&code={code}&redirect_uri=https%3A%2F%2Fshop.example.org%2Fback\
             &code_verifier={VERIFIER}"
        );
        let tokens = self.ask_for_tokens(connection, &form).await;
        self.tokens.lock().expect("nobody panics").push(tokens);
    }

    /// The application refreshes the tokens of somebody.
    pub async fn refresh(&self, connection: &mut Connection) {
        let tokens = self
            .tokens
            .lock()
            .expect("nobody panics")
            .pop()
            .expect("somebody is signed in");
        let form = format!("grant_type=refresh_token&refresh_token={}", tokens.refresh);
        let tokens = self.ask_for_tokens(connection, &form).await;
        self.tokens.lock().expect("nobody panics").push(tokens);
    }

    /// The application gets a token for itself.
    pub async fn client_credentials(&self, connection: &mut Connection) {
        let answer = connection
            .post_form("/oauth/token", &self.authorization, "grant_type=client_credentials")
            .await
            .expect(200);
        assert!(answer.json()["access_token"].is_string(), "no access token");
    }

    /// The application asks what the token of somebody is worth.
    pub async fn introspect(&self, connection: &mut Connection, number: usize) {
        let form = {
            let tokens = self.tokens.lock().expect("nobody panics");
            format!("token={}", tokens[number % tokens.len()].access)
        };
        let answer = connection
            .post_form("/oauth/introspect", &self.authorization, &form)
            .await
            .expect(200);
        assert_eq!(answer.json()["active"], true, "the token is not good");
    }

    async fn ask_for_tokens(&self, connection: &mut Connection, form: &str) -> Tokens {
        let answer = connection
            .post_form("/oauth/token", &self.authorization, form)
            .await
            .expect(200)
            .json();
        Tokens::of(&answer)
    }
}

/// The code challenge for [`VERIFIER`].
pub fn challenge() -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER))
}

/// A sign-in that waits for KE3.
pub struct Begun {
    flow_id: String,
    cookies: String,
    client: ClientLogin<Suite>,
    started: serde_json::Value,
}

/// The e-mail address of person `number`.
pub fn address(number: usize) -> String {
    format!("person-{number}@example.org")
}

fn decode(text: &serde_json::Value) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text.as_str().expect("text")).expect("base64url")
}
