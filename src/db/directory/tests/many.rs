//! That a page costs what it holds, not what there is: in steps of SQLite's virtual machine, which no load on the machine
//! changes. Filled by SQL, for one by one it would take long.

use rusqlite::{Connection, StatementStatus};

use super::*;
use crate::config::DatabaseUrl;
use crate::db::sqlite;

const FEW: u32 = 100;
const MANY: u32 = 50_000;
/// Entries of a page.
const PAGE: i64 = 50;

/// People with a name, an address and words to be found by: those numbered from `first` up to `last`.
fn fill(connection: &Connection, first: u32, last: u32) {
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

/// The steps that a page takes.
fn steps(connection: &Connection, statement: &Statement) -> i32 {
    let rows = sqlite::query(connection, statement).expect("reads");
    let entries = usize::try_from(PAGE).expect("a count");
    assert_eq!(read(&rows).expect("ours").len(), entries);
    let prepared = connection.prepare_cached(statement.sql).expect("is prepared");
    let steps = prepared.get_status(StatementStatus::VmStep);
    prepared.reset_status(StatementStatus::VmStep);
    steps
}

#[actix_rt::test]
async fn a_page_of_many_people_takes_the_steps_of_one_of_a_hundred() {
    let store = TestStore::new();
    let DatabaseUrl::SqliteFile(path) = &store.url else {
        panic!("this is about SQLite");
    };
    let connection = sqlite::connect(&sqlite::Location::File(path.clone())).expect("opens");
    let pages = [
        ("first page", everybody(("", ""), PAGE)),
        ("found by a name that all have", found(&question("vries"), None, PAGE)),
        ("found by two words", found(&question("person00000 vries"), None, PAGE)),
        ("those who hold a scope", holders("", PAGE)),
    ];
    fill(&connection, 1, FEW);
    let few = pages.each_ref().map(|(_, statement)| steps(&connection, statement));
    fill(&connection, FEW + 1, MANY);
    for ((name, statement), few) in pages.iter().zip(few) {
        let many = steps(&connection, statement);
        println!("{few} among {FEW}, {many} among {MANY}: {name}");
        assert!(few > 0 && many <= few, "{name}: {few}, then {many}");
    }
    // A page that begins at somebody, whether few or many stand before them.
    let from = |number: u32| {
        let (email, id) = (format!("person{number:07}@example.org"), format!("id{number:07}"));
        steps(&connection, &everybody((&email, &id), PAGE))
    };
    let (early, late) = (from(FEW / 4), from(MANY / 2));
    assert!(early > 0 && late <= early, "{early}, then {late}");
}
