//! Writes that share commits, and writes that go wrong.

use futures_util::FutureExt as _;
use futures_util::future::{join_all, join3};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};

use super::*;
use crate::actors::supervise::Provoke;
use crate::testing::TestStore;

fn insert(jti: usize) -> Statement {
    Statement::new("INSERT INTO revoked_tokens (jti, expires_at) VALUES ($1, 0) RETURNING jti").bind(jti.to_string())
}

async fn stored(store: &TestStore) -> Vec<String> {
    let rows = store.rows("SELECT jti FROM revoked_tokens ORDER BY jti").await;
    rows.iter().map(|row| row.text(0).expect("text").to_owned()).collect()
}

fn commits(recorder: &PrometheusRecorder) -> usize {
    let text = recorder.handle().render();
    text.lines()
        .find_map(|line| line.strip_prefix("countersign_commits_total "))
        .map_or(0, |count| count.parse().expect("a number"))
}

#[actix_rt::test]
async fn two_hundred_writes_at_once_share_a_few_commits() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let store = TestStore::new();
    store.writes.execute(insert(0)).await.expect("written");
    assert_eq!(commits(&recorder), 1, "one alone is committed at once");
    let answers = join_all((1..=200).map(|jti| store.writes.execute(insert(jti)))).await;
    for (answer, jti) in answers.iter().zip(1..) {
        let rows = answer.as_ref().expect("written");
        assert_eq!(
            rows[0].text(0).expect("text"),
            format!("{jti}"),
            "each gets its own rows"
        );
    }
    assert_eq!(stored(&store).await.len(), 201);
    let commits = commits(&recorder);
    assert!(commits <= 5, "{commits} commits");
}

#[actix_rt::test]
async fn a_batch_is_bounded_and_nothing_is_left_behind() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let store = TestStore::new();
    store.writes.execute(insert(0)).await.expect("written");
    let answers = join_all((1..=2 * BATCH + 1).map(|jti| store.writes.execute(insert(jti)))).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(stored(&store).await.len(), 2 * BATCH + 2);
    assert!(commits(&recorder) >= 4);
}

#[actix_rt::test]
async fn a_command_that_panics_fails_alone_in_its_batch() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let store = TestStore::new();
    let bad = store.writes.transact("bad", async |transaction: &mut Transaction<'_>| {
        transaction.query(&insert(2)).await?;
        assert!(stored_in(transaction).await? == 3, "provoked");
        Ok(Decision::Commit(()))
    });
    let (first, bad, last) = join3(store.writes.execute(insert(1)), bad, store.writes.execute(insert(3))).await;
    assert!(first.is_ok() && last.is_ok());
    assert!(matches!(bad, Err(WriteError::Db(DbError::Panicked))), "{bad:?}");
    assert_eq!(stored(&store).await, ["1", "3"]);
    assert_eq!(commits(&recorder), 1);
}

async fn stored_in(transaction: &mut Transaction<'_>) -> Result<usize, DbError> {
    let all = Statement::new("SELECT jti FROM revoked_tokens");
    Ok(transaction.query(&all).await?.len())
}

#[actix_rt::test]
async fn a_panic_of_the_role_costs_its_own_request_and_no_work_that_waits() {
    let store = TestStore::new();
    let answers = join3(
        store.writes.execute(insert(1)),
        store.writes.door().ask(Provoke { later: false }),
        store.writes.execute(insert(2)),
    )
    .await;
    assert!(answers.0.is_ok());
    assert_eq!(answers.1, Err(Fault::Panicked));
    assert!(answers.2.is_ok());
    assert_eq!(stored(&store).await, ["1", "2"]);
}

#[actix_rt::test]
async fn a_write_whose_asker_left_is_withdrawn_or_stays() {
    let store = TestStore::new();
    store.writes.execute(insert(0)).await.expect("written");
    assert!(store.writes.execute(insert(1)).now_or_never().is_none());
    store.writes.execute(insert(2)).await.expect("written");
    assert_eq!(stored(&store).await, ["0", "2"], "left before it was begun");

    let mut left = Box::pin(store.writes.execute(insert(3)));
    assert!(left.as_mut().now_or_never().is_none());
    // This one queues behind, so the other has been committed when it is answered.
    store.writes.execute(insert(4)).await.expect("written");
    drop(left);
    assert_eq!(stored(&store).await, ["0", "2", "3", "4"], "left after it was begun");
}
