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
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::keys::algorithm::SigningAlgorithm;

    const EDDSA: Purpose = Purpose::Sign(SigningAlgorithm::EdDsa);

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    fn policy() -> RotationPolicy {
        RotationPolicy {
            signing: Schedule {
                rotate_every: seconds(1_000),
                publish_ahead: seconds(100),
                keep_after: seconds(300),
            },
            refresh: Schedule {
                rotate_every: seconds(700),
                publish_ahead: seconds(10),
                keep_after: seconds(2_000),
            },
        }
    }

    /// What the world saw of a key.
    #[derive(Default)]
    struct Seen {
        published: Option<Timestamp>,
        signed_first: Option<Timestamp>,
        signed_last: Option<Timestamp>,
        excused: bool,
    }

    #[derive(Default)]
    struct World {
        keys: Vec<KeyRecord>,
        seen: Vec<Seen>,
    }

    impl World {
        fn apply(&mut self, changes: Vec<Change>) {
            for change in changes {
                match change {
                    Change::Create { purpose, state } => {
                        self.keys.push(KeyRecord {
                            kid: self.keys.len().to_string(),
                            purpose,
                            state,
                        });
                        self.seen.push(Seen {
                            excused: state.is_active(),
                            ..Seen::default()
                        });
                    }
                    Change::Move { kid, from, to } => {
                        let index: usize = kid.parse().expect("our own kid");
                        assert_eq!(self.keys[index].state, from, "a plan names the state it saw");
                        self.keys[index].state = to;
                    }
                }
            }
        }

        fn tick(&mut self, now: Timestamp) {
            self.apply(plan(&self.keys, &policy(), now).expect("legal steps"));
            assert_eq!(
                plan(&self.keys, &policy(), now),
                Ok(Vec::new()),
                "a plan carried out is done"
            );
        }

        fn check(&mut self, now: Timestamp, withdrawn: &[String]) {
            for purpose in Purpose::ALL {
                let active = self
                    .keys
                    .iter()
                    .filter(|key| key.purpose == purpose && key.state.is_active());
                assert_eq!(active.count(), 1, "exactly one active key for {purpose}");
            }
            for (key, seen) in self.keys.iter().zip(&mut self.seen) {
                let schedule = *policy().schedule(key.purpose);
                if key.state.is_published() {
                    seen.published.get_or_insert(now);
                }
                if key.state.is_active() {
                    let first = *seen.signed_first.get_or_insert(now);
                    let published = seen.published.expect("an active key is published");
                    assert!(seen.excused || published.plus(schedule.publish_ahead) <= first);
                    seen.signed_last = Some(now);
                }
                if let (Some(last), false) = (seen.signed_last, withdrawn.contains(&key.kid)) {
                    assert!(key.state.is_published() || last.plus(schedule.keep_after) <= now);
                }
            }
        }
    }

    proptest! {
        #[test]
        fn one_key_signs_none_too_early_and_none_leaves_before_its_tokens(
            moves in prop::collection::vec((1_u64..400, 0_u8..12, 0_usize..4), 1..120)
        ) {
            let mut world = World::default();
            let mut withdrawn = Vec::new();
            let mut now = Timestamp::from_secs(0);
            world.tick(now);
            world.check(now, &withdrawn);
            for (wait, action, purpose) in moves {
                now = now.plus(seconds(wait));
                let purpose = Purpose::ALL[purpose];
                match action {
                    0 => world.apply(rotate(&world.keys, purpose, now)),
                    1 => {
                        withdrawn.extend(of(&world.keys, purpose).iter().map(|key| key.kid.clone()));
                        world.apply(rotate_now(&world.keys, purpose, now).expect("legal steps"));
                    }
                    _ => world.tick(now),
                }
                world.check(now, &withdrawn);
            }
        }
    }

    #[test]
    fn the_first_plan_makes_one_active_key_for_each_purpose() {
        let changes = plan(&[], &policy(), Timestamp::from_secs(5)).expect("legal steps");
        assert_eq!(changes.len(), Purpose::ALL.len());
        for (change, purpose) in changes.into_iter().zip(Purpose::ALL) {
            let state = KeyState::first(Timestamp::from_secs(5));
            assert_eq!(change, Change::Create { purpose, state });
        }
    }

    #[test]
    fn a_key_rotates_on_schedule() {
        let mut world = World::default();
        world.tick(Timestamp::from_secs(0));
        world.tick(Timestamp::from_secs(899));
        let eddsa = |world: &World| of(&world.keys, EDDSA).iter().map(|key| key.state).collect::<Vec<_>>();
        assert_eq!(eddsa(&world).len(), 1);
        world.tick(Timestamp::from_secs(900));
        assert!(matches!(
            eddsa(&world)[..],
            [KeyState::Active { .. }, KeyState::Pending { .. }]
        ));
        world.tick(Timestamp::from_secs(1_000));
        assert!(matches!(
            eddsa(&world)[..],
            [KeyState::Retiring { .. }, KeyState::Active { .. }]
        ));
        world.tick(Timestamp::from_secs(1_300));
        assert!(matches!(
            eddsa(&world)[..],
            [KeyState::Retired { .. }, KeyState::Active { .. }]
        ));
    }

    #[test]
    fn a_compromise_withdraws_every_older_key_and_signs_anew_at_once() {
        let mut world = World::default();
        world.tick(Timestamp::from_secs(0));
        world.tick(Timestamp::from_secs(900));
        world.apply(rotate_now(&world.keys, EDDSA, Timestamp::from_secs(950)).expect("legal steps"));
        let states: Vec<_> = of(&world.keys, EDDSA).iter().map(|key| key.state).collect();
        assert!(matches!(
            states[..],
            [
                KeyState::Retired { .. },
                KeyState::Retired { .. },
                KeyState::Active { .. }
            ]
        ));
    }

    #[test]
    fn an_announced_key_signs_when_all_know_it_and_leaves_no_older_one() {
        let mut world = World::default();
        world.tick(Timestamp::from_secs(0));
        world.tick(Timestamp::from_secs(900));
        world.apply(announce(&world.keys, EDDSA, Timestamp::from_secs(950)).expect("legal steps"));
        let states = |world: &World| of(&world.keys, EDDSA).iter().map(|key| key.state).collect::<Vec<_>>();
        assert!(matches!(
            states(&world)[..],
            [
                KeyState::Active { .. },
                KeyState::Retired { .. },
                KeyState::Pending { .. }
            ]
        ));
        // A server that looks in between has nothing to do.
        world.tick(Timestamp::from_secs(951));
        world.apply(take_over(&world.keys, EDDSA, Timestamp::from_secs(953)).expect("legal steps"));
        let is_handed_over = |world: &World| {
            matches!(
                states(world)[..],
                [
                    KeyState::Retiring { .. },
                    KeyState::Retired { .. },
                    KeyState::Active { .. }
                ]
            )
        };
        assert!(is_handed_over(&world));
        // What a slow server still signs is accepted, and not for longer than it may take to notice, whatever becomes of
        // the command.
        world.tick(Timestamp::from_secs(955));
        assert!(is_handed_over(&world));
        let mut forsaken = World::default();
        forsaken.keys.clone_from(&world.keys);
        forsaken.apply(plan(&forsaken.keys, &policy(), Timestamp::from_secs(956)).expect("legal steps"));
        world.apply(withdraw_older(&world.keys, EDDSA, Timestamp::from_secs(956)).expect("legal steps"));
        for world in [&world, &forsaken] {
            let left = of(&world.keys, EDDSA);
            assert_eq!(left.iter().filter(|key| key.state.is_published()).count(), 1);
        }
        assert_eq!(
            withdraw_older(&world.keys, EDDSA, Timestamp::from_secs(957)),
            Ok(Vec::new())
        );
        // As when a server's own plan was due in between.
        assert_eq!(take_over(&world.keys, EDDSA, Timestamp::from_secs(957)), Ok(Vec::new()));
        world.apply(take_over(&world.keys, EDDSA, Timestamp::from_secs(990)).expect("legal steps"));
        assert!(states(&world)[3].is_active() && !states(&world)[2].is_published());
    }

    #[test]
    fn too_many_active_or_pending_keys_are_mended() {
        let record = |kid: &str, state| KeyRecord {
            kid: kid.to_owned(),
            purpose: EDDSA,
            state,
        };
        let at = Timestamp::from_secs;
        for order in [[0, 1, 2, 3], [3, 2, 1, 0]] {
            let all = [
                record("old", KeyState::first(at(1))),
                record("new", KeyState::first(at(2))),
                record("next", KeyState::publish(at(3))),
                record("surplus", KeyState::publish(at(4))),
            ];
            let keys = order.map(|index: usize| all[index].clone());
            let mut moved: Vec<_> = plan(&keys, &policy(), at(5))
                .expect("legal steps")
                .into_iter()
                .filter_map(|change| match change {
                    Change::Move { kid, to, .. } => Some((kid, to)),
                    Change::Create { .. } => None,
                })
                .collect();
            moved.sort_by(|a, b| a.0.cmp(&b.0));
            assert_eq!(
                moved,
                [
                    ("old".to_owned(), KeyState::Retiring { until: at(305) }),
                    ("surplus".to_owned(), KeyState::Retired { since: at(5) })
                ]
            );
        }
    }
}
