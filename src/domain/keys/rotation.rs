//! Which steps the keys are due for: a pure plan, which its owner carries out in one transaction.

use std::time::Duration;

use super::lifecycle::{IllegalStep, KeyRecord, KeyState, Purpose};
use crate::domain::clock::Timestamp;

/// The times of one kind of key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// How long a key signs.
    pub rotate_every: Duration,
    /// How long a key is published before it signs: at least as long as anybody caches the JWKS, and a little more for
    /// the process that publishes a snapshot some seconds old.
    pub publish_ahead: Duration,
    /// How long a key stays published after it signed last: the longest life of a token, and a little more for the
    /// process that signs from a snapshot some seconds old.
    pub keep_after: Duration,
}

/// The times of all keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RotationPolicy {
    /// For [`Purpose::Sign`].
    pub signing: Schedule,
    /// For [`Purpose::Refresh`].
    pub refresh: Schedule,
}

impl RotationPolicy {
    /// The schedule of `purpose`.
    #[must_use]
    pub const fn schedule(&self, purpose: Purpose) -> &Schedule {
        match purpose {
            Purpose::Sign(_) => &self.signing,
            Purpose::Refresh => &self.refresh,
        }
    }
}

/// One thing to do. All changes of a plan go into one transaction, so that no reader sees two active keys or none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Make a key and store it in this state.
    Create {
        /// What it is for.
        purpose: Purpose,
        /// Pending, or active for the first key and for a compromise.
        state: KeyState,
    },
    /// Take a key from one state to the next, only if it is still in the first.
    Move {
        /// Which key.
        kid: String,
        /// The state the plan saw.
        from: KeyState,
        /// The state to store.
        to: KeyState,
    },
}

/// The steps that are due at `now` for every purpose; empty when there is nothing to do.
///
/// Besides keeping the schedule it mends what no plan of ours leaves behind: of several active keys the latest stays,
/// of several pending ones the first, and a purpose without an active key gets one at once, since not signing at all is
/// worse than a cache that has to look again.
///
/// # Errors
/// None in practice: the plan takes only steps that the state machine has.
pub fn plan(keys: &[KeyRecord], policy: &RotationPolicy, now: Timestamp) -> Result<Vec<Change>, IllegalStep> {
    let mut changes = Vec::new();
    for purpose in Purpose::ALL {
        plan_one(&mut changes, &of(keys, purpose), purpose, policy.schedule(purpose), now)?;
    }
    Ok(changes)
}

/// Begins a rotation before its time: a pending key, which [`plan`] activates after `publish_ahead`. Nothing if one is
/// pending already.
#[must_use]
pub fn rotate(keys: &[KeyRecord], purpose: Purpose, now: Timestamp) -> Vec<Change> {
    let waiting = of(keys, purpose)
        .iter()
        .any(|key| matches!(key.state, KeyState::Pending { .. }));
    if waiting {
        return Vec::new();
    }
    vec![Change::Create {
        purpose,
        state: KeyState::publish(now),
    }]
}

/// Answers a compromise: a new key signs at once, and every older one of the purpose is withdrawn, because whoever has
/// it could go on making tokens. What those keys signed or encrypted ends with them.
///
/// # Errors
/// None in practice: the plan takes only steps that the state machine has.
pub fn rotate_now(keys: &[KeyRecord], purpose: Purpose, now: Timestamp) -> Result<Vec<Change>, IllegalStep> {
    let mut changes = Vec::new();
    for key in of(keys, purpose) {
        if key.state.is_published() {
            changes.push(step(key, key.state.withdraw(now)?));
        }
    }
    changes.push(Change::Create {
        purpose,
        state: KeyState::first(now),
    });
    Ok(changes)
}

/// The first step of what [`rotate_now`] does at once, where several processes sign: a fresh key is published, so that all of them know it
/// before one signs with it. One that was pending before may be in wrong hands too, and is withdrawn.
///
/// # Errors
/// None in practice: the plan takes only steps that the state machine has.
pub fn announce(keys: &[KeyRecord], purpose: Purpose, now: Timestamp) -> Result<Vec<Change>, IllegalStep> {
    let mut changes = Vec::new();
    for key in of(keys, purpose) {
        if matches!(key.state, KeyState::Pending { .. }) {
            changes.push(step(key, key.state.withdraw(now)?));
        }
    }
    changes.push(Change::Create {
        purpose,
        state: KeyState::publish(now),
    });
    Ok(changes)
}

