//! The same reads and writes on a small and on a large database: does an operation cost more where there are more rows?
//!
//! Rows are touched at random, in an order in which no cache of ours helps. What is measured is the store alone, without
//! the cryptography and HTTP around it, so that nothing hides the difference.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use countersign::db::{accounts, families};
use countersign::domain::clock::Timestamp;
use countersign::domain::email::Identifier;
use countersign::domain::oauth::family::Family;

use crate::cost::{Cost, Meter};
use crate::house::House;
use crate::measure;

/// Accounts of the small database.
const SMALL: usize = 1_000;

/// Families for each account.
const FAMILIES: usize = 3;

/// Operations of each kind.
const OPERATIONS: usize = 30_000;

/// How many callers wait at a time.
const CALLERS: usize = 64;

/// In the middle of everything's life.
const NOW: Timestamp = Timestamp::from_millis(1_000_000_000_000);

/// Accounts: id, identifier, address, record. Identifier and record are in hexadecimal.
fn account(number: usize) -> [String; 4] {
    let identifier = format!("{}{}", name(number, 1), name(number, 2));
    let email = format!("{}@example.org", name(number, 3));
    [name(number, 0), identifier, email, name(number, 4).repeat(12)]
}

/// Families: id, account, session.
fn family(number: usize) -> [String; 3] {
    [name(number, 5), name(number / FAMILIES, 0), name(number, 6)]
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

/// Fills both databases, small and large, and prints what operations cost.
pub async fn run(large: usize) {
    println!("| operation | accounts | families | CPU µs | CPU µs with {SMALL} accounts | ratio |");
    println!("| --- | --: | --: | --: | --: | --: |");
    let server = test_stores::postgres(&["-c", "shared_buffers=3GB", "-c", "max_wal_size=16GB"]);
    let mut small = Vec::new();
    for accounts in [SMALL, large] {
        let database = test_stores::Database::within(&server.url);
        let house = House::on_postgres(&database.url()).await;
        fill_postgres(&database.url(), accounts);
        let meter = Meter::of_postgres(&server.url, &database.url());
        small = report("PostgreSQL", &house, &meter, accounts, small).await;
    }
    small.clear();
    for accounts in [SMALL, large] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("countersign.db");
        let house = House::on_sqlite(&path).await;
        fill_sqlite(&path, accounts);
        let meter = Meter::of_sqlite(house.recorder.handle());
        small = report("SQLite", &house, &meter, accounts, small).await;
    }
}

/// Measures all operations and prints them beside those of the `small` database, if that is not this one.
async fn report(name: &str, house: &House, meter: &Meter, accounts: usize, small: Vec<Cost>) -> Vec<Cost> {
    let mut costs = Vec::new();
    let turn = AtomicUsize::new(0);
    // A step that is prime to all numbers of rows visits each before it comes back to one.
    let next = |rows: usize| turn.fetch_add(7_919_000_023, Ordering::Relaxed) % rows;
    let login = async || {
        let [_, identifier, ..] = account(next(accounts));
        let found = house
            .query(&accounts::by_identifier(&Identifier(bytes(&identifier))))
            .await;
        assert_eq!(found.len(), 1);
    };
    costs.push(measure(meter, CALLERS, OPERATIONS, login).await);
    let userinfo = async || {
        let [id, ..] = family(next(accounts * FAMILIES));
        let found = house.query(&families::standing(&id, ["jti", "root"], NOW, NOW)).await;
        assert_eq!(found.len(), 1);
    };
    costs.push(measure(meter, CALLERS, OPERATIONS, userinfo).await);
    let refresh = async || {
        let [id, ..] = family(next(accounts * FAMILIES));
        let found = house.query(&families::by_id(&id, None)).await;
        let family = families::read(&found[0]).expect("a family");
        let next = Family {
            sequence: family.sequence + 1,
            ..family.clone()
        };
        house
            .execute(families::rotate(&id, &family, &next, None).expect("a statement"))
            .await;
    };
    costs.push(measure(meter, CALLERS, OPERATIONS, refresh).await);
    let operations = ["look up an account", "userinfo's join", "read and rotate a family"];
    for ((operation, cost), small) in operations.iter().zip(&costs).zip(&small) {
        println!(
            "| {name}: {operation} | {accounts} | {} | {:.1} | {:.1} | {:.2} |",
            accounts * FAMILIES,
            cost.cpu,
            small.cpu,
            cost.cpu / small.cpu,
        );
    }
    costs
}

