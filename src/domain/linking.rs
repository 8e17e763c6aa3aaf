//! Accounts and entitlements meet here: a signed-in person links a master key by signing a challenge with it.
//!
//! The two jobs know nothing of each other; in each layer the module of this name is the one place that knows both.
//! A key that nobody linked stays anonymous.

use std::time::Duration;

use blake2b_simd::Params;
use serde::{Deserialize, Serialize};

use super::clock::Timestamp;
use super::entitlement::key::PublicKey;
use super::entitlement::payment::Payment;
use super::entitlement::standing::{self, User};

/// How long a challenge may be answered.
pub const CHALLENGE_LIFETIME: Duration = Duration::from_mins(5);

/// The version of challenges.
pub const VERSION: u8 = 0;

const PERSONALISATION: &[u8; 16] = b"CsLinkMasterKey_";

/// What the master key signs. It names the server and the account, so that no signature serves anywhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Challenge<'a> {
    /// The key to be linked.
    pub master: &'a PublicKey,
    /// This server's issuer.
    pub issuer: &'a str,
    /// The account that asks.
    pub account: &'a str,
    /// Made for this challenge alone.
    pub nonce: &'a str,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl Challenge<'_> {
    /// BLAKE2b-256, personalisation `CsLinkMasterKey_`, over: version (u8), master key (32 bytes), issuer, account, nonce,
    /// expiry in ms (u64 LE). Each text is UTF-8 with its length in bytes before it (u32 LE).
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        let mut state = Params::new().hash_length(32).personal(PERSONALISATION).to_state();
        state.update(&[VERSION]).update(self.master.as_bytes());
        for text in [self.issuer, self.account, self.nonce] {
            let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
            state.update(&length.to_le_bytes()).update(text.as_bytes());
        }
        let expiry = u64::try_from(self.expires_at.as_millis()).unwrap_or(0);
        let digest = state.update(&expiry.to_le_bytes()).finalize();
        let mut hash = [0; 32];
        hash.iter_mut()
            .zip(digest.as_bytes())
            .for_each(|(to, from)| *to = *from);
        hash
    }

    /// Whether the master key has answered it in time.
    #[must_use]
    pub fn is_answered_by(&self, signature: &[u8; 64], now: Timestamp) -> bool {
        now < self.expires_at && self.master.has_signed(&self.hash(), signature)
    }
}

/// The claim `entitlements` of userinfo and ID token. Empty for a linked key that never paid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entitlements {
    /// The one subscription that there is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pro: Option<Pro>,
}

/// What a person is entitled to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pro {
    /// Whether it is so now.
    pub active: bool,
    /// 1: one month, 2: three months, 3: twelve months.
    pub plan: i64,
    /// When it ends, or ended: whole seconds since the Unix epoch, grace included.
    pub expires_at: i64,
    /// Whether the store renews it by itself.
    pub auto_renewing: bool,
}

/// What is known of a linked key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The person behind it, once something was redeemed.
    pub user: Option<User>,
    /// Whether that person's proofs are revoked.
    pub is_revoked: bool,
    /// Of each chain of renewals the newest payment, newest first.
    pub heads: Vec<Payment>,
}

impl Known {
    /// What the key is entitled to at `now`.
    #[must_use]
    pub fn entitlements(&self, now: Timestamp) -> Entitlements {
        let pro = self.user.and_then(|user| {
            let until = user.standing.expires_at;
            let best = standing::best(&self.heads)?;
            Some(Pro {
                active: now <= until && !self.is_revoked,
                plan: i64::from(best.witnessed.plan.number()),
                expires_at: until.as_secs(),
                auto_renewing: user.standing.auto_renewing,
            })
        });
        Entitlements { pro }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::entitlement::key::ProofKey;

    const EXPIRY: Timestamp = Timestamp::from_millis(2_000);

    fn challenge(master: &PublicKey) -> Challenge<'_> {
        Challenge {
            master,
            issuer: "https://id.example.org",
            account: "a1",
            nonce: "n",
            expires_at: EXPIRY,
        }
    }

    #[test]
    fn the_hash_is_laid_out_as_documented() {
        let master = PublicKey::from_bytes([7; 32]);
        let mut preimage = vec![0];
        preimage.extend([7; 32]);
        for text in ["https://id.example.org", "a1", "n"] {
            preimage.extend(u32::try_from(text.len()).expect("short").to_le_bytes());
            preimage.extend(text.as_bytes());
        }
        preimage.extend(2_000_u64.to_le_bytes());
        let wanted = Params::new()
            .hash_length(32)
            .personal(b"CsLinkMasterKey_")
            .hash(&preimage);
        assert_eq!(challenge(&master).hash().as_slice(), wanted.as_bytes());
    }

    #[test]
    fn a_signature_serves_one_challenge_alone_and_in_time() {
        let key = ProofKey::from_seed(&[3; 32]);
        let other = ProofKey::from_seed(&[4; 32]);
        let asked = challenge(key.public());
        let signature = key.sign(&asked.hash());
        let before = Timestamp::from_millis(1_999);
        assert!(asked.is_answered_by(&signature, before));
        assert!(!asked.is_answered_by(&signature, EXPIRY));
        for changed in [
            Challenge {
                master: other.public(),
                ..asked
            },
            Challenge {
                issuer: "https://id.example.or",
                account: "ga1",
                ..asked
            },
            Challenge { account: "a2", ..asked },
            Challenge { nonce: "m", ..asked },
            Challenge {
                expires_at: Timestamp::from_millis(2_001),
                ..asked
            },
        ] {
            assert!(!changed.is_answered_by(&signature, before), "{changed:?}");
        }
    }

    #[test]
    fn the_claim_has_the_shape_that_clients_read() {
        let pro = Pro {
            active: true,
            plan: 3,
            expires_at: 1_700_000_000,
            auto_renewing: false,
        };
        assert_eq!(
            serde_json::to_value(Entitlements { pro: Some(pro) }).expect("writes"),
            serde_json::json!({ "pro": { "active": true, "plan": 3, "expires_at": 1_700_000_000, "auto_renewing": false } })
        );
        assert_eq!(serde_json::to_string(&Entitlements::default()).expect("writes"), "{}");
    }
}
