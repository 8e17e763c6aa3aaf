//! A server whose disk is full.

use test_stores::{Database, psql};

use super::*;

#[actix_rt::test]
async fn a_start_on_a_full_disk_is_refused_in_words_and_leaves_nothing_half_made() {
    let mut server = test_stores::postgres_on_a_small_disk(150);
    let (untouched, visited) = (Database::within(&server.url), Database::within(&server.url));
    // The first session of a database writes; the next ones need no room before the migrations do.
    psql(&visited.url(), "SELECT 1");
    server.fill();
    for database in [&untouched, &visited] {
        let refused = refusal(&database.url(), Migrate::Up).await;
        assert!(refused.contains("make room on the disk"), "{refused}");
    }
    server.spare();
    for database in [&untouched, &visited] {
        open_at(&database.url(), Mode::Dev, Migrate::Up).await.expect("opens");
    }
}
