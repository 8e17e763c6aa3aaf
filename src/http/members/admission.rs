//! `/onboard/get/`, `/onboard/confirm/` and what administrators do to those on the way in.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::{Value, json};

use super::members;
use super::page::{Cursor, Page};
use crate::actors::members::admit::{Admit, Who};
use crate::actors::members::invite::Invite;
use crate::actors::members::withdraw::{Resend, Withdraw};
use crate::db::applicants::{self, Stage};
use crate::db::{DbError, Row};
use crate::domain::account::{Introduction, Membership};
use crate::http::app::App;
use crate::http::bearer::Admin;
use crate::http::extract::{ApiJson, With};
use crate::http::fields::email;
use crate::http::problem::Problem;

/// A page of those who wait to be admitted, oldest first; with `stage=admitted`, of those who have not registered yet.
pub async fn list(request: HttpRequest, app: Data<App>, _: Admin) -> Result<HttpResponse, Problem> {
    let page = Page::of(&request)?;
    let stage = match page.stage.as_deref() {
        None => Stage::Waiting,
        Some(text) => Stage::parse(text).ok_or_else(|| Problem::field("stage", "must be waiting or admitted"))?,
    };
    let after = match &page.after {
        Some(cursor) => (cursor.number()?, cursor.id.as_str()),
        None => (i64::MIN, ""),
    };
    let mut rows = app.store.query(&applicants::page(stage, after, page.ask())).await?;
    // What cannot be read is found out below; here it only begins the next page at the start.
    let next = page.cut(&mut rows, |row| Cursor {
        key: row.integer(9).unwrap_or(i64::MIN).to_string().into_bytes(),
        id: row.text(0).unwrap_or_default().to_owned(),
    });
    let listed: Vec<Value> = rows.iter().map(entry).collect::<Result<_, _>>()?;
    Ok(HttpResponse::Ok().json(json!({ "applicants": listed, "next": next })))
}

fn entry(row: &Row) -> Result<Value, DbError> {
    let applicant = applicants::read(row)?;
    Ok(json!({
        "id": applicant.id,
        "email": applicant.email.as_str(),
        "stage": applicant.stage.as_str(),
        "given_name": applicant.introduction.given_name,
        "family_name": applicant.introduction.family_name,
        "phone": applicant.introduction.phone,
        "membership_number": applicant.membership.number,
        "joined": applicant.membership.joined_on,
        "created_at": applicant.created_at.as_millis(),
        "expires_at": applicant.expires_at.as_millis(),
        "mail_trouble": row.optional_text(11)?,
    }))
}

/// Who is admitted, by `id` or `email`, and what is said of them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confirmation {
    id: Option<String>,
    email: Option<String>,
    membership_number: Option<String>,
    joined: Option<String>,
}

/// Admits somebody who waits: the registration mail goes out.
pub async fn confirm(
    app: Data<App>,
    With(_, body): With<Admin, ApiJson<Confirmation>>,
) -> Result<HttpResponse, Problem> {
    let body = body.0;
    let who = match (body.id, &body.email) {
        (Some(id), None) => Who::Id(name("id", id)?),
        (None, Some(address)) => Who::Email(email(address)?),
        _ => return Err(Problem::field("id", "one of id and email is needed")),
    };
    let membership = Membership::parse(body.membership_number.as_deref(), body.joined.as_deref())?;
    members(&app)?.ask(Admit { who, membership }).await??;
    Ok(HttpResponse::Ok().json(json!({})))
}

/// Somebody to invite.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invitation {
    email: String,
    given_name: Option<String>,
    family_name: Option<String>,
    phone: Option<String>,
    locale: Option<String>,
    membership_number: Option<String>,
    joined: Option<String>,
}

/// Invites somebody: the registration mail goes out.
pub async fn invite(app: Data<App>, With(_, body): With<Admin, ApiJson<Invitation>>) -> Result<HttpResponse, Problem> {
    let body = body.0;
    let said = Introduction {
        given_name: body.given_name,
        family_name: body.family_name,
        phone: body.phone,
        locale: body.locale,
    };
    let message = Invite {
        email: email(&body.email)?,
        introduction: said.checked()?,
        membership: Membership::parse(body.membership_number.as_deref(), body.joined.as_deref())?,
    };
    members(&app)?.ask(message).await??;
    Ok(HttpResponse::Ok().json(json!({})))
}

/// An applicant.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    id: String,
}

/// Sends the registration mail again.
pub async fn resend(app: Data<App>, With(_, body): With<Admin, ApiJson<Named>>) -> Result<HttpResponse, Problem> {
    let id = name("id", body.0.id)?;
    members(&app)?.ask(Resend { id }).await??;
    Ok(HttpResponse::Ok().json(json!({})))
}

/// Takes an application or an admission back.
pub async fn withdraw(app: Data<App>, With(_, body): With<Admin, ApiJson<Named>>) -> Result<HttpResponse, Problem> {
    let id = name("id", body.0.id)?;
    members(&app)?.ask(Withdraw { id }).await??;
    Ok(HttpResponse::Ok().json(json!({})))
}

/// A name that one of our rows could have.
fn name(field: &str, text: String) -> Result<String, Problem> {
    let ours = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if ours {
        Ok(text)
    } else {
        Err(Problem::field(field, "must be 32 hexadecimal digits"))
    }
}
