//! Puts accounts and refresh families into a database in bulk, past the server: by COPY, or by one transaction of inserts.
//! The rows are as the server writes them, the indexes are those of its migrations.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use countersign::config::{Config, DatabaseUrl};

/// Families for each account.
pub const FAMILIES: usize = 3;

/// What is put in.
#[derive(Clone, Copy)]
pub struct Filling {
    /// Accounts, with [`FAMILIES`] families each that expire in the far future.
    pub accounts: usize,
    /// Further families of these accounts, which expired long ago.
    pub expired: usize,
}

impl Filling {
    /// So many accounts, of which nothing has expired.
    pub const fn of(accounts: usize) -> Self {
        Self { accounts, expired: 0 }
    }

    /// Families in all.
    pub const fn families(self) -> usize {
        self.accounts * FAMILIES + self.expired
    }
}

/// Accounts: id, identifier, address, record. Identifier and record are in hexadecimal.
pub fn account(number: usize) -> [String; 4] {
    let identifier = format!("{}{}", name(number, 1), name(number, 2));
    let email = format!("{}@example.org", name(number, 3));
    [name(number, 0), identifier, email, name(number, 4).repeat(12)]
}

/// Families: id, account, session.
pub fn family(number: usize, accounts: usize) -> [String; 3] {
    [name(number, 5), name(number / FAMILIES % accounts, 0), name(number, 6)]
}

/// When a family expires, in ms since the epoch: those behind `live` in 2001, all others in 2100.
fn expiry(number: usize, live: usize) -> i64 {
    let spread = i64::try_from(number).expect("fits");
    if number < live {
        4_102_444_800_000 + spread
    } else {
        1_000_000_000_000 - spread
    }
}

/// Thirty-two digits that look random (splitmix64).
fn name(number: usize, what: u64) -> String {
    let mix = |mut state: u64| {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        state = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        state = (state ^ (state >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        state ^ (state >> 31)
    };
    let seed = mix(what << 56 ^ number as u64);
    format!("{seed:016x}{:016x}", mix(seed))
}

/// 32 bytes.
pub fn bytes(hexadecimal: &str) -> [u8; 32] {
    hex::decode(hexadecimal).expect("digits").try_into().expect("32 bytes")
}

const CLIENT: &str = "INSERT INTO clients (id, record, not_before, created_at) VALUES ('bench', '{}', 0, 0)";
const ACCOUNTS: &str =
    "accounts (id, identifier, email, record, status, record_version, email_confirmed_at, created_at, updated_at)";
const FAMILY: &str = "families (id, account_id, sid, client_id, scope, authenticated_at, sequence, rotated_at, \
                      idle_expires_at, expires_at, created_at)";

/// What is the same in every row.
const ALWAYS: [[&str; 5]; 2] = [["active", "1", "0", "0", "0"], ["bench", "openid", "0", "1", "0"]];

/// The URL of a PostgreSQL database as a configuration reads it.
pub fn read_url(url: &str) -> DatabaseUrl {
    let env = [
        ("COUNTERSIGN_DATABASE_URL", url),
        (
            "COUNTERSIGN_MASTER_KEY",
            "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
        ),
        ("COUNTERSIGN_DEFINE__ISSUER", "https://id.example.org"),
        ("COUNTERSIGN_MAIL__FROM", "bench@example.org"),
        ("COUNTERSIGN_MAIL__URL", "smtps://mail.example.org"),
    ];
    Config::load(None, env).expect("a configuration").database_url
}

/// Fills a PostgreSQL database, and reads it once, so that what fits into memory is there.
pub fn postgres(url: &str, filling: Filling) {
    let began = Instant::now();
    let mut psql = Command::new("psql")
        .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-o", "/dev/null", "-d", url])
        .stdin(Stdio::piped())
        .spawn()
        .expect("psql starts");
    let mut to = std::io::BufWriter::with_capacity(1 << 20, psql.stdin.take().expect("piped"));
    // The rows are right; checking each against its account would take longer than all the rest.
    writeln!(
        to,
        "SET session_replication_role = replica; {CLIENT}; COPY {ACCOUNTS} FROM STDIN;"
    )
    .expect("writes");
    for number in 0..filling.accounts {
        let [id, identifier, email, record] = account(number);
        let rest = ALWAYS[0].join("\t");
        writeln!(to, "{id}\t\\\\x{identifier}\t{email}\t\\\\x{record}\t{rest}").expect("writes");
    }
    writeln!(to, "\\.\nCOPY {FAMILY} FROM STDIN;").expect("writes");
    for number in 0..filling.families() {
        let rest = ALWAYS[1].join("\t");
        let names = family(number, filling.accounts).join("\t");
        let expiry = expiry(number, filling.accounts * FAMILIES);
        writeln!(to, "{names}\t{rest}\t{expiry}\t{expiry}\t0").expect("writes");
    }
    writeln!(
        to,
        "\\.\nVACUUM ANALYZE; CHECKPOINT; CREATE EXTENSION IF NOT EXISTS pg_prewarm; \
         SELECT SUM(pg_prewarm(oid)) FROM pg_class WHERE relkind IN ('r', 'i') AND relnamespace = 'public'::regnamespace;"
    )
    .expect("writes");
    drop(to);
    assert!(psql.wait().expect("ends").success());
    tell("PostgreSQL", filling, began);
}

/// Fills a SQLite database that nobody else has open.
pub fn sqlite(path: &Path, filling: Filling) {
    let began = Instant::now();
    let connection = rusqlite::Connection::open(path).expect("opens");
    connection
        .execute_batch(&format!("PRAGMA cache_size = -3000000; BEGIN; {CLIENT}"))
        .expect("begins");
    let mut insert = connection
        .prepare(&format!(
            "INSERT INTO {ACCOUNTS} VALUES (?1, ?2, ?3, ?4, 'active', 1, 0, 0, 0)"
        ))
        .expect("prepares");
    for number in 0..filling.accounts {
        let [id, identifier, email, record] = account(number);
        let blobs = (bytes(&identifier), hex::decode(record).expect("digits"));
        insert.execute((id, blobs.0, email, blobs.1)).expect("inserts");
    }
    let mut insert = connection
        .prepare(&format!(
            "INSERT INTO {FAMILY} VALUES (?1, ?2, ?3, 'bench', 'openid', 0, 1, 0, ?4, ?4, 0)"
        ))
        .expect("prepares");
    for number in 0..filling.families() {
        let [id, account_id, sid] = family(number, filling.accounts);
        let expiry = expiry(number, filling.accounts * FAMILIES);
        insert.execute((id, account_id, sid, expiry)).expect("inserts");
    }
    connection
        .execute_batch("COMMIT; ANALYZE; PRAGMA wal_checkpoint(TRUNCATE)")
        .expect("ends");
    tell("SQLite", filling, began);
}

/// To standard error: it is no row of the table.
fn tell(database: &str, filling: Filling, began: Instant) {
    eprintln!(
        "{database}: {} accounts and {} families put in by {:.0} s",
        filling.accounts,
        filling.families(),
        began.elapsed().as_secs_f64()
    );
}
