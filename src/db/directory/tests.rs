//! Lists on a real database: order, pages, search, and that a page does not cost more where there are more people.

mod many;

use super::*;
use crate::db::accounts;
use crate::domain::account::{question, terms};
use crate::domain::email::{Email, Identifier};
use crate::testing::TestStore;

const NOW: Timestamp = Timestamp::from_millis(7);

async fn add(store: &TestStore, n: u32, email: &str, profile: &Profile) {
    let id = format!("id{n:06}");
    let email = Email::parse(email).expect("an address");
    let mut identifier = [0; 32];
    identifier[..4].copy_from_slice(&n.to_be_bytes());
    let mut statements = vec![
        accounts::insert(&id, &Identifier(identifier), &email, b"record", NOW),
        profiles::put(&id, profile, NOW),
    ];
    statements.extend(profiles::index(&id, &terms(email.as_str(), profile)));
    for statement in statements {
        store.writes.execute(statement).await.expect("writes");
    }
}

fn named(given: &str, family: &str) -> Profile {
    Profile {
        given_name: Some(given.to_owned()),
        family_name: Some(family.to_owned()),
        ..Profile::default()
    }
}

async fn list(store: &TestStore, statement: Statement) -> Vec<Listed> {
    read(&store.store.query(&statement).await.expect("reads")).expect("ours")
}

fn emails(people: &[Listed]) -> Vec<&str> {
    people.iter().map(|person| person.email.as_str()).collect()
}

async fn club() -> TestStore {
    let store = TestStore::new();
    add(&store, 1, "cem@example.org", &named("Cem", "Ann")).await;
    add(&store, 2, "ann@example.org", &named("Ann", "Anders")).await;
    add(&store, 3, "bob@example.net", &named("Bob", "王")).await;
    add(&store, 4, "bobby@example.org", &named("Bobby", "de Vries")).await;
    store
}

#[actix_rt::test]
async fn everybody_is_listed_once_by_address_whatever_the_page() {
    let store = club().await;
    for scope in ["member", "admin"] {
        let give = accounts::add_scope("id000002", scope, NOW);
        store.writes.execute(give).await.expect("writes");
    }
    let whole = list(&store, everybody(("", ""), 10)).await;
    assert_eq!(
        emails(&whole),
        [
            "ann@example.org",
            "bob@example.net",
            "bobby@example.org",
            "cem@example.org"
        ]
    );
    assert_eq!(whole[0].scopes, ["admin", "member"]);
    for size in 1..4 {
        let mut seen = Vec::new();
        let mut after = (String::new(), String::new());
        loop {
            let page = list(&store, everybody((&after.0, &after.1), size)).await;
            let Some(last) = page.last() else { break };
            after = (last.email.clone(), last.id.clone());
            seen.extend(page.into_iter().map(|person| person.email));
        }
        assert_eq!(seen, emails(&whole), "pages of {size}");
    }
}

#[actix_rt::test]
async fn people_are_found_by_the_beginnings_of_words_and_nobody_twice() {
    let store = club().await;
    for (asked, expected) in [
        ("ann", vec!["cem@example.org", "ann@example.org"]),
        ("bob", vec!["bob@example.net", "bobby@example.org"]),
        ("BOB vries", vec!["bobby@example.org"]),
        ("王", vec!["bob@example.net"]),
        ("example org ann", vec!["cem@example.org", "ann@example.org"]),
        ("bobby@example.org", vec!["bobby@example.org"]),
        ("nobody", vec![]),
    ] {
        let words = question(asked);
        let people = list(&store, found(&words, None, 10)).await;
        let mut got = emails(&people);
        let mut wanted = expected.clone();
        got.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(got, wanted, "{asked}");
        let mut seen = Vec::new();
        let mut after: Option<(Vec<u8>, String)> = None;
        loop {
            let from = after.as_ref().map(|(term, id)| (term.as_slice(), id.as_str()));
            let page = list(&store, found(&words, from, 1)).await;
            let Some(last) = page.into_iter().next() else { break };
            after = Some((last.key.clone(), last.id.clone()));
            seen.push(last.email);
        }
        assert_eq!(seen, emails(&people), "{asked} by pages of one");
    }
}

/// How SQLite means to run a statement.
async fn plan(store: &TestStore, statement: &Statement) -> String {
    let sql: &'static str = Box::leak(format!("EXPLAIN QUERY PLAN {}", statement.sql).into_boxed_str());
    let explained = Statement {
        sql,
        parameters: statement.parameters.clone(),
    };
    let rows = store.store.query(&explained).await.expect("explains");
    let lines: Vec<_> = rows.iter().map(|row| row.text(3).expect("text")).collect();
    lines.join("\n")
}

#[actix_rt::test]
async fn no_list_reads_a_whole_table() {
    let store = club().await;
    for statement in [
        everybody(("", ""), 100),
        found(&question("ann vries"), None, 100),
        found(&question("ann"), Some((b"ann", "id")), 100),
        one("id000001"),
        holders("", 100),
        birthdays((0, ""), 100),
        member("id000001"),
        crate::db::applicants::page(crate::db::applicants::Stage::Waiting, (0, ""), 100),
    ] {
        let plan = plan(&store, &statement).await;
        for line in plan.lines() {
            // A page that was cut out before may be walked over; a table may not.
            let walks = line.starts_with("SCAN") && !["SCAN a", "SCAN f", "SCAN h"].contains(&line);
            let by_index = line.contains("USING") && line.contains("INDEX");
            assert!(!walks || by_index, "{line}\nof\n{plan}");
        }
    }
}

#[actix_rt::test]
async fn birthdays_are_those_of_members_who_let_them_be_seen() {
    let store = TestStore::new();
    let born = |date: &str, privacy| Profile {
        birth_date: date.parse().ok(),
        age_privacy: privacy,
        ..named("Ann", "A")
    };
    add(&store, 1, "a@example.org", &born("1990-12-31", false)).await;
    add(&store, 2, "b@example.org", &born("2004-02-29", false)).await;
    add(&store, 3, "c@example.org", &born("1980-01-01", true)).await;
    add(&store, 4, "d@example.org", &born("1980-01-01", false)).await;
    add(&store, 5, "e@example.org", &Profile::default()).await;
    for id in ["id000001", "id000002", "id000003", "id000005"] {
        store
            .writes
            .execute(accounts::add_scope(id, "member", NOW))
            .await
            .expect("writes");
    }
    let rows = store.store.query(&birthdays((0, ""), 10)).await.expect("reads");
    let ids: Vec<_> = rows.iter().map(|row| row.text(0).expect("text")).collect();
    assert_eq!(ids, ["id000002", "id000001"]);
    assert!(
        store
            .store
            .query_one(&member("id000004"))
            .await
            .expect("reads")
            .is_none()
    );
    assert!(
        store
            .store
            .query_one(&member("id000003"))
            .await
            .expect("reads")
            .is_some()
    );
}
