//! Entitlements: proofs, claims and the list of revocations, on a ledger of a thousand people and of a million.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use countersign::domain::entitlement::hash;
use countersign::domain::entitlement::ids::ClaimIds;
use countersign::domain::entitlement::key::ProofKey;
use rusqlite::{Connection as Database, params};

use crate::clock::Span;
use crate::http::{Connection, Exchange};
use crate::load::{self, Measured, measure};
use crate::process::Process;
use crate::report::Line;
use crate::{floor, keep};

/// A client: the keys of a person and of a device.
struct Person {
    master: ProofKey,
    rotating: ProofKey,
    tx: String,
}

/// A ledger in a database of its own.
pub struct Ledger {
    database: PathBuf,
    counts: Counts,
    /// Those of each round, and behind them one more for each.
    people: Vec<Person>,
    rounds: usize,
}

/// How many of each.
#[derive(Clone, Copy)]
pub struct Counts {
    /// People, each with one payment that waits.
    pub people: usize,
    /// Proofs.
    pub proofs: usize,
    /// Questions for the list by clients that are up to date.
    pub looks: usize,
    /// Subscriptions of others; a tenth as many generations are revoked.
    pub others: i64,
}

const CLAIM: &str = "/add_pro_payment";
const PROVE: &str = "/generate_pro_proof";
const LIST: &str = "/get_pro_revocations";

impl Ledger {
    /// Makes it, with a payment for everybody.
    pub fn plant(folder: &Path, counts: Counts, rounds: usize) -> Self {
        let database = folder.join("ledger.db");
        drop(Process::start(&database));
        let people: Vec<_> = (0..(counts.people + 1) * rounds).map(person).collect();
        plant(&database, &people);
        Self {
            database,
            counts,
            people,
            rounds,
        }
    }

    /// What is measured in round `number`, with its floors.
    pub fn round(&self, number: usize, span: Span) -> Vec<Line> {
        let (counts, people) = (self.counts, &self.people);
        let server = Process::start(&self.database);
        let mine = number * counts.people..(number + 1) * counts.people;
        let first = mine.start;
        let claim = measure(&server, mine, async |connection, number| {
            people[number].claim(connection).await;
        });
        let proofs = self.prove(&server, first);
        let look = measure(&server, 0..counts.looks, async |connection, _| {
            connection.post_json(LIST, "", &nothing_new()).await.expect(200);
        });
        let spare = &people[self.rounds * counts.people + number];
        let samples = Samples::take(&server, spare);
        drop(server);
        let copy = self.database.with_extension("copy");
        std::fs::copy(&self.database, &copy).expect("is copied");
        let rows = Rows::measure(span, &copy, &people[first]);
        lines(claim, proofs, look, &samples, &rows, span)
    }

    /// Proofs for those who claimed in the round that began with `first`.
    fn prove(&self, server: &Process, first: usize) -> Measured {
        let Counts { people, proofs, .. } = self.counts;
        measure(server, 0..proofs, async |connection, number| {
            self.people[first + number % people].prove(connection).await;
        })
    }

    /// What a ledger of a million people costs more than one of a few.
    pub fn print_scale(&self) {
        let few = self.prove(&Process::start(&self.database), 0).micros;
        plant_others(&self.database, self.counts.others);
        let server = Process::start(&self.database);
        let many = self.prove(&server, 0).micros;
        println!(
            "| a proof among a million subscriptions and 100 000 revocations, beside one among a few | {:.2} | 1.2 |",
            many / few
        );
        let before = server.memory("VmHWM");
        let [first, next] = lists(&server);
        println!("| the list of 100 000 revocations, CPU: first, and each after | {first:.0} ms, {next:.1} ms | |");
        let after = server.memory("VmHWM");
        println!("| peak memory before that list was asked for, and after | {before:.1} MiB, {after:.1} MiB | |");
    }
}

