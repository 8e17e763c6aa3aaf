//! Refresh families: which refresh token is live, and what becomes of one that is presented.
//!
//! A family is a row; its tokens differ in their sequence number alone. The current sequence is live. The one before it is
//! honoured for a few seconds, while the current one is unused, because its answer may have been lost: the client then gets
//! the current one again. Any other means that two hold what one was given (RFC 9700 §4.14.2), and ends the family.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::client::{Client, ClientId, GrantType};
use super::code::StoredCode;
use super::error::{ErrorCode, OAuthError};
use super::flow::SessionFacts;
use super::scope::ScopeSet;
use super::terms::Terms;
use crate::domain::clock::Timestamp;

/// In so many steps of the idle time its end is put off.
const IDLE_STEPS: u32 = 32;

/// How long refresh tokens last.
#[derive(Clone, Copy, Debug)]
pub struct Lifetimes {
    /// How long a family may lie unused.
    pub idle: Duration,
    /// How long it may live at all.
    pub absolute: Duration,
    /// How long after a rotation the token before may be presented again.
    pub retry_window: Duration,
}

impl Lifetimes {
    /// An idle end from here on stays where it is when a family is used at `now`, whatever its absolute end is.
    #[must_use]
    pub fn settled(&self, now: Timestamp) -> Timestamp {
        self.near(now.plus(self.idle))
    }

    /// From when on an idle end is so near to another that it is not put off until then.
    ///
    /// The end is an index entry in the store. Moved in steps it is written once a day or so instead of at every refresh, and
    /// a family lies unused for a thirty-second part less than it might.
    fn near(&self, end: Timestamp) -> Timestamp {
        end.minus(self.idle / IDLE_STEPS)
    }
}

/// A refresh family.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Family {
    /// Who may refresh.
    pub client_id: ClientId,
    /// What was granted.
    pub scope: ScopeSet,
    /// Who granted it, in which session, signed in when. It stays as it was at the login.
    pub session: SessionFacts,
    /// What was granted beside scopes.
    #[serde(default, skip_serializing_if = "Terms::is_empty")]
    pub terms: Terms,
    /// The sequence number of the live token; the first is 0.
    pub sequence: u64,
    /// When the family began.
    pub started_at: Timestamp,
    /// When the live token was made.
    pub rotated_at: Timestamp,
    /// When it ends unless it is used.
    pub idle_expires_at: Timestamp,
    /// When it ends in any case.
    pub expires_at: Timestamp,
    /// Whether it was ended: revoked, replayed, logged out.
    pub ended: bool,
}

/// What a token request shows for a refresh token that opened. The client has authenticated as it must.
#[derive(Clone, Copy, Debug)]
pub struct RefreshAttempt<'a> {
    /// Who asks.
    pub client: &'a Client,
    /// The sequence number in the token.
    pub sequence: u64,
    /// The `scope` parameter.
    pub scope: Option<&'a ScopeSet>,
    /// The thumbprint of the key that the request proves (RFC 9449 §4).
    pub jkt: Option<&'a str>,
}

/// What becomes of a [`RefreshAttempt`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refresh {
    /// Store this family, on condition that the stored sequence is still the presented one, and give its token.
    Rotate {
        /// The family after the step.
        next: Box<Family>,
        /// The scope of the access token.
        scope: ScopeSet,
    },
    /// The answer was lost: give the token of the family as it is.
    Retry {
        /// The scope of the access token.
        scope: ScopeSet,
    },
    /// End the family, then answer this `invalid_grant`.
    Reuse(OAuthError),
    /// Answer this error; nothing changes.
    Refuse(OAuthError),
}

impl Family {
    /// The family that a redeemed code begins. `jkt` is the key that its refresh tokens are to be bound to.
    #[must_use]
    pub fn start(code: &StoredCode, jkt: Option<&str>, lifetimes: &Lifetimes, now: Timestamp) -> Self {
        Self {
            terms: Terms {
                jkt: jkt.map(str::to_owned),
                ..code.terms.clone()
            },
            ..Self::begin(&code.client_id, &code.scope, code.session.clone(), lifetimes, now)
        }
    }

