//! `kill -9` under load, again and again in one folder: what was acknowledged is there, and nothing was spent twice.

mod act;
mod check;
mod client;
mod database;
mod history;

use std::time::{Duration, Instant};

use countersign::domain::account::LinkPurpose;
use futures_util::future::join_all;

use crate::support::{Folder, Log, Process, Wire};
use client::Client;
use history::History;

/// Clients at once, over the threads that run them.
const CLIENTS: usize = 48;
const THREADS: usize = 3;

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
        check_all(&folder, &server, &mut clients, &history, false);
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
    }
    let server = Process::dev(&folder.path());
    figures.longest_start = figures.longest_start.max(server.took);
    check_all(&folder, &server, &mut clients, &history, true);
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
        database::damage(&folder, damage);
        let server = Process::dev(&folder.path());
        check_all(&folder, &server, &mut clients, &history, true);
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

/// Links for the round, put in while no server runs: two sign-ups for each client, and a reset for one of its people.
fn supply(folder: &Folder, clients: &mut [Client], round: usize) {
    let fresh: Vec<_> = clients
        .iter()
        .flat_map(|client| (0..2).map(move |n| (format!("c{}r{round}n{n}@example.org", client.number), None)))
        .collect();
    let mut tokens = folder.plant(LinkPurpose::ConfirmEmail, &fresh).into_iter().zip(fresh);
    for client in clients.iter_mut() {
        client.invitations = tokens
            .by_ref()
            .take(2)
            .map(|(token, (email, _))| (email, token))
            .collect();
    }

    let ids = database::accounts(folder);
    let mut wanted = Vec::new();
    for client in clients.iter_mut() {
        client.resets.clear();
        let Some(index) = client.settled_person() else { continue };
        let person = &client.people[index];
        let id = ids.get(&person.email).expect("an acknowledged account has a row");
        wanted.push((client.number, index, person.email.clone(), id.clone()));
    }
    let addresses: Vec<_> = wanted
        .iter()
        .map(|(_, _, email, id)| (email.clone(), Some(id.clone())))
        .collect();
    let tokens = folder.plant(LinkPurpose::ResetPassword, &addresses);
    for ((number, index, ..), token) in wanted.into_iter().zip(tokens) {
        clients[number].resets.push((index, token));
    }
}

/// Lets all clients work, and kills the server when enough was acknowledged and enough is in flight; gives the moment.
fn load_until_killed(
    server: &mut Process,
    clients: &mut [Client],
    log: &Log,
    history: &History,
    least: usize,
) -> Instant {
    let address = server.address().to_owned();
    let began = Instant::now();
    std::thread::scope(|scope| {
        for part in clients.chunks_mut(CLIENTS.div_ceil(THREADS)) {
            let address = &address;
            scope.spawn(move || {
                let wire = Wire::to(address, log);
                on_this_thread(join_all(part.iter_mut().map(|client| client.work(&wire, history))));
            });
        }
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

/// Lets each client settle what it does not know and verify what it knows, then reads the database.
fn check_all(folder: &Folder, server: &Process, clients: &mut [Client], history: &History, everything: bool) {
    let log = Log::default();
    let before = database::read(folder);
    std::thread::scope(|scope| {
        for part in clients.chunks_mut(CLIENTS.div_ceil(THREADS)) {
            let (log, before) = (&log, &before);
            scope.spawn(move || {
                let wire = Wire::to(server.address(), log);
                let checks = part
                    .iter_mut()
                    .map(|client| client.check(&wire, history, before, everything));
                on_this_thread(join_all(checks));
            });
        }
    });
}

fn on_this_thread<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(work)
}
