//! `/admin/entitlements/…`: what an administrator gives by hand (provider 3), to whom, and takes back.
//!
//! A grant has a name that the caller chose, its order id. Asked for again under it, whatever became of the first answer,
//! nothing is given twice.

use actix_web::HttpResponse;
use actix_web::web::{Data, Query};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::actors::ask::Door;
use crate::actors::ledger::Ledger;
use crate::actors::ledger::grant_payment::{GrantPayment, RevokeGrant};
use crate::db::entitlements::payments;
use crate::db::linking;
use crate::domain::account::AccountId;
use crate::domain::clock::Timestamp;
use crate::domain::entitlement::day::DAY;
use crate::domain::entitlement::grant::OrderId;
use crate::domain::entitlement::ids::PaymentIds;
use crate::domain::entitlement::key::PublicKey;
use crate::domain::entitlement::mask::mask;
use crate::domain::entitlement::payment::{Payment, Plan, State};
use crate::http::app::App;
use crate::http::bearer::{Admin, Caller};
use crate::http::extract::{ApiJson, With};
use crate::http::problem::{Kind, Problem};

/// The longest grant, in days: ten years.
const LONGEST: i64 = 3650;
/// Entries of a page that does not say how many, and the most of one that does.
const USUAL: i64 = 100;
const MOST: i64 = 500;

/// Whom a request is about: an account with a linked key, or a key.
#[derive(Debug, Default)]
struct Whom {
    account_id: Option<String>,
    master_pkey: Option<String>,
}

impl Whom {
    async fn master(self, app: &App) -> Result<PublicKey, Problem> {
        match (self.account_id, self.master_pkey) {
            (None, Some(key)) => PublicKey::from_hex(&key)
                .filter(|key| !key.is_zero())
                .ok_or_else(|| Problem::field("master_pkey", "it is not a public key of 64 hexadecimal digits")),
            (Some(id), None) => {
                let id: AccountId = id.parse().map_err(|_| Problem::new(Kind::NotFound))?;
                let row = app.store.query_one(&linking::key_of(&id.to_string())).await?;
                let row = row.ok_or_else(|| Problem::new(Kind::NotFound))?;
                linking::read_key(&row)?.ok_or_else(|| {
                    Problem::new(Kind::Conflict)
                        .detail("this account has no linked key; its owner links one on the account page")
                })
            }
            _ => Err(Problem::field(
                "master_pkey",
                "either master_pkey or account_id says whom it is for, and not both",
            )),
        }
    }
}

/// A wish to give something.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wish {
    order_id: String,
    account_id: Option<String>,
    master_pkey: Option<String>,
    plan: String,
    days: Option<i64>,
}

/// Gives somebody a plan.
pub async fn grant(
    app: Data<App>,
    With(Admin(caller), body): With<Admin, ApiJson<Wish>>,
) -> Result<HttpResponse, Problem> {
    let Wish {
        order_id,
        account_id,
        master_pkey,
        plan,
        days,
    } = body.0;
    let order = order(&order_id)?;
    let plan = Plan::from_name(&plan).ok_or_else(|| Problem::field("plan", "it is not a plan; write 1M, 3M or 12M"))?;
    if days.is_some_and(|days| !(1..=LONGEST).contains(&days)) {
        return Err(Problem::field("days", format!("must be from 1 to {LONGEST}")));
    }
    let whom = Whom {
        account_id,
        master_pkey,
    };
    let master = whom.master(&app).await?;
    let message = GrantPayment {
        order,
        master,
        plan,
        duration_ms: days.map(|days| days.saturating_mul(DAY)),
    };
    let granted = ledger(&app)?.ask(message).await??;
    let granted = granted.map_err(|taken| Problem::new(Kind::Conflict).detail(taken.to_string()))?;
    if !granted.repeated {
        note(&caller, "granted a plan", &order_id);
    }
    Ok(HttpResponse::Ok().json(json!({
        "order_id": order_id,
        "master_pkey": master.to_hex(),
        "plan": plan.name(),
        "expires_at": granted.expires_at,
        "repeated": granted.repeated,
    })))
}