fn bytes(hexadecimal: &str) -> [u8; 32] {
    hex::decode(hexadecimal).expect("digits").try_into().expect("32 bytes")
}

const CLIENT: &str = "INSERT INTO clients (id, record, not_before, created_at) VALUES ('bench', '{}', 0, 0)";
const ACCOUNTS: &str =
    "accounts (id, identifier, email, record, status, record_version, email_confirmed_at, created_at, updated_at)";
const FAMILY: &str = "families (id, account_id, sid, client_id, scope, authenticated_at, sequence, rotated_at, \
                      idle_expires_at, expires_at, created_at)";

/// What is the same in every row.
const ALWAYS: [[&str; 5]; 2] = [["active", "1", "0", "0", "0"], ["bench", "openid", "0", "1", "0"]];

fn fill_postgres(url: &str, accounts: usize) {
    let mut psql = Command::new("psql")
        .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", url])
        .stdin(Stdio::piped())
        .spawn()
        .expect("psql starts");
    let mut to = std::io::BufWriter::new(psql.stdin.take().expect("piped"));
    // The rows are right; checking each against its account would take longer than all the rest.
    writeln!(
        to,
        "SET session_replication_role = replica; {CLIENT}; COPY {ACCOUNTS} FROM STDIN;"
    )
    .expect("writes");
    for number in 0..accounts {
        let [id, identifier, email, record] = account(number);
        let rest = ALWAYS[0].join("\t");
        writeln!(to, "{id}\t\\\\x{identifier}\t{email}\t\\\\x{record}\t{rest}").expect("writes");
    }
    writeln!(to, "\\.\nCOPY {FAMILY} FROM STDIN;").expect("writes");
    for number in 0..accounts * FAMILIES {
        let rest = ALWAYS[1].join("\t");
        let far = 4_102_444_800_000_i64 + number as i64;
        writeln!(to, "{}\t{rest}\t{far}\t{far}\t0", family(number).join("\t")).expect("writes");
    }
    writeln!(to, "\\.\nVACUUM ANALYZE; CHECKPOINT;").expect("writes");
    drop(to);
    assert!(psql.wait().expect("ends").success());
}

fn fill_sqlite(path: &Path, accounts: usize) {
    let connection = rusqlite::Connection::open(path).expect("opens");
    connection
        .execute_batch(&format!("PRAGMA cache_size = -1000000; BEGIN; {CLIENT}"))
        .expect("begins");
    let mut insert = connection
        .prepare(&format!(
            "INSERT INTO {ACCOUNTS} VALUES (?1, ?2, ?3, ?4, 'active', 1, 0, 0, 0)"
        ))
        .expect("prepares");
    for number in 0..accounts {
        let [id, identifier, email, record] = account(number);
        let blobs = (bytes(&identifier), hex::decode(record).expect("digits"));
        insert.execute((id, blobs.0, email, blobs.1)).expect("inserts");
    }
    let mut insert = connection
        .prepare(&format!(
            "INSERT INTO {FAMILY} VALUES (?1, ?2, ?3, 'bench', 'openid', 0, 1, 0, ?4, ?4, 0)"
        ))
        .expect("prepares");
    for number in 0..accounts * FAMILIES {
        let [id, account_id, sid] = family(number);
        let far = 4_102_444_800_000_i64 + number as i64;
        insert.execute((id, account_id, sid, far)).expect("inserts");
    }
    connection
        .execute_batch("COMMIT; ANALYZE; PRAGMA wal_checkpoint(TRUNCATE)")
        .expect("ends");
}
