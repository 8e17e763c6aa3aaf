//! Both lanes: what shares a commit, what fails alone, what is never half done.

use futures_util::future::{join, join_all};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};
use test_stores::{Database, psql};

use super::*;
use crate::actors::writer::WriteError;
use crate::db::error::DbError;
use crate::db::transaction::Transaction;
use crate::db::work::Decision;

fn counted(recorder: &PrometheusRecorder, name: &str) -> u64 {
    let text = recorder.handle().render();
    let found = text.lines().find_map(|line| line.strip_prefix(&format!("{name} ")));
    found.map_or(0, |count| count.parse().expect("a number"))
}

#[actix_rt::test]
async fn values_come_back_as_they_went_in() {
    let house = House::fresh().await;
    let statement = Statement::new(
        "SELECT CAST($1 AS BIGINT), CAST($2 AS TEXT), CAST($3 AS BYTEA), CAST($4 AS BIGINT), CAST($5 AS TEXT), \
         CAST($6 AS BYTEA), 1, 1 < 2",
    )
    .bind(i64::MIN)
    .bind("Ångström 'x' \u{1f600}")
    .bind(&b"\0\xff123"[..])
    .bind(None::<i64>)
    .bind(None::<&str>)
    .bind(None::<Vec<u8>>);
    let rows = house.store.query(&statement).await.expect("runs");
    let row = rows.first().expect("a row");
    assert_eq!(row.integer(0).expect("integer"), i64::MIN);
    assert_eq!(row.text(1).expect("text"), "Ångström 'x' \u{1f600}");
    assert_eq!(row.blob(2).expect("bytes"), b"\0\xff123");
    assert!((3..6).all(|column| row.is_null(column)));
    assert_eq!(
        (row.integer(6).expect("integer"), row.integer(7).expect("integer")),
        (1, 1)
    );
    assert!(row.integer(1).is_err() && row.text(0).is_err());
}

#[actix_rt::test]
async fn a_statement_that_does_not_fit_the_schema_is_a_fault_of_ours() {
    let house = House::fresh().await;
    for bad in [
        Statement::new("SELECT jti FROM revoked_tokens WHERE jti = $1"),
        Statement::new("SELECT jti FROM revoked_tokens WHERE jti = $1").bind(1),
        Statement::new("SELECT CAST(1.5 AS NUMERIC)"),
    ] {
        let error = house.store.query(&bad).await.expect_err("fails");
        assert!(matches!(error, DbError::Inconsistent(_)), "{error}");
    }
    // As on SQLite: what is not there may be there again when somebody has mended the database.
    let nothing = Statement::new("SELECT nothing FROM revoked_tokens");
    let error = house.store.query(&nothing).await.expect_err("fails");
    assert!(matches!(error, DbError::Unavailable(_)), "{error}");
    assert!(house.revoked().await.is_empty(), "the sessions are as good as before");
}

#[actix_rt::test]
async fn two_hundred_writes_at_once_share_a_few_commits() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let house = House::fresh().await;
    house.writes.execute(insert("0")).await.expect("written");
    assert_eq!(
        counted(&recorder, "countersign_commits_total"),
        1,
        "one alone is committed at once"
    );
    let names: Vec<String> = (1..=200).map(|number| number.to_string()).collect();
    let answers = join_all(names.iter().map(|name| house.writes.execute(insert(name)))).await;
    for (answer, name) in answers.iter().zip(&names) {
        let rows = answer.as_ref().expect("written");
        assert_eq!(rows[0].text(0).expect("text"), name, "each gets its own rows");
    }
    assert_eq!(house.revoked().await.len(), 201);
    let commits = counted(&recorder, "countersign_commits_total");
    assert!(commits <= 5, "{commits} commits");
}

