//! The statements on a real database.

use serde_json::Value;

use super::{payments, revocations, runtime};
use crate::db::{Decision, Row, Statement};
use crate::domain::clock::Timestamp;
use crate::domain::entitlement::ids::PaymentIds;
use crate::domain::entitlement::key::PublicKey;
use crate::domain::entitlement::payment::{Payment, Plan, Redemption, State, StoreAccount, Witnessed};
use crate::domain::entitlement::revocation::Revocation;
use crate::domain::entitlement::standing::{Best, Standing};
use crate::domain::entitlement::vectors::{cases, text};
use crate::testing::TestStore;

const OWNER: PublicKey = PublicKey::from_bytes([7; 32]);

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

async fn write(store: &TestStore, statements: Vec<Statement>) -> Vec<Vec<Row>> {
    let work = store.writes.transact("test", async move |transaction| {
        let mut rows = Vec::new();
        for statement in &statements {
            rows.push(transaction.query(statement).await?);
        }
        Ok(Decision::Commit(rows))
    });
    work.await.expect("writes")
}

async fn store() -> TestStore {
    let store = TestStore::new();
    write(&store, vec![runtime::insert(&runtime::Runtime::default())]).await;
    store
}

fn payment(id: i64, row: &Value) -> Payment {
    let number = |name: &str| row[name].as_i64().unwrap_or(0);
    let ids = match row["order"].as_str() {
        Some(order) => PaymentIds::Google {
            token: format!("token {id}"),
            order: order.to_owned(),
        },
        None => PaymentIds::Apple {
            original: text(&row["orig"]),
            tx: format!("tx {id}"),
            web_line: String::new(),
        },
    };
    let redemption = Redemption {
        owner: OWNER,
        at: at(1),
    };
    let account = match ids {
        PaymentIds::Google { .. } => StoreAccount::Google(None),
        _ => StoreAccount::Apple(String::new()),
    };
    Payment {
        id,
        witnessed: Witnessed {
            ids,
            plan: Plan::OneMonth,
            account,
            unredeemed_at: at(0),
            expires_at: at(number("expiry")),
            refund_deadline_at: at(0),
        },
        state: match number("status") {
            1 => State::Unredeemed,
            2 => State::Redeemed(redemption),
            3 => State::Expired(Some(redemption)),
            _ => State::Revoked {
                redemption: Some(redemption),
                at: at(number("revoked")),
            },
        },
        auto_renewing: row["auto"] == true,
        grace_ms: number("grace"),
        refund_requested_at: row["refund"].as_i64().map(at),
    }
}

#[actix_rt::test]
async fn the_best_payment_is_the_one_that_clients_expect() {
    let cases = cases("best_payment.json", "cases");
    assert_eq!(cases.len(), 22);
    for case in cases {
        let store = store().await;
        for (row, id) in case["rows_in_insertion_order"]
            .as_array()
            .expect("rows")
            .iter()
            .zip(1..)
        {
            let payment = payment(id, row);
            let statements = vec![payments::insert(id, &payment.witnessed), payments::update(&payment, 1)];
            let rows = write(&store, statements).await;
            assert!(rows.iter().all(|rows| rows.len() == 1), "{case}");
            let stored = store.store.query_one(&payments::of_ids(&payment.witnessed.ids)).await;
            let stored = payments::read(&stored.expect("reads").expect("is there")).expect("is a payment");
            assert_eq!(stored, payment);
        }
        let rows = store.store.query(&payments::heads(&OWNER)).await.expect("reads");
        let best = Best::of(&payments::read_all(&rows).expect("payments"));
        let fixed = |name: &str| match &case[format!("{name}_fixed")] {
            Value::Null => case[name].clone(),
            fixed => fixed.clone(),
        };
        let user = fixed("user_row");
        let number = |name: &str| user[name].as_i64().expect("a number");
        let wanted = Standing {
            expires_at: at(number("expiry_unix_ts_ms")),
            grace_ms: number("grace_period_duration_ms"),
            auto_renewing: user["auto_renewing"] == true,
            refund_requested_at: Some(number("refund_requested_unix_ts_ms"))
                .filter(|at| *at != 0)
                .map(at),
        };
        assert_eq!(best.standing, wanted, "{}", case["name"]);
        let basis = best.proof_basis.map_or(0, Timestamp::as_millis);
        let wanted = fixed("proof_basis_expiry_unix_ts_ms").as_i64().expect("a number");
        assert_eq!(basis, wanted, "{}", case["name"]);
    }
}

#[actix_rt::test]
async fn twenty_renewals_do_not_hide_another_chain() {
    let store = store().await;
    let mut statements = Vec::new();
    for id in 1..=40 {
        let row = if id == 1 {
            serde_json::json!({ "order": "YEARLY", "expiry": 9_999, "status": 2 })
        } else {
            serde_json::json!({ "orig": "monthly", "expiry": id, "status": if id == 40 { 2 } else { 3 } })
        };
        let payment = payment(id, &row);
        statements.push(payments::insert(id, &payment.witnessed));
        statements.push(payments::update(&payment, 1));
    }
    write(&store, statements).await;
    let rows = store.store.query(&payments::heads(&OWNER)).await.expect("reads");
    assert_eq!(rows.len(), 2);
    let best = Best::of(&payments::read_all(&rows).expect("payments"));
    assert_eq!(best.standing.expires_at, at(9_999));
}

#[actix_rt::test]
async fn one_payment_is_stored_once_whatever_its_number() {
    let store = store().await;
    let first = payment(1, &serde_json::json!({ "orig": "o", "expiry": 5, "status": 1 }));
    let again = vec![
        payments::insert(1, &first.witnessed),
        payments::insert(2, &first.witnessed),
    ];
    let rows = write(&store, again).await;
    assert_eq!(rows.iter().map(Vec::len).collect::<Vec<_>>(), [1, 0]);
}

#[actix_rt::test]
async fn a_page_of_revocations_has_its_ticket_even_if_it_is_empty() {
    let store = store().await;
    let read = async |after| {
        let rows = store.store.query(&revocations::page(after, 2)).await.expect("reads");
        let rows: Result<Vec<_>, _> = rows.iter().map(revocations::read).collect();
        rows.expect("revocations")
    };
    assert_eq!(read(-1).await, [(0, None)]);
    let revocation = |gen_index| Revocation {
        gen_index,
        created_at: at(gen_index),
        expires_at: at(100),
    };
    let mut statements: Vec<_> = [5, 3, 9].map(|index| revocations::revoke(&revocation(index))).into();
    statements.push(runtime::advance_ticket(3));
    write(&store, statements).await;
    assert_eq!(read(-1).await, [(3, Some(revocation(3))), (3, Some(revocation(5)))]);
    assert_eq!(read(5).await, [(3, Some(revocation(9)))]);
    assert_eq!(read(9).await, [(3, None)]);
}
