//! A payment and the states it goes through (`docs/fsm/payment.mmd`).
//!
//! A store tells of a payment before anybody claims it. Claimed, it entitles its owner until it expires or is revoked.
//! Both are final: a payment that comes late is another payment.

use super::day::shift;
use super::ids::PaymentIds;
use super::key::PublicKey;
use crate::domain::clock::Timestamp;

/// What was bought. Its number says how many months the store sells, not how long the payment lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plan {
    /// One month.
    OneMonth,
    /// Three months.
    ThreeMonths,
    /// Twelve months.
    TwelveMonths,
}

impl Plan {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::OneMonth, Self::ThreeMonths, Self::TwelveMonths];

    /// Its number on the wire and in the database.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::OneMonth => 1,
            Self::ThreeMonths => 2,
            Self::TwelveMonths => 3,
        }
    }

    /// Its name for operators.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OneMonth => "1M",
            Self::ThreeMonths => "3M",
            Self::TwelveMonths => "12M",
        }
    }

    /// The plan of a name, in letters of either case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|plan| plan.name().eq_ignore_ascii_case(name))
    }

    /// The plan of a number; 0 and unknown ones are `None`.
    #[must_use]
    pub fn from_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|plan| i64::from(plan.number()) == number)
    }
}

/// Who has redeemed a payment, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Redemption {
    /// The master key.
    pub owner: PublicKey,
    /// When, as [`super::day::redeemed_at`] says.
    pub at: Timestamp,
}

/// Where a payment is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Seen at the store, claimed by nobody.
    Unredeemed,
    /// Claimed.
    Redeemed(Redemption),
    /// Over; it may never have been claimed.
    Expired(Option<Redemption>),
    /// Refunded; it may never have been claimed.
    Revoked {
        /// Who had claimed it.
        redemption: Option<Redemption>,
        /// When it was refunded: it entitled until then.
        at: Timestamp,
    },
}

impl State {
    /// Its number on the wire and in the database.
    #[must_use]
    pub const fn number(&self) -> u8 {
        match self {
            Self::Unredeemed => 1,
            Self::Redeemed(_) => 2,
            Self::Expired(_) => 3,
            Self::Revoked { .. } => 4,
        }
    }

    /// Who has claimed it.
    #[must_use]
    pub const fn redemption(&self) -> Option<Redemption> {
        match self {
            Self::Unredeemed => None,
            Self::Redeemed(redemption) => Some(*redemption),
            Self::Expired(redemption) | Self::Revoked { redemption, .. } => *redemption,
        }
    }

    /// When it was refunded.
    #[must_use]
    pub const fn revoked_at(&self) -> Option<Timestamp> {
        match self {
            Self::Revoked { at, .. } => Some(*at),
            _ => None,
        }
    }
}

/// Whom a store says a payment was made by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreAccount {
    /// Google's hash of the master key; a payment without can be claimed by nobody.
    Google(Option<[u8; 32]>),
    /// Apple's token. Clients have no rule yet for making one of a master key, so that anybody who knows the
    /// transaction may claim it.
    Apple(String),
    /// An operator needs none.
    None,
}

impl StoreAccount {
    /// Whether the owner of `master` made the payment.
    #[must_use]
    pub fn is_of(&self, master: &PublicKey) -> bool {
        match self {
            Self::Google(account) => *account == Some(master.google_account_id()),
            Self::Apple(_) | Self::None => true,
        }
    }
}

/// A payment as a store tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witnessed {
    /// Its ids.
    pub ids: PaymentIds,
    /// What was bought.
    pub plan: Plan,
    /// Whom the store says it was bought by.
    pub account: StoreAccount,
    /// When the store saw it.
    pub unredeemed_at: Timestamp,
    /// Until when it entitles, without grace.
    pub expires_at: Timestamp,
    /// Until when the store's own refund is a matter of course.
    pub refund_deadline_at: Timestamp,
}

/// A payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// Its number; later ones have higher numbers.
    pub id: i64,
    /// What the store told.
    pub witnessed: Witnessed,
    /// Where it is on its way.
    pub state: State,
    /// Whether the store will try to renew it.
    pub auto_renewing: bool,
    /// How long it goes on after its end while the store tries to, in ms.
    pub grace_ms: i64,
    /// When its owner asked the store for a refund.
    pub refund_requested_at: Option<Timestamp>,
}

