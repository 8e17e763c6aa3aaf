//! The floor of storage: the rows of an operation read and written through rusqlite alone, 32 operations to a commit.

use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, Row, params};

use crate::clock::Span;

/// Operations to a commit: as many as there are callers.
const BATCH: u32 = 32;

/// CPU of the rows of one operation, in µs.
pub struct Rows {
    pub sign_in: f64,
    pub registration: f64,
    pub refresh: f64,
    pub userinfo: f64,
}

impl Rows {
    /// Measures on a copy of the database that the server has filled.
    pub fn measure(span: Span, database: &Path) -> Self {
        let copy = database.with_extension("copy");
        std::fs::copy(database, &copy).expect("is copied");
        let mut store = Store::open(&copy);
        Self {
            sign_in: span.micros(BATCH, || store.batch(Store::sign_in)),
            registration: span.micros(BATCH, || store.batch(Store::registration)),
            refresh: span.micros(BATCH, || store.batch(Store::refresh)),
            userinfo: span.micros(1, || store.userinfo()),
        }
    }
}

struct Store {
    connection: Connection,
    /// Names and hashes that have been used up.
    used: u64,
    /// Operations so far.
    turn: usize,
    /// Of everybody who has signed in.
    families: Vec<String>,
    /// Of everybody who has registered: id and identifier.
    accounts: Vec<(String, Vec<u8>)>,
    /// Those that everybody registers by.
    links: Vec<Vec<u8>>,
    client: String,
}

impl Store {
    fn open(path: &Path) -> Self {
        let connection = Connection::open(path).expect("opens");
        connection.set_prepared_statement_cache_capacity(128);
        connection
            .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
            .expect("is set");
        connection
            .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;")
            .expect("is set");
        let client = connection
            .query_row("SELECT client_id FROM families LIMIT 1", [], |row| row.get(0))
            .expect("somebody has signed in");
        Self {
            families: all(&connection, "SELECT id FROM families", |row| row.get(0)),
            accounts: all(&connection, "SELECT id, identifier FROM accounts", |row| {
                Ok((row.get(0)?, row.get(1)?))
            }),
            links: all(&connection, "SELECT token_hash FROM links", |row| row.get(0)),
            connection,
            used: 0,
            turn: 0,
            client,
        }
    }

    fn batch(&mut self, operation: fn(&mut Self)) {
        self.connection.execute_batch("BEGIN IMMEDIATE").expect("begins");
        for _ in 0..BATCH {
            operation(self);
        }
        self.connection.execute_batch("COMMIT").expect("commits");
    }

    /// A hash that no row has.
    fn hash(&mut self) -> Vec<u8> {
        use sha2::Digest as _;
        self.used += 1;
        sha2::Sha256::digest(self.used.to_le_bytes()).to_vec()
    }

    fn name(&mut self) -> String {
        self.used += 1;
        format!("{:032x}", self.used)
    }

    fn run(&self, sql: &str, parameters: impl rusqlite::Params) {
        let mut statement = self.connection.prepare_cached(sql).expect("is prepared");
        let mut rows = statement.query(parameters).expect("runs");
        while let Some(row) = rows.next().expect("steps") {
            std::hint::black_box(row.get_ref(0).expect("a column"));
        }
    }

    /// Reads account, session and code; writes session, browser, code, and the code again with its family.
    fn sign_in(&mut self) {
        const NOW: i64 = 1_700_000_000_000;
        let (session, browser, auth, flow, code) = (self.hash(), self.hash(), self.hash(), self.hash(), self.hash());
        let (sid, family) = (self.name(), self.name());
        let binding = "x".repeat(400);
        let person = self.next();
        let (account, identifier) = self.accounts[person % self.accounts.len()].clone();
        self.run(
            "SELECT id, email, status, record, record_version FROM accounts WHERE identifier = $1",
            [&identifier],
        );
        self.run(
            "INSERT INTO sessions (id_hash, sid, account_id, browser_hash, auth_hash, flow_hash, authenticated_at, \
             idle_expires_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8) RETURNING sid",
            params![session, sid, account, browser, auth, flow, NOW, NOW],
        );
        self.run(
            "INSERT INTO known_browsers (browser_hash, identifier, last_used_at) VALUES ($1, $2, $3)",
            params![browser, identifier, NOW],
        );
        self.run("SELECT account_id, sid FROM sessions WHERE id_hash = $1", [&session]);
        self.run(
            "INSERT INTO authorization_codes (code_hash, flow_hash, client_id, account_id, sid, binding, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING code_hash",
            params![code, flow, self.client, account, sid, binding, NOW],
        );
        self.run(
            "SELECT binding, spent_at, family_id FROM authorization_codes WHERE code_hash = $1",
            [&code],
        );
        self.run(
            "UPDATE authorization_codes SET spent_at = $3, family_id = $2 WHERE code_hash = $1 AND spent_at IS NULL \
             RETURNING code_hash",
            params![code, family, NOW],
        );
        self.run(
            "INSERT INTO families (id, client_id, account_id, sid, scope, authenticated_at, sequence, rotated_at, \
             idle_expires_at, expires_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, 0, $6, $6, $6, $6)",
            params![family, self.client, account, sid, "email offline_access openid", NOW],
        );
    }