fn lines(claim: Measured, proofs: Measured, look: Measured, samples: &Samples, rows: &Rows, span: Span) -> Vec<Line> {
    let signatures = Signatures::measure(span);
    let line = |name, measured, exchanges: &[Exchange], rest: &[(&'static str, f64)]| {
        let parsing = floor::parsing(span, exchanges);
        let sockets = (floor::http(exchanges) - parsing).max(0.0);
        let transport = [
            ("HTTP", parsing),
            ("sockets", sockets),
            ("JSON", floor::json(span, exchanges)),
        ];
        Line {
            name,
            goal: 2.0,
            measured,
            floor: rest.iter().copied().chain(transport).collect(),
        }
    };
    let signed = [
        ("2 verifications", 2.0 * signatures.verify),
        ("signature", signatures.sign),
    ];
    vec![
        line(
            "generate proof",
            proofs,
            &samples.prove,
            &[signed[0], signed[1], ("rows", rows.prove)],
        ),
        line(
            "add payment",
            claim,
            &samples.claim,
            &[signed[0], signed[1], ("rows", rows.claim)],
        ),
        line("revocation list, nothing new", look, &samples.look, &[]),
    ]
}

/// CPU in ms of the first whole list, and of one after it.
fn lists(server: &Process) -> [f64; 2] {
    let fetch = |times: usize| {
        let before = server.cpu();
        for _ in 0..times {
            load::wait_for(async {
                let mut connection = Connection::open(server.address).await;
                connection.drain(LIST, r#"{"version":0,"ticket":0}"#).await;
            });
        }
        let spent = server.cpu().saturating_sub(before).as_secs_f64() * 1e3;
        #[expect(clippy::cast_precision_loss, reason = "a few")]
        let each = spent / times as f64;
        each
    };
    [fetch(1), fetch(20)]
}

fn person(number: usize) -> Person {
    let seed = |kind: u8| {
        let mut seed = [kind; 32];
        seed[..8].copy_from_slice(&number.to_le_bytes());
        seed
    };
    Person {
        master: ProofKey::from_seed(&seed(1)),
        rotating: ProofKey::from_seed(&seed(2)),
        tx: format!("2000000{number:09}"),
    }
}

impl Person {
    async fn claim(&self, connection: &mut Connection) {
        let ids = ClaimIds::Apple { tx: self.tx.clone() };
        let hash = hash::add_payment(0, self.master.public(), self.rotating.public(), &ids);
        let body = serde_json::json!({
            "version": 0,
            "master_pkey": self.master.public().to_hex(),
            "rotating_pkey": self.rotating.public().to_hex(),
            "master_sig": hex::encode(self.master.sign(&hash)),
            "rotating_sig": hex::encode(self.rotating.sign(&hash)),
            "payment_tx": { "provider": 2, "apple_tx_id": self.tx },
        });
        succeeds(&connection.post_json(CLAIM, "", &body).await.expect(200).json());
    }

    async fn prove(&self, connection: &mut Connection) {
        let now = now();
        let hash = hash::generate_proof(0, self.master.public(), self.rotating.public(), now);
        let body = serde_json::json!({
            "version": 0,
            "master_pkey": self.master.public().to_hex(),
            "rotating_pkey": self.rotating.public().to_hex(),
            "unix_ts_ms": now,
            "master_sig": hex::encode(self.master.sign(&hash)),
            "rotating_sig": hex::encode(self.rotating.sign(&hash)),
        });
        succeeds(&connection.post_json(PROVE, "", &body).await.expect(200).json());
    }
}

fn succeeds(json: &serde_json::Value) {
    assert_eq!(json["status"], 0, "{json}");
}

fn nothing_new() -> serde_json::Value {
    serde_json::json!({ "version": 0, "ticket": 1_000_000_000 })
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after the epoch");
    u64::try_from(since.as_millis()).expect("fits")
}

/// A payment of the App Store for each person: claiming it asks no store.
fn plant(database: &Path, people: &[Person]) {
    let connection = Database::open(database).expect("opens");
    let now = i64::try_from(now()).expect("fits");
    connection.execute_batch("BEGIN").expect("begins");
    for (person, id) in people.iter().zip(1_i64..) {
        connection
            .execute(
                "INSERT INTO entitlement_payments (id, status, plan, payment_provider, auto_renewing, unredeemed_at, \
                 expires_at, grace_ms, refund_deadline_at, apple_original_tx_id, apple_tx_id, \
                 apple_web_line_order_tx_id, apple_app_account_token, chain) \
                 VALUES (?1, 1, 1, 2, 1, ?2, ?3, 3600000, ?2, ?4, ?4, '', '', ?4)",
                params![id, now, now + 30 * 86_400_000, person.tx],
            )
            .expect("is planted");
    }
    let next = i64::try_from(people.len()).expect("fits") + 1;
    connection
        .execute("UPDATE entitlement_runtime SET payment_id = ?1", [next])
        .expect("is noted");
    connection.execute_batch("COMMIT").expect("commits");
}

/// `count` other people with a payment each, and a tenth as many revocations.
fn plant_others(database: &Path, count: i64) {
    let connection = Database::open(database).expect("opens");
    let until = i64::try_from(now()).expect("fits") + 40 * 86_400_000;
    connection
        .execute_batch(&format!(
            "BEGIN; \
             CREATE TEMP TABLE others AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) \
             SELECT i, randomblob(32) AS owner FROM n; \
             INSERT INTO entitlement_payments (id, master_pkey, status, plan, payment_provider, auto_renewing, \
             unredeemed_at, redeemed_at, expires_at, grace_ms, refund_deadline_at, apple_original_tx_id, apple_tx_id, \
             apple_web_line_order_tx_id, apple_app_account_token, chain) \
             SELECT 10000000 + i, owner, 2, 1, 2, 1, 1, 1, {until}, 0, 1, 'o' || i, 't' || i, '', '', 'o' || i FROM others; \
             INSERT INTO entitlement_users (master_pkey, gen_index, expires_at, grace_ms, auto_renewing, refund_asked_at) \
             SELECT owner, 10000000 + i, {until}, 0, 1, 0 FROM others; \
             INSERT INTO entitlement_revocations (gen_index, created_at, expires_at) \
             SELECT 10000000 + i, {until} - 1, {until} FROM others WHERE i % 10 = 0; \
             UPDATE entitlement_runtime SET gen_index = 20000000, payment_id = 20000000, \
             revocation_ticket = revocation_ticket + {count}; COMMIT;"
        ))
        .expect("are planted");
}

/// One exchange of each.
struct Samples {
    claim: Vec<Exchange>,
    prove: Vec<Exchange>,
    look: Vec<Exchange>,
}

impl Samples {
    /// `spare` has not claimed yet.
    fn take(server: &Process, spare: &Person) -> Self {
        load::wait_for(async {
            Self {
                claim: keep(server, async |it| spare.claim(it).await).await,
                prove: keep(server, async |it| spare.prove(it).await).await,
                look: keep(server, async |it| {
                    it.post_json(LIST, "", &nothing_new()).await.expect(200);
                })
                .await,
            }
        })
    }
}

/// Ed25519 as a request costs it: keys are decoded every time, because everybody has another.
struct Signatures {
    verify: f64,
    sign: f64,
}

impl Signatures {
    fn measure(span: Span) -> Self {
        use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
        let key = SigningKey::from_bytes(&[7; 32]);
        let (public, hash) = (key.verifying_key().to_bytes(), [9; 32]);
        let signature = key.sign(&hash);
        Self {
            verify: span.micros(1, || {
                let key = VerifyingKey::from_bytes(&public).expect("a key");
                key.verify_strict(black_box(&hash), &signature).expect("is right");
            }),
            sign: span.micros(1, || {
                black_box(key.sign(black_box(&hash)));
            }),
        }
    }
}

/// CPU of the rows of one operation through rusqlite alone, in µs; claims 32 to a commit.
struct Rows {
    claim: f64,
    prove: f64,
}

impl Rows {
    fn measure(span: Span, database: &Path, person: &Person) -> Self {
        const BATCH: u32 = 32;
        let connection = Database::open(database).expect("opens");
        connection.set_prepared_statement_cache_capacity(128);
        connection
            .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")
            .expect("is set");
        let master = person.master.public().as_bytes();
        let run = |sql: &str, parameters: &[&dyn rusqlite::ToSql]| {
            let mut statement = connection.prepare_cached(sql).expect("is prepared");
            let mut rows = statement.query(parameters).expect("runs");
            while let Some(row) = rows.next().expect("steps") {
                black_box(row.get_ref(0).expect("a column"));
            }
        };
        let claim = || {
            run(
                "SELECT * FROM entitlement_payments WHERE payment_provider = 2 AND apple_tx_id = $1",
                &[&person.tx],
            );
            run(
                "UPDATE entitlement_payments SET status = 2, redeemed_at = redeemed_at + 1 WHERE apple_tx_id = $1 \
                 AND payment_provider = 2",
                &[&person.tx],
            );
            run(
                "UPDATE entitlement_runtime SET gen_index = gen_index + 1 WHERE id = 1 RETURNING gen_index",
                &[],
            );
            run(
                "SELECT * FROM entitlement_payments WHERE master_pkey = $1 ORDER BY id DESC LIMIT 20",
                &[master],
            );
            run(
                "INSERT INTO entitlement_users (master_pkey, gen_index, expires_at, grace_ms, auto_renewing, \
                 refund_asked_at) VALUES ($1, 1, 1, 1, 1, 1) ON CONFLICT (master_pkey) DO UPDATE SET \
                 gen_index = EXCLUDED.gen_index + entitlement_users.gen_index",
                &[master],
            );
        };
        Self {
            claim: span.micros(BATCH, || {
                connection.execute_batch("BEGIN IMMEDIATE").expect("begins");
                for _ in 0..BATCH {
                    claim();
                }
                connection.execute_batch("COMMIT").expect("commits");
            }),
            prove: span.micros(1, || {
                run(
                    "SELECT u.gen_index, u.expires_at, r.gen_index FROM entitlement_users u \
                     LEFT JOIN entitlement_revocations r ON r.gen_index = u.gen_index WHERE u.master_pkey = $1",
                    &[master],
                );
            }),
        }
    }
}
