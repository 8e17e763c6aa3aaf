//! `sequence_*.json`: whole histories, with what every step was answered and what the database held. Where existing
//! servers are wrong, the vectors say what is right (`expect_fixed`), and that is what is compared.

use serde_json::json;

use super::*;
use crate::actors::ledger::report::{NoteUserError, RevokeSubscription, TellRenewal, WitnessPayment};
use crate::actors::ledger::sweep::{forecast, sweep_all};
use crate::db::entitlements::{payments, revocations, runtime, users};
use crate::domain::clock::Timestamp;
use crate::domain::entitlement::ids::{PaymentIds, Provider, Subscription};
use crate::domain::entitlement::payment::{Payment, Plan, Renewal, StoreAccount, Witnessed};
use crate::domain::entitlement::standing::UserError;
use crate::domain::entitlement::vectors::{file, hex32, number, text, time};

async fn replay(name: &str) {
    replay_on(TestStore::new(), name).await;
}

async fn replay_on(store: TestStore, name: &str) {
    let vectors = file(name);
    let house = House::on(store, vectors["dev_mode"] == true).await;
    assert_eq!(
        house.entitlements.keys.proof.public().to_hex(),
        vectors["backend_pkey"]
            .as_str()
            .unwrap_or("fc947730f49eb01427a66e050733294d9e520e545c7a27125a780634e0860a27")
    );
    for (index, step) in vectors["steps"].as_array().expect("steps").iter().enumerate() {
        let what = format!("{name} step {index}: {} {}", step["op"], step["note"]);
        take(&house, step, &what).await;
    }
}

/// What a step should come to: what is right, where existing servers are wrong.
fn wanted<'a>(step: &'a Value, name: &str) -> &'a Value {
    match &step[format!("{name}_fixed")] {
        Value::Null => &step[name],
        fixed => fixed,
    }
}

async fn take(house: &House, step: &Value, what: &str) {
    let ledger = &house.process.ledger;
    let went_well = match text(&step["op"]).as_str() {
        "clock" => {
            house.process.clock.set_wall(time(&step["unix_ts_ms"]));
            return;
        }
        "http" => return http(house, step, what).await,
        "state" => return assert_eq!(state(house).await, *wanted(step, "expect"), "{what}"),
        "expire" => return expire(house, step, what).await,
        "user_error" => {
            let error = UserError {
                provider: provider(step),
                payment_id: text(&step["payment_id"]),
            };
            let present = step["present"] == true;
            ledger
                .ask(NoteUserError { error, present })
                .await
                .expect("answers")
                .expect("is noted");
            return;
        }
        "witness_payment" => ledger
            .ask(WitnessPayment(witnessed(step)))
            .await
            .expect("answers")
            .is_ok(),
        "renewal_info" => {
            let tell = TellRenewal {
                ids: ids(step),
                renewal: Renewal {
                    grace_ms: step["grace_period_duration_ms"].as_i64(),
                    auto_renewing: step["auto_renewing"].as_bool(),
                },
            };
            ledger.ask(tell).await.expect("answers").is_ok()
        }
        "revoke" => {
            let subscription = match provider(step) {
                Provider::Google => Subscription::Google {
                    token: text(&step["google_payment_token"]),
                },
                _ => Subscription::Apple {
                    original: text(&step["apple_original_tx_id"]),
                },
            };
            let at = time(&step["revoke_unix_ts_ms"]);
            ledger
                .ask(RevokeSubscription { subscription, at })
                .await
                .expect("answers")
                .is_ok()
        }
        other => panic!("{other}"),
    };
    assert_eq!(Value::Bool(went_well), *wanted(step, "expect_ok"), "{what}");
}

async fn http(house: &House, step: &Value, what: &str) {
    let (http, json) = house.post(&text(&step["path"]), &step["request"]).await;
    let json = json.expect("JSON");
    assert_eq!(u64::from(http), number(&step["expect_http"]), "{what}");
    let wanted = wanted(step, "expect");
    if wanted["status"] == 0 {
        assert_eq!(json, *wanted, "{what}");
    } else {
        assert_eq!(json["status"], wanted["status"], "{what} {json}");
    }
}

async fn expire(house: &House, step: &Value, what: &str) {
    let midnight = time(&step["unix_ts_ms"]);
    let forecast = forecast(&house.process.deps.store, midnight, midnight)
        .await
        .expect("looks");
    let told = json!({
        "already_done": forecast.already_done,
        "payment_owners": forecast.payment_owners,
        "revocations": forecast.revocations,
        "users": forecast.users,
        "apple_notification_uuid_history": forecast.apple_notifications,
        "google_notification_history": forecast.google_notifications,
    });
    assert_eq!(told, *wanted(step, "expect"), "{what}");
    sweep_all(&house.process.deps, midnight, midnight).await;
}

fn provider(step: &Value) -> Provider {
    Provider::from_number(step["provider"].as_i64().expect("a number")).expect("a provider")
}

fn ids(step: &Value) -> PaymentIds {
    match provider(step) {
        Provider::Google => PaymentIds::Google {
            token: text(&step["google_payment_token"]),
            order: text(&step["google_order_id"]),
        },
        _ => PaymentIds::Apple {
            original: text(&step["apple_original_tx_id"]),
            tx: text(&step["apple_tx_id"]),
            web_line: text(&step["apple_web_line_order_tx_id"]),
        },
    }
}