#[actix_rt::test]
async fn bad_statements_fail_alone_however_many_they_are() {
    let house = House::fresh().await;
    house.writes.execute(insert("taken")).await.expect("written");
    for every in [1, 2, 10, 100] {
        let names: Vec<String> = (0..200).map(|number| format!("{every}-{number:03}")).collect();
        let bad = |number: usize| number.is_multiple_of(every);
        let writes = names.iter().enumerate().map(|(number, name)| {
            house
                .writes
                .execute(insert(if bad(number) { "taken" } else { name.as_str() }))
        });
        for (number, answer) in join_all(writes).await.into_iter().enumerate() {
            match answer {
                Ok(rows) => {
                    assert!(!bad(number));
                    assert_eq!(rows[0].text(0).expect("text"), names[number]);
                }
                Err(error) => {
                    assert!(bad(number), "{error}");
                    assert!(matches!(error, WriteError::Db(DbError::Constraint(_))), "{error}");
                    assert!(!error.to_string().contains("taken"), "{error} tells a value");
                }
            }
        }
    }
    assert_eq!(house.revoked().await.len(), 1 + 100 + 180 + 198);
}

#[actix_rt::test]
async fn equal_statements_in_one_batch_have_one_winner() {
    let house = House::fresh().await;
    let once = || {
        house.writes.execute(
            Statement::new(
                "INSERT INTO revoked_tokens (jti, expires_at) VALUES ($1, 0) ON CONFLICT (jti) DO NOTHING RETURNING jti",
            )
            .bind("one"),
        )
    };
    let answers = join_all((0..100).map(|_| once())).await;
    let winners = answers
        .into_iter()
        .filter(|answer| !answer.as_ref().expect("runs").is_empty());
    assert_eq!(winners.count(), 1);
}

/// Adds one by reading, deciding and writing.
async fn count_up(transaction: &mut Transaction<'_>) -> Result<Decision<i64>, DbError> {
    let read = Statement::new("SELECT expires_at FROM revoked_tokens WHERE jti = 'counter'");
    let next = transaction.query(&read).await?[0].integer(0)? + 1;
    let write = Statement::new("UPDATE revoked_tokens SET expires_at = $1 WHERE jti = 'counter'").bind(next);
    transaction.query(&write).await?;
    Ok(Decision::Commit(next))
}

#[actix_rt::test]
async fn commands_of_two_processes_end_as_if_one_ran_after_the_other() {
    let database = Database::fresh();
    let (here, there) = join(House::on(&database), House::on(&database)).await;
    here.writes.execute(insert("counter")).await.expect("written");
    let counts = (0..60).map(|number| {
        let house = if number % 2 == 0 { &here } else { &there };
        house
            .writes
            .transact("count", async |transaction: &mut Transaction<'_>| {
                count_up(transaction).await
            })
    });
    let mut counted: Vec<i64> = join_all(counts)
        .await
        .into_iter()
        .map(|count| count.expect("counts"))
        .collect();
    counted.sort_unstable();
    assert_eq!(counted, (1..=60).collect::<Vec<_>>(), "nobody saw the same number");
}

/// Leaves if the other stays.
async fn leave(house: &House, me: &'static str, other: &'static str) -> Result<bool, WriteError> {
    house
        .writes
        .transact("leave", async move |transaction: &mut Transaction<'_>| {
            let look = Statement::new("SELECT expires_at FROM revoked_tokens WHERE jti = $1").bind(other);
            if transaction.query(&look).await?[0].integer(0)? == 0 {
                return Ok(Decision::Rollback(false));
            }
            let go = Statement::new("UPDATE revoked_tokens SET expires_at = 0 WHERE jti = $1").bind(me);
            transaction.query(&go).await?;
            Ok(Decision::Commit(true))
        })
        .await
}

#[actix_rt::test]
async fn a_decision_that_rests_on_what_another_changes_is_made_again() {
    // Either may leave only while the other stays. Under weaker isolation both would read the other's row and go.
    let database = Database::fresh();
    let (here, there) = join(House::on(&database), House::on(&database)).await;
    for round in 0..20 {
        for name in ["a", "b"] {
            let put = Statement::new(
                "INSERT INTO revoked_tokens (jti, expires_at) VALUES ($1, 1) \
                 ON CONFLICT (jti) DO UPDATE SET expires_at = 1",
            );
            here.writes.execute(put.bind(name)).await.expect("written");
        }
        let (a, b) = join(leave(&here, "a", "b"), leave(&there, "b", "a")).await;
        let left = usize::from(a.expect("decides")) + usize::from(b.expect("decides"));
        assert_eq!(left, 1, "round {round}");
    }
}

