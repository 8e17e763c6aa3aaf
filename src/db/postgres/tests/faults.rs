//! The server goes away, stands still, comes back; an answer is lost.

use std::time::Duration;

use futures_util::future::join_all;
use test_stores::{Database, Keeper};

use super::proxy::{Cut, Proxy};
use super::*;
use crate::actors::writer::WriteError;
use crate::db::error::DbError;
use crate::db::transaction::Transaction;
use crate::db::work::Decision;

/// A server of its own, with a database that lives as long.
struct Own {
    server: Keeper,
    database: Database,
}

impl Own {
    fn start() -> Self {
        let server = test_stores::postgres(&[]);
        let database = Database::within(&server.url);
        Self { server, database }
    }
}

async fn command(house: &House, name: &'static str) -> Result<(), WriteError> {
    house
        .writes
        .transact("insert", async move |transaction: &mut Transaction<'_>| {
            transaction.query(&insert(name)).await?;
            Ok(Decision::Commit(()))
        })
        .await
}

/// A read, a statement and a command at once: all are refused, each within five seconds.
async fn all_are_refused(house: &House) {
    let refused = async {
        let (read, single, command) = futures_util::future::join3(
            house.store.query(&Statement::new("SELECT 1")),
            house.writes.execute(insert("lost")),
            command(house, "lost"),
        )
        .await;
        assert!(matches!(read, Err(DbError::Unavailable(_))), "{read:?}");
        for write in [single.map(drop), command] {
            let refused = matches!(write, Err(WriteError::Db(DbError::Unavailable(_) | DbError::Unknown)));
            assert!(refused, "{write:?}");
        }
    };
    tokio::time::timeout(Duration::from_secs(5), refused)
        .await
        .expect("an answer within five seconds");
}

async fn all_is_well_soon(house: &House) {
    soon("reads work", async || {
        house.store.query(&Statement::new("SELECT 1")).await.is_ok()
    })
    .await;
    soon("statements work", async || {
        let put =
            Statement::new("INSERT INTO revoked_tokens (jti, expires_at) VALUES ($1, 0) ON CONFLICT (jti) DO NOTHING");
        house.writes.execute(put.bind("again")).await.is_ok()
    })
    .await;
    soon("commands work", async || {
        let done = house
            .writes
            .transact("look", async |transaction: &mut Transaction<'_>| {
                Ok(Decision::Commit(
                    transaction.query(&Statement::new("SELECT 1")).await?.len(),
                ))
            })
            .await;
        done.is_ok()
    })
    .await;
}

#[actix_rt::test]
async fn a_server_that_is_gone_is_told_at_once_and_used_again_when_it_is_back() {
    let mut own = Own::start();
    let house = House::on(&own.database).await;
    all_is_well_soon(&house).await;
    own.server.stop();
    for _ in 0..3 {
        all_are_refused(&house).await;
    }
    own.server.resume();
    all_is_well_soon(&house).await;
    assert_eq!(house.revoked().await, ["again"]);
}

#[actix_rt::test]
async fn a_server_that_stands_still_holds_nobody_for_longer_than_five_seconds() {
    let mut own = Own::start();
    let house = House::on(&own.database).await;
    all_is_well_soon(&house).await;
    own.server.freeze();
    // The second time there is no open session left.
    for _ in 0..2 {
        all_are_refused(&house).await;
    }
    own.server.thaw();
    all_is_well_soon(&house).await;
}

#[actix_rt::test]
async fn many_who_wait_for_a_server_that_stands_still_are_told_at_the_same_time() {
    let mut own = Own::start();
    let house = House::on(&own.database).await;
    own.server.freeze();
    let everybody = async {
        let reads = join_all((0..100).map(|_| async { house.store.query(&Statement::new("SELECT 1")).await.is_err() }));
        let names: Vec<String> = (0..300).map(|number| number.to_string()).collect();
        let writes = join_all(
            names
                .iter()
                .map(|name| async { house.writes.execute(insert(name)).await.is_err() }),
        );
        let commands = join_all((0..100).map(|_| async { command(&house, "x").await.is_err() }));
        let (reads, writes, commands) = futures_util::future::join3(reads, writes, commands).await;
        assert!(reads.into_iter().chain(writes).chain(commands).all(|refused| refused));
    };
    let in_time = tokio::time::timeout(Duration::from_secs(6), everybody).await;
    own.server.thaw();
    in_time.expect("nobody waits behind somebody else's time limit");
}

/// A house whose line to the database can be cut.
async fn behind_a_proxy(database: &Database) -> (Proxy, House) {
    let url = database.url();
    let (before, rest) = url.split_once('@').expect("a user");
    let (address, name) = rest.split_once('/').expect("a database");
    let proxy = Proxy::to(address).await;
    let house = House::at(&format!("{before}@{}/{name}", proxy.address)).await;
    (proxy, house)
}

#[actix_rt::test]
async fn a_commit_whose_answer_is_lost_is_settled_before_anybody_is_told() {
    let database = Database::fresh();
    let (proxy, house) = behind_a_proxy(&database).await;
    command(&house, "warm").await.expect("written");

    proxy.cut(Cut::After);
    command(&house, "kept").await.expect("the database kept it");
    proxy.cut(Cut::Before);
    let undone = command(&house, "undone").await;
    assert!(
        matches!(undone, Err(WriteError::Db(DbError::Unavailable(_)))),
        "{undone:?}"
    );

    for (cut, kept) in [(Cut::After, true), (Cut::Before, false)] {
        let names: Vec<String> = (0..20).map(|number| format!("{kept}{number}")).collect();
        proxy.cut(cut);
        for answer in join_all(names.iter().map(|name| house.writes.execute(insert(name)))).await {
            assert_eq!(answer.is_ok(), kept, "{answer:?}");
            assert!(
                kept || matches!(answer, Err(WriteError::Db(DbError::Unavailable(_)))),
                "{answer:?}"
            );
        }
        let stored = house.revoked().await;
        assert!(names.iter().all(|name| stored.contains(name) == kept), "{stored:?}");
    }
    let stored = house.revoked().await;
    assert!(stored.contains(&"kept".to_owned()) && !stored.contains(&"undone".to_owned()));
}

#[actix_rt::test]
async fn a_commit_that_nobody_can_settle_is_called_unknown() {
    let database = Database::fresh();
    let (proxy, house) = behind_a_proxy(&database).await;
    command(&house, "warm").await.expect("written");
    proxy.cut(Cut::ForGood);
    let lost = tokio::time::timeout(Duration::from_secs(5), command(&house, "lost")).await;
    let lost = lost.expect("an answer within five seconds");
    assert!(matches!(lost, Err(WriteError::Db(DbError::Unknown))), "{lost:?}");
    proxy.mend();
    all_is_well_soon(&house).await;
    assert!(
        house.revoked().await.contains(&"lost".to_owned()),
        "as it happens, it was kept"
    );
}
