//! No room left for PostgreSQL: nothing that was acknowledged is lost, what cannot be written is refused, and all is well
//! when there is room again.

use std::time::Duration;

use super::house::{House, RECOVERY, status, until};
use crate::kill::{CLIENTS, Client, History, check_all, supply, under_load};
use crate::support::Log;

/// Refusals that show that there is no room.
const REFUSED: usize = 20;

#[test]
fn a_database_whose_disk_is_full() {
    let (postgres, redis) = (test_stores::postgres_on_a_small_disk(200), test_stores::redis(&[]));
    let mut house = House::on(postgres, redis, str::to_owned);
    house.add(2);
    let addresses = house.addresses();
    let history = History::default();
    let mut clients: Vec<Client> = (0..CLIENTS).map(Client::new).collect();
    supply(&house.folder, &mut clients, 0);
    let log = Log::default();
    under_load(&addresses, &mut clients, &log, &history, || {
        until(Duration::from_mins(2), "the load has come about", || {
            log.acknowledged() >= 200
        });
        house.postgres.fill();
        until(Duration::from_mins(2), "there is no room", || {
            log.unavailable() >= REFUSED
        });
        for server in &house.servers {
            assert_eq!(status(server, "/healthz"), Some(200));
        }
        house.postgres.spare();
        std::thread::sleep(RECOVERY);
        log.end();
    });
    log.assert_well_refused();
    history.assert_clean(0);
    house.recovered();
    check_all(&house.folder, &addresses, &mut clients, &history, true);
    history.assert_clean(1);

    supply(&house.folder, &mut clients, 1);
    let log = Log::default();
    under_load(&addresses, &mut clients, &log, &history, || {
        until(Duration::from_mins(1), "all work again", || log.acknowledged() >= 200);
        log.end();
    });
    assert_eq!(log.unavailable(), 0, "nothing is refused any more");
    check_all(&house.folder, &addresses, &mut clients, &history, true);
    history.assert_clean(2);
    println!("{history}");
}
