//! The step without a look, on both databases: it does what the domain would have decided, or nothing.

use std::time::Duration;

use super::*;
use crate::db::{accounts, clients};
use crate::domain::email::{Email, Identifier};
use crate::domain::oauth::client::testing;
use crate::domain::oauth::family::{Lifetimes, Refresh, RefreshAttempt};
use crate::domain::oauth::scope::OPENID;
use crate::testing::TestStore;

const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);
const HOUR: Duration = Duration::from_hours(1);
const LIFETIMES: Lifetimes = Lifetimes {
    idle: Duration::from_hours(320),
    absolute: Duration::from_hours(3200),
    retry_window: Duration::from_secs(30),
};

/// All that decides about a refresh.
#[derive(Clone)]
struct Case {
    family: Family,
    client: Client,
    presented: u64,
    active: bool,
    scopes: &'static [&'static str],
}

/// A family that was used five hours ago, whose token is presented by its client.
fn plain() -> Case {
    let client = testing::public();
    let session = SessionFacts {
        account_id: "account".to_owned(),
        sid: "session".to_owned(),
        authenticated_at: NOW.minus(24 * HOUR),
    };
    let scope = ScopeSet::of([OPENID, "email"]);
    Case {
        family: Family {
            sequence: 7,
            rotated_at: NOW.minus(5 * HOUR),
            ..Family::begin(&client.id, &scope, session, &LIFETIMES, NOW.minus(5 * HOUR))
        },
        client,
        presented: 7,
        active: true,
        scopes: &[],
    }
}

/// The plain case changed in one thing, and whether the step is taken then.
fn cases() -> Vec<(&'static str, Case, bool)> {
    let with = |change: fn(&mut Case)| {
        let mut case = plain();
        change(&mut case);
        case
    };
    vec![
        ("plain", plain(), true),
        ("an earlier token", with(|it| it.presented = 5), false),
        ("a token whose answer was lost", with(|it| it.presented = 6), false),
        ("a token that was never given", with(|it| it.presented = 8), false),
        (
            "beyond what a column holds",
            with(|it| it.presented = i64::MAX as u64),
            false,
        ),
        ("ended", with(|it| it.family.ended = true), false),
        ("unused for too long", with(|it| it.family.idle_expires_at = NOW), false),
        ("over", with(|it| it.family.expires_at = NOW), false),
        (
            "about to be over",
            with(|it| it.family.expires_at = NOW.plus(Duration::from_millis(1))),
            true,
        ),
        (
            "an end that just stays",
            with(|it| it.family.idle_expires_at = NOW.plus(310 * HOUR)),
            true,
        ),
        (
            "an end that is to be put off",
            with(|it| it.family.idle_expires_at = NOW.plus(310 * HOUR).minus(Duration::from_millis(1))),
            false,
        ),
        (
            "an end that cannot be put off",
            with(|it| {
                it.family.expires_at = NOW.plus(HOUR);
                it.family.idle_expires_at = NOW.plus(HOUR);
            }),
            true,
        ),
        (
            "another client",
            with(|it| it.client.id = ClientId::parse("other").expect("an id")),
            false,
        ),
        (
            "older than its client accepts",
            with(|it| it.client.not_before = NOW.minus(4 * HOUR)),
            false,
        ),
        (
            "bound to a key",
            with(|it| it.family.terms.jkt = Some("thumbprint".to_owned())),
            false,
        ),
        (
            "for another resource",
            with(|it| it.family.terms.resources = vec!["https://api.example".to_owned()]),
            false,
        ),
        (
            "without openid",
            with(|it| it.family.scope = ScopeSet::of(["email"])),
            false,
        ),
        (
            "with a scope that has openid in its name",
            with(|it| it.family.scope = ScopeSet::of(["email", "openid2", "xopenid", "OPENID"])),
            false,
        ),
        ("a disabled account", with(|it| it.active = false), false),
        (
            "a scope that the client demands",
            with(|it| {
                it.client.required_scope = Some("staff".to_owned());
                it.scopes = &["staff"];
            }),
            true,
        ),
        (
            "a scope that the client demands and the account lacks",
            with(|it| {
                it.client.required_scope = Some("staff".to_owned());
                it.scopes = &["member"];
            }),
            false,
        ),
    ]
}

impl Case {
    /// Puts it into the database; the family is always that of the plain client.
    async fn plant(&self, store: &TestStore) {
        let email = Email::parse("person@example.org").expect("an address");
        let account = &self.family.session.account_id;
        let own = Client {
            not_before: self.client.not_before,
            ..testing::public()
        };
        let mut statements = vec![
            accounts::insert(account, &Identifier([7; 32]), &email, b"record", NOW),
            clients::insert(&own, NOW).expect("a statement"),
            clients::insert(&self.client, NOW).expect("a statement"),
            insert("family", &self.family).expect("a statement"),
        ];
        if self.family.ended {
            statements.push(end("family", NOW));
        }
        statements.extend(self.scopes.iter().map(|scope| accounts::add_scope(account, scope, NOW)));
        if !self.active {
            statements.push(accounts::set_status(account, false, NOW));
        }
        for statement in statements {
            store.writes.execute(statement).await.expect("writes");
        }
    }

    /// The family after the step that the domain decides on; `None` if it decides anything else.
    fn decided(&self) -> Option<Family> {
        let attempt = RefreshAttempt {
            client: &self.client,
            sequence: self.presented,
            scope: None,
            jkt: None,
        };
        match self.family.refresh(attempt, &LIFETIMES, NOW) {
            Refresh::Rotate { next, .. } => Some(*next),
            _ => None,
        }
    }
}

async fn stored(store: &TestStore) -> Option<Family> {
    let rows = store.store.query(&by_id("family", None)).await.expect("reads");
    rows.first().map(|row| read(row).expect("ours"))
}

async fn check(store: &TestStore, name: &str, case: &Case, taken: bool) {
    case.plant(store).await;
    let before = stored(store).await;
    let settled = LIFETIMES.settled(NOW);
    let rows = match step("family", case.presented, &case.client, settled, NOW) {
        Some(statement) => store.writes.execute(statement).await.expect("runs"),
        None => Vec::new(),
    };
    assert_eq!(rows.len(), usize::from(taken), "{name}");
    let Some(row) = rows.first() else {
        return assert_eq!(stored(store).await, before, "{name}");
    };
    let after = read(row).expect("ours");
    assert_eq!(Some(&after), case.decided().as_ref(), "{name}");
    assert_eq!(stored(store).await, Some(after), "{name}");
}

#[actix_rt::test]
async fn the_step_without_a_look_is_the_one_that_would_have_been_decided() {
    for (name, case, taken) in cases() {
        check(&TestStore::new(), name, &case, taken).await;
    }
}

#[actix_rt::test]
async fn so_it_is_on_postgresql() {
    for (name, case, taken) in cases() {
        check(&TestStore::on_postgres().await, name, &case, taken).await;
    }
}
