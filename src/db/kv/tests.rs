//! What every key-value store does alike, asked of each: the one in memory, and Redis as two processes use it.

use futures_util::future::join_all;

use super::*;
use crate::config::KvUrl;
use crate::testing::{ManualClock, config_with};

const MINUTE: Duration = Duration::from_mins(1);

/// Two handles to one store, of one process or of two.
struct Pair {
    clock: Arc<ManualClock>,
    one: KeyValue,
    other: KeyValue,
}

/// Runs `test` on each store; every kind has room for `bound` entries.
async fn each(bound: usize, test: impl AsyncFn(Pair)) {
    let bounds = config::Kv {
        authorization_requests: bound,
        login_states: bound,
        logout_requests: bound,
        throttle_counters: bound,
    };
    let clock = || ManualClock::new(Timestamp::from_millis(1_800_000_000_000));
    let time = clock();
    let memory = KeyValue::in_memory(Arc::<ManualClock>::clone(&time), bounds);
    test(Pair {
        clock: time,
        one: memory.clone(),
        other: memory,
    })
    .await;

    let time = clock();
    let url = config_with(&[("COUNTERSIGN_KV_URL", &test_stores::fresh_redis())]).kv_url;
    assert!(matches!(url, KvUrl::Redis(_)));
    let open = async || {
        let opened = KeyValue::open(&url, Arc::<ManualClock>::clone(&time), bounds).await;
        opened.expect("opens")
    };
    let (one, other) = (open().await, open().await);
    test(Pair {
        clock: time,
        one,
        other,
    })
    .await;
}

#[actix_rt::test]
async fn an_entry_is_taken_once_and_ends_in_time() {
    each(10, async |Pair { clock, one, other }| {
        one.put(Kind::Flow, "a", b"1:\0\xff".to_vec(), MINUTE)
            .await
            .expect("fits");
        one.put(Kind::Flow, "b", vec![2], MINUTE).await.expect("fits");
        assert_eq!(other.get(Kind::Flow, "a").await, Ok(Some(b"1:\0\xff".to_vec())));
        assert_eq!(other.get(Kind::Login, "a").await, Ok(None), "kinds are apart");
        assert_eq!(other.take(Kind::Flow, "a").await, Ok(Some(b"1:\0\xff".to_vec())));
        assert_eq!(one.take(Kind::Flow, "a").await, Ok(None));
        clock.pass(MINUTE);
        assert_eq!(one.get(Kind::Flow, "b").await, Ok(None));
        assert_eq!(one.replace(Kind::Flow, "b", vec![3]).await, Ok(false));
        assert_eq!(one.take(Kind::Flow, "b").await, Ok(None));
    })
    .await;
}

#[actix_rt::test]
async fn a_replaced_value_keeps_its_end() {
    each(10, async |Pair { clock, one, other }| {
        one.put(Kind::Flow, "a", vec![1], MINUTE).await.expect("fits");
        clock.pass(MINUTE / 2);
        assert_eq!(other.replace(Kind::Flow, "a", vec![2; 500]).await, Ok(true));
        assert_eq!(one.get(Kind::Flow, "a").await, Ok(Some(vec![2; 500])));
        assert_eq!(
            other.replace(Kind::Flow, "b", vec![2]).await,
            Ok(false),
            "nothing was there"
        );
        clock.pass(MINUTE / 2);
        assert_eq!(one.get(Kind::Flow, "a").await, Ok(None));
    })
    .await;
}

#[actix_rt::test]
async fn ab_13_a_full_kind_refuses_and_drops_nobody_until_something_ends() {
    each(2, async |Pair { clock, one, other }| {
        one.put(Kind::Flow, "a", vec![1], MINUTE).await.expect("fits");
        other.put(Kind::Flow, "b", vec![2], MINUTE).await.expect("fits");
        let refused = one.put(Kind::Flow, "c", vec![3], MINUTE).await;
        assert_eq!(refused, Err(KvError::Full("flow")));
        assert_eq!(one.get(Kind::Flow, "a").await, Ok(Some(vec![1])));
        one.put(Kind::Flow, "a", vec![4], MINUTE)
            .await
            .expect("is there already");
        one.put(Kind::Login, "c", vec![3], MINUTE)
            .await
            .expect("another kind has room");
        assert_eq!(one.len(Kind::Flow).await, Ok(2));
        clock.pass(MINUTE);
        other.put(Kind::Flow, "c", vec![3], MINUTE).await.expect("fits again");
        assert_eq!(other.take(Kind::Flow, "c").await, Ok(Some(vec![3])));
    })
    .await;
}

#[actix_rt::test]
async fn ab_13_few_large_entries_are_bounded_as_many_small_ones_are() {
    each(8, async |Pair { clock, one, .. }| {
        let large = || vec![0; 8000];
        one.put(Kind::Posted, "a", large(), MINUTE).await.expect("fits");
        assert_eq!(
            one.put(Kind::Posted, "b", large(), MINUTE).await,
            Err(KvError::Full("posted"))
        );
        one.take(Kind::Posted, "a").await.expect("is there");
        one.put(Kind::Posted, "b", large(), MINUTE).await.expect("fits now");
        clock.pass(MINUTE);
        one.put(Kind::Posted, "c", large(), MINUTE)
            .await
            .expect("the other has ended");
        one.replace(Kind::Posted, "c", vec![0]).await.expect("is there");
        one.put(Kind::Posted, "d", vec![0; 8100], MINUTE)
            .await
            .expect("the other has shrunk");
    })
    .await;
}

