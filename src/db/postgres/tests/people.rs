//! The statements about accounts, profiles, applicants and lists, on PostgreSQL as on SQLite.

use super::*;
use crate::db::applicants::{self, Applicant, Stage};
use crate::db::{accounts, clients, codes, directory, families, links, mail_troubles, profiles, sessions};
use crate::domain::account::{Introduction, Membership, Profile, question, terms};
use crate::domain::email::{Email, Identifier};
use crate::domain::oauth::client::ClientId;
use crate::domain::secret::TokenHash;

const NOW: Timestamp = Timestamp::from_millis(7_000);

fn email(name: &str) -> Email {
    Email::parse(&format!("{name}@example.org")).expect("an address")
}

fn named(given: &str) -> Profile {
    Profile {
        given_name: Some(given.to_owned()),
        family_name: Some("王".to_owned()),
        birth_date: "2004-02-29".parse().ok(),
        membership_number: Some(given.to_owned()),
        ..Profile::default()
    }
}

async fn add(house: &House, n: u8, name: &str) {
    let (id, profile) = (format!("id{n}"), named(name));
    let mut statements = vec![
        accounts::insert(&id, &Identifier([n; 32]), &email(name), b"record", NOW),
        profiles::put(&id, &profile, NOW),
        accounts::add_scope(&id, "member", NOW),
    ];
    statements.extend(profiles::index(&id, &terms(email(name).as_str(), &profile)));
    for statement in statements {
        house.writes.execute(statement).await.expect("writes");
    }
}

async fn people(house: &House, statement: Statement) -> Vec<String> {
    let rows = house.store.query(&statement).await.expect("reads");
    let listed = directory::read(&rows).expect("ours");
    listed.into_iter().map(|person| person.email).collect()
}

#[actix_rt::test]
async fn who_is_found_by_no_word_is_seen() {
    let house = House::fresh().await;
    add(&house, 1, "ann").await;
    let old = accounts::insert("id2", &Identifier([2; 32]), &email("bob"), b"record", NOW);
    house.writes.execute(old).await.expect("writes");
    let rows = house.store.query(&profiles::indexed("", 10)).await.expect("reads");
    let seen: Vec<_> = rows
        .iter()
        .map(|row| (row.text(0).expect("an id"), row.integer(2).expect("a flag")))
        .collect();
    assert_eq!(seen, [("id1", 1), ("id2", 0)]);
    assert_eq!(profiles::read(&rows[0], 3).expect("ours").0, named("ann"));
    assert_eq!(
        house
            .store
            .query(&profiles::indexed("id1", 1))
            .await
            .expect("reads")
            .len(),
        1
    );
}

#[actix_rt::test]
async fn lists_are_the_same_as_on_sqlite() {
    let house = House::fresh().await;
    for (n, name) in [(1, "cem"), (2, "ann"), (3, "Annie"), (4, "bob")] {
        add(&house, n, name).await;
    }
    let all = [
        "ann@example.org",
        "annie@example.org",
        "bob@example.org",
        "cem@example.org",
    ];
    assert_eq!(people(&house, directory::everybody(("", ""), 10)).await, all);
    assert_eq!(
        people(&house, directory::everybody(("annie@example.org", "id3"), 1)).await,
        all[2..3]
    );
    let words = question("ann 王");
    assert_eq!(words.len(), 2);
    let mut found = people(&house, directory::found(&words, None, 10)).await;
    found.sort();
    assert_eq!(found, all[..2]);
    let first = question("ann");
    assert_eq!(
        people(&house, directory::found(&first, Some((b"ann", "id2")), 10))
            .await
            .len(),
        1
    );
    assert_eq!(people(&house, directory::one("id1")).await, all[3..]);
    assert_eq!(
        people(&house, directory::holders("id2", 1)).await,
        ["annie@example.org"]
    );
    let birthdays = house
        .store
        .query(&directory::birthdays((229, "id2"), 10))
        .await
        .expect("reads");
    assert_eq!(birthdays.len(), 2);
    let member = house
        .store
        .query_one(&directory::member("id1"))
        .await
        .expect("reads")
        .expect("a row");
    assert_eq!(profiles::read(&member, 0).expect("ours").0, named("cem"));
}

