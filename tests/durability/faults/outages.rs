//! Each way in which a store can fail, once, with load running: 503 soon and with a time, recovery within seconds.

use std::io::Write as _;
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use test_stores::Keeper;

use super::house::{House, RECOVERY, until};
use super::{Visitor, proxy::Proxy};
use crate::kill::{CLIENTS, Client, History, check_all, supply, under_load};
use crate::support::Log;

/// Before the outage.
const LEAST_ACKNOWLEDGED: usize = 200;

/// How long a store that dies stays away.
const AWAY: Duration = Duration::from_secs(4);

/// Load, then `outage`, which returns when the store is back; then a check of everything, and load again.
fn outlives(mut house: House, outage: impl FnOnce(&mut House)) {
    let history = History::default();
    let mut clients: Vec<Client> = (0..CLIENTS).map(Client::new).collect();
    let addresses = house.addresses();
    supply(&house.folder, &mut clients, 0);
    let log = Log::default();
    let ((away, back, well), visitor) = Visitor::around(&addresses, || {
        under_load(&addresses, &mut clients, &log, &history, || {
            until(Duration::from_mins(2), "the load has come about", || {
                log.acknowledged() >= LEAST_ACKNOWLEDGED
            });
            let away = Instant::now();
            outage(&mut house);
            let back = Instant::now();
            std::thread::sleep(RECOVERY);
            let well = Instant::now();
            std::thread::sleep(Duration::from_secs(2));
            log.end();
            (away, back, well)
        })
    });
    visitor.judge(away, back, well);
    log.assert_well_refused();
    history.assert_clean(0);
    house.recovered();
    check_all(&house.folder, &addresses, &mut clients, &history, true);
    history.assert_clean(1);

    supply(&house.folder, &mut clients, 1);
    let log = Log::default();
    under_load(&addresses, &mut clients, &log, &history, || {
        until(Duration::from_mins(1), "all work again", || {
            log.acknowledged() >= LEAST_ACKNOWLEDGED
        });
        log.end();
    });
    assert_eq!(log.unavailable(), 0, "nothing is refused any more");
    check_all(&house.folder, &addresses, &mut clients, &history, true);
    history.assert_clean(2);
    println!("{history}");
}

#[test]
fn an_immediate_restart_of_the_database() {
    outlives(House::with(2), |house| {
        house.postgres.stop();
        std::thread::sleep(AWAY);
        house.postgres.resume();
    });
}

#[test]
fn a_frozen_database() {
    outlives(House::with(2), |house| {
        house.postgres.freeze();
        std::thread::sleep(Duration::from_secs(10));
        house.postgres.thaw();
    });
}

#[test]
fn a_database_whose_tables_somebody_locks_until_every_connection_waits() {
    outlives(House::with(2), |house| {
        let sql = "BEGIN; LOCK TABLE deployment, accounts, sessions, families, clients IN ACCESS EXCLUSIVE MODE; \
                   SELECT pg_sleep(8); COMMIT";
        let lock = || {
            Command::new("psql")
                .args(["-X", "-q", "-d", &house.postgres.url, "-c", sql])
                .stdout(Stdio::null())
                .status()
                .expect("psql starts")
                .success()
        };
        // Tables are locked one after the other, so that a transaction of a server may want one of them and hold another:
        // the database then ends one of the two, and where that was psql, somebody tries again.
        assert!((0..10).any(|_| lock()), "the tables are never locked");
    });
}

#[test]
fn a_redis_that_dies_and_comes_back_empty() {
    outlives(House::with(2), |house| {
        house.redis.kill();
        std::thread::sleep(AWAY);
        house.redis.empty();
        house.redis.resume();
    });
}

#[test]
fn a_redis_that_comes_back_with_an_old_snapshot() {
    outlives(House::with(2), |house| {
        redis(&house.redis, "SAVE");
        // What is spent now is unspent in the snapshot.
        std::thread::sleep(Duration::from_secs(1));
        house.redis.kill();
        std::thread::sleep(AWAY);
        house.redis.resume();
    });
}

#[test]
fn a_redis_that_is_emptied() {
    outlives(House::with(2), |house| redis(&house.redis, "FLUSHALL"));
}

#[test]
fn a_frozen_redis() {
    outlives(House::with(2), |house| {
        house.redis.freeze();
        std::thread::sleep(Duration::from_secs(10));
        house.redis.thaw();
    });
}

#[test]
fn a_redis_without_memory() {
    outlives(House::with(2), |house| {
        redis(&house.redis, "CONFIG SET maxmemory 1");
        std::thread::sleep(AWAY);
        redis(&house.redis, "CONFIG SET maxmemory 0");
    });
}

/// The answer to a commit is lost: nobody may be told that it failed if it was kept, or that it was kept if it was not.
#[test]
fn connections_that_are_cut_after_a_commit_and_before_its_answer() {
    let mut house = House::empty();
    let proxy = Proxy::to(house.postgres.address());
    house.tell("COUNTERSIGN_DATABASE_URL", proxy.url_like(&house.postgres.url));
    house.add(2);
    let mut clients: Vec<Client> = (0..CLIENTS).map(Client::new).collect();
    let history = History::default();
    let addresses = house.addresses();
    for round in 0..12 {
        supply(&house.folder, &mut clients, round);
        let log = Log::default();
        under_load(&addresses, &mut clients, &log, &history, || {
            until(Duration::from_mins(2), "the load has come about", || {
                log.acknowledged() >= 100
            });
            let before = proxy.cuts();
            for _ in 0..4 {
                let last = proxy.cuts();
                proxy.cut_the_next_answer();
                until(Duration::from_secs(20), "an answer was cut off", || {
                    proxy.cuts() > last || log.in_flight() == 0
                });
            }
            proxy.cut_nothing();
            assert!(proxy.cuts() > before, "no commit was on its way");
            log.end();
        });
        log.assert_well_refused();
        history.assert_clean(round);
        house.recovered();
        check_all(&house.folder, &addresses, &mut clients, &history, round == 11);
        history.assert_clean(round);
    }
    println!("{} answers cut off, {history}", proxy.cuts());
}

/// Sends one inline command and waits for what comes.
fn redis(keeper: &Keeper, command: &str) {
    use std::io::Read as _;

    let mut stream = TcpStream::connect(keeper.address()).expect("connects");
    writeln!(stream, "{command}\r").expect("is sent");
    let mut answer = [0; 64];
    let count = stream.read(&mut answer).expect("is answered");
    assert!(
        answer[..count].starts_with(b"+OK"),
        "{command}: {}",
        String::from_utf8_lossy(&answer[..count])
    );
}
