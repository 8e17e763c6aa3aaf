//! What holds after every step of any sequence of steps.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use super::*;
use crate::actors::ledger::report::RevokeSubscription;
use crate::actors::ledger::sweep::sweep_all;
use crate::db::entitlements::{payments, users};
use crate::domain::entitlement::day::{DAY, MONTH, round_down, round_up, shift};
use crate::domain::entitlement::grant::OrderId;
use crate::domain::entitlement::payment::Payment;
use crate::domain::entitlement::standing::Best;

const PEOPLE: u8 = 3;

#[derive(Clone, Copy, Debug)]
enum Step {
    /// Person, number of the order of one subscription, days.
    Witness(u8, u8, i64),
    Claim(u8, u8),
    Prove(u8),
    Renew(u8, u8, bool),
    /// Person, days ago.
    Revoke(u8, i64),
    /// Days.
    Wait(i64),
    Sweep,
    Grant(u8, i64),
}

fn step() -> impl Strategy<Value = Step> {
    let (person, number) = (1..=PEOPLE, 0..3_u8);
    prop_oneof![
        4 => (person.clone(), number.clone(), 1..100_i64).prop_map(|(p, n, d)| Step::Witness(p, n, d)),
        4 => (person.clone(), number.clone()).prop_map(|(p, n)| Step::Claim(p, n)),
        3 => person.clone().prop_map(Step::Prove),
        1 => (person.clone(), number, any::<bool>()).prop_map(|(p, n, auto)| Step::Renew(p, n, auto)),
        1 => (person.clone(), 0..3_i64).prop_map(|(p, d)| Step::Revoke(p, d)),
        2 => (1..40_i64).prop_map(Step::Wait),
        2 => Just(Step::Sweep),
        1 => (person, 1..60_i64).prop_map(|(p, d)| Step::Grant(p, d)),
    ]
}

/// What has been seen of a ledger so far.
#[derive(Default)]
struct History {
    ticket: i64,
    revoked: BTreeSet<(i64, i64)>,
    /// Every proof that was given: the name of its generation and its end.
    proofs: Vec<([u8; 32], u64)>,
}

async fn take(process: &Process, step: Step, history: &mut History) -> Result<(), TestCaseError> {
    let now = process.clock.now();
    let order = |person: u8, number: u8| format!("t{person}-GPA.{person}..{number}");
    match step {
        Step::Witness(person, number, days) => process.witness(person, &order(person, number), days).await,
        Step::Claim(person, number) => {
            if let Ok(signed) = process.claim(person, &order(person, number)).await {
                history
                    .proofs
                    .push((signed.proof.gen_index_hash, signed.proof.expiry_unix_ts_ms));
            }
        }
        Step::Prove(person) => prove_and_look(process, person, history).await?,
        Step::Renew(person, number, auto_renewing) => {
            let ids = witnessed(person, &order(person, number), now, 1).ids;
            let renewal = Renewal {
                grace_ms: Some(3 * DAY),
                auto_renewing: Some(auto_renewing),
            };
            let _ = process.ledger.ask(TellRenewal { ids, renewal }).await.expect("answers");
        }
        Step::Revoke(person, days) => {
            let revoke = RevokeSubscription {
                subscription: Subscription::Google {
                    token: format!("t{person}"),
                },
                at: shift(now, -days * DAY),
            };
            let _ = process.ledger.ask(revoke).await.expect("answers");
        }
        Step::Wait(days) => process.clock.set_wall(shift(now, days * DAY)),
        Step::Sweep => sweep_all(&process.deps, round_down(now), now).await,
        Step::Grant(person, days) => {
            let grant = grant_payment::GrantPayment {
                order: OrderId::generate(process.random.as_ref()),
                master: *key(person).public(),
                plan: Plan::OneMonth,
                duration_ms: Some(days * DAY),
            };
            let granted = process.ledger.ask(grant).await.expect("answers").expect("is written");
            granted.expect("is granted");
        }
    }
    Ok(())
}

