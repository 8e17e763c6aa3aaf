//! What all payments of a person come to: until when that person is entitled.

use super::ids::Provider;
use super::key::PublicKey;
use super::payment::{Payment, State};
use crate::domain::clock::Timestamp;

/// How many chains of renewals are looked at, the newest first.
pub const CHAINS: i64 = 20;

/// What is known of a person without looking at the payments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Until when the best payment entitles or did, with grace; the epoch if there is none.
    pub expires_at: Timestamp,
    /// That payment's grace, in ms.
    pub grace_ms: i64,
    /// Whether its store will try to renew it.
    pub auto_renewing: bool,
    /// Whether its owner has asked for a refund.
    pub refund_requested_at: Option<Timestamp>,
}

/// A person who has redeemed a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct User {
    /// The master key.
    pub master: PublicKey,
    /// The generation that proofs name now.
    pub gen_index: i64,
    /// What the payments come to.
    pub standing: Standing,
    /// The time in the last request that noted or cleared a refund; older ones are replays.
    pub refund_asked_at: Timestamp,
}

/// What the newest payments of all chains come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Best {
    /// Over all of them.
    pub standing: Standing,
    /// Until when those that are redeemed and not over entitle, with grace; `None` if there are none.
    pub proof_basis: Option<Timestamp>,
}

impl Best {
    /// Of each chain the newest payment, newest first.
    #[must_use]
    pub fn of(heads: &[Payment]) -> Self {
        let standing = best(heads).map_or(
            Standing {
                expires_at: Timestamp::from_millis(0),
                grace_ms: 0,
                auto_renewing: false,
                refund_requested_at: None,
            },
            |payment| Standing {
                expires_at: payment.end_with_grace(),
                grace_ms: payment.grace_ms,
                auto_renewing: payment.auto_renewing && payment.state.revoked_at().is_none(),
                refund_requested_at: payment.refund_requested_at,
            },
        );
        let redeemed = heads.iter().filter(|head| matches!(head.state, State::Redeemed(_)));
        Self {
            standing,
            proof_basis: best(redeemed).map(Payment::end_with_grace),
        }
    }
}

/// Of the newest payments of all chains, newest first, the one that the standing is taken from: it ends last without its
/// grace; of several the newest.
#[must_use]
pub fn best<'a>(heads: impl IntoIterator<Item = &'a Payment>) -> Option<&'a Payment> {
    let mut best: Option<&Payment> = None;
    for head in heads {
        let end = best.map_or(Timestamp::from_millis(0), Payment::end);
        if head.end() > end {
            best = Some(head);
        }
    }
    best
}

/// Everything that a person is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Details {
    /// Known only to those who have redeemed something.
    pub user: Option<User>,
    /// Whether the generation is in the list of revocations.
    pub is_revoked: bool,
    /// How many payments there are.
    pub payments_total: i64,
    /// Whether book-keeping for one of them failed, so that the person should ask for help.
    pub has_error: bool,
    /// The newest of them.
    pub payments: Vec<Payment>,
}

/// Whether somebody is entitled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entitled {
    /// Never was.
    Never,
    /// Is.
    Active,
    /// Was.
    Expired,
}

impl Entitled {
    /// Its number on the wire.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Never => 0,
            Self::Active => 1,
            Self::Expired => 2,
        }
    }
}

impl Details {
    /// Whether the person is entitled at `now`.
    #[must_use]
    pub fn entitled(&self, now: Timestamp) -> Entitled {
        if self.payments_total == 0 {
            return Entitled::Never;
        }
        match self.user {
            Some(user) if now <= user.standing.expires_at && !self.is_revoked => Entitled::Active,
            _ => Entitled::Expired,
        }
    }
}

/// What `user_errors` says: book-keeping for a subscription failed.
#[derive(Clone, PartialEq, Eq)]
pub struct UserError {
    /// Where.
    pub provider: Provider,
    /// Google's token or Apple's original transaction id.
    pub payment_id: String,
}

impl std::fmt::Debug for UserError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "UserError::{:?}(..)", self.provider)
    }
}