#[actix_rt::test]
async fn applicants_come_and_go() {
    let house = House::fresh().await;
    let applicant = Applicant {
        id: "a1".to_owned(),
        email: email("ann"),
        stage: Stage::Waiting,
        introduction: Introduction::default(),
        membership: Membership::default(),
        created_at: NOW,
        expires_at: NOW,
    };
    let write = async |statement| house.writes.execute(statement).await.expect("writes").len();
    assert_eq!(write(applicants::insert(&applicant, &Identifier([1; 32]))).await, 1);
    assert_eq!(
        write(applicants::insert(&applicant, &Identifier([1; 32]))).await,
        0,
        "once"
    );
    assert_eq!(
        write(mail_troubles::note(&Identifier([1; 32]), "SMTP 550", NOW)).await,
        0
    );
    let page = applicants::page(Stage::Waiting, (i64::MIN, ""), 10);
    let rows = house.store.query(&page).await.expect("reads");
    assert_eq!(
        (rows.len(), rows[0].optional_text(11).expect("text")),
        (1, Some("SMTP 550"))
    );
    let membership = Membership::parse(Some("7"), Some("2020-09-01")).expect("is fine");
    assert_eq!(write(applicants::admit("a1", &membership, NOW)).await, 1);
    assert_eq!(write(applicants::admit("a1", &membership, NOW)).await, 0, "once");
    assert_eq!(write(applicants::prolong("a1", NOW)).await, 1);
    let row = house
        .store
        .query_one(&applicants::by_id("a1"))
        .await
        .expect("reads")
        .expect("a row");
    assert_eq!(applicants::read(&row).expect("ours").membership, membership);
    for (number, other, taken) in [("7", "x", true), ("7", "a1", false), ("8", "x", false)] {
        let row = house
            .store
            .query_one(&profiles::number_taken(number, other))
            .await
            .expect("reads");
        assert_eq!(row.is_some(), taken, "{number} {other}");
    }
    assert_eq!(write(mail_troubles::clear(&Identifier([1; 32]))).await, 0);
    assert_eq!(write(applicants::remove("a1")).await, 1);
}

#[actix_rt::test]
async fn an_account_moves_closes_and_goes_with_all_that_hangs_on_it() {
    let house = House::fresh().await;
    for (n, name) in [(1, "ann"), (2, "bob")] {
        add(&house, n, name).await;
    }
    let write = async |statement| house.writes.execute(statement).await.expect("writes").len();
    let taken = accounts::move_to("id1", &Identifier([2; 32]), &email("bob"), b"r", NOW);
    assert_eq!(write(taken).await, 0, "another account has the address");
    assert_eq!(
        write(accounts::move_to("id1", &Identifier([3; 32]), &email("new"), b"r", NOW)).await,
        1
    );
    assert_eq!(write(accounts::set_status("id2", false, NOW)).await, 1);
    assert_eq!(write(accounts::set_status("id2", false, NOW)).await, 0);
    assert_eq!(write(accounts::add_scope("id1", "admin", NOW)).await, 1);
    assert_eq!(write(accounts::guard_administrators()).await, 0);
    let read = async |statement: Statement| house.store.query(&statement).await.expect("reads").len();
    let (hash, client) = (TokenHash::from_bytes([9; 32]), ClientId::parse("c").expect("an id"));
    for (statement, rows) in [
        (accounts::is_administrator("id1"), 1),
        (accounts::other_administrator("id1"), 0),
        (accounts::locale(&Identifier([3; 32])), 1),
        (links::rivals(&Identifier([3; 32]), "id1", NOW), 0),
        (families::bearer("f", ["j", "j"], "admin", NOW, NOW), 0),
        (sessions::proves(&hash, &hash, &hash, "id1", NOW), 0),
        (sessions::caller(&hash, "admin", NOW), 0),
        (sessions::of_account("id1", NOW, 10), 0),
        (sessions::others("id1", "s"), 0),
        (sessions::is_of("s", "id1"), 0),
        (clients::consents("id1", 10), 0),
        (clients::with_grants("id1", NOW, 10), 0),
    ] {
        assert_eq!(read(statement.clone()).await, rows, "{statement:?}");
    }
    for statement in [
        sessions::end_others("id1", "s", NOW),
        links::void_of_account("id1", NOW),
        links::remove_all(&Identifier([3; 32])),
        families::end_of_application("id1", &client, NOW),
        codes::void_of_application("id1", &client),
        clients::forget_consent("id1", &client),
        accounts::forget_browsers(&Identifier([3; 32])),
        applicants::remove_by_identifier(&Identifier([3; 32])),
    ] {
        assert_eq!(write(statement).await, 0);
    }
    assert_eq!(write(accounts::remove("id1")).await, 1);
    assert_eq!(
        people(&house, directory::everybody(("", ""), 10)).await,
        ["bob@example.org"]
    );
    assert!(
        house
            .store
            .query_one(&profiles::by_account("id1"))
            .await
            .expect("reads")
            .is_none()
    );
}