/// How long a server may go on with the keys as they were: it looks each second, and a slow one is given more.
pub const NOTICED_WITHIN: Duration = Duration::from_secs(3);

/// The second step, [`NOTICED_WITHIN`] after the first: the announced key signs, and the one that signed before is accepted
/// for as long as some process may still sign with it, so that no token is refused by one that was quicker. It leaves by
/// itself then, or by [`withdraw_older`]. Without an announced key it is [`rotate_now`].
///
/// # Errors
/// None in practice: the plan takes only steps that the state machine has.
pub fn take_over(keys: &[KeyRecord], purpose: Purpose, now: Timestamp) -> Result<Vec<Change>, IllegalStep> {
    let published = |key: &&&KeyRecord| matches!(key.state, KeyState::Pending { .. });
    let keys_of = of(keys, purpose);
    let Some(announced) = keys_of.iter().rfind(published) else {
        // A server whose plan was due may have been quicker; what it retired is for the last step.
        let lately = now.minus(2 * NOTICED_WITHIN);
        let is_done = |key: &&KeyRecord| matches!(key.state, KeyState::Active { since } if since > lately);
        return if keys_of.iter().any(is_done) {
            Ok(Vec::new())
        } else {
            rotate_now(keys, purpose, now)
        };
    };
    let mut changes = Vec::new();
    for key in &keys_of {
        if key.kid == announced.kid {
            changes.push(step(key, key.state.activate(now)?));
        } else if key.state.is_active() {
            changes.push(step(key, key.state.retire(now, NOTICED_WITHIN)?));
        } else if key.state.is_published() {
            changes.push(step(key, key.state.withdraw(now)?));
        }
    }
    Ok(changes)
}

/// The last step, [`NOTICED_WITHIN`] after the second: what [`take_over`] left is withdrawn.
///
/// # Errors
/// None in practice: the plan takes only steps that the state machine has.
pub fn withdraw_older(keys: &[KeyRecord], purpose: Purpose, now: Timestamp) -> Result<Vec<Change>, IllegalStep> {
    let mut changes = Vec::new();
    for key in of(keys, purpose) {
        if matches!(key.state, KeyState::Retiring { .. }) {
            changes.push(step(key, key.state.withdraw(now)?));
        }
    }
    Ok(changes)
}

fn of(keys: &[KeyRecord], purpose: Purpose) -> Vec<&KeyRecord> {
    keys.iter().filter(|key| key.purpose == purpose).collect()
}

fn step(key: &KeyRecord, to: KeyState) -> Change {
    Change::Move {
        kid: key.kid.clone(),
        from: key.state,
        to,
    }
}

fn plan_one(
    changes: &mut Vec<Change>,
    keys: &[&KeyRecord],
    purpose: Purpose,
    schedule: &Schedule,
    now: Timestamp,
) -> Result<(), IllegalStep> {
    let mut active: Option<(&KeyRecord, Timestamp)> = None;
    let mut pending: Option<(&KeyRecord, Timestamp)> = None;
    for key in keys {
        match key.state {
            KeyState::Active { since } => {
                let surplus = match active.replace((key, since)) {
                    Some(other) if other.1 > since => active.replace(other),
                    other => other,
                };
                if let Some((surplus, _)) = surplus {
                    changes.push(step(surplus, surplus.state.retire(now, schedule.keep_after)?));
                }
            }
            KeyState::Pending { since } => {
                let surplus = match pending.replace((key, since)) {
                    Some(other) if other.1 <= since => pending.replace(other),
                    other => other,
                };
                if let Some((surplus, _)) = surplus {
                    changes.push(step(surplus, surplus.state.withdraw(now)?));
                }
            }
            KeyState::Retiring { until } if until <= now => changes.push(step(key, key.state.expire(now)?)),
            KeyState::Retiring { .. } | KeyState::Retired { .. } => {}
        }
    }
    match (active, pending) {
        (None, None) => changes.push(Change::Create {
            purpose,
            state: KeyState::first(now),
        }),
        (None, Some((next, _))) => changes.push(step(next, next.state.activate(now)?)),
        (Some((_, since)), None) => {
            let create_after = schedule.rotate_every.saturating_sub(schedule.publish_ahead);
            if since.plus(create_after) <= now {
                changes.push(Change::Create {
                    purpose,
                    state: KeyState::publish(now),
                });
            }
        }
        (Some((current, _)), Some((next, published))) => {
            if published.plus(schedule.publish_ahead) <= now {
                changes.push(step(current, current.state.retire(now, schedule.keep_after)?));
                changes.push(step(next, next.state.activate(now)?));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
