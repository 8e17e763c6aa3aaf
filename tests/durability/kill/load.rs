//! The load: what clients are given to work with, their work, and the check of what they know.

use countersign::domain::account::LinkPurpose;
use futures_util::future::join_all;

use super::client::Client;
use super::database;
use super::history::History;
use crate::support::{Folder, Log, Wire};

/// Clients at once, over the threads that run them.
pub const CLIENTS: usize = 48;
const THREADS: usize = 3;

/// Clients that each thread checks at once.
const CHECKED_AT_ONCE: usize = 4;

/// Links for the round, put in while no server runs: two sign-ups for each client, and a reset for one of its people.
pub fn supply(folder: &Folder, clients: &mut [Client], round: usize) {
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

/// Lets all clients work while `conduct` runs; whoever still works then goes on until an answer does not come.
pub fn under_load<T>(
    addresses: &[String],
    clients: &mut [Client],
    log: &Log,
    history: &History,
    conduct: impl FnOnce() -> T,
) -> T {
    std::thread::scope(|scope| {
        for part in clients.chunks_mut(CLIENTS.div_ceil(THREADS)) {
            scope.spawn(move || {
                let wire = wire(addresses, log);
                on_this_thread(join_all(part.iter_mut().map(|client| client.work(&wire, history))));
            });
        }
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(conduct)).unwrap_or_else(|panic| {
            // Or everybody would work for ever.
            log.end();
            std::panic::resume_unwind(panic)
        })
    })
}

/// Lets each client settle what it does not know and verify what it knows, then reads the database.
pub fn check_all(folder: &Folder, addresses: &[String], clients: &mut [Client], history: &History, everything: bool) {
    let log = Log::default();
    let before = database::read(folder);
    std::thread::scope(|scope| {
        for part in clients.chunks_mut(CLIENTS.div_ceil(THREADS)) {
            let (log, before) = (&log, &before);
            scope.spawn(move || {
                let wire = Wire::among(addresses, log);
                let wire = if addresses.len() > 1 { wire.patient() } else { wire };
                on_this_thread(async {
                    // A few at once: the check must not be what the servers break down under.
                    for few in part.chunks_mut(CHECKED_AT_ONCE) {
                        let checks = few
                            .iter_mut()
                            .map(|client| client.check(&wire, history, before, everything));
                        join_all(checks).await;
                    }
                });
            });
        }
    });
}

/// One server alone answers or is dead; of several, whose stores fail, more is expected.
fn wire<'a>(addresses: &[String], log: &'a Log) -> Wire<'a> {
    let wire = Wire::among(addresses, log);
    if addresses.len() > 1 { wire.forgiving() } else { wire }
}

/// Runs a future to its end.
pub fn on_this_thread<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(work)
}
