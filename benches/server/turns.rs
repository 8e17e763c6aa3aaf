//! Two servers that take turns at each operation, so that both meet the machine as it is.

use std::sync::atomic::{AtomicUsize, Ordering};

use countersign::config::DatabaseUrl;

use crate::load::{self, Measured, measure};
use crate::people::World;
use crate::process::Process;
use crate::{USERINFO as PATH, bearer};

/// Who has registered and signed in before anything is measured.
pub const PEOPLE: usize = 1_000;

/// A server on its database, and those who use it.
pub struct Place {
    server: Process,
    world: World,
    /// The first who has not registered.
    next: AtomicUsize,
}

impl Place {
    /// Lets everybody register and sign in at a server that has just begun on its database; `newcomers` will register later.
    pub fn open(server: Process, database: &DatabaseUrl, newcomers: usize) -> Self {
        let world = World::plant_on(database, PEOPLE + newcomers);
        load::run(server.address, 0..PEOPLE, &async |connection, number| {
            world.register(connection, number).await;
            world.sign_in(connection, number).await;
        });
        Self {
            server,
            world,
            next: AtomicUsize::new(PEOPLE),
        }
    }
}

/// What is measured, so many at a time.
#[derive(Clone, Copy)]
pub struct Operation {
    /// As in the tables.
    pub name: &'static str,
    work: fn(&Place) -> Measured,
}

/// How many register in a round.
pub const NEWCOMERS: usize = 800;

/// A registration of somebody new.
pub const REGISTRATION: Operation = Operation {
    name: "registration",
    work: |place| {
        let first = place.next.fetch_add(NEWCOMERS, Ordering::Relaxed);
        measure(&place.server, first..first + NEWCOMERS, async |connection, number| {
            place.world.register(connection, number).await;
        })
    },
};

/// A whole sign-in.
pub const SIGN_IN: Operation = Operation {
    name: "whole sign-in",
    work: |place| {
        measure(&place.server, 0..PEOPLE, async |connection, number| {
            place.world.sign_in(connection, number).await;
        })
    },
};

/// A refresh grant.
pub const REFRESH: Operation = Operation {
    name: "refresh with ID token",
    work: |place| {
        measure(&place.server, 0..4_000, async |connection, _| {
            place.world.refresh(connection).await;
        })
    },
};

/// A question for userinfo.
pub const USERINFO: Operation = Operation {
    name: "userinfo",
    work: |place| {
        let headers: Vec<_> = {
            let tokens = place.world.tokens.lock().expect("nobody panics");
            tokens.iter().map(|tokens| bearer(&tokens.access)).collect()
        };
        measure(&place.server, 0..6_000, async |connection, number| {
            let answer = connection.get(PATH, &headers[number % headers.len()]).await;
            answer.expect(200);
        })
    },
};

/// The CPU in µs that `operation` takes at each of the places, in each of so many rounds.
pub fn take(places: &[Place; 2], operation: Operation, rounds: usize) -> Vec<[f64; 2]> {
    (0..rounds)
        .map(|_| places.each_ref().map(|place| (operation.work)(place).micros))
        .collect()
}