    /// A new family; its live token has sequence 0.
    #[must_use]
    pub fn begin(
        client_id: &ClientId,
        scope: &ScopeSet,
        session: SessionFacts,
        lifetimes: &Lifetimes,
        now: Timestamp,
    ) -> Self {
        let expires_at = now.plus(lifetimes.absolute);
        Self {
            client_id: client_id.clone(),
            scope: scope.clone(),
            session,
            terms: Terms::default(),
            sequence: 0,
            started_at: now,
            rotated_at: now,
            idle_expires_at: now.plus(lifetimes.idle).min(expires_at),
            expires_at,
            ended: false,
        }
    }

    /// Whether its live token may be used at `now` by `client`, as it is registered now.
    #[must_use]
    pub fn is_live(&self, client: &Client, now: Timestamp) -> bool {
        !self.ended
            && now < self.idle_expires_at
            && now < self.expires_at
            && self.client_id == client.id
            && self.started_at >= client.not_before
    }

    /// Decides on `attempt`.
    #[must_use]
    pub fn refresh(&self, attempt: RefreshAttempt<'_>, lifetimes: &Lifetimes, now: Timestamp) -> Refresh {
        if !attempt.client.may_use(GrantType::RefreshToken) {
            return Refresh::Refuse(OAuthError::new(
                ErrorCode::UnauthorizedClient,
                "this client may not use the refresh token grant",
            ));
        }
        // Another client's attempt ends nothing, or a stranger could end what is not his.
        if !self.is_live(attempt.client, now) {
            return Refresh::Refuse(not_live());
        }
        let is_current = attempt.sequence == self.sequence;
        let is_lost_answer = attempt.sequence.checked_add(1) == Some(self.sequence)
            && now.since(self.rotated_at) < lifetimes.retry_window;
        if !is_current && !is_lost_answer {
            return self.not_current(attempt.sequence);
        }
        // Whoever took the token without the key ends nothing: the client may still hold both.
        if self.terms.jkt.is_some() && self.terms.jkt.as_deref() != attempt.jkt {
            return Refresh::Refuse(OAuthError::invalid_grant("the refresh token is bound to another key"));
        }
        // What the client may ask for is looked at again: it may have less than when the family began.
        let granted = self.scope.intersection(&attempt.client.scopes);
        match granted.narrow(attempt.scope) {
            Err(error) => Refresh::Refuse(error),
            Ok(scope) if scope.is_empty() => Refresh::Refuse(not_live()),
            Ok(scope) if is_lost_answer => Refresh::Retry { scope },
            Ok(scope) => match self.rotated(lifetimes, now) {
                Some(next) => Refresh::Rotate {
                    next: Box::new(next),
                    scope,
                },
                None => Refresh::Refuse(not_live()),
            },
        }
    }

    /// An earlier token is a reuse. A later one was never given as far as this store knows: it was brought back to an
    /// earlier state, for which the client is not to blame.
    fn not_current(&self, presented: u64) -> Refresh {
        if presented < self.sequence {
            Refresh::Reuse(OAuthError::invalid_grant("the refresh token was used before"))
        } else {
            Refresh::Refuse(not_live())
        }
    }

    fn rotated(&self, lifetimes: &Lifetimes, now: Timestamp) -> Option<Self> {
        let idle_expires_at = now.plus(lifetimes.idle).min(self.expires_at);
        Some(Self {
            sequence: self.sequence.checked_add(1)?,
            rotated_at: now,
            idle_expires_at: if self.idle_expires_at < lifetimes.near(idle_expires_at) {
                idle_expires_at
            } else {
                self.idle_expires_at
            },
            ..self.clone()
        })
    }
}

