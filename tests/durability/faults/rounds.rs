//! Random kills, again and again on the same stores: servers and stores, alone and together.

use std::time::{Duration, Instant};

use super::house::{House, until};
use crate::kill::{CLIENTS, Client, History, check_all, supply, under_load};
use crate::support::Log;

/// What a round must have had before its kill, and so much more at the most.
const LEAST_ACKNOWLEDGED: usize = 100;
const SPREAD: usize = 200;

/// How often everything is checked, and not only what was touched.
const WHOLE_CHECK: usize = 10;

#[test]
fn what_was_acknowledged_outlives_random_kills_of_servers_and_stores() {
    let rounds = std::env::var("COUNTERSIGN_FAULT_ROUNDS").map_or(50, |text| text.parse().expect("a number of rounds"));
    let seed = std::env::var("COUNTERSIGN_FAULT_SEED").map_or(1, |text| text.parse().expect("a seed"));
    let began = Instant::now();
    let mut house = House::with(2);
    let history = History::default();
    let mut clients: Vec<Client> = (0..CLIENTS).map(Client::new).collect();
    let (mut dice, mut acknowledged) = (Dice(seed), 0);
    for round in 0..rounds {
        supply(&house.folder, &mut clients, round);
        let (least, kill) = (LEAST_ACKNOWLEDGED + dice.below(SPREAD), dice.below(KILLS.len()));
        let log = Log::default();
        let addresses = house.addresses();
        under_load(&addresses, &mut clients, &log, &history, || {
            until(Duration::from_mins(2), "the load has come about", || {
                log.acknowledged() >= least
            });
            (KILLS[kill].1)(&mut house);
            log.end();
        });
        acknowledged += log.acknowledged();
        log.assert_well_refused();
        println!("round {round}: {}", KILLS[kill].0);
        history.assert_clean(round);
        house.recovered();
        let everything = round % WHOLE_CHECK == WHOLE_CHECK - 1 || round + 1 == rounds;
        check_all(&house.folder, &house.addresses(), &mut clients, &history, everything);
        history.assert_clean(round);
    }
    println!(
        "{rounds} kills in {:.0} s, {acknowledged} acknowledged writes; {history}",
        began.elapsed().as_secs_f64()
    );
}

/// Kills something and brings it back.
type Kill = fn(&mut House);

/// What is killed.
const KILLS: [(&str, Kill); 6] = [
    ("one server", |house| house.replace(0)),
    ("the other server", |house| house.replace(1)),
    ("both servers", |house| {
        house.servers[1].kill();
        house.replace(0);
        house.replace(1);
    }),
    ("the database, in its immediate mode", |house| {
        house.postgres.stop();
        house.postgres.resume();
    }),
    ("the key-value store", |house| {
        house.redis.kill();
        house.redis.resume();
    }),
    ("a server and both stores", |house| {
        house.redis.kill();
        house.postgres.stop();
        house.servers[0].kill();
        house.postgres.resume();
        house.redis.resume();
        house.replace(0);
    }),
];

/// Numbers that look random and come again with the seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % bound
    }
}
