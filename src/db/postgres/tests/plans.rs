//! Every hot statement is served by an index, on both databases.
//!
//! PostgreSQL is told to avoid reading whole tables wherever it can, and to plan for any value: where a whole table is
//! still read, no index serves. The plans of a large database are in docs/scaling.md.

use test_stores::{Database, psql};

use super::*;
use crate::db::{accounts, clients, codes, families, links, sessions, sweep};
use crate::domain::email::Identifier;
use crate::domain::oauth::client::{ClientId, testing};
use crate::domain::secret::TokenHash;

/// What is asked at every sign-in, refresh, userinfo, logout, and while sweeping.
fn hot() -> Vec<Statement> {
    let (hash, identifier) = (TokenHash::from_bytes([7; 32]), Identifier([7; 32]));
    let client = ClientId::parse("shop").expect("an id");
    let mut statements = vec![
        accounts::by_identifier(&identifier),
        accounts::standing("a"),
        accounts::knows_browser(&hash, &identifier),
        clients::by_id(&client),
        clients::consent("a", &client),
        codes::by_hash(&hash),
        codes::spend(&hash, "f", NOW),
        codes::void_of_account("a"),
        codes::void_of_session("s", "a"),
        families::by_id("f", Some("staff")),
        families::step("f", 0, &testing::public(), NOW, NOW).expect("a statement"),
        families::end("f", NOW),
        families::end_of_account("a", NOW),
        families::of_session("s"),
        families::move_session("s", "t"),
        families::standing("f", ["j", "k"], NOW, NOW),
        links::by_hash(&hash),
        links::spend(&hash, NOW),
        links::void_all(&identifier, NOW),
        links::claim_mails(NOW, NOW, 8),
        sessions::live(&hash, NOW),
        sessions::is_live("s", NOW),
        sessions::touch("s", NOW),
        sessions::end("s", NOW),
        sessions::end_all("a", NOW),
    ];
    statements.extend(sweep::EXPIRIES.iter().map(|expiry| expiry.statement(NOW, 500)));
    statements
}

#[actix_rt::test]
async fn every_hot_statement_is_served_by_an_index() {
    let database = Database::fresh();
    open_at(&database.url(), Mode::Dev, Migrate::Up).await.expect("opens");
    let mut failures = Vec::new();
    for statement in hot() {
        let parameters = vec!["NULL"; statement.parameters.len()].join(", ");
        let arguments = if parameters.is_empty() {
            String::new()
        } else {
            format!("({parameters})")
        };
        let plan = psql(
            &database.url(),
            &format!(
                "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; PREPARE hot AS {}; \
                 EXPLAIN (COSTS OFF) EXECUTE hot{arguments}",
                statement.sql
            ),
        );
        if plan.contains("Seq Scan") {
            failures.push(format!("{}\n{plan}\n", statement.sql));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn so_it_is_on_sqlite() {
    let connection = rusqlite::Connection::open_in_memory().expect("opens");
    let mut connection = connection;
    crate::db::migrate::runner().run(&mut connection).expect("migrates");
    let mut failures = Vec::new();
    for statement in hot() {
        let mut explain = connection
            .prepare(&format!("EXPLAIN QUERY PLAN {}", statement.sql))
            .expect("prepares");
        let mut rows = explain.raw_query();
        while let Some(row) = rows.next().expect("reads") {
            let step: String = row.get(3).expect("text");
            if step.starts_with("SCAN") && !step.contains("USING") {
                failures.push(format!("{}\n{step}\n", statement.sql));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
