//! Schedules, compromises and takeovers, step by step and at random.

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

    /// The states of the keys that sign by `EdDSA`, in the order in which they were made.
    fn eddsa(&self) -> Vec<KeyState> {
        of(&self.keys, EDDSA).iter().map(|key| key.state).collect()
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
    assert_eq!(world.eddsa().len(), 1);
    world.tick(Timestamp::from_secs(900));
    assert!(matches!(
        world.eddsa()[..],
        [KeyState::Active { .. }, KeyState::Pending { .. }]
    ));
    world.tick(Timestamp::from_secs(1_000));
    assert!(matches!(
        world.eddsa()[..],
        [KeyState::Retiring { .. }, KeyState::Active { .. }]
    ));
    world.tick(Timestamp::from_secs(1_300));
    assert!(matches!(
        world.eddsa()[..],
        [KeyState::Retired { .. }, KeyState::Active { .. }]
    ));
}

#[test]
fn a_compromise_withdraws_every_older_key_and_signs_anew_at_once() {
    let mut world = World::default();
    world.tick(Timestamp::from_secs(0));
    world.tick(Timestamp::from_secs(900));
    world.apply(rotate_now(&world.keys, EDDSA, Timestamp::from_secs(950)).expect("legal steps"));
    assert!(matches!(
        world.eddsa()[..],
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
    assert!(matches!(
        world.eddsa()[..],
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
            world.eddsa()[..],
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
    assert!(world.eddsa()[3].is_active() && !world.eddsa()[2].is_published());
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
