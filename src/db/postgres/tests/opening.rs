//! What is opened, and what is refused in words.

use futures_util::future::join_all;
use test_stores::{Database, psql};

use super::*;
use crate::actors::key_ring::{secrets, turn};
use crate::db::migrate::{SCHEMA, Status, status};
use crate::db::store::Sharing;
use crate::domain::vault::Vault;
use crate::system::SystemRandom;

#[actix_rt::test]
async fn a_new_database_is_migrated_once_and_opens_again() {
    let database = Database::fresh();
    assert!(refusal(&database.url(), Migrate::Never).await.contains("migrate up"));
    for _ in 0..2 {
        open_at(&database.url(), Mode::Dev, Migrate::Up).await.expect("opens");
    }
    let found = status(&url(&database.url())).await.expect("reads");
    assert_eq!(
        found,
        Status {
            found: SCHEMA,
            known: SCHEMA
        }
    );
}

#[actix_rt::test]
async fn many_processes_at_once_make_one_database_with_one_set_of_keys() {
    let database = Database::fresh();
    let vault = Vault::new(&[7; 32]);
    let policy = crate::actors::supervisor::rotation_policy(&crate::testing::config());
    let starts = (0..6).map(|_| async {
        let (store, mut connection) = open_at(&database.url(), Mode::Dev, Migrate::Up).await.expect("opens");
        let _setup = store.lock_for_setup().await.expect("its turn comes");
        secrets::open(&store, &mut connection, &vault, &SystemRandom, NOW)
            .await
            .expect("opens");
        turn::first(&store, &mut connection, &vault, &policy, &SystemRandom, NOW)
            .await
            .expect("keys")
            .jwks()
            .to_owned()
    });
    let published = join_all(starts).await;
    assert!(published.windows(2).all(|pair| pair[0] == pair[1]), "one set of keys");
    assert_eq!(psql(&database.url(), "SELECT COUNT(*) FROM deployment"), "1");
    assert_eq!(
        psql(&database.url(), "SELECT COUNT(DISTINCT name), COUNT(*) FROM secrets"),
        "7|7"
    );
}

#[actix_rt::test]
async fn the_other_mode_and_a_schema_that_excludes_this_version_are_refused() {
    let database = Database::fresh();
    open_at(&database.url(), Mode::Production, Migrate::Up)
        .await
        .expect("opens");
    assert!(refusal(&database.url(), Migrate::Up).await.contains("production mode"));
    psql(
        &database.url(),
        "UPDATE deployment SET mode = 'dev', oldest_schema = 1000",
    );
    assert!(
        refusal(&database.url(), Migrate::Up)
            .await
            .contains("upgrade countersign")
    );
}

#[actix_rt::test]
async fn another_applications_database_is_refused_and_not_touched() {
    for sql in [
        "CREATE TABLE notes (n TEXT)",
        "CREATE VIEW notes AS SELECT 1 AS n",
        "CREATE TABLE deployment (id BIGINT)",
        "CREATE TABLE deployment (id BIGINT, application TEXT, mode TEXT, oldest_schema BIGINT); \
         CREATE TABLE refinery_schema_history (version INT); INSERT INTO refinery_schema_history VALUES (3); \
         INSERT INTO deployment VALUES (1, 'shop', 'dev', 1)",
    ] {
        let database = Database::fresh();
        psql(&database.url(), sql);
        let tables = "SELECT string_agg(relname, ',' ORDER BY relname) FROM pg_class \
                      WHERE relnamespace = 'public'::regnamespace";
        let before = psql(&database.url(), tables);
        for migrate in [Migrate::Up, Migrate::Never] {
            assert!(
                refusal(&database.url(), migrate).await.contains("another application"),
                "{sql}"
            );
        }
        assert_eq!(psql(&database.url(), tables), before);
    }
}

#[actix_rt::test]
async fn a_start_that_was_cut_off_before_its_first_migration_goes_on() {
    let database = Database::fresh();
    let history = "CREATE TABLE refinery_schema_history \
                   (version INT4 PRIMARY KEY, name VARCHAR(255), applied_on VARCHAR(255), checksum VARCHAR(255))";
    psql(&database.url(), history);
    open_at(&database.url(), Mode::Dev, Migrate::Up).await.expect("opens");
}