fn witnessed(step: &Value) -> Witnessed {
    Witnessed {
        ids: ids(step),
        plan: Plan::from_number(step["plan"].as_i64().expect("a number")).expect("a plan"),
        account: match provider(step) {
            Provider::Google => StoreAccount::Google(Some(hex32(&step["google_obfuscated_account_id"]))),
            _ => StoreAccount::Apple(text(&step["apple_app_account_token"])),
        },
        unredeemed_at: time(&step["unredeemed_unix_ts_ms"]),
        expires_at: time(&step["expiry_unix_ts_ms"]),
        refund_deadline_at: time(&step["platform_refund_expiry_unix_ts_ms"]),
    }
}

/// The whole database, as the vectors show it.
pub(super) async fn state(house: &House) -> Value {
    let store = &house.process.deps.store;
    let rows = store.query(&payments::page(0, 1000)).await.expect("reads");
    let payments: Vec<_> = payments::read_all(&rows)
        .expect("payments")
        .iter()
        .map(payment)
        .collect();
    let rows = store.query(&users::page(None, 1000)).await.expect("reads");
    let users: Vec<_> = rows
        .iter()
        .map(|row| user(&users::read(row).expect("a user")))
        .collect();
    let rows = store.query(&revocations::page(-1, 1000)).await.expect("reads");
    let entries = rows
        .iter()
        .filter_map(|row| revocations::read(row).expect("an entry").1);
    let revocations: Vec<_> = entries
        .map(|entry| {
            json!({
                "gen_index": entry.gen_index,
                "creation_unix_ts_ms": entry.created_at.as_millis(),
                "expiry_unix_ts_ms": entry.expires_at.as_millis(),
            })
        })
        .collect();
    let row = store
        .query_one(&runtime::row())
        .await
        .expect("reads")
        .expect("is there");
    let runtime = runtime::read(&row).expect("is ours");
    json!({
        "payments": payments,
        "users": users,
        "revocations": revocations,
        "runtime": {
            "gen_index": runtime.gen_index,
            "last_expire_unix_ts_ms": runtime.expired_until.as_millis(),
            "revocation_ticket": runtime.revocation_ticket,
        },
    })
}

fn user(user: &crate::domain::entitlement::standing::User) -> Value {
    let standing = user.standing;
    json!({
        "master_pkey": user.master.to_hex(),
        "gen_index": user.gen_index,
        "expiry_unix_ts_ms": standing.expires_at.as_millis(),
        "grace_period_duration_ms": standing.grace_ms,
        "auto_renewing": standing.auto_renewing,
        "refund_requested_unix_ts_ms": standing.refund_requested_at.map_or(0, Timestamp::as_millis),
    })
}

fn payment(payment: &Payment) -> Value {
    let witnessed = &payment.witnessed;
    let redemption = payment.state.redemption();
    let (mut apple, mut google) = ([""; 3], [""; 2]);
    match &witnessed.ids {
        PaymentIds::Google { token, order } => google = [token, order],
        PaymentIds::Apple { original, tx, web_line } => apple = [original, tx, web_line],
        PaymentIds::Rangeproof { .. } => {}
    }
    json!({
        "id": payment.id,
        "master_pkey": redemption.map(|redemption| redemption.owner.to_hex()),
        "status": payment.state.number(),
        "plan": witnessed.plan.number(),
        "payment_provider": witnessed.ids.provider().number(),
        "auto_renewing": payment.auto_renewing,
        "unredeemed_unix_ts_ms": witnessed.unredeemed_at.as_millis(),
        "redeemed_unix_ts_ms": redemption.map(|redemption| redemption.at.as_millis()),
        "expiry_unix_ts_ms": witnessed.expires_at.as_millis(),
        "grace_period_duration_ms": payment.grace_ms,
        "platform_refund_expiry_unix_ts_ms": witnessed.refund_deadline_at.as_millis(),
        "revoked_unix_ts_ms": payment.state.revoked_at().map(Timestamp::as_millis),
        "apple_original_tx_id": apple[0],
        "apple_tx_id": apple[1],
        "apple_web_line_order_tx_id": apple[2],
        "google_payment_token": google[0],
        "google_order_id": google[1],
        "refund_requested_unix_ts_ms": payment.refund_requested_at.map_or(0, Timestamp::as_millis),
    })
}

#[actix_rt::test]
async fn google_from_the_purchase_to_the_refund() {
    replay("sequence_google_lifecycle.json").await;
}

#[actix_rt::test]
async fn subscriptions_of_two_stores_at_once() {
    replay("sequence_stack_two_stores.json").await;
}

#[actix_rt::test]
async fn grace_and_accounts_on_hold() {
    replay("sequence_grace_and_hold.json").await;
}

#[actix_rt::test]
async fn claims_that_come_early_late_or_for_nothing() {
    replay("sequence_claim_edge_cases.json").await;
}

#[actix_rt::test]
async fn a_development_server() {
    replay("sequence_dev_mode.json").await;
}

#[actix_rt::test]
async fn all_of_them_on_postgresql() {
    for name in [
        "sequence_google_lifecycle.json",
        "sequence_stack_two_stores.json",
        "sequence_grace_and_hold.json",
        "sequence_claim_edge_cases.json",
        "sequence_dev_mode.json",
    ] {
        replay_on(TestStore::on_postgres().await, name).await;
    }
}
