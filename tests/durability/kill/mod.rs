//! `kill -9` under load, again and again in one folder: what was acknowledged is there, and nothing was spent twice.

mod act;
mod check;
mod client;
mod database;
mod history;
mod load;

use std::time::{Duration, Instant};

pub use client::Client;
pub use history::History;
pub use load::{CLIENTS, check_all, on_this_thread, supply, under_load};

use crate::support::{Folder, Log, Process};

/// What a round must have had before its kill.
const LEAST_ACKNOWLEDGED: usize = 200;
const LEAST_IN_FLIGHT: usize = 20;

/// So many above the least, since some are answered between the look and the kill.
const MARGIN: usize = 8;

/// A start after a kill may take so long on a busy machine.
const LONGEST_START: Duration = Duration::from_secs(10);

#[test]
fn what_was_acknowledged_outlives_every_kill_and_nothing_is_spent_twice() {
    let rounds = std::env::var("COUNTERSIGN_KILL_ROUNDS").map_or(50, |text| text.parse().expect("a number of rounds"));
    let began = Instant::now();
    let folder = Folder::new();
    let history = History::default();
    let mut clients: Vec<Client> = (0..CLIENTS).map(Client::new).collect();
    let mut figures = Figures::default();
    for round in 0..rounds {
        supply(&folder, &mut clients, round);
        let mut server = Process::dev(&folder.path());
        figures.longest_start = figures.longest_start.max(server.took);
        check_all(&folder, &[server.address().to_owned()], &mut clients, &history, false);
        history.assert_clean(round);

        let log = Log::default();
        let killed = load_until_killed(&mut server, &mut clients, &log, &history, least(round));
        let (in_flight, never) = log.unanswered_at(killed);
        let acknowledged = log.acknowledged();
        assert!(in_flight >= LEAST_IN_FLIGHT, "round {round}: {in_flight} in flight");
        assert!(
            acknowledged >= LEAST_ACKNOWLEDGED,
            "round {round}: {acknowledged} acknowledged"
        );
        figures.add(acknowledged, in_flight, never);
        history.assert_clean(round);
        println!("round {round}: killed with {acknowledged} acknowledged, {in_flight} in flight");
    }
    let server = Process::dev(&folder.path());
    figures.longest_start = figures.longest_start.max(server.took);
    check_all(&folder, &[server.address().to_owned()], &mut clients, &history, true);
    history.assert_clean(rounds);
    drop(server);
    database::assert_intact(&folder);
    assert!(figures.longest_start <= LONGEST_START, "{figures:?}");
    let people: usize = clients.iter().map(|client| client.people.len()).sum();
    println!(
        "{rounds} kills in {:.0} s with {people} people: {figures:?}; {history}",
        began.elapsed().as_secs_f64()
    );
}

/// What the database itself finds wrong with its files.
pub fn database_is_intact(folder: &Folder) {
    database::assert_intact(folder);
}

/// The checker is only worth something if it sees what it looks for.
#[test]
fn the_checker_sees_each_kind_of_loss() {
    for (name, damage) in [
        (
            "a session that ended lives again",
            "UPDATE sessions SET ended_at = NULL WHERE ended_at IS NOT NULL",
        ),
        (
            "a family that ended lives again",
            "UPDATE families SET ended_at = NULL WHERE ended_at IS NOT NULL",
        ),
        (
            "a rotation is lost",
            "UPDATE families SET sequence = sequence - 1 WHERE sequence > 0",
        ),
        (
            "a spent code can be spent again",
            "UPDATE authorization_codes SET spent_at = NULL, family_id = NULL WHERE spent_at IS NOT NULL",
        ),
        (
            "a spent link can be spent again",
            "UPDATE links SET spent_at = NULL WHERE spent_at IS NOT NULL",
        ),
        ("a session is lost", "DELETE FROM sessions"),
        ("accounts are lost", "DELETE FROM accounts"),
        ("a revoked access token is good again", "DELETE FROM revoked_tokens"),
    ] {
        let folder = Folder::new();
        let (history, log) = (History::default(), Log::default());
        let mut clients: Vec<Client> = (0..CLIENTS).map(Client::new).collect();
        supply(&folder, &mut clients, 0);
        let mut server = Process::dev(&folder.path());
        load_until_killed(&mut server, &mut clients, &log, &history, 10 * LEAST_ACKNOWLEDGED);
        history.assert_clean(0);
        folder.damage(damage);
        let server = Process::dev(&folder.path());
        check_all(&folder, &[server.address().to_owned()], &mut clients, &history, true);
        assert!(history.is_broken(), "not seen: {name}");
    }
}

/// What a run measured.
#[derive(Debug, Default)]
struct Figures {
    acknowledged: usize,
    fewest_acknowledged: Option<usize>,
    fewest_in_flight: Option<usize>,
    cut_off: usize,
    longest_start: Duration,
}

impl Figures {
    fn add(&mut self, acknowledged: usize, in_flight: usize, never: usize) {
        let least = |known: Option<usize>, new| Some(known.map_or(new, |known| known.min(new)));
        self.acknowledged += acknowledged;
        self.fewest_acknowledged = least(self.fewest_acknowledged, acknowledged);
        self.fewest_in_flight = least(self.fewest_in_flight, in_flight);
        self.cut_off += never;
    }
}

/// Kills come at another moment in each round.
fn least(round: usize) -> usize {
    LEAST_ACKNOWLEDGED + round * 37 % 300
}

/// Lets all clients work, and kills the server when enough was acknowledged and enough is in flight; gives the moment.
fn load_until_killed(
    server: &mut Process,
    clients: &mut [Client],
    log: &Log,
    history: &History,
    least: usize,
) -> Instant {
    let began = Instant::now();
    let addresses = [server.address().to_owned()];
    under_load(&addresses, clients, log, history, || {
        loop {
            let is_time = log.acknowledged() >= least && log.in_flight() >= LEAST_IN_FLIGHT + MARGIN;
            if is_time {
                let killed = Instant::now();
                server.kill();
                return killed;
            }
            if began.elapsed() > Duration::from_mins(2) || !server.lives() {
                server.kill();
                panic!("the load does not come about: {log:?}");
            }
            std::thread::sleep(Duration::from_micros(500));
        }
    })
}
