//! What a development server mints: payments that no store has seen, for ids that begin with `DEV.`.

use super::day::{DAY, YEAR, shift};
use super::ids::{ClaimIds, PaymentIds};
use super::key::PublicKey;
use super::payment::{Plan, Renewal, StoreAccount, Witnessed};
use crate::domain::clock::Timestamp;

/// How an id begins that mints.
const PREFIX: &str = "DEV.";

/// How long a minted payment goes on while it renews, in ms.
const GRACE_MS: i64 = 60_000;

/// What a claim asks of a development server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mint {
    /// What is bought.
    pub plan: Plan,
    /// How long it lasts, in ms.
    pub duration_ms: i64,
    /// Whether it renews.
    pub auto_renewing: bool,
}

impl Default for Mint {
    fn default() -> Self {
        Self {
            plan: Plan::OneMonth,
            duration_ms: DAY,
            auto_renewing: false,
        }
    }
}

/// The longest that a minted payment lasts, in ms.
pub const LONGEST: i64 = YEAR;

/// The plan of a `dev_plan`, in letters of either case.
#[must_use]
pub fn plan(text: &str) -> Option<Plan> {
    let names = ["OneMonth", "ThreeMonth", "TwelveMonth"];
    let mut plans = names.into_iter().zip(Plan::ALL);
    plans
        .find(|(name, _)| name.eq_ignore_ascii_case(text))
        .map(|(_, plan)| plan)
}

/// Whether a claim of these ids mints.
#[must_use]
pub fn mints(ids: &ClaimIds) -> bool {
    match ids {
        ClaimIds::Google { order, .. } => order.starts_with(PREFIX),
        ClaimIds::Apple { tx } => tx.starts_with(PREFIX),
        ClaimIds::Rangeproof { .. } => false,
    }
}

impl Mint {
    /// The payment that a claim by `master` mints.
    #[must_use]
    pub fn payment(&self, ids: &ClaimIds, master: &PublicKey, now: Timestamp) -> Option<Witnessed> {
        let (ids, account) = match ids {
            ClaimIds::Google { token, order } => (
                PaymentIds::Google {
                    token: token.clone(),
                    order: order.clone(),
                },
                StoreAccount::Google(Some(master.google_account_id())),
            ),
            ClaimIds::Apple { tx } => (
                PaymentIds::Apple {
                    original: tx.clone(),
                    tx: tx.clone(),
                    web_line: String::new(),
                },
                StoreAccount::Apple(String::new()),
            ),
            ClaimIds::Rangeproof { .. } => return None,
        };
        Some(Witnessed {
            ids,
            plan: self.plan,
            account,
            unredeemed_at: now,
            expires_at: shift(now, self.duration_ms),
            refund_deadline_at: Timestamp::from_millis(0),
        })
    }

    /// What the store that does not exist tells of its renewal.
    #[must_use]
    pub const fn renewal(&self) -> Renewal {
        Renewal {
            grace_ms: Some(if self.auto_renewing { GRACE_MS } else { 0 }),
            auto_renewing: Some(self.auto_renewing),
        }
    }
}