/// The name of a grant.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Name {
    order_id: String,
}

/// Takes a grant back. One that has ended or was taken back before stays as it is.
pub async fn revoke(
    app: Data<App>,
    With(Admin(caller), body): With<Admin, ApiJson<Name>>,
) -> Result<HttpResponse, Problem> {
    let order = order(&body.0.order_id)?;
    let revoked = ledger(&app)?.ask(RevokeGrant { order }).await??;
    let revoked = revoked.ok_or_else(|| Problem::new(Kind::NotFound))?.payments > 0;
    if revoked {
        note(&caller, "took a plan back", &body.0.order_id);
    }
    Ok(HttpResponse::Ok().json(json!({ "revoked": revoked })))
}

/// Whose grants, and which page of them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    account_id: Option<String>,
    master_pkey: Option<String>,
    cursor: Option<i64>,
    limit: Option<i64>,
}

/// A grant as it is shown.
#[derive(Serialize)]
struct Shown<'a> {
    order_id: &'a str,
    plan: &'static str,
    status: &'static str,
    granted_at: Timestamp,
    expires_at: Timestamp,
    revoked_at: Option<Timestamp>,
}

/// What a key is entitled to, and what it was granted, newest first. A store's payments are not among them.
pub async fn list(
    app: Data<App>,
    _: Admin,
    query: Result<Query<Question>, actix_web::Error>,
) -> Result<HttpResponse, Problem> {
    let question = query
        .map_err(|error| Problem::field("query", error.to_string()))?
        .into_inner();
    let limit = question.limit.unwrap_or(USUAL);
    if !(1..=MOST).contains(&limit) {
        return Err(Problem::field("limit", format!("must be from 1 to {MOST}")));
    }
    let whom = Whom {
        account_id: question.account_id,
        master_pkey: question.master_pkey,
    };
    let (master, now) = (whom.master(&app).await?, app.clock.now());
    let known = linking::read_known(&app.store, &master).await?;
    // One more tells whether there is another page.
    let page = payments::grants(&master, question.cursor.unwrap_or(i64::MAX), limit + 1);
    let mut grants = payments::read_all(&app.store.query(&page).await?)?;
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = grants.len() > most;
    grants.truncate(most);
    let next = grants.last().filter(|_| more).map(|last| last.id);
    let shown: Vec<_> = grants.iter().filter_map(|payment| show(payment, now)).collect();
    Ok(HttpResponse::Ok().json(json!({
        "master_pkey": master.to_hex(),
        "entitlements": known.entitlements(now),
        "grants": shown,
        "next": next,
    })))
}

fn show(payment: &Payment, now: Timestamp) -> Option<Shown<'_>> {
    let PaymentIds::Rangeproof { order } = &payment.witnessed.ids else {
        return None;
    };
    Some(Shown {
        order_id: order,
        plan: payment.witnessed.plan.name(),
        status: match payment.state {
            State::Revoked { .. } => "revoked",
            State::Redeemed(_) if now <= payment.witnessed.expires_at => "active",
            _ => "expired",
        },
        granted_at: payment.witnessed.unredeemed_at,
        expires_at: payment.witnessed.expires_at,
        revoked_at: payment.state.revoked_at(),
    })
}

fn order(text: &str) -> Result<OrderId, Problem> {
    OrderId::parse(text).ok_or_else(|| {
        Problem::field(
            "order_id",
            "must be 1 to 128 letters, digits and -._~ that name this grant",
        )
    })
}

/// The door; these routes are there only where the actor is.
fn ledger(app: &App) -> Result<&Door<Ledger>, Problem> {
    app.actors.ledger.as_ref().ok_or_else(|| Problem::new(Kind::NotFound))
}

/// Notes what an administrator did: enough of the grant's name to find it by, and neither key nor address.
fn note(caller: &Caller, what: &'static str, order: &str) {
    tracing::info!(administrator = caller.account_id, order = mask(order), "{what}");
}