#[actix_rt::test]
async fn writing_and_taking_over_and_over_takes_no_more_room() {
    each(4, async |Pair { clock, one, .. }| {
        for round in 0..300_u32 {
            let value = vec![0; 900 + usize::try_from(round % 7).expect("small")];
            one.put(Kind::Flow, "a", value, MINUTE).await.expect("fits");
            if round % 3 == 0 {
                one.take(Kind::Flow, "a").await.expect("is there");
            }
            if round % 10 == 0 {
                clock.pass(MINUTE);
            }
        }
        assert!(one.len(Kind::Flow).await.expect("counts") <= 1);
        for key in ["a", "b", "c", "d"] {
            one.put(Kind::Flow, key, vec![0; 900], MINUTE).await.expect("fits");
        }
    })
    .await;
}

#[actix_rt::test]
async fn a_sweep_drops_what_has_ended_and_nothing_else() {
    each(2000, async |Pair { clock, one, other }| {
        for n in 0..1100 {
            one.put(Kind::Flow, &format!("early {n}"), vec![1], MINUTE)
                .await
                .expect("fits");
        }
        clock.pass(MINUTE / 2);
        one.put(Kind::Flow, "late", vec![1], MINUTE).await.expect("fits");
        clock.pass(MINUTE / 2);
        let swept = other.sweep(100_000, clock.now()).await.expect("sweeps");
        // Each of the last writes may have dropped two already.
        assert!((1000..=1100).contains(&swept), "{swept}");
        assert_eq!(one.len(Kind::Flow).await, Ok(1));
        assert_eq!(one.get(Kind::Flow, "late").await, Ok(Some(vec![1])));
    })
    .await;
}

#[actix_rt::test]
async fn a_hundred_who_take_at_once_get_it_once() {
    each(10, async |Pair { one, other, .. }| {
        for round in 0..5 {
            let key = round.to_string();
            one.put(Kind::Login, &key, vec![7], MINUTE).await.expect("fits");
            let takes = (0..100).map(|n| if n % 2 == 0 { &one } else { &other }.take(Kind::Login, &key));
            let taken = join_all(takes).await;
            assert_eq!(taken.iter().filter(|taken| **taken == Ok(Some(vec![7]))).count(), 1);
            assert_eq!(taken.iter().filter(|taken| **taken == Ok(None)).count(), 99);
        }
    })
    .await;
}

#[actix_rt::test]
async fn bf_03_a_hundred_who_count_at_once_are_all_counted() {
    each(100, async |Pair { clock, one, other }| {
        let shared = [1, 2].map(|byte| ThrottleKey([byte; 32]));
        let counts = (0..100_u8).map(|n| {
            let store = if n % 2 == 0 { &one } else { &other };
            let keys = [shared[0], ThrottleKey([100 + n % 4; 32]), shared[1]];
            let now = clock.now();
            async move {
                let more = |level: &mut Option<i64>| *level = Some(level.unwrap_or(now.as_millis()) + 10);
                store.count(&keys, now, |levels| levels.iter_mut().for_each(more)).await
            }
        });
        for counted in join_all(counts).await {
            counted.expect("counts");
        }
        let levels = one.count(&shared, clock.now(), |levels| levels.to_vec()).await;
        assert_eq!(levels, Ok(vec![Some(clock.now().as_millis() + 1000); 2]));
        assert_eq!(other.counters().await, Ok(6));
    })
    .await;
}

#[actix_rt::test]
async fn a_counter_that_is_not_empty_never_makes_room() {
    each(4, async |Pair { clock, one, .. }| {
        let now = clock.now();
        let end = now.plus(MINUTE);
        let keys: Vec<_> = (0..4).map(|byte| ThrottleKey([byte; 32])).collect();
        let full = |levels: &mut [Option<i64>]| levels.fill(Some(end.as_millis()));
        one.count(&keys, now, full).await.expect("fits");
        let new = [ThrottleKey([9; 32])];
        assert_eq!(one.count(&new, now, full).await, Err(KvError::Full("counter")));
        assert_eq!(one.counters().await, Ok(4));
        let none = |levels: &mut [Option<i64>]| levels.fill(None);
        one.count(&new, end, none)
            .await
            .expect("the others are full buckets again");
        assert_eq!(
            one.counters().await,
            Ok(0),
            "and gone, as is the one that was not needed"
        );
    })
    .await;
}

#[actix_rt::test]
async fn a_sweep_drops_counters_that_are_as_good_as_none() {
    each(10, async |Pair { clock, one, other }| {
        let now = clock.now();
        for (byte, end) in [(1, MINUTE), (2, 2 * MINUTE)] {
            let level = now.plus(end).as_millis();
            let key = [ThrottleKey([byte; 32])];
            one.count(&key, now, |levels| levels.fill(Some(level)))
                .await
                .expect("fits");
        }
        clock.pass(MINUTE);
        other.sweep(10, clock.now()).await.expect("sweeps");
        assert_eq!(one.counters().await, Ok(1));
    })
    .await;
}