#[actix_rt::test]
async fn a_wrong_way_to_the_database_is_one_sentence_with_its_mend() {
    let database = Database::fresh();
    let right = database.url();
    let (server, _) = right.rsplit_once('/').expect("a database");
    for (wrong, told) in [
        (right.replace(":secret@", ":wrong@"), "pg_hba.conf"),
        (right.replace("countersign:", "nobody:"), "pg_hba.conf"),
        (format!("{server}/nowhere"), "createdb"),
        (format!("{right}?sslmode=require"), "sslmode=disable"),
        (right.replace(":secret@", "@"), "write user and password"),
        ("postgres://u:p@127.0.0.1:1/x".to_owned(), "host and port"),
        ("postgres://u:p@no-such-host.invalid/x".to_owned(), "host and port"),
        (
            format!("{right}?sslmode=require&sslrootcert=/no/such.pem"),
            "sslrootcert",
        ),
    ] {
        let refused = refusal(&wrong, Migrate::Up).await;
        assert!(refused.contains(told), "{wrong}: {refused}");
    }
}

#[actix_rt::test]
async fn a_user_who_may_not_make_tables_is_told_what_to_grant() {
    let database = Database::fresh();
    let role = format!("guest{}", std::process::id());
    psql(&database.url(), &format!("CREATE ROLE {role} LOGIN PASSWORD 'secret'"));
    let guest = database.url().replace("countersign:", &format!("{role}:"));
    assert!(refusal(&guest, Migrate::Up).await.contains("GRANT CREATE"));
    psql(&database.url(), &format!("DROP ROLE {role}"));
}

#[actix_rt::test]
async fn a_server_that_could_lose_what_was_acknowledged_is_refused() {
    let unsafe_server = test_stores::postgres(&["-c", "fsync=off"]);
    let database = Database::within(&unsafe_server.url);
    assert!(refusal(&database.url(), Migrate::Up).await.contains("fsync = on"));
}

#[actix_rt::test]
async fn commits_wait_for_the_disk_whatever_the_role_says() {
    let database = Database::fresh();
    let set = "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database()); \
               EXECUTE format('ALTER DATABASE %I SET default_transaction_isolation = ''repeatable read''', \
               current_database()); END $$";
    psql(&database.url(), set);
    let house = House::on(&database).await;
    for (setting, value) in [
        ("SELECT current_setting('synchronous_commit')", "on"),
        ("SELECT current_setting('transaction_isolation')", "read committed"),
    ] {
        assert_eq!(house.text(setting).await, [value]);
        let rows = house.writes.execute(Statement::new(setting)).await.expect("runs");
        assert_eq!(rows[0].text(0).expect("text"), value);
    }
}

#[actix_rt::test]
async fn servers_that_share_stand_side_by_side_and_one_that_cannot_stands_alone() {
    let database = Database::fresh();
    let (store, _) = open_at(&database.url(), Mode::Dev, Migrate::Up).await.expect("opens");
    let take = |sharing| store.lock_for_server(sharing);
    let first = take(Sharing::WithOthers).await.expect("is free");
    let second = take(Sharing::WithOthers).await.expect("is shared");
    let refused = take(Sharing::Alone).await.expect_err("is not alone");
    assert!(refused.to_string().contains("redis://"), "{refused}");
    drop((first, second));
    let alone = take(Sharing::Alone).await.expect("is free again");
    let refused = take(Sharing::WithOthers).await.expect_err("somebody wants to be alone");
    assert!(refused.to_string().contains("memory:"), "{refused}");
    drop(alone);
    take(Sharing::WithOthers).await.expect("is free again");
}

#[actix_rt::test]
async fn a_place_outlives_its_session() {
    let database = Database::fresh();
    let (store, _) = open_at(&database.url(), Mode::Dev, Migrate::Up).await.expect("opens");
    let mut lock = store.lock_for_server(Sharing::Alone).await.expect("is free");
    let holders = "SELECT COUNT(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database \
                   WHERE l.locktype = 'advisory' AND l.objid = 2 AND l.granted AND d.datname = current_database()";
    let kill = "SELECT COUNT(pg_terminate_backend(l.pid)) FROM pg_locks l JOIN pg_database d ON d.oid = l.database \
                WHERE l.locktype = 'advisory' AND l.objid = 2 AND d.datname = current_database()";
    assert_eq!(psql(&database.url(), kill), "1");
    soon("the lock is held again", async || psql(&database.url(), holders) == "1").await;
    let lost = tokio::time::timeout(Duration::from_millis(200), lock.lost()).await;
    assert!(lost.is_err(), "nobody else has taken it");
}
