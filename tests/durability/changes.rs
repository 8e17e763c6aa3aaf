//! `kill -9` in the middle of changes of accounts: each is there whole, or not at all, and what was acknowledged is there.

use std::time::Duration;

use countersign::domain::account::LinkPurpose;
use futures_util::stream::{StreamExt as _, iter};
use serde_json::{Value, json};

use crate::support::{Answer, Browser, Enrolling, Folder, Log, Process, Wire};

/// People of each kind of change in a round.
const PEOPLE: usize = 12;
/// Kills; each at another moment.
const ROUNDS: usize = 6;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Password,
    Address,
    Deletion,
}

/// Somebody who has done everything but the last step of a change.
struct Person {
    change: Change,
    email: String,
    new_email: String,
    id: String,
    browser: Browser,
    path: &'static str,
    last: Value,
    acknowledged: bool,
}

#[test]
fn a_change_is_there_whole_or_not_at_all_after_a_kill() {
    let folder = Folder::new();
    let (mut whole, mut none) = (0, 0);
    for round in 0..ROUNDS {
        let mut server = Process::dev(&folder.path());
        let log = Log::default();
        let mut people = on_this_thread(prepare(&folder, &Wire::to(server.address(), &log), round));
        let address = server.address().to_owned();
        let (people_ref, log_ref) = (&mut people, &log);
        std::thread::scope(|scope| {
            let load = scope.spawn(move || {
                let wire = Wire::to(&address, log_ref);
                // A few at once: all together they would be one commit, and a kill would come before or after it.
                let finishing = iter(people_ref.iter_mut()).for_each_concurrent(4, |person| finish(person, &wire));
                on_this_thread(finishing);
            });
            // As many acknowledged as the round has it, of three kinds at once.
            while log.acknowledged() < 1 + round * 5 && !load.is_finished() {
                std::thread::sleep(Duration::from_micros(50));
            }
            server.kill();
        });
        // A start recovers what the kill left.
        drop(Process::dev(&folder.path()));
        for person in &people {
            if verify(&folder, person) {
                whole += 1;
            } else {
                none += 1;
                assert!(
                    !person.acknowledged,
                    "an acknowledged {:?} is lost: {}",
                    person.change, person.email
                );
            }
        }
    }
    println!("{ROUNDS} kills: {whole} changes whole, {none} not made");
    assert!(
        whole > 0 && none > 0,
        "kills come before some and after others: {whole} {none}"
    );
    crate::kill::database_is_intact(&folder);
}

async fn finish(person: &mut Person, wire: &Wire<'_>) {
    let answer = person.browser.post(wire, person.path, &person.last).await;
    if let Some(Answer { status, .. }) = answer {
        assert_eq!(status, 200, "{:?}", person.change);
        wire.log.acknowledge();
        person.acknowledged = true;
    }
}