/// The answer to a refresh token that does not open, or whose family is gone, ended, expired, or another client's.
#[must_use]
pub fn not_live() -> OAuthError {
    OAuthError::invalid_grant("the refresh token is unknown, expired, revoked, or was given to another client")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::oauth::client::testing;

    const LIFETIMES: Lifetimes = Lifetimes {
        idle: Duration::from_secs(1_000),
        absolute: Duration::from_mins(50),
        retry_window: Duration::from_secs(10),
    };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_secs(1_000_000 + seconds)
    }

    /// A family whose live token is `sequence`, made at second 0.
    fn family(sequence: u64) -> Family {
        Family {
            client_id: testing::public().id,
            scope: ScopeSet::of(["openid", "email"]),
            session: SessionFacts {
                account_id: "a".to_owned(),
                sid: "s".to_owned(),
                authenticated_at: at(-9),
            },
            terms: Terms::default(),
            sequence,
            started_at: at(0),
            rotated_at: at(0),
            idle_expires_at: at(1_000),
            expires_at: at(3_000),
            ended: false,
        }
    }

    fn present(family: &Family, sequence: u64, seconds: i64) -> Refresh {
        let client = testing::public();
        family.refresh(
            RefreshAttempt {
                client: &client,
                sequence,
                scope: None,
                jkt: None,
            },
            &LIFETIMES,
            at(seconds),
        )
    }

    #[test]
    fn the_live_token_rotates_and_the_idle_time_starts_anew() {
        let Refresh::Rotate { next, scope } = present(&family(4), 4, 600) else {
            panic!("rotates");
        };
        assert_eq!(
            (next.sequence, next.rotated_at, next.idle_expires_at),
            (5, at(600), at(1_600))
        );
        assert_eq!((next.session, scope), (family(4).session, family(4).scope));
    }

    #[test]
    fn idle_time_never_passes_the_absolute_end() {
        let late = Family {
            idle_expires_at: at(2_900),
            ..family(0)
        };
        let Refresh::Rotate { next, .. } = present(&late, 0, 2_500) else {
            panic!("rotates");
        };
        assert_eq!(next.idle_expires_at, at(3_000));
    }

    #[test]
    fn the_idle_end_moves_in_steps_and_never_beyond_the_idle_time() {
        let mut live = family(0);
        let mut moves = 0;
        for seconds in 1..=1_000_u32 {
            let sequence = live.sequence;
            let Refresh::Rotate { next, .. } = present(&live, sequence, seconds.into()) else {
                panic!("rotates at {seconds}");
            };
            let left = next.idle_expires_at.since(at(seconds.into()));
            assert!(
                left <= LIFETIMES.idle && left + LIFETIMES.idle / IDLE_STEPS >= LIFETIMES.idle,
                "{left:?}"
            );
            moves += u32::from(next.idle_expires_at != live.idle_expires_at);
            live = *next;
        }
        assert!((1..=IDLE_STEPS).contains(&moves), "{moves}");
    }

    #[test]
    fn rf_08_an_old_token_ends_the_family() {
        for (presented, seconds) in [(4, 10), (4, 500), (3, 1), (0, 1)] {
            assert!(
                matches!(present(&family(5), presented, seconds), Refresh::Reuse(_)),
                "{presented} at {seconds}"
            );
        }
    }

    #[test]
    fn rf_09_a_lost_answer_may_be_fetched_again_for_ten_seconds() {
        for seconds in [0, 1, 9, -3] {
            assert!(
                matches!(present(&family(5), 4, seconds), Refresh::Retry { .. }),
                "{seconds}"
            );
        }
    }

    #[test]
    fn an_unheard_of_sequence_is_refused_and_ends_nothing() {
        assert!(matches!(present(&family(5), 6, 1), Refresh::Refuse(_)));
        assert!(matches!(present(&family(u64::MAX), u64::MAX, 1), Refresh::Refuse(_)));
    }

    #[test]
    fn rf_05_another_client_gets_nothing_and_ends_nothing() {
        let other = Client {
            id: ClientId::parse("other").expect("parses"),
            ..testing::public()
        };
        for sequence in [0, 4, 5, 6] {
            let attempt = RefreshAttempt {
                client: &other,
                sequence,
                scope: None,
                jkt: None,
            };
            assert!(
                matches!(family(5).refresh(attempt, &LIFETIMES, at(1)), Refresh::Refuse(_)),
                "{sequence}"
            );
        }
    }

    #[test]
    fn dpop_11_a_token_that_is_bound_to_a_key_needs_its_proof_and_a_try_without_ends_nothing() {
        let client = testing::public();
        let mut bound = family(5);
        bound.terms.jkt = Some("k1".to_owned());
        let with = |jkt| {
            let attempt = RefreshAttempt {
                client: &client,
                sequence: 5,
                scope: None,
                jkt,
            };
            bound.refresh(attempt, &LIFETIMES, at(1))
        };
        assert!(matches!(with(Some("k2")), Refresh::Refuse(_)));
        assert!(matches!(with(None), Refresh::Refuse(_)));
        assert!(matches!(with(Some("k1")), Refresh::Rotate { .. }));
    }

    #[test]
    fn what_is_over_stays_over() {
        let ended = Family {
            ended: true,
            ..family(5)
        };
        for sequence in [3, 4, 5] {
            assert!(matches!(present(&ended, sequence, 1), Refresh::Refuse(_)), "{sequence}");
            assert!(
                matches!(present(&family(5), sequence, 1_000), Refresh::Refuse(_)),
                "{sequence}"
            );
        }
        let void = Client {
            not_before: at(1),
            ..testing::public()
        };
        assert!(!family(5).is_live(&void, at(2)));
    }

    #[test]
    fn rf_03_a_wider_scope_is_refused_without_spending_the_token() {
        let client = testing::public();
        let wider = ScopeSet::of(["openid", "profile"]);
        let attempt = RefreshAttempt {
            client: &client,
            sequence: 5,
            scope: Some(&wider),
            jkt: None,
        };
        let refused = family(5).refresh(attempt, &LIFETIMES, at(1));
        assert!(matches!(refused, Refresh::Refuse(error) if error.code() == ErrorCode::InvalidScope));
    }

    #[test]
    fn rf_03_a_scope_that_the_client_lost_is_not_given_again() {
        let attempt = |scopes| {
            let client = Client {
                scopes: ScopeSet::of(scopes),
                ..testing::public()
            };
            family(5).refresh(
                RefreshAttempt {
                    client: &client,
                    sequence: 5,
                    scope: None,
                    jkt: None,
                },
                &LIFETIMES,
                at(1),
            )
        };
        assert!(matches!(attempt(vec!["openid"]), Refresh::Rotate { scope, .. } if scope == ScopeSet::of(["openid"])));
        assert!(matches!(attempt(vec!["phone"]), Refresh::Refuse(_)));
    }

    /// Acts of clients and thieves: which of the tokens ever given is presented, and after how many seconds. A lost answer
    /// shows as its token not being picked.
    fn acts() -> impl Strategy<Value = Vec<(prop::sample::Index, i64)>> {
        prop::collection::vec((any::<prop::sample::Index>(), 0_i64..15), 1..60)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        /// The model: the set of tokens given out, and the store's one row. Whatever is presented, in whatever order, with
        /// whatever answers lost, at most one token can still rotate, and after a reuse none.
        #[test]
        fn ds_02_no_schedule_of_presents_and_lost_answers_gives_two_live_successors(acts in acts()) {
            let mut row = family(0);
            let mut given = vec![0_u64];
            let mut now = 0;
            let mut rotated_from = std::collections::BTreeSet::new();
            for (pick, wait) in acts {
                now += wait;
                let presented = given[pick.index(given.len())];
                match present(&row, presented, now) {
                    Refresh::Rotate { next, .. } => {
                        prop_assert!(rotated_from.insert(presented), "a token rotated twice");
                        prop_assert_eq!(next.sequence, presented + 1);
                        given.push(next.sequence);
                        row = *next;
                    }
                    Refresh::Retry { .. } => {
                        prop_assert_eq!(row.sequence, presented + 1, "a retry gives the same successor");
                        prop_assert!(!rotated_from.contains(&row.sequence), "the successor is unused");
                    }
                    Refresh::Reuse(_) => row.ended = true,
                    Refresh::Refuse(_) => {}
                }
                let live = given.iter().filter(|s| matches!(present(&row, **s, now), Refresh::Rotate { .. })).count();
                prop_assert_eq!(live, usize::from(row.is_live(&testing::public(), at(now))));
            }
        }
    }
}