/// The payment is not in a state that has this step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a payment of status {0} does not take this step")]
pub struct IllegalStep(pub u8);

/// Why somebody does not get a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotClaimable {
    /// The same master key has it already.
    #[error("this master key has already redeemed this payment")]
    AlreadyRedeemed,
    /// Unknown, somebody else's, over or refunded before anybody claimed it, alike.
    #[error("no such payment is waiting for this master key")]
    NotFound,
}

impl Payment {
    /// A payment seen for the first time. Stores renew by themselves, operators do not.
    #[must_use]
    pub fn witness(id: i64, witnessed: Witnessed) -> Self {
        Self {
            id,
            auto_renewing: !matches!(witnessed.ids, PaymentIds::Rangeproof { .. }),
            witnessed,
            state: State::Unredeemed,
            grace_ms: 0,
            refund_requested_at: None,
        }
    }

    /// Whether `master` may redeem it.
    ///
    /// # Errors
    /// [`NotClaimable`].
    pub fn claimable_by(&self, master: &PublicKey) -> Result<(), NotClaimable> {
        match self.state {
            State::Unredeemed if self.witnessed.account.is_of(master) => Ok(()),
            State::Unredeemed => Err(NotClaimable::NotFound),
            _ if self
                .state
                .redemption()
                .is_some_and(|redemption| redemption.owner == *master) =>
            {
                Err(NotClaimable::AlreadyRedeemed)
            }
            _ => Err(NotClaimable::NotFound),
        }
    }

    /// Somebody claims it.
    ///
    /// # Errors
    /// [`IllegalStep`] if it is not unredeemed.
    pub fn redeem(self, redemption: Redemption) -> Result<Self, IllegalStep> {
        match self.state {
            State::Unredeemed => Ok(Self {
                state: State::Redeemed(redemption),
                ..self
            }),
            other => Err(IllegalStep(other.number())),
        }
    }

    /// Its time is over at `now`; grace is not looked at.
    ///
    /// # Errors
    /// [`IllegalStep`] if it is not, or if it has ended otherwise.
    pub fn expire(self, now: Timestamp) -> Result<Self, IllegalStep> {
        match self.state {
            State::Unredeemed | State::Redeemed(_) if self.witnessed.expires_at <= now => Ok(Self {
                state: State::Expired(self.state.redemption()),
                ..self
            }),
            other => Err(IllegalStep(other.number())),
        }
    }

    /// The store takes it back at `at`.
    ///
    /// # Errors
    /// [`IllegalStep`] if it has ended already: stores repeat themselves.
    pub fn revoke(self, at: Timestamp) -> Result<Self, IllegalStep> {
        match self.state {
            State::Unredeemed | State::Redeemed(_) => Ok(Self {
                state: State::Revoked {
                    redemption: self.state.redemption(),
                    at,
                },
                auto_renewing: false,
                ..self
            }),
            other => Err(IllegalStep(other.number())),
        }
    }

    /// The store tells whether it will renew the payment, and how long it tries. What is `None` stays.
    ///
    /// # Errors
    /// [`IllegalStep`] if it was revoked: such news comes too late.
    pub fn renew(self, renewal: Renewal) -> Result<Self, IllegalStep> {
        match self.state {
            State::Revoked { .. } => Err(IllegalStep(self.state.number())),
            _ => Ok(Self {
                grace_ms: renewal.grace_ms.unwrap_or(self.grace_ms),
                auto_renewing: renewal.auto_renewing.unwrap_or(self.auto_renewing),
                ..self
            }),
        }
    }

    /// Until when it entitles or did, without grace.
    #[must_use]
    pub fn end(&self) -> Timestamp {
        self.state.revoked_at().unwrap_or(self.witnessed.expires_at)
    }

    /// The same with grace, which a payment has while its store tries to renew it.
    #[must_use]
    pub fn end_with_grace(&self) -> Timestamp {
        if self.auto_renewing && self.state.revoked_at().is_none() {
            shift(self.end(), self.grace_ms)
        } else {
            self.end()
        }
    }
}

