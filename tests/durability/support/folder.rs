//! A data folder, and what is put into it beside the server: clients, and links as if they had been mailed.

use std::path::PathBuf;
use std::sync::Arc;

use countersign::actors::key_ring::secrets::{self, Secrets};
use countersign::config::{Connections, DatabaseUrl, Lifetimes, MasterKey, Mode};
use countersign::db::links::{self, NewLink};
use countersign::db::store::Migrate;
use countersign::db::{Decision, Statement, Store, WriteConnection, clients};
use countersign::domain::account::{Link, LinkPurpose};
use countersign::domain::clock::{Clock as _, Timestamp};
use countersign::domain::email::Email;
use countersign::domain::oauth::metadata::{ClientMetadata, Registrar};
use countersign::domain::secret::Token;
use countersign::domain::vault::Vault;
use countersign::system::{SystemClock, SystemRandom};
use futures_util::FutureExt as _;
use serde_json::json;

/// The id of the client that [`Folder::new`] registers: public, of our own, so that no consent is asked.
pub const CLIENT: &str = "load";

/// Its redirect URI.
pub const REDIRECT_URI: &str = "http://localhost:4242/cb";

/// A data folder with a database.
pub struct Folder {
    outer: tempfile::TempDir,
    key: [u8; 32],
}

impl Folder {
    /// One with a master key and nothing else.
    pub fn bare() -> Self {
        let folder = Self {
            outer: tempfile::tempdir().expect("a folder"),
            key: rand::random(),
        };
        std::fs::create_dir(folder.path()).expect("is made");
        let key = MasterKey::new(folder.key);
        MasterKey::read_or_create(&folder.path().join("master.key"), &key).expect("a master key");
        folder
    }

    /// A migrated one with its client, that no server has used yet.
    pub fn new() -> Self {
        let folder = Self::bare();
        let metadata = json!({
            "client_id": CLIENT,
            "redirect_uris": [REDIRECT_URI],
            "grant_types": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_method": "none",
            "id_token_signed_response_alg": "EdDSA",
            "first_party": true,
        });
        let metadata: ClientMetadata = serde_json::from_value(metadata).expect("metadata");
        let registrar = Registrar {
            random: &SystemRandom,
            loopback_issuer: true,
            by_operator: true,
        };
        let registered = metadata.register(registrar).expect("registers");
        let (mut connection, _) = folder.open();
        let insert = clients::insert(&registered.client, now()).expect("a statement");
        write(&mut connection, vec![insert]);
        folder
    }

    /// The data folder.
    pub fn path(&self) -> PathBuf {
        self.outer.path().join("data")
    }

    /// The database file.
    pub fn database(&self) -> PathBuf {
        self.path().join("countersign.db")
    }

    /// A connection that only reads.
    pub fn reader(&self) -> rusqlite::Connection {
        let connection = rusqlite::Connection::open(self.database()).expect("opens");
        connection
            .execute_batch("PRAGMA query_only = ON; PRAGMA busy_timeout = 5000")
            .expect("sets");
        connection
    }

    /// Links for these addresses, and for these accounts where they have one, in one transaction; their tokens.
    pub fn plant(&self, purpose: LinkPurpose, addresses: &[(String, Option<String>)]) -> Vec<String> {
        let (mut connection, secrets) = self.open();
        let now = now();
        let (tokens, inserts) = addresses
            .iter()
            .map(|(email, account_id)| {
                let email = Email::parse(email).expect("an address");
                let token = Token::generate(&SystemRandom);
                let insert = links::insert(&NewLink {
                    token_hash: token.hash(),
                    link: Link::issue(purpose, now, &Lifetimes::default()),
                    identifier: secrets.identifier.identify(&email),
                    email,
                    account_id: account_id.clone(),
                    details: None,
                    created_at: now,
                });
                (token.reveal(), insert)
            })
            .unzip();
        write(&mut connection, inserts);
        tokens
    }

    fn open(&self) -> (WriteConnection, Arc<Secrets>) {
        let url = DatabaseUrl::SqliteFile(self.database());
        let opened = Store::open(&url, Connections::default(), Mode::Dev, Migrate::Up, now()).now_or_never();
        let (store, mut connection) = opened.expect("does not wait").expect("opens");
        let vault = Vault::new(&self.key);
        let secrets = secrets::open(&store, &mut connection, &vault, &SystemRandom, now())
            .now_or_never()
            .expect("does not wait")
            .expect("opens");
        (connection, secrets)
    }
}

fn now() -> Timestamp {
    SystemClock::start().now()
}

fn write(connection: &mut WriteConnection, statements: Vec<Statement>) {
    connection
        .transact("plant", async move |transaction| {
            for statement in &statements {
                transaction.query(statement).await?;
            }
            Ok(Decision::Commit(()))
        })
        .now_or_never()
        .expect("does not wait")
        .expect("is written");
}
