//! A data folder, and what is put into it beside the server: clients, and links as if they had been mailed.

use std::path::PathBuf;
use std::sync::Arc;

use countersign::actors::key_ring::secrets::{self, Secrets};
use countersign::config::{Config, Connections, DatabaseUrl, Lifetimes, MasterKey, Mode};
use countersign::db::links::{self, NewLink};
use countersign::db::store::Migrate;
use countersign::db::{Decision, Row, Statement, Store, WriteConnection, clients};
use countersign::domain::account::{Link, LinkPurpose};
use countersign::domain::clock::{Clock as _, Timestamp};
use countersign::domain::email::Email;
use countersign::domain::oauth::metadata::{ClientMetadata, Registrar};
use countersign::domain::secret::Token;
use countersign::domain::vault::Vault;
use countersign::system::{SystemClock, SystemRandom};
use serde_json::json;

/// The id of the client that [`Folder::new`] registers: public, of our own, so that no consent is asked.
pub const CLIENT: &str = "load";

/// Its redirect URI.
pub const REDIRECT_URI: &str = "http://localhost:4242/cb";

/// A deployment: a data folder with its database, or a folder for logs alone where several servers share their stores.
pub struct Folder {
    outer: tempfile::TempDir,
    key: [u8; 32],
    shared: Option<Stores>,
}

/// What several servers share.
#[derive(Clone, Debug)]
pub struct Stores {
    /// `database_url`, of PostgreSQL.
    pub database_url: String,
    /// `kv_url`, of Redis.
    pub kv_url: String,
}

impl Folder {
    /// One with a master key and nothing else.
    pub fn bare() -> Self {
        let folder = Self {
            outer: tempfile::tempdir().expect("a folder"),
            key: rand::random(),
            shared: None,
        };
        std::fs::create_dir(folder.path()).expect("is made");
        let key = MasterKey::new(folder.key);
        MasterKey::read_or_create(&folder.path().join("master.key"), &key).expect("a master key");
        folder
    }

    /// A migrated one with its client, that no server has used yet.
    pub fn new() -> Self {
        let folder = Self::bare();
        folder.register();
        folder
    }

    /// The same on stores that several servers share.
    pub fn on(stores: Stores) -> Self {
        let folder = Self {
            shared: Some(stores),
            ..Self::bare()
        };
        folder.register();
        folder
    }

    fn register(&self) {
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
        let insert = clients::insert(&registered.client, now()).expect("a statement");
        self.beside(async move |_, mut connection, _| write(&mut connection, vec![insert]).await);
    }

    /// The variables that a server on shared stores is told; its commands too.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        let stores = self.shared.as_ref().expect("stores that are shared");
        let key = hex::encode(self.key);
        vec![
            ("COUNTERSIGN_LISTEN", "127.0.0.1:0".to_owned()),
            ("COUNTERSIGN_DATABASE_URL", stores.database_url.clone()),
            ("COUNTERSIGN_KV_URL", stores.kv_url.clone()),
            ("COUNTERSIGN_MASTER_KEY", key),
            ("COUNTERSIGN_DEFINE__ISSUER", super::ISSUER.to_owned()),
            ("COUNTERSIGN_MAIL__FROM", "no-reply@example.org".to_owned()),
            ("COUNTERSIGN_MAIL__URL", "smtp://127.0.0.1:1".to_owned()),
        ]
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

    /// What a statement gives, on either database.
    pub fn rows(&self, sql: &'static str) -> Vec<Row> {
        self.beside(async move |store, _, _| store.query(&Statement::new(sql)).await.expect("reads"))
    }

    /// Does what a lost write would do.
    pub fn damage(&self, sql: &'static str) {
        self.beside(async move |_, mut connection, _| write(&mut connection, vec![Statement::new(sql)]).await);
    }

    /// Links for these addresses, and for these accounts where they have one, in one transaction; their tokens.
    pub fn plant(&self, purpose: LinkPurpose, addresses: &[(String, Option<String>)]) -> Vec<String> {
        let addresses = addresses.to_vec();
        self.beside(async move |_, mut connection, secrets| {
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
            write(&mut connection, inserts).await;
            tokens
        })
    }

    /// Works on the database as a command beside the servers does.
    fn beside<T: Send>(&self, work: impl AsyncFnOnce(Store, WriteConnection, Arc<Secrets>) -> T + Send) -> T {
        let (url, mode) = match &self.shared {
            None => (DatabaseUrl::SqliteFile(self.database()), Mode::Dev),
            Some(_) => {
                let config = Config::load(None, self.variables()).expect("a configuration");
                (config.database_url, Mode::Production)
            }
        };
        let working = || {
            let runtime = actix_web::rt::Runtime::new().expect("a runtime");
            runtime.block_on(async {
                let opened = Store::open(&url, Connections::default(), mode, Migrate::Up, now()).await;
                let (store, mut connection) = opened.expect("opens");
                let vault = Vault::new(&self.key);
                let secrets = secrets::open(&store, &mut connection, &vault, &SystemRandom, now()).await;
                work(store, connection, secrets.expect("opens")).await
            })
        };
        // On a thread of its own: whoever asks may be driving a runtime already.
        std::thread::scope(|scope| scope.spawn(working).join().expect("the work is done"))
    }
}

fn now() -> Timestamp {
    SystemClock::start().now()
}

async fn write(connection: &mut WriteConnection, statements: Vec<Statement>) {
    connection
        .transact("plant", async move |transaction| {
            for statement in &statements {
                transaction.query(statement).await?;
            }
            Ok(Decision::Commit(()))
        })
        .await
        .expect("is written");
}
