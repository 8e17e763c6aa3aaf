//! The life of one key, as a state machine whose steps consume the old state.
//!
//! ```text
//! publish ──▶ Pending ──activate──▶ Active ──retire──▶ Retiring ──expire──▶ Retired
//!    first ─────────────────────────▲ │                  │                    ▲
//!                  Pending, Active, Retiring ───────── withdraw ──────────────┘
//! ```

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::algorithm::SigningAlgorithm;
use crate::domain::clock::Timestamp;

/// What a key is for. Each purpose has its own keys and its own rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Signs tokens; its public half is in the JWKS.
    Sign(SigningAlgorithm),
    /// Encrypts refresh tokens; "published" means that every process of this server can open with it.
    Refresh,
}

impl Purpose {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Sign(SigningAlgorithm::Rs256),
        Self::Sign(SigningAlgorithm::Es256),
        Self::Sign(SigningAlgorithm::EdDsa),
        Self::Refresh,
    ];
}

impl std::fmt::Display for Purpose {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sign(algorithm) => write!(f, "{algorithm}"),
            Self::Refresh => f.write_str("refresh"),
        }
    }
}

/// Where a key stands. Serialises as `{"state":"active","since":…}`, times in ms since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum KeyState {
    /// Published so that caches learn it; signs nothing yet.
    Pending {
        /// When it was published.
        since: Timestamp,
    },
    /// The one that signs.
    Active {
        /// When it began to sign.
        since: Timestamp,
    },
    /// Signs no more, but is published for the tokens that it signed.
    Retiring {
        /// When the last of those tokens has expired.
        until: Timestamp,
    },
    /// Verifies nothing. Its secret may be erased.
    Retired {
        /// When it was taken out.
        since: Timestamp,
    },
}

/// A step that the state machine does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a key that is {from:?} cannot {step}")]
pub struct IllegalStep {
    /// The state it was in, and still is.
    pub from: KeyState,
    /// The step refused.
    pub step: &'static str,
}

impl KeyState {
    /// A new key, published and waiting.
    #[must_use]
    pub const fn publish(now: Timestamp) -> Self {
        Self::Pending { since: now }
    }

    /// A new key that signs at once: the very first of its purpose, or the successor of a compromised one.
    #[must_use]
    pub const fn first(now: Timestamp) -> Self {
        Self::Active { since: now }
    }

    /// A new key that was planned earlier and is ready `now`: making it may have taken its time.
    #[must_use]
    pub const fn ready(self, now: Timestamp) -> Self {
        match self {
            Self::Pending { .. } => Self::publish(now),
            Self::Active { .. } => Self::first(now),
            old => old,
        }
    }

    /// Pending → active.
    ///
    /// # Errors
    /// [`IllegalStep`] from any other state.
    pub const fn activate(self, now: Timestamp) -> Result<Self, IllegalStep> {
        match self {
            Self::Pending { .. } => Ok(Self::Active { since: now }),
            from => Err(IllegalStep { from, step: "activate" }),
        }
    }

    /// Active → retiring, published for `keep_after` more.
    ///
    /// # Errors
    /// [`IllegalStep`] from any other state.
    pub fn retire(self, now: Timestamp, keep_after: Duration) -> Result<Self, IllegalStep> {
        match self {
            Self::Active { .. } => Ok(Self::Retiring {
                until: now.plus(keep_after),
            }),
            from => Err(IllegalStep { from, step: "retire" }),
        }
    }

    /// Retiring → retired, once the last token has expired.
    ///
    /// # Errors
    /// [`IllegalStep`] before that moment and from any other state.
    pub fn expire(self, now: Timestamp) -> Result<Self, IllegalStep> {
        match self {
            Self::Retiring { until } if until <= now => Ok(Self::Retired { since: now }),
            from => Err(IllegalStep { from, step: "expire" }),
        }
    }

    /// Anything → retired at once, whatever it signed: the key is compromised.
    ///
    /// # Errors
    /// [`IllegalStep`] if it is retired already.
    pub const fn withdraw(self, now: Timestamp) -> Result<Self, IllegalStep> {
        match self {
            Self::Retired { .. } => Err(IllegalStep {
                from: self,
                step: "withdraw",
            }),
            _ => Ok(Self::Retired { since: now }),
        }
    }

    /// Whether it is in the JWKS, and what it signed is accepted.
    #[must_use]
    pub const fn is_published(self) -> bool {
        !matches!(self, Self::Retired { .. })
    }

    /// Whether it signs.
    #[must_use]
    pub const fn is_active(self) -> bool {
        matches!(self, Self::Active { .. })
    }
}

/// What is known of a key but its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRecord {
    /// Its name in token headers.
    pub kid: String,
    /// What it is for.
    pub purpose: Purpose,
    /// Where it stands.
    pub state: KeyState,
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_000);
    const LIFE: Duration = Duration::from_mins(1);

    #[test]
    fn a_key_lives_through_its_states_in_order() {
        let state = KeyState::publish(NOW).activate(NOW).expect("pending activates");
        let state = state.retire(NOW, LIFE).expect("active retires");
        assert!(state.is_published());
        assert!(state.expire(NOW.plus(LIFE).minus(Duration::from_millis(1))).is_err());
        let state = state.expire(NOW.plus(LIFE)).expect("its tokens are gone");
        assert!(!state.is_published());
    }

    #[test]
    fn every_other_step_is_refused() {
        let pending = KeyState::publish(NOW);
        let active = KeyState::first(NOW);
        let retiring = active.retire(NOW, LIFE).expect("active retires");
        let retired = active.withdraw(NOW).expect("active withdraws");
        let later = NOW.plus(LIFE * 2);
        for (state, allowed) in [
            (pending, [true, false, false, true]),
            (active, [false, true, false, true]),
            (retiring, [false, false, true, true]),
            (retired, [false, false, false, false]),
        ] {
            let steps = [
                state.activate(later),
                state.retire(later, LIFE),
                state.expire(later),
                state.withdraw(later),
            ];
            assert_eq!(steps.map(|step| step.is_ok()), allowed, "{state:?}");
        }
    }

    #[test]
    fn the_stored_form_reads_back() {
        let state = KeyState::first(NOW);
        let text = serde_json::to_string(&state).expect("writes");
        assert_eq!(text, r#"{"state":"active","since":1000000}"#);
        assert_eq!(serde_json::from_str::<KeyState>(&text).expect("reads"), state);
        for purpose in Purpose::ALL {
            let text = serde_json::to_string(&purpose).expect("writes");
            assert_eq!(serde_json::from_str::<Purpose>(&text).expect("reads"), purpose);
        }
    }
}
