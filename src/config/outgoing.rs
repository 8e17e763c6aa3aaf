//! `[outgoing]`: bounds of what this server fetches from or posts to the addresses that clients registered.

use std::time::Duration;

use ipnet::IpNet;

use super::visit::{Section, Visitor};

/// Requests to `jwks_uri`, `sector_identifier_uri` and `backchannel_logout_uri`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// From the look-up of the name to the last byte of the answer.
    pub timeout: Duration,
    /// The longest answer that is read, in bytes.
    pub body_bytes: usize,
    /// The most such requests at once.
    pub at_once: usize,
    /// Networks that may be reached although they are not public, such as `10.0.0.0/8`.
    pub allowed_networks: Vec<IpNet>,
}

impl Default for Outgoing {
    fn default() -> Self {
        Self {
            timeout: Duration::from_millis(2500),
            body_bytes: 64 * 1024,
            at_once: 64,
            allowed_networks: Vec::new(),
        }
    }
}

impl Section for Outgoing {
    fn visit<V: Visitor>(&mut self, v: &mut V) {
        v.within(
            "timeout",
            &mut self.timeout,
            Duration::from_millis(100)..=Duration::from_secs(30),
        );
        v.within("body_bytes", &mut self.body_bytes, 1024..=1_048_576);
        v.within("at_once", &mut self.at_once, 1..=10_000);
        v.value("allowed_networks", &mut self.allowed_networks);
    }
}
