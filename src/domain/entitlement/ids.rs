//! How payments are told apart: by the ids that their stores gave them.

use std::fmt;

/// The longest id that is stored, in bytes. Stores' own are far below; an index of the database holds two.
pub const MAX_ID: usize = 1024;

/// Where a payment was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Provider {
    /// Google Play.
    Google,
    /// The Apple App Store.
    Apple,
    /// Nowhere: an operator granted it.
    Rangeproof,
}

impl Provider {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Google, Self::Apple, Self::Rangeproof];

    /// Its number on the wire and in the database.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Google => 1,
            Self::Apple => 2,
            Self::Rangeproof => 3,
        }
    }

    /// The provider of a number; 0 and unknown ones are `None`.
    #[must_use]
    pub fn from_number(number: i64) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|provider| i64::from(provider.number()) == number)
    }
}

/// What somebody who claims a payment knows of it. It does not print.
#[derive(Clone, PartialEq, Eq)]
pub enum ClaimIds {
    /// Google Play.
    Google {
        /// The purchase token: one for each subscription.
        token: String,
        /// The order id: one for each payment.
        order: String,
    },
    /// The Apple App Store.
    Apple {
        /// The transaction id.
        tx: String,
    },
    /// Granted by an operator; not claimable over HTTP.
    Rangeproof {
        /// The order id.
        order: String,
    },
}

impl ClaimIds {
    /// Where the payment was made.
    #[must_use]
    pub const fn provider(&self) -> Provider {
        match self {
            Self::Google { .. } => Provider::Google,
            Self::Apple { .. } => Provider::Apple,
            Self::Rangeproof { .. } => Provider::Rangeproof,
        }
    }

    /// Whether a payment with these ids can be stored at all; one that cannot is not looked for.
    #[must_use]
    pub fn could_be_stored(&self) -> bool {
        match self {
            Self::Google { token, order } => is_storable(token) && is_storable(order),
            Self::Apple { tx } => is_storable(tx),
            Self::Rangeproof { order } => is_storable(order),
        }
    }
}

impl fmt::Debug for ClaimIds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClaimIds::{:?}(..)", self.provider())
    }
}

/// All ids of one payment. It does not print: stores give them to the person who paid.
#[derive(Clone, PartialEq, Eq)]
pub enum PaymentIds {
    /// Google Play.
    Google {
        /// The purchase token: one for each subscription.
        token: String,
        /// The order id: one for each payment; a renewal's is the first one's with `..0`, `..1`, … behind it.
        order: String,
    },
    /// The Apple App Store.
    Apple {
        /// The first transaction's id: one for each subscription.
        original: String,
        /// This transaction's id.
        tx: String,
        /// The web line order id; may be empty.
        web_line: String,
    },
    /// Granted by an operator.
    Rangeproof {
        /// The order id.
        order: String,
    },
}

impl PaymentIds {
    /// Where the payment was made.
    #[must_use]
    pub const fn provider(&self) -> Provider {
        match self {
            Self::Google { .. } => Provider::Google,
            Self::Apple { .. } => Provider::Apple,
            Self::Rangeproof { .. } => Provider::Rangeproof,
        }
    }

    /// The chain of renewals that the payment belongs to; of each chain only the newest payment counts.
    #[must_use]
    pub fn chain(&self) -> &str {
        match self {
            Self::Google { order, .. } => order.split_once("..").map_or(order, |(base, _)| base),
            Self::Apple { original, .. } => original,
            Self::Rangeproof { order } => order,
        }
    }

    /// The subscription that renewals and refunds name; a grant has none.
    #[must_use]
    pub fn subscription(&self) -> Option<Subscription> {
        match self {
            Self::Google { token, .. } => Some(Subscription::Google { token: token.clone() }),
            Self::Apple { original, .. } => Some(Subscription::Apple {
                original: original.clone(),
            }),
            Self::Rangeproof { .. } => None,
        }
    }

    /// Refuses ids that are empty, too long, or that a database cannot hold.
    ///
    /// # Errors
    /// [`UnusableIds`].
    pub fn check(&self) -> Result<(), UnusableIds> {
        let usable = |id: &str| !id.is_empty() && is_storable(id);
        let usable = match self {
            Self::Google { token, order } => usable(token) && usable(order),
            Self::Apple { original, tx, web_line } => usable(original) && usable(tx) && is_storable(web_line),
            Self::Rangeproof { order } => usable(order),
        };
        if usable { Ok(()) } else { Err(UnusableIds) }
    }
}

impl fmt::Debug for PaymentIds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PaymentIds::{:?}(..)", self.provider())
    }
}

/// A payment whose ids cannot be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an id of the payment is empty, longer than {MAX_ID} bytes, or has a NUL in it")]
pub struct UnusableIds;

/// PostgreSQL's texts hold no NUL.
fn is_storable(id: &str) -> bool {
    id.len() <= MAX_ID && !id.contains('\0')
}

/// A subscription at a store. It does not print.
#[derive(Clone, PartialEq, Eq)]
pub enum Subscription {
    /// Google Play.
    Google {
        /// The purchase token.
        token: String,
    },
    /// The Apple App Store.
    Apple {
        /// The first transaction's id.
        original: String,
    },
}

impl Subscription {
    /// Where it was bought.
    #[must_use]
    pub const fn provider(&self) -> Provider {
        match self {
            Self::Google { .. } => Provider::Google,
            Self::Apple { .. } => Provider::Apple,
        }
    }

    /// The store's id of it.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Google { token } => token,
            Self::Apple { original } => original,
        }
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Subscription::{:?}(..)", self.provider())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn google(order: &str) -> PaymentIds {
        PaymentIds::Google {
            token: "t".to_owned(),
            order: order.to_owned(),
        }
    }

    #[test]
    fn a_renewal_is_of_the_chain_of_its_first_payment() {
        for (order, chain) in [
            ("GPA.1", "GPA.1"),
            ("GPA.1..0", "GPA.1"),
            ("GPA.1..12", "GPA.1"),
            ("..3", ""),
            ("A1", "A1"),
        ] {
            assert_eq!(google(order).chain(), chain);
        }
    }

    #[test]
    fn ids_that_no_database_holds_are_refused() {
        assert_eq!(google("GPA.1").check(), Ok(()));
        for bad in ["", "a\0b", &"x".repeat(MAX_ID + 1)] {
            assert_eq!(google(bad).check(), Err(UnusableIds), "{} bytes", bad.len());
        }
        let apple = |web_line: &str| PaymentIds::Apple {
            original: "o".to_owned(),
            tx: "t".to_owned(),
            web_line: web_line.to_owned(),
        };
        assert_eq!(apple("").check(), Ok(()));
        assert_eq!(apple("\0").check(), Err(UnusableIds));
    }

    #[test]
    fn ids_do_not_print() {
        assert_eq!(format!("{:?}", google("secret")), "PaymentIds::Google(..)");
    }
}
