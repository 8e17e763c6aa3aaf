//! `cargo bench --bench server`: what the server's CPU does for each operation, beside the least that it could do.
//!
//! The server is the release binary in a process of its own, as in production but for throttles, on a database in a
//! temporary folder. 32 callers keep it busy over keep-alive connections, and `/proc` says what it used: wall time means
//! little on a machine that others use too. The floor is measured in this process, in turn with the server, in each of nine
//! rounds, so that both move with the machine. `--quick` does one round; its figures are rough. `beside` measures the npm
//! package oidc-provider in the same way instead of floors, `scale` operations among a million accounts, `ledger`
//! entitlements alone, and `against BINARY` another build of the server beside this one.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a bench measures real time, and fails by panicking"
)]

mod against;
mod clock;
#[path = "../writes/cost.rs"]
#[expect(
    dead_code,
    clippy::cast_precision_loss,
    reason = "only what a PostgreSQL server has used is asked here"
)]
mod cost;
#[path = "../writes/fill.rs"]
mod fill;
mod floor;
mod http;
mod ledger;
mod load;
mod oidc_provider;
mod people;
mod process;
mod report;
mod rows;
mod scale;
mod turns;

use std::path::Path;
use std::time::Duration;

use clock::Span;
use floor::{Jose, Opaque, Small};
use http::{Connection, Exchange};
use ledger::Ledger;
use load::{Measured, measure};
use oidc_provider::OidcProvider;
use people::World;
use process::Process;
use report::Line;
use rows::Rows;

/// How many operations of each kind.
struct Counts {
    people: usize,
    refreshes: usize,
    reads: usize,
    documents: usize,
    open_logins: usize,
}

impl Counts {
    /// One of `parts` of all the work.
    const fn part(parts: usize) -> Self {
        Self {
            people: 8_000 / parts,
            refreshes: 30_000 / parts,
            reads: 40_000 / parts,
            documents: 150_000 / parts,
            open_logins: 10_000 / parts,
        }
    }
}

/// Rounds of a whole run.
const ROUNDS: usize = 9;

/// How long a bare loop runs.
const SPAN: Span = Span(Duration::from_millis(300));

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let asked = |name: &str| arguments.iter().any(|argument| argument == name);
    let (rounds, share) = if asked("--quick") { (1, ROUNDS) } else { (ROUNDS, 1) };
    let folder = tempfile::tempdir().expect("a folder");
    let database = folder.path().join("countersign.db");
    if let Some(at) = arguments.iter().position(|argument| argument == "against") {
        let rest: Vec<_> = arguments[at + 1..]
            .iter()
            .filter(|word| !word.starts_with("--"))
            .cloned()
            .collect();
        let (binary, named) = rest.split_first().expect("the other binary");
        against::run(Path::new(binary), named);
    } else if asked("scale") {
        scale::run(share);
    } else if asked("beside") {
        beside(&database, &Counts::part(share));
    } else if asked("ledger") {
        let ledger = Ledger::plant(folder.path(), LEDGER, rounds);
        let lines: Vec<_> = (0..rounds).map(|round| ledger.round(round, SPAN)).collect();
        report::print(&lines);
        println!("| | | goal |\n| --- | --: | --: |");
        ledger.print_scale();
    } else {
        everything(folder.path(), &database, rounds, Counts::part(share).open_logins);
    }
}

/// Of entitlements, in each round.
const LEDGER: ledger::Counts = ledger::Counts {
    people: 2_000,
    proofs: 8_000,
    looks: 20_000,
    others: 1_000_000,
};

/// Measures and prints all that has a goal.
fn everything(folder: &Path, database: &Path, rounds: usize, open_logins: usize) {
    let counts = Counts::part(ROUNDS);
    drop(Process::start(database));
    let world = World::plant(database, (counts.people + 1) * rounds);
    let ledger = Ledger::plant(folder, LEDGER, rounds);
    let mut starts: Vec<_> = (0..5).map(|_| Process::start(database).started_in).collect();
    starts.sort_unstable();

    let (mut idle, mut loaded) = (0.0, 0.0);
    let mut all = Vec::new();
    for round in 0..rounds {
        eprintln!("round {} of {rounds}", round + 1);
        let server = Process::start(database);
        idle = server.memory("VmRSS");
        let measured = measure_all(&server, &world, &counts, round * counts.people);
        loaded = server.memory("VmRSS");
        let samples = Samples::take(&server, &world, counts.people * rounds + round);
        drop(server);
        let mut lines = lines(measured, &samples, database);
        lines.append(&mut ledger.round(round, SPAN));
        all.push(lines);
    }
    report::print(&all);
    let server = Process::start(database);
    let storm = storm(&server, &world, open_logins, counts.people);
    println!("| | | goal |\n| --- | --: | --: |");
    println!("| memory, idle | {idle:.1} MiB | 25 |");
    println!("| memory, after a round of the above | {loaded:.1} MiB | |");
    println!("| memory, {open_logins} open logins and sign-ins among them, peak | {storm:.1} MiB | 60 |");
    println!(
        "| start to first answer, existing database | {} ms | 200 |",
        starts[2].as_millis()
    );
    ledger.print_scale();
    println!("| binary | {:.1} MB | 30 |", process::binary_size());
}

