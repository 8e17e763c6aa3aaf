//! `[kv]`: the most entries of each kind in the key-value store.

use super::visit::{Section, Visitor};

/// Bounds in entries. A full kind answers 503; no kind pushes out another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kv {
    /// Authorization requests between authorize and callback.
    pub authorization_requests: usize,
    /// OPAQUE exchanges between start and finish.
    pub login_states: usize,
    /// Logout requests that the page has yet to confirm.
    pub logout_requests: usize,
    /// Throttle counters.
    pub throttle_counters: usize,
}

impl Default for Kv {
    fn default() -> Self {
        Self {
            authorization_requests: 50_000,
            login_states: 20_000,
            logout_requests: 10_000,
            throttle_counters: 500_000,
        }
    }
}

impl Section for Kv {
    fn visit<V: Visitor>(&mut self, v: &mut V) {
        let most = 1..=100_000_000;
        v.within("authorization_requests", &mut self.authorization_requests, most.clone());
        v.within("login_states", &mut self.login_states, most.clone());
        v.within("logout_requests", &mut self.logout_requests, most.clone());
        v.within("throttle_counters", &mut self.throttle_counters, most);
    }
}
