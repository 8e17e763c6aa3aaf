//! What a page costs where a million people have accounts. Filled by SQL, for one by one it would take hours.
//!
//! `cargo nextest run --locked --lib --run-ignored only --no-capture -E 'test(a_million_people)'`

use std::time::Duration;

use rusqlite::Connection;

use super::*;
use crate::config::DatabaseUrl;
use crate::domain::clock::Clock as _;
use crate::system::SystemClock;

const FEW: u32 = 100;
const MANY: u32 = 1_000_000;
/// Entries of a page.
const PAGE: i64 = 50;
/// How often each page is read; the median counts.
const TIMES: usize = 101;

/// People with a name, an address and words to be found by: those numbered from `first` up to `last`.
fn fill(store: &TestStore, first: u32, last: u32) {
    let DatabaseUrl::SqliteFile(path) = &store.url else {
        panic!("this is about SQLite");
    };
    let connection = Connection::open(path).expect("opens");
    let people = format!("WITH RECURSIVE n (i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i < {last}) ");
    let id = "printf('id%07d', i)";
    let email = "printf('person%07d@example.org', i)";
    connection
        .execute_batch(&format!(
            "BEGIN;
             {people} INSERT INTO accounts (id, identifier, email, status, record, record_version, email_confirmed_at,
                 created_at, updated_at)
                 SELECT {id}, CAST({id} AS BLOB), {email}, 'active', x'00', 1, 0, 0, 0 FROM n;
             {people} INSERT INTO profiles (account_id, given_name, family_name, age_privacy, updated_at)
                 SELECT {id}, printf('Person%07d', i), 'de Vries', 0, 0 FROM n;
             {people} INSERT INTO account_scopes (account_id, scope, granted_at) SELECT {id}, 'member', 0 FROM n;
             {people} INSERT INTO account_terms (account_id, term) SELECT {id}, CAST({email} AS BLOB) FROM n;
             {people} INSERT INTO account_terms (account_id, term) SELECT {id}, CAST('vries' AS BLOB) FROM n;
             COMMIT;"
        ))
        .expect("fills");
}

async fn median(store: &TestStore, statement: &Statement) -> Duration {
    let clock = SystemClock::start();
    let mut took = Vec::with_capacity(TIMES);
    for _ in 0..TIMES {
        let begun = clock.monotonic();
        let rows = store.store.query(statement).await.expect("reads");
        took.push(clock.monotonic().saturating_sub(begun));
        assert_eq!(
            read(&rows).expect("ours").len(),
            usize::try_from(PAGE).expect("a count")
        );
    }
    took.sort_unstable();
    took[TIMES / 2]
}

#[actix_rt::test]
#[ignore = "fills a database of a million people, which takes some minutes"]
async fn a_million_people_are_listed_at_the_cost_of_a_hundred() {
    let store = TestStore::new();
    fill(&store, 1, FEW);
    let pages = [
        ("first page", everybody(("", ""), PAGE)),
        ("found by a name that all have", found(&question("vries"), None, PAGE)),
        ("found by two words", found(&question("person00000 vries"), None, PAGE)),
        ("those who hold a scope", holders("", PAGE)),
    ];
    let mut few = Vec::new();
    for (_, statement) in &pages {
        few.push(median(&store, statement).await);
    }
    fill(&store, FEW + 1, MANY);
    let middle = everybody(("person0500000@example.org", "id0500000"), PAGE);
    println!("{:?} a page in the middle of {MANY}", median(&store, &middle).await);
    for ((name, statement), few) in pages.iter().zip(few) {
        let many = median(&store, statement).await;
        println!("{few:?} of {FEW}, {many:?} of {MANY}: {name}");
        // A page that grew with the number of people would take thousands of times as long.
        assert!(
            many < 4 * few + Duration::from_millis(2),
            "{name}: {few:?}, then {many:?}"
        );
    }
}