/// Registers people, and takes each through a change up to its last request.
async fn prepare(folder: &Folder, wire: &Wire<'_>, round: usize) -> Vec<Person> {
    let kinds = [Change::Password, Change::Address, Change::Deletion];
    let wanted: Vec<(Change, String)> = (0..PEOPLE)
        .flat_map(|n| kinds.map(|change| (change, format!("{change:?}{n}r{round}@example.org").to_lowercase())))
        .collect();
    let addresses: Vec<_> = wanted.iter().map(|(_, email)| (email.clone(), None)).collect();
    let tokens = folder.plant(LinkPurpose::Register, &addresses);
    let mut people = Vec::new();
    for ((change, email), token) in wanted.into_iter().zip(tokens) {
        let mut browser = Browser::default();
        let registered = browser.register(wire, &token, "password").await.expect("an answer");
        assert_eq!(registered.status, 200, "{registered:?}");
        let mut elsewhere = Browser::default();
        assert_eq!(elsewhere.log_in(wire, &email, "password").await, Some(true));
        let id: String = one(folder, "SELECT id FROM accounts WHERE email = ?1", &email);
        let new_email = format!("new-{email}");
        let (purpose, to) = match change {
            Change::Password => (LinkPurpose::ChangePassword, &email),
            Change::Address => (LinkPurpose::ChangeEmail, &new_email),
            Change::Deletion => (LinkPurpose::DeleteAccount, &email),
        };
        let flow_id = folder.plant(purpose, &[(to.clone(), Some(id.clone()))]).remove(0);
        assert_eq!(
            browser.log_in_for(wire, &email, "password", Some(&flow_id)).await,
            Some(true)
        );
        let (path, last) = match change {
            Change::Password => {
                let routes = ("/update/password/start/", "token");
                (
                    "/update/password/finish/",
                    upload(&mut browser, wire, routes, &flow_id).await,
                )
            }
            Change::Address => {
                let routes = ("/update/email/check/", "flow_id");
                (
                    "/update/email/check/",
                    upload(&mut browser, wire, routes, &flow_id).await,
                )
            }
            Change::Deletion => ("/update/delete/check/", json!({ "flow_id": flow_id })),
        };
        people.push(Person {
            change,
            email,
            new_email,
            id,
            browser,
            path,
            last,
            acknowledged: false,
        });
    }
    people
}

/// The first half of a registration; the body of the second.
async fn upload(browser: &mut Browser, wire: &Wire<'_>, (path, name): (&str, &str), flow_id: &str) -> Value {
    let (message, enrolling) = Enrolling::start("another password");
    let body = json!({ name: flow_id, "client_request": message });
    let started = browser.post(wire, path, &body).await.expect("an answer");
    assert_eq!(started.status, 200, "{started:?}");
    let started = started.json();
    let upload = enrolling.finish(
        "another password",
        started["server_message"].as_str().expect("a message"),
    );
    json!({ "auth_id": started["auth_id"], "client_request": upload })
}

/// Whether the change is there; fails if only a part of it is.
fn verify(folder: &Folder, person: &Person) -> bool {
    let count = |sql: &str| -> i64 { one(folder, sql, &person.id) };
    let accounts = count("SELECT COUNT(*) FROM accounts WHERE id = ?1");
    let live = count("SELECT COUNT(*) FROM sessions WHERE account_id = ?1 AND ended_at IS NULL");
    let unspent =
        count("SELECT COUNT(*) FROM links WHERE account_id = ?1 AND spent_at IS NULL AND purpose <> 'confirm-email'");
    let terms = count("SELECT COUNT(*) FROM account_terms WHERE account_id = ?1 AND substr(term, 1, 4) = x'6e65772d'");
    let profiles = count("SELECT COUNT(*) FROM profiles WHERE account_id = ?1");
    if person.change == Change::Deletion {
        let parts = (accounts, live.min(1), unspent, profiles);
        assert!(
            parts == (0, 0, 0, 0) || parts == (1, 1, 1, 1),
            "{}: {parts:?}",
            person.email
        );
        return accounts == 0;
    }
    let version: i64 = count("SELECT record_version FROM accounts WHERE id = ?1");
    let email: String = one(folder, "SELECT email FROM accounts WHERE id = ?1", &person.id);
    let moved = i64::from(email == person.new_email);
    let expected_move = i64::from(person.change == Change::Address);
    // Two browsers were signed in, of which the one that proves the change stays.
    let parts = (version, live, unspent, moved, terms.min(1));
    let whole = parts == (2, 1, 0, expected_move, expected_move);
    let none = parts == (1, 2, 1, 0, 0);
    assert!(whole || none, "{:?} of {}: {parts:?}", person.change, person.email);
    whole
}

fn one<T: rusqlite::types::FromSql>(folder: &Folder, sql: &str, parameter: &str) -> T {
    folder
        .reader()
        .query_row(sql, [parameter], |row| row.get(0))
        .expect("reads")
}

fn on_this_thread<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(work)
}