/// Adds one to two rows, in this order and slowly.
async fn both(house: &House, first: &'static str, second: &'static str) -> Result<(), WriteError> {
    house
        .writes
        .transact("both", async move |transaction: &mut Transaction<'_>| {
            for name in [first, second] {
                let add = Statement::new("UPDATE revoked_tokens SET expires_at = expires_at + 1 WHERE jti = $1");
                transaction.query(&add.bind(name)).await?;
                actix_rt::time::sleep(Duration::from_millis(30)).await;
            }
            Ok(Decision::Commit(()))
        })
        .await
}

#[actix_rt::test]
async fn a_deadlock_costs_time_and_nothing_else() {
    let database = Database::fresh();
    let (here, there) = join(House::on(&database), House::on(&database)).await;
    for name in ["a", "b"] {
        here.writes.execute(insert(name)).await.expect("written");
    }
    let (a, b) = join(both(&here, "a", "b"), both(&there, "b", "a")).await;
    assert!(a.is_ok() && b.is_ok(), "{a:?} {b:?}");
    assert_eq!(house_sum(&here).await, 4);
}

async fn house_sum(house: &House) -> i64 {
    house
        .number("SELECT CAST(SUM(expires_at) AS BIGINT) FROM revoked_tokens")
        .await
}

#[actix_rt::test]
async fn what_a_command_does_not_commit_leaves_nothing() {
    let house = House::fresh().await;
    let refused = house
        .writes
        .transact("refused", async |transaction: &mut Transaction<'_>| {
            transaction.query(&insert("1")).await?;
            Ok(Decision::Rollback("no"))
        })
        .await;
    assert_eq!(refused.expect("answers"), "no");
    let stubborn = house
        .writes
        .transact("stubborn", async |transaction: &mut Transaction<'_>| {
            transaction.query(&insert("2")).await?;
            let again = transaction.query(&insert("2")).await;
            assert!(matches!(again, Err(DbError::Constraint(_))));
            assert!(
                transaction.query(&insert("3")).await.is_err(),
                "nothing runs after a failure"
            );
            Ok(Decision::Commit(()))
        })
        .await;
    assert!(
        matches!(stubborn, Err(WriteError::Db(DbError::Constraint(_)))),
        "{stubborn:?}"
    );
    let panics = house
        .writes
        .transact("panics", async |transaction: &mut Transaction<'_>| {
            let rows = transaction.query(&insert("4")).await?;
            assert!(rows.is_empty(), "provoked");
            Ok(Decision::Commit(()))
        })
        .await;
    assert!(matches!(panics, Err(WriteError::Db(DbError::Panicked))), "{panics:?}");
    let idle = house
        .writes
        .transact("idle", async |_: &mut Transaction<'_>| Ok(Decision::Commit(7)))
        .await;
    assert_eq!(idle.expect("answers"), 7);
    assert!(house.revoked().await.is_empty());
}

#[actix_rt::test]
async fn a_row_that_somebody_holds_costs_those_who_want_it_and_no_others() {
    let database = Database::fresh();
    let house = House::on(&database).await;
    house.writes.execute(insert("held")).await.expect("written");
    let url = database.url();
    let holder = std::thread::spawn(move || {
        psql(
            &url,
            "BEGIN; UPDATE revoked_tokens SET expires_at = 5; SELECT pg_sleep(4); COMMIT",
        )
    });
    soon("the row is held", async || {
        psql(
            &database.url(),
            "SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'",
        ) == "1"
    })
    .await;
    let touch = Statement::new("UPDATE revoked_tokens SET expires_at = 6 WHERE jti = $1 RETURNING jti").bind("held");
    let (first, second) = (insert("first"), insert("second"));
    let writes = [first, touch, second].map(|statement| house.writes.execute(statement));
    let answers = join_all(writes).await;
    assert!(answers[0].is_ok() && answers[2].is_ok(), "{answers:?}");
    assert!(
        matches!(answers[1], Err(WriteError::Db(DbError::Unavailable(_)))),
        "{answers:?}"
    );
    holder.join().expect("ends");
    assert_eq!(house.revoked().await, ["first", "held", "second"]);
}
