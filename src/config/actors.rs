//! `[actors]`: the most messages that may wait at each actor.

use super::visit::{Section, Visitor};

/// Capacity of each actor's door, in messages waiting or in work; a full one answers 503 at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Actors {
    /// Each shard of Login.
    pub login: usize,
    /// `KeyRing`.
    pub key_ring: usize,
    /// Each shard of Grants.
    pub grants: usize,
    /// Ledger.
    pub ledger: usize,
    /// Writer.
    pub writer: usize,
    /// Mailer.
    pub mailer: usize,
    /// Notifier.
    pub notifier: usize,
    /// Members.
    pub members: usize,
    /// Sweeper.
    pub sweeper: usize,
    /// Linking.
    pub linking: usize,
}

impl Default for Actors {
    fn default() -> Self {
        Self {
            login: 1024,
            key_ring: 256,
            grants: 1024,
            ledger: 1024,
            writer: 4096,
            mailer: 256,
            notifier: 16,
            members: 256,
            sweeper: 16,
            linking: 256,
        }
    }
}

impl Section for Actors {
    fn visit<V: Visitor>(&mut self, v: &mut V) {
        let most = 1..=1_000_000;
        v.within("login", &mut self.login, most.clone());
        v.within("key_ring", &mut self.key_ring, most.clone());
        v.within("grants", &mut self.grants, most.clone());
        v.within("ledger", &mut self.ledger, most.clone());
        v.within("writer", &mut self.writer, most.clone());
        v.within("mailer", &mut self.mailer, most.clone());
        v.within("notifier", &mut self.notifier, most.clone());
        v.within("members", &mut self.members, most.clone());
        v.within("sweeper", &mut self.sweeper, most.clone());
        v.within("linking", &mut self.linking, most);
    }
}