    /// Reads the link; spends it and makes the account.
    fn registration(&mut self) {
        let (identifier, id) = (self.hash(), self.name());
        let person = self.next();
        let link = self.links[person % self.links.len()].clone();
        self.run(
            "SELECT purpose, expires_at, spent_at, identifier, email, account_id FROM links WHERE token_hash = $1",
            [&link],
        );
        self.run(
            "UPDATE links SET spent_at = $2 WHERE token_hash = $1 RETURNING token_hash",
            params![link, 1_700_000_000_000_i64],
        );
        self.run(
            "INSERT INTO accounts (id, identifier, email, status, record, record_version, email_confirmed_at, \
             created_at, updated_at) VALUES ($1, $2, 'person@example.org', 'active', $3, 1, $4, $4, $4) RETURNING id",
            params![id, identifier, vec![7_u8; 192], 1_700_000_000_000_i64],
        );
        self.run(
            "INSERT INTO profiles (account_id, age_privacy, updated_at) VALUES ($1, 0, $2)",
            params![id, 1_700_000_000_000_i64],
        );
        // The words by which an administrator finds the person: the address and its parts.
        let (whole, part) = (identifier.as_slice(), &identifier[..5]);
        self.run(
            "INSERT INTO account_terms (account_id, term) VALUES ($1, $2), ($1, $3), ($1, $4), ($1, $5), ($1, $6)",
            params![id, whole, part, b"person", b"example", b"org"],
        );
        // The mail that bids them welcome.
        self.run(
            "INSERT INTO mails (id, sealed, attempts, next_attempt_at, expires_at) VALUES ($1, $2, 0, $3, $3)",
            params![id, vec![7_u8; 200], 1_700_000_000_000_i64],
        );
    }

    /// Reads a family and rotates it.
    fn refresh(&mut self) {
        let family = self.next_family();
        let number = i64::try_from(self.turn).expect("small");
        self.run(
            "SELECT f.client_id, f.account_id, f.sid, f.scope, f.authenticated_at, f.sequence, f.rotated_at, \
             f.idle_expires_at, f.expires_at, f.ended_at, f.created_at \
             FROM families f JOIN accounts a ON a.id = f.account_id WHERE f.id = $1 AND a.status = 'active'",
            [&family],
        );
        self.run(
            "UPDATE families SET sequence = $2, rotated_at = $2 WHERE id = $1 RETURNING sequence",
            params![family, number],
        );
    }

    /// Reads family and account.
    fn userinfo(&mut self) {
        let family = self.next_family();
        self.run(
            "SELECT a.id, a.email FROM families f JOIN accounts a ON a.id = f.account_id \
             JOIN clients c ON c.id = f.client_id \
             WHERE f.id = $1 AND f.ended_at IS NULL AND a.status = 'active' AND c.not_before <= $2 \
             AND NOT EXISTS (SELECT 1 FROM revoked_tokens r WHERE r.jti = $1)",
            params![family, 1_700_000_000_000_i64],
        );
    }

    /// Each operation is somebody else's: people come in the order in which they were planted, as they do to the server.
    fn next(&mut self) -> usize {
        self.turn += 1;
        self.turn
    }

    /// Those who refresh come in any order. Neighbours in the table lie on one page, so these are far apart.
    fn next_family(&mut self) -> String {
        const STRIDE: usize = 97;
        let number = self.next() * STRIDE % self.families.len();
        self.families[number].clone()
    }
}

fn all<T>(connection: &Connection, sql: &str, read: fn(&Row) -> rusqlite::Result<T>) -> Vec<T> {
    let mut statement = connection.prepare(sql).expect("is prepared");
    let rows = statement.query_map([], read).expect("runs");
    rows.map(|row| row.expect("a row")).collect()
}
