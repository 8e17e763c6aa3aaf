//! Sweeps on a real store; several processes are several Writers on one file.

mod entitlements;

use super::sweep::{BATCH, next_size, sweep_rows};
use super::*;
use crate::actors::ask::Door;
use crate::actors::supervise::Alarm;
use crate::db::Statement;
use crate::db::kv::Kind;
use crate::domain::clock::Timestamp;
use crate::domain::keys::testing::Seeded;
use crate::testing::{ManualClock, TestStore, config, until};

const START: Timestamp = Timestamp::from_secs(1_700_000_000);
const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
const SECOND: Duration = Duration::from_secs(1);

/// One process: its own connection, its own clock, its own name.
struct Process {
    store: TestStore,
    clock: Arc<ManualClock>,
    deps: Deps,
    course: Course,
}

impl Process {
    fn start(store: TestStore, seed: u64) -> Self {
        let clock = ManualClock::new(START);
        let deps = Deps::new(
            store.store.clone(),
            KeyValue::in_memory(Arc::<ManualClock>::clone(&clock), config().kv),
            store.writes.clone(),
            Arc::<ManualClock>::clone(&clock),
            Arc::new(Seeded::new(seed)),
        );
        let course = Course::new(deps.random.as_ref());
        Self {
            store,
            clock,
            deps,
            course,
        }
    }

    async fn turn(&mut self) {
        self.course.turn(&self.deps).await.expect("turns");
    }

    /// Lets a second pass, then looks.
    async fn turn_after_a_second(&mut self) {
        self.clock.pass(SECOND);
        self.turn().await;
    }

    async fn write(&self, statement: Statement) {
        self.deps.writes.execute(statement).await.expect("writes");
    }

    async fn revoke(&self, jti: i64, expires_at: Timestamp) {
        let insert = Statement::new("INSERT INTO revoked_tokens (jti, expires_at) VALUES ($1, $2)");
        self.write(insert.bind(jti.to_string()).bind(expires_at.as_millis()))
            .await;
    }

    async fn revoked(&self) -> usize {
        self.store.rows("SELECT jti FROM revoked_tokens").await.len()
    }

    async fn epoch(&self) -> i64 {
        self.store.rows("SELECT epoch FROM leases").await[0]
            .integer(0)
            .expect("an epoch")
    }
}

fn long_ago() -> Timestamp {
    START.minus(Duration::from_hours(1000))
}

/// Inserts into each table that expires, with `$1` as key and `$2` as expiry, and how long it keeps rows after that.
const ROWS: [(&str, i64); 15] = [
    (
        "INSERT INTO sessions (id_hash, sid, account_id, browser_hash, auth_hash, authenticated_at, idle_expires_at, \
         expires_at) VALUES ($1, $1, 'account', $1, $1, 0, $2, $2) RETURNING 'sessions'",
        DAY,
    ),
    (
        "INSERT INTO families (id, client_id, account_id, sid, scope, authenticated_at, sequence, rotated_at, \
         idle_expires_at, expires_at, created_at) VALUES ($1, 'client', 'account', $1, '', 0, 0, 0, $2, $2, 0) \
         RETURNING 'families'",
        DAY,
    ),
    (
        "INSERT INTO authorization_codes (code_hash, flow_hash, client_id, account_id, sid, binding, expires_at) \
         VALUES ($1, $1, 'client', 'account', $1, '', $2) RETURNING 'authorization_codes'",
        DAY,
    ),
    (
        "INSERT INTO revoked_tokens (jti, expires_at) VALUES ($1, $2) RETURNING 'revoked_tokens'",
        HOUR,
    ),
    (
        "INSERT INTO spent_assertions (client_id, jti_hash, expires_at) VALUES ($1, $1, $2) RETURNING 'spent_assertions'",
        HOUR,
    ),
    (
        "INSERT INTO device_codes (code_hash, user_code_hash, client_id, scope, resources, issued_at, expires_at, pause) \
         VALUES ($1, $1, 'client', '', '', 0, $2, 0) RETURNING 'device_codes'",
        HOUR,
    ),
    (
        "INSERT INTO initial_access_tokens (token_hash, uses_left, created_at, expires_at) VALUES ($1, 1, 0, $2) \
         RETURNING 'initial_access_tokens'",
        DAY,
    ),
    (
        "INSERT INTO links (token_hash, purpose, identifier, email, created_at, expires_at) \
         VALUES ($1, 'register', $1, '', 0, $2) RETURNING 'links'",
        DAY,
    ),
    (
        "INSERT INTO mails (id, sealed, attempts, next_attempt_at, expires_at) VALUES ($1, $1, 0, 0, $2) \
         RETURNING 'mails'",
        0,
    ),
    (
        "INSERT INTO known_browsers (browser_hash, identifier, last_used_at) VALUES ($1, $1, $2) \
         RETURNING 'known_browsers'",
        400 * DAY,
    ),
    (
        "INSERT INTO pushed_requests (name_hash, client_id, sealed, expires_at) VALUES ($1, 'client', $1, $2) \
         RETURNING 'pushed_requests'",
        HOUR,
    ),
    (
        "INSERT INTO dpop_proofs (proof_hash, expires_at) VALUES ($1, $2) RETURNING 'dpop_proofs'",
        HOUR,
    ),
    (
        "INSERT INTO logout_notices (client_id, sid, account_id, attempts, next_attempt_at, expires_at) \
         VALUES ('client', $1, 'account', 0, 0, $2) RETURNING 'logout_notices'",
        0,
    ),
    (
        "INSERT INTO applicants (id, identifier, email, stage, created_at, expires_at) \
         VALUES ($1, $1, '', 'waiting', 0, $2) RETURNING 'applicants'",
        0,
    ),
    (
        "INSERT INTO mail_troubles (identifier, reason, happened_at) VALUES ($1, '', $2) RETURNING 'mail_troubles'",
        90 * DAY,
    ),
];

