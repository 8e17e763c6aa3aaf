//! The statements about pushed requests, used proofs, bound grants and the end of sessions, on PostgreSQL as on SQLite.

use super::*;
use crate::db::{clients, families, notices, profiles, pushed};
use crate::domain::oauth::client::ClientId;
use crate::domain::secret::TokenHash;

const NOW: Timestamp = Timestamp::from_millis(7_000);
const LATER: Timestamp = Timestamp::from_millis(9_000);

fn client() -> ClientId {
    ClientId::parse("c").expect("an id")
}

/// A house with a client whose record is not looked at.
async fn with_client() -> House {
    let house = House::fresh().await;
    let insert = "INSERT INTO clients (id, record, not_before, created_at) VALUES ('c', '{}', 0, 0)";
    house.writes.execute(Statement::new(insert)).await.expect("writes");
    house
}

#[actix_rt::test]
async fn a_pushed_request_is_the_clients_own_and_spent_once() {
    let house = with_client().await;
    let name = TokenHash::from_bytes([1; 32]);
    let write = async |statement| house.writes.execute(statement).await.expect("writes").len();
    write(pushed::insert(&name, &client(), b"sealed", LATER)).await;
    let open = house
        .store
        .query_one(&pushed::open_of(&client(), NOW, 5))
        .await
        .expect("reads");
    assert_eq!(open.expect("a row").integer(0).expect("a number"), 1);
    let row = house
        .store
        .query_one(&pushed::by_name(&name, &client()))
        .await
        .expect("reads");
    let row = row.expect("a row");
    assert_eq!(pushed::read(&row).expect("ours"), (b"sealed".as_slice(), LATER, false));
    let other = ClientId::parse("other").expect("an id");
    let foreign = house
        .store
        .query_one(&pushed::by_name(&name, &other))
        .await
        .expect("reads");
    assert!(foreign.is_none());
    assert_eq!(
        (
            write(pushed::spend(&name, NOW)).await,
            write(pushed::spend(&name, NOW)).await
        ),
        (1, 0)
    );
}

#[actix_rt::test]
async fn a_proof_is_used_once() {
    let house = House::fresh().await;
    let write = async |statement| house.writes.execute(statement).await.expect("writes").len();
    let used = || pushed::use_proof(&[1; 32], LATER);
    assert_eq!((write(used()).await, write(used()).await), (1, 0));
}

#[actix_rt::test]
async fn news_are_queued_once_claimed_in_turn_and_settled() {
    let house = with_client().await;
    let write = async |statement| house.writes.execute(statement).await.expect("writes").len();
    for sid in ["s1", "s1", "s2"] {
        write(notices::insert(&client(), sid, "a", NOW, LATER)).await;
    }
    let waiting = house.store.query_one(&notices::waiting()).await.expect("reads");
    assert_eq!(waiting.expect("a row").integer(0).expect("a number"), 2);
    let claimed = house
        .writes
        .execute(notices::claim(NOW, LATER, 1))
        .await
        .expect("writes");
    assert_eq!(claimed.len(), 1);
    assert_eq!(
        (
            claimed[0].text(1).expect("text"),
            claimed[0].integer(3).expect("a number")
        ),
        ("s1", 1)
    );
    assert_eq!(write(notices::claim(NOW, LATER, 5)).await, 1);
    assert_eq!(write(notices::claim(NOW, LATER, 5)).await, 0);
    write(notices::postpone("c", "s1", NOW)).await;
    write(notices::settle("c", "s2")).await;
    assert_eq!(write(notices::claim(NOW, LATER, 5)).await, 1);
}

#[actix_rt::test]
async fn what_is_asked_of_grants_and_people_can_be_asked_here() {
    let house = House::fresh().await;
    for statement in [
        families::by_id("f", None),
        families::by_id("f", Some("scope")),
        families::standing("f", ["j", "r"], NOW, NOW),
        families::standing_with_profile("f", ["j", "r"], NOW, NOW),
        families::of_session("s"),
        families::of_sessions_of("a"),
        families::move_session("s", "t"),
        profiles::person("a"),
        clients::consents("a", 10),
    ] {
        let rows = house.writes.execute(statement.clone()).await.expect("runs");
        assert_eq!(rows.len(), 0, "{statement:?}");
    }
}
