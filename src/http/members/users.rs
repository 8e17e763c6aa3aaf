//! `/admin/users/…`: everybody, by pages.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::json;

use super::page::{Cursor, Page};
use super::shape::{OwnProfile, User};
use super::{members, note};
use crate::actors::members::edit_profile::{Edit, EditProfile};
use crate::actors::members::set_active::SetActive;
use crate::db::directory::{self, Listed};
use crate::domain::account::{self, Membership};
use crate::http::app::App;
use crate::http::bearer::{Admin, Caller};
use crate::http::extract::{ApiJson, With};
use crate::http::fields::Nothing;
use crate::http::problem::{Kind, Problem};

/// A page of everybody by address; with `q`, of those of whom each of its words begins a name or the address.
pub async fn list(request: HttpRequest, app: Data<App>, _: Admin) -> Result<HttpResponse, Problem> {
    let (people, next) = page(&request, &app).await?;
    let users: Vec<User<'_>> = people.iter().map(User::from).collect();
    Ok(HttpResponse::Ok().json(json!({ "users": users, "next": next })))
}

/// The same, ids alone.
pub async fn ids(request: HttpRequest, app: Data<App>, _: Admin) -> Result<HttpResponse, Problem> {
    let (people, next) = page(&request, &app).await?;
    let ids: Vec<&str> = people.iter().map(|person| person.id.as_str()).collect();
    Ok(HttpResponse::Ok().json(json!({ "ids": ids, "next": next })))
}

/// The same, ids and names.
pub async fn names(request: HttpRequest, app: Data<App>, _: Admin) -> Result<HttpResponse, Problem> {
    let (people, next) = page(&request, &app).await?;
    let entry = |person: &Listed| json!({ "id": person.id, "name": person.profile.name(), "email": person.email });
    let users: Vec<_> = people.iter().map(entry).collect();
    Ok(HttpResponse::Ok().json(json!({ "users": users, "next": next })))
}

async fn page(request: &HttpRequest, app: &App) -> Result<(Vec<Listed>, Option<String>), Problem> {
    let page = Page::of(request)?;
    let asked = page.question.as_deref().unwrap_or_default();
    let question = account::question(asked);
    if question.is_empty() && !asked.trim().is_empty() {
        // Nothing in it could begin a word.
        return Ok((Vec::new(), None));
    }
    let statement = match (&page.after, question.is_empty()) {
        (None, true) => directory::everybody(("", ""), page.ask()),
        (Some(cursor), true) => directory::everybody((cursor.text()?, &cursor.id), page.ask()),
        (after, false) => {
            let after = after.as_ref().map(|cursor| (cursor.key.as_slice(), cursor.id.as_str()));
            directory::found(&question, after, page.ask())
        }
    };
    let mut people = directory::read(&app.store.query(&statement).await?)?;
    let next = page.cut(&mut people, |last| Cursor {
        key: last.key.clone(),
        id: last.id.clone(),
    });
    Ok((people, next))
}

/// One of them.
pub async fn one(app: Data<App>, _: Admin, id: Path<String>) -> Result<HttpResponse, Problem> {
    let id = account_id(&id)?;
    let people = directory::read(&app.store.query(&directory::one(&id)).await?)?;
    let person = people.first().ok_or_else(|| Problem::new(Kind::NotFound))?;
    Ok(HttpResponse::Ok().json(User::from(person)))
}

/// A path segment that could name an account.
fn account_id(text: &str) -> Result<String, Problem> {
    let id: Result<account::AccountId, _> = text.parse();
    id.map(|id| id.to_string()).map_err(|_| Problem::new(Kind::NotFound))
}

/// What an administrator says of a membership; what is not there is taken out.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MembershipEntry {
    membership_number: Option<String>,
    joined: Option<String>,
}

/// Changes number and date of joining.
pub async fn membership(
    app: Data<App>,
    id: Path<String>,
    With(Admin(caller), body): With<Admin, ApiJson<MembershipEntry>>,
) -> Result<HttpResponse, Problem> {
    let MembershipEntry {
        membership_number,
        joined,
    } = body.0;
    let account_id = account_id(&id)?;
    let membership = Membership::parse(membership_number.as_deref(), joined.as_deref())?;
    let message = EditProfile {
        account_id: account_id.clone(),
        edit: Edit::Membership(membership),
    };
    let profile = members(&app)?.ask(message).await??;
    note(&caller, "changed a membership", &account_id);
    let people = directory::read(&app.store.query(&directory::one(&account_id)).await?)?;
    let email = people.first().map(|person| person.email.as_str()).unwrap_or_default();
    Ok(HttpResponse::Ok().json(OwnProfile::of(&account_id, email, &profile)))
}

/// Closes an account: what it was given ends.
pub async fn disable(
    app: Data<App>,
    id: Path<String>,
    With(Admin(caller), _): With<Admin, ApiJson<Nothing>>,
) -> Result<HttpResponse, Problem> {
    set(&app, &caller, &id, false).await
}

/// Opens it again; what had ended stays ended.
pub async fn enable(
    app: Data<App>,
    id: Path<String>,
    With(Admin(caller), _): With<Admin, ApiJson<Nothing>>,
) -> Result<HttpResponse, Problem> {
    set(&app, &caller, &id, true).await
}

async fn set(app: &App, caller: &Caller, id: &str, active: bool) -> Result<HttpResponse, Problem> {
    let account_id = account_id(id)?;
    let message = SetActive {
        account_id: account_id.clone(),
        active,
    };
    members(app)?.ask(message).await??;
    note(
        caller,
        if active {
            "opened an account"
        } else {
            "closed an account"
        },
        &account_id,
    );
    Ok(HttpResponse::Ok().json(json!({})))
}
