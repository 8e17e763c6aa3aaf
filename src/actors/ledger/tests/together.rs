//! Many at once, in one process and in several.

use std::time::Duration;

use futures_util::future::join_all;

use super::*;
use crate::actors::ledger::report::{NotTaken, RevokeSubscription};
use crate::domain::entitlement::request::RefundRequest;
use crate::domain::random::bytes;

/// Two processes on one database.
async fn two(store: TestStore) -> [Process; 2] {
    let other = store.another().await;
    let stores = || Stores::new(vec![Arc::new(Google(true)) as Arc<dyn StoreAdapter>]);
    [
        Process::start(store, Mode::Production, stores()).await,
        Process::start(other, Mode::Production, stores()).await,
    ]
}

async fn claim_once(store: TestStore) {
    let processes = two(store).await;
    processes[0].witness(1, "a", 30).await;
    let claims = (0..100).map(|index| processes[index % 2].claim(1, "a"));
    let answers = join_all(claims).await;
    let won = answers.iter().filter(|answer| answer.is_ok()).count();
    let late = answers
        .iter()
        .filter(|answer| matches!(answer, Err(ClaimRefusal::NotClaimable(NotClaimable::AlreadyRedeemed))))
        .count();
    assert_eq!((won, late), (1, 99), "{answers:?}");
    assert_eq!(processes[1].runtime().await.gen_index, 1);
}

#[actix_rt::test]
async fn a_hundred_claims_of_one_payment_at_once_give_one_success_and_one_generation() {
    claim_once(TestStore::new()).await;
}

#[actix_rt::test]
async fn a_hundred_claims_of_one_payment_on_postgresql_give_one_success_and_one_generation() {
    claim_once(TestStore::on_postgres().await).await;
}

/// What was told is taken or refused; the server does not fail.
fn fine<T>(answer: Result<T, NotTaken>) {
    if let Err(NotTaken::Failure(failure)) = answer {
        panic!("{failure}");
    }
}

/// Does something to one of a few people's payments.
async fn anything(process: &Process, [kind, person, number]: [u8; 3]) {
    let (person, number, now) = (1 + person % 6, number % 6, process.clock.now());
    let order = format!("t{person}-{number}");
    match kind % 12 {
        0..=4 => process.witness(person, &order, 40).await,
        5..=7 => {
            // Refusals are quick: without this most claims would come before the payments.
            process.witness(person, &order, 40).await;
            if let Err(ClaimRefusal::Failure(failure)) = process.claim(person, &order).await {
                panic!("{failure}");
            }
        }
        8 | 9 => {
            let _ = process.prove(person).await;
        }
        10 => {
            let ids = witnessed(person, &order, now, 40).ids;
            let renewal = Renewal {
                grace_ms: Some(1000),
                auto_renewing: Some(number == 0),
            };
            fine(process.ledger.ask(TellRenewal { ids, renewal }).await.expect("answers"));
        }
        _ => {
            let subscription = Subscription::Google { token: token(&order) };
            let revoke = RevokeSubscription { subscription, at: now };
            fine(process.ledger.ask(revoke).await.expect("answers"));
        }
    }
}

#[actix_rt::test]
async fn whatever_comes_together_is_answered_and_nobody_shares_a_generation() {
    mix(TestStore::new()).await;
}

#[actix_rt::test]
async fn whatever_comes_together_on_postgresql_is_answered_and_nobody_shares_a_generation() {
    mix(TestStore::on_postgres().await).await;
}

async fn mix(store: TestStore) {
    let processes = two(store).await;
    let callers = (0..16_u8).map(|caller| {
        let (process, random) = (&processes[usize::from(caller % 2)], Seeded::new(caller.into()));
        async move {
            for _ in 0..25 {
                anything(process, bytes(&random)).await;
            }
        }
    });
    tokio::time::timeout(Duration::from_mins(1), join_all(callers))
        .await
        .expect("nobody waits for ever");
    let store = &processes[0].store;
    let users = store
        .rows("SELECT COUNT(*), COUNT(DISTINCT gen_index) FROM entitlement_users")
        .await;
    let count = |index| users[0].integer(index).expect("a number");
    assert!(count(0) > 3, "something happened");
    assert_eq!(count(0), count(1));
    let revoked = store.rows("SELECT COUNT(*) FROM entitlement_revocations").await[0]
        .integer(0)
        .expect("a number");
    let runtime = processes[0].runtime().await;
    assert_eq!(runtime.revocation_ticket, revoked, "each row that came has its number");
}

#[actix_rt::test]
async fn a_replayed_refund_request_does_not_undo_a_newer_one() {
    let process = Process::with_google().await;
    let mut payment = witnessed(1, "a", START, 30);
    payment.ids = PaymentIds::Apple {
        original: "o".to_owned(),
        tx: "t".to_owned(),
        web_line: String::new(),
    };
    payment.account = StoreAccount::Apple("a token".to_owned());
    process
        .ledger
        .ask(WitnessPayment(payment))
        .await
        .expect("answers")
        .expect("is taken");
    let ids = ClaimIds::Apple { tx: "t".to_owned() };
    let keys = pair(1, |master, rotating| hash::add_payment(VERSION, master, rotating, &ids));
    let server = ProofKey::from_seed(&DEV_SEED);
    let claim = Claim { keys, ids: ids.clone() }
        .verify(server.public())
        .expect("is signed");
    let mint = Mint::default();
    process
        .ledger
        .ask(ClaimPayment { claim, mint })
        .await
        .expect("answers")
        .expect("is claimed");

    let note = async |person: u8, time: u64, requested_ms: u64| {
        let key = key(person);
        let (ids, master) = (ids.clone(), *key.public());
        let hash = hash::refund_requested(VERSION, &master, time, requested_ms, &ids);
        let request = RefundRequest {
            master,
            unix_ts_ms: time,
            requested_ms,
            ids,
        };
        let note = request_refund::NoteRefundRequest {
            request: request.verify(&key.sign(&hash)).expect("is signed"),
            asked: Timestamp::from_millis(i64::try_from(time).expect("fits")),
            requested: i64::try_from(requested_ms)
                .ok()
                .filter(|at| *at != 0)
                .map(Timestamp::from_millis),
        };
        process
            .ledger
            .ask(note)
            .await
            .expect("answers")
            .expect("is noted or not")
    };
    let noted = async || {
        let rows = process
            .store
            .rows("SELECT refund_requested_at FROM entitlement_users")
            .await;
        rows[0].optional_integer(0).expect("a time or none")
    };
    assert!(note(1, 100, 55).await);
    assert_eq!(noted().await, Some(55));
    assert!(note(1, 101, 0).await);
    assert_eq!(noted().await, None);
    assert!(!note(1, 100, 55).await, "an older request is a replay");
    assert!(!note(2, 102, 55).await, "somebody else's payment");
    assert_eq!(noted().await, None);
}