/// What was measured, in the order of the table.
struct All {
    sign_in: Measured,
    registration: Measured,
    refresh: Measured,
    client_credentials: Measured,
    userinfo: Measured,
    introspection: Measured,
    jwks: Measured,
    discovery: Measured,
}

/// Measures with the people from `first` on, who register first.
fn measure_all(server: &Process, world: &World, counts: &Counts, first: usize) -> All {
    let people = first..first + counts.people;
    let registration = measure(server, people.clone(), async |connection, number| {
        world.register(connection, number).await;
    });
    let sign_in = measure(server, people, async |connection, number| {
        world.sign_in(connection, number).await;
    });
    let refresh = measure(server, 0..counts.refreshes, async |connection, _| {
        world.refresh(connection).await;
    });
    let client_credentials = measure(server, 0..counts.refreshes, async |connection, _| {
        world.client_credentials(connection).await;
    });
    let introspection = measure(server, 0..counts.reads, async |connection, number| {
        world.introspect(connection, number).await;
    });
    let headers: Vec<_> = {
        let tokens = world.tokens.lock().expect("nobody panics");
        tokens.iter().map(|tokens| bearer(&tokens.access)).collect()
    };
    let userinfo = measure(server, 0..counts.reads, async |connection, number| {
        connection
            .get(USERINFO, &headers[number % headers.len()])
            .await
            .expect(200);
    });
    let document = |path: &'static str| {
        measure(server, 0..counts.documents, async |connection, _| {
            connection.get(path, "").await.expect(200);
        })
    };
    All {
        sign_in,
        registration,
        refresh,
        client_credentials,
        userinfo,
        introspection,
        jwks: document(JWKS),
        discovery: document(DISCOVERY),
    }
}

/// Measures oidc-provider too, with a tenth of the operations, and prints both.
fn beside(database: &Path, counts: &Counts) {
    drop(Process::start(database));
    let world = World::plant(database, counts.people);
    let server = Process::start(database);
    let ours = measure_all(&server, &world, counts, 0);
    let other = OidcProvider::start();
    let few = |count: usize| count / 10;
    let node = &other.process;
    let sign_in = measure(node, 0..few(counts.people), async |connection, number| {
        other.sign_in(connection, number).await;
    });
    let refresh = measure(node, 0..few(counts.refreshes), async |connection, _| {
        other.refresh(connection).await;
    });
    let client_credentials = measure(node, 0..few(counts.refreshes), async |connection, _| {
        other.client_credentials(connection).await;
    });
    let introspection = measure(node, 0..few(counts.reads), async |connection, _| {
        other.introspect(connection).await;
    });
    let userinfo = measure(node, 0..few(counts.reads), async |connection, _| {
        other.userinfo(connection).await;
    });
    let document = |path: &'static str| {
        measure(node, 0..few(counts.documents), async |connection, _| {
            connection.get(path, "").await.expect(200);
        })
    };
    report::print_beside(&[
        ("whole sign-in", &ours.sign_in, &sign_in),
        ("refresh with ID token", &ours.refresh, &refresh),
        ("client credentials", &ours.client_credentials, &client_credentials),
        ("introspection", &ours.introspection, &introspection),
        ("userinfo", &ours.userinfo, &userinfo),
        ("JWKS", &ours.jwks, &document("/jwks")),
        ("discovery", &ours.discovery, &document(DISCOVERY)),
    ]);
    println!(
        "memory, after all of it: {:.1} MiB and {:.1} MiB",
        server.memory("VmRSS"),
        node.memory("VmRSS")
    );
}

const USERINFO: &str = "/oauth/userinfo";
const JWKS: &str = "/.well-known/jwks.json";
const DISCOVERY: &str = "/.well-known/openid-configuration";

fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}\r\n")
}

/// The exchanges of one operation each, byte for byte.
struct Samples {
    sign_in: Vec<Exchange>,
    registration: Vec<Exchange>,
    refresh: Vec<Exchange>,
    client_credentials: Vec<Exchange>,
    userinfo: Vec<Exchange>,
    introspection: Vec<Exchange>,
    jwks: Vec<Exchange>,
    discovery: Vec<Exchange>,
}