/// What a store tells of renewals; `None` leaves a value as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Renewal {
    /// How long the store tries, in ms.
    pub grace_ms: Option<i64>,
    /// Whether it tries.
    pub auto_renewing: Option<bool>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn payment() -> Payment {
        Payment::witness(
            1,
            Witnessed {
                ids: PaymentIds::Apple {
                    original: "o".to_owned(),
                    tx: "t".to_owned(),
                    web_line: String::new(),
                },
                plan: Plan::OneMonth,
                account: StoreAccount::Apple(String::new()),
                unredeemed_at: at(0),
                expires_at: at(100),
                refund_deadline_at: at(0),
            },
        )
    }

    #[derive(Clone, Copy, Debug)]
    enum Step {
        Redeem(u8),
        Expire(i64),
        Revoke(i64),
        Renew(bool, i64),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            any::<u8>().prop_map(Step::Redeem),
            (0..200_i64).prop_map(Step::Expire),
            (0..200_i64).prop_map(Step::Revoke),
            (any::<bool>(), 0..50_i64).prop_map(|(auto, grace)| Step::Renew(auto, grace)),
        ]
    }

    fn take(payment: Payment, step: Step) -> Result<Payment, IllegalStep> {
        match step {
            Step::Redeem(owner) => payment.redeem(Redemption {
                owner: PublicKey::from_bytes([owner; 32]),
                at: at(1),
            }),
            Step::Expire(now) => payment.expire(at(now)),
            Step::Revoke(now) => payment.revoke(at(now)),
            Step::Renew(auto_renewing, grace_ms) => payment.renew(Renewal {
                grace_ms: Some(grace_ms),
                auto_renewing: Some(auto_renewing),
            }),
        }
    }

    proptest! {
        /// The edges of `docs/fsm/payment.mmd`, and no others.
        #[test]
        fn no_sequence_of_steps_reaches_an_undeclared_state(steps in prop::collection::vec(step(), 0..20)) {
            let mut now = payment();
            for step in steps {
                let before = now.clone();
                let Ok(after) = take(now.clone(), step) else { continue };
                let edge = (before.state.number(), after.state.number());
                let allowed = match step {
                    Step::Redeem(_) => edge == (1, 2),
                    Step::Expire(_) => matches!(edge, (1 | 2, 3)),
                    Step::Revoke(_) => matches!(edge, (1 | 2, 4)),
                    Step::Renew(..) => edge.0 == edge.1 && edge.0 != 4,
                };
                prop_assert!(allowed, "{step:?} {edge:?}");
                // Who has redeemed it never changes, and a revoked payment is never renewed.
                if let Some(redemption) = before.state.redemption() {
                    prop_assert_eq!(after.state.redemption(), Some(redemption));
                }
                prop_assert!(after.state.revoked_at().is_none() || !after.auto_renewing);
                prop_assert!(after.end_with_grace() >= after.end());
                now = after;
            }
        }
    }

    #[test]
    fn a_payment_is_claimed_once_and_by_whom_it_was_made_for() {
        let (ada, eve) = (PublicKey::from_bytes([1; 32]), PublicKey::from_bytes([2; 32]));
        let mut waiting = payment();
        waiting.witnessed.account = StoreAccount::Google(Some(ada.google_account_id()));
        assert_eq!(waiting.claimable_by(&ada), Ok(()));
        assert_eq!(waiting.claimable_by(&eve), Err(NotClaimable::NotFound));
        waiting.witnessed.account = StoreAccount::Google(None);
        assert_eq!(waiting.claimable_by(&ada), Err(NotClaimable::NotFound));

        let taken = payment().redeem(Redemption { owner: ada, at: at(1) }).expect("is free");
        assert_eq!(taken.claimable_by(&ada), Err(NotClaimable::AlreadyRedeemed));
        assert_eq!(taken.claimable_by(&eve), Err(NotClaimable::NotFound));
        let over = payment().expire(at(100)).expect("is over");
        assert_eq!(over.claimable_by(&ada), Err(NotClaimable::NotFound));
        assert_eq!(payment().expire(at(99)), Err(IllegalStep(1)));
    }
}