const LEFT: &str = "SELECT CAST(sid AS TEXT) FROM sessions UNION ALL SELECT id FROM families \
     UNION ALL SELECT CAST(sid AS TEXT) FROM authorization_codes UNION ALL SELECT jti FROM revoked_tokens \
     UNION ALL SELECT client_id FROM spent_assertions UNION ALL SELECT CAST(code_hash AS TEXT) FROM device_codes \
     UNION ALL SELECT CAST(token_hash AS TEXT) FROM initial_access_tokens \
     UNION ALL SELECT CAST(token_hash AS TEXT) FROM links UNION ALL SELECT id FROM mails \
     UNION ALL SELECT CAST(browser_hash AS TEXT) FROM known_browsers \
     UNION ALL SELECT CAST(name_hash AS TEXT) FROM pushed_requests \
     UNION ALL SELECT CAST(proof_hash AS TEXT) FROM dpop_proofs UNION ALL SELECT sid FROM logout_notices \
     UNION ALL SELECT id FROM applicants UNION ALL SELECT CAST(identifier AS TEXT) FROM mail_troubles";

#[actix_rt::test]
async fn what_has_expired_goes_and_what_is_in_its_grace_stays() {
    let mut process = Process::start(TestStore::new(), 1);
    for parent in [
        "INSERT INTO accounts (id, identifier, email, status, record, record_version, email_confirmed_at, created_at, \
         updated_at) VALUES ('account', '', '', 'active', '', 1, 0, 0, 0)",
        "INSERT INTO clients (id, record, not_before, created_at) VALUES ('client', '', 0, 0)",
    ] {
        process.write(Statement::new(parent)).await;
    }
    for (insert, grace) in ROWS {
        let dead = START.as_millis() - grace;
        for (key, expires_at) in [("gone", dead), ("stays", dead + 1)] {
            process.write(Statement::new(insert).bind(key).bind(expires_at)).await;
        }
    }
    assert_eq!(process.store.rows(LEFT).await.len(), 2 * ROWS.len());
    process.turn().await;
    let left = process.store.rows(LEFT).await;
    assert_eq!(left.len(), ROWS.len());
    assert!(left.iter().all(|row| row.text(0).expect("text") == "stays"));
    assert_eq!(ROWS.len(), crate::db::sweep::EXPIRIES.len());
}

#[actix_rt::test]
async fn a_sweep_takes_as_many_batches_as_it_needs_and_the_next_waits_its_time() {
    let mut process = Process::start(TestStore::new(), 1);
    for jti in 0..=2 * BATCH {
        process.revoke(jti, long_ago()).await;
    }
    process.turn().await;
    assert_eq!(process.revoked().await, 0);
    process.revoke(0, long_ago()).await;
    for _ in 0..29 {
        process.turn_after_a_second().await;
    }
    assert_eq!(process.revoked().await, 1);
    process.turn_after_a_second().await;
    assert_eq!(process.revoked().await, 0);
}

#[actix_rt::test]
async fn of_two_processes_one_sweeps_until_it_falls_silent() {
    let mut first = Process::start(TestStore::new(), 1);
    let mut second = Process::start(first.store.again(), 2);
    first.turn().await;
    for _ in 0..60 {
        first.turn_after_a_second().await;
        second.turn_after_a_second().await;
    }
    assert_eq!(first.epoch().await, 1, "the first has kept its turn");
    first.revoke(0, long_ago()).await;
    for _ in 0..4 {
        second.turn_after_a_second().await;
    }
    assert_eq!((first.epoch().await, first.revoked().await), (1, 1));
    for _ in 0..2 {
        second.turn_after_a_second().await;
    }
    assert_eq!((first.epoch().await, first.revoked().await), (2, 0));
    // The first is back: it has lost its turn and waits.
    first.revoke(1, long_ago()).await;
    first.clock.pass(Duration::from_mins(1));
    first.turn().await;
    assert_eq!((first.epoch().await, first.revoked().await), (2, 1));
}