impl Samples {
    /// Person `spare` has not registered yet.
    fn take(server: &Process, world: &World, spare: usize) -> Self {
        load::wait_for(async {
            Self {
                registration: keep(server, async |it| world.register(it, spare).await).await,
                sign_in: keep(server, async |it| world.sign_in(it, spare).await).await,
                userinfo: keep(server, async |it| {
                    let header = bearer(&world.tokens.lock().expect("nobody panics")[0].access);
                    it.get(USERINFO, &header).await.expect(200);
                })
                .await,
                refresh: keep(server, async |it| world.refresh(it).await).await,
                client_credentials: keep(server, async |it| world.client_credentials(it).await).await,
                introspection: keep(server, async |it| world.introspect(it, 0).await).await,
                jwks: keep(server, async |it| drop(it.get(JWKS, "").await.expect(200))).await,
                discovery: keep(server, async |it| drop(it.get(DISCOVERY, "").await.expect(200))).await,
            }
        })
    }
}

/// The exchanges of `work`.
async fn keep(server: &Process, work: impl AsyncFn(&mut Connection)) -> Vec<Exchange> {
    let mut connection = Connection::open(server.address).await;
    connection.kept = Some(Vec::new());
    work(&mut connection).await;
    connection.kept.take().expect("kept")
}

fn lines(all: All, samples: &Samples, database: &Path) -> Vec<Line> {
    let span = SPAN;
    let opaque = Opaque::measure(span);
    let jose = Jose::measure(span);
    let small = Small::measure(span);
    let rows = Rows::measure(span, database);
    let transport = |exchanges: &[Exchange]| {
        let parsing = floor::parsing(span, exchanges);
        let sockets = (floor::http(exchanges) - parsing).max(0.0);
        [
            ("HTTP", parsing),
            ("sockets", sockets),
            ("JSON", floor::json(span, exchanges)),
        ]
    };
    let line = |name, goal, measured, exchanges: &[Exchange], rest: &[(&'static str, f64)]| Line {
        name,
        goal,
        measured,
        floor: rest.iter().copied().chain(transport(exchanges)).collect(),
    };
    vec![
        line(
            "whole sign-in (5 requests)",
            2.0,
            all.sign_in,
            &samples.sign_in,
            &[
                ("OPAQUE", opaque.login),
                ("2 signatures", 2.0 * jose.sign),
                ("at_hash", jose.at_hash),
                // Flow, login state, session, browser and code are named at random; the names that come back are hashed.
                ("10 tokens hashed", 10.0 * small.token),
                // Flow and login state in and out, the refresh token.
                ("5 seals", 5.0 * small.seal),
                ("rows", rows.sign_in),
            ],
        ),
        line(
            "registration (2 requests)",
            2.0,
            all.registration,
            &samples.registration,
            &[
                ("OPAQUE", opaque.registration),
                ("3 tokens hashed", 3.0 * small.token),
                ("2 seals", 2.0 * small.seal),
                ("rows", rows.registration),
            ],
        ),
        line(
            "refresh with ID token",
            2.0,
            all.refresh,
            &samples.refresh,
            &[
                ("2 signatures", 2.0 * jose.sign),
                ("at_hash", jose.at_hash),
                ("2 seals", 2.0 * small.seal),
                ("rows", rows.refresh),
            ],
        ),
        line(
            "client credentials",
            2.0,
            all.client_credentials,
            &samples.client_credentials,
            &[("signature", jose.sign)],
        ),
        line(
            "introspection of a JWT",
            2.0,
            all.introspection,
            &samples.introspection,
            &[("verification", jose.verify), ("rows", rows.userinfo)],
        ),
        line(
            "userinfo",
            2.0,
            all.userinfo,
            &samples.userinfo,
            &[("verification", jose.verify), ("rows", rows.userinfo)],
        ),
        line("JWKS", 3.0, all.jwks, &samples.jwks, &[]),
        line("discovery", 3.0, all.discovery, &samples.discovery, &[]),
    ]
    .into_iter()
    .map(|mut line| {
        if line.goal > 2.5 {
            // These two are texts that lie ready.
            line.floor.retain(|(part, _)| *part != "JSON");
        }
        line
    })
    .collect()
}

/// The peak memory in MiB while `open` logins wait for their second message and `people` / 4 sign in.
fn storm(server: &Process, world: &World, open: usize, people: usize) -> f64 {
    load::run(server.address, 0..open, &async |connection, number| {
        drop(world.begin(connection, number).await);
    });
    load::run(server.address, 0..people / 4, &async |connection, number| {
        world.sign_in(connection, number).await;
    });
    server.memory("VmHWM")
}