async fn prove_and_look(process: &Process, person: u8, history: &mut History) -> Result<(), TestCaseError> {
    let now = process.clock.now();
    let master = *key(person).public();
    let row = process
        .store
        .store
        .query_one(&users::with_revocation(&master))
        .await
        .expect("reads");
    match (process.prove(person).await, row) {
        (Ok(signed), Some(row)) => {
            let user = users::read(&row).expect("is ours");
            prop_assert!(!users::read_is_revoked(&row), "a revoked generation gets no proof");
            let end = Timestamp::from_millis(i64::try_from(signed.proof.expiry_unix_ts_ms).expect("fits"));
            prop_assert!(
                now <= end && end <= user.standing.expires_at,
                "a proof ends with what was paid"
            );
            prop_assert!(end <= round_up(shift(now, MONTH)), "a proof is short");
            prop_assert!(signed.is_signed_by(process.deps.keys.proof.public()));
            history
                .proofs
                .push((signed.proof.gen_index_hash, signed.proof.expiry_unix_ts_ms));
        }
        (Ok(_), None) => prop_assert!(false, "nobody gets a proof for nothing"),
        (Err(ProofRefusal::Failure(failure)), _) => prop_assert!(false, "{failure}"),
        (Err(_), _) => {}
    }
    Ok(())
}

async fn look(process: &Process, history: &mut History) -> Result<(), TestCaseError> {
    let runtime = process.runtime().await;
    let store = &process.store.store;
    let rows = store.query(&payments::page(0, 1000)).await.expect("reads");
    // A row in a state that is not declared does not read.
    let all = payments::read_all(&rows).expect("all are in a declared state");
    let users_rows = store.query(&users::page(None, 1000)).await.expect("reads");
    let mut generations = BTreeSet::new();
    for row in &users_rows {
        let user = users::read(row).expect("is ours");
        prop_assert!(user.gen_index < runtime.gen_index && generations.insert(user.gen_index));
        let heads = store.query(&payments::heads(&user.master)).await.expect("reads");
        let best = Best::of(&payments::read_all(&heads).expect("payments"));
        prop_assert_eq!(
            best.standing,
            user.standing,
            "what is known of a person is what the payments come to"
        );
        let paid = all.iter().filter(|payment| {
            payment
                .state
                .redemption()
                .is_some_and(|redemption| redemption.owner == user.master)
        });
        let last = paid
            .map(Payment::end_with_grace)
            .max()
            .expect("nobody without a payment");
        prop_assert!(user.standing.expires_at <= last);
    }
    let rows = store
        .query(&crate::db::entitlements::revocations::page(-1, 1000))
        .await
        .expect("reads");
    let mut revoked = BTreeSet::new();
    for row in &rows {
        if let (_, Some(entry)) = crate::db::entitlements::revocations::read(row).expect("is ours") {
            revoked.insert((entry.gen_index, entry.expires_at.as_millis()));
            let name = process.deps.keys.salt.name(entry.gen_index.unsigned_abs());
            let longest = history
                .proofs
                .iter()
                .filter(|(of, _)| *of == name)
                .map(|(_, end)| *end)
                .max();
            let ends = round_up(entry.expires_at).as_millis().unsigned_abs();
            prop_assert!(
                longest.is_none_or(|longest| longest <= ends),
                "a revocation outlives its proofs"
            );
        }
    }
    prop_assert!(
        runtime.revocation_ticket >= history.ticket,
        "the ticket never goes back"
    );
    if revoked != history.revoked {
        prop_assert!(
            runtime.revocation_ticket > history.ticket,
            "and grows with every change"
        );
    }
    history.ticket = runtime.revocation_ticket;
    history.revoked = revoked;
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 50, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_ledger_is_sound(steps in prop::collection::vec(step(), 1..40)) {
        actix_rt::System::new().block_on(async move {
            let process = Process::with_google().await;
            let mut history = History::default();
            for step in steps {
                take(&process, step, &mut history).await?;
                look(&process, &mut history).await?;
            }
            Ok::<_, TestCaseError>(())
        })?;
    }
}