#[actix_rt::test]
async fn a_process_that_was_frozen_in_its_sweep_deletes_nothing_more() {
    let mut frozen = Process::start(TestStore::new(), 1);
    let mut taker = Process::start(frozen.store.again(), 2);
    frozen.turn().await;
    for _ in 0..7 {
        taker.turn_after_a_second().await;
    }
    assert_eq!(frozen.epoch().await, 2);
    frozen.revoke(0, long_ago()).await;
    sweep_rows(&frozen.deps, frozen.course.name(), 1).await.expect("stops");
    assert_eq!(frozen.revoked().await, 1);
    sweep_rows(&taker.deps, taker.course.name(), 2).await.expect("sweeps");
    assert_eq!(frozen.revoked().await, 0);
}

#[actix_rt::test]
async fn a_clock_that_jumps_stops_the_sweep_until_it_is_set_right() {
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let alarm = |value: u8| {
        let line = format!("countersign_clock_alarm {value}\n");
        recorder.handle().render().contains(&line)
    };
    let mut process = Process::start(TestStore::new(), 1);
    process.turn().await;
    assert!(alarm(0));
    process.revoke(0, START.plus(Duration::from_hours(1))).await;
    process.clock.set_wall(START.plus(Duration::from_hours(1_000)));
    for _ in 0..60 {
        process.turn_after_a_second().await;
    }
    assert_eq!(process.revoked().await, 1);
    assert!(alarm(1));
    sweep_rows(&process.deps, process.course.name(), 1)
        .await
        .expect("stops");
    assert_eq!(process.revoked().await, 1, "nor does a sweep under way go on");
    // A panic of the role does not make the wrong clock right.
    process.course = Course::new(process.deps.random.as_ref());
    process.turn().await;
    assert!(alarm(1));
    process.clock.set_wall(START.plus(Duration::from_secs(61)));
    process.turn_after_a_second().await;
    assert!(alarm(0));
}

#[test]
fn batches_become_smaller_where_they_take_long_and_grow_again() {
    let slow = Duration::from_millis(100);
    assert_eq!(next_size(BATCH, slow), BATCH / 2);
    let mut size = BATCH;
    for _ in 0..10 {
        size = next_size(size, slow);
    }
    assert!((1..BATCH).contains(&size), "never none: {size}");
    assert_eq!(next_size(size, Duration::from_millis(20)), size);
    for _ in 0..10 {
        size = next_size(size, Duration::from_millis(1));
    }
    assert_eq!(size, BATCH);
}

#[actix_rt::test]
async fn people_whose_account_is_older_than_the_search_are_found_after_a_sweep() {
    use crate::db::{accounts, directory, profiles};
    use crate::domain::account::{Profile, question};
    use crate::domain::email::{Email, Identifier};

    let mut process = Process::start(TestStore::new(), 1);
    let old = 2 * index_people::BATCH + 1;
    for number in 0..old {
        let (id, email) = (format!("{number:06}"), format!("ann{number}@example.org"));
        let mut identifier = [0; 32];
        identifier[..8].copy_from_slice(&number.to_be_bytes());
        let email = Email::parse(&email).expect("an address");
        process
            .write(accounts::insert(&id, &Identifier(identifier), &email, b"record", START))
            .await;
    }
    let named = Profile {
        family_name: Some("de Vries".to_owned()),
        ..Profile::default()
    };
    process.write(profiles::put("000700", &named, START)).await;
    // One has been found all along, by something else than its address.
    for statement in profiles::index("000001", &[b"kept".to_vec()].into()) {
        process.write(statement).await;
    }
    let store = process.deps.store.clone();
    let found = async |words: &str| {
        let statement = directory::found(&question(words), None, 10_000);
        store.query(&statement).await.expect("reads").len()
    };
    assert_eq!((found("ann7").await, found("vries").await), (0, 0));
    process.turn().await;
    assert_eq!(found("vries").await, 1);
    assert_eq!(found("ann").await, usize::try_from(old - 1).expect("a count"));
    assert_eq!(
        (found("kept").await, found("ann1@example.org").await),
        (1, 0),
        "what was there stays"
    );
}

#[actix_rt::test]
async fn every_process_drops_its_own_short_lived_entries() {
    let first = Process::start(TestStore::new(), 1);
    let mut second = Process::start(first.store.again(), 2);
    let kv = second.deps.kv.clone();
    kv.put(Kind::Flow, "flow", Vec::new(), SECOND).await.expect("stored");
    second.turn_after_a_second().await;
    assert_eq!(kv.len(Kind::Flow).await, Ok(0));
}

#[actix_rt::test]
async fn the_actor_does_so_by_itself() {
    let process = Process::start(TestStore::new(), 1);
    process.revoke(0, long_ago()).await;
    let (alarm, _) = Alarm::new();
    let door: Door<Sweeper> = Door::open(&actix_rt::Arbiter::current(), process.deps.clone(), alarm, 16);
    until("the row is gone", async || process.revoked().await == 0).await;
    assert!(door.is_well().await);
}
