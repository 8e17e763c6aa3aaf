//! `/admin/scopes/…`: who holds which scope.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::json;

use super::page::{Cursor, Page};
use super::{members, note};
use crate::actors::members::set_scope::SetScope;
use crate::db::directory::{self, Listed};
use crate::domain::account::AccountId;
use crate::domain::oauth::scope::ScopeSet;
use crate::http::app::App;
use crate::http::bearer::{Admin, Caller};
use crate::http::extract::{ApiJson, With};
use crate::http::problem::Problem;

/// The most bytes of one scope.
const LONGEST: usize = 64;

/// A page of those who hold any scope, with all that they hold.
pub async fn all(request: HttpRequest, app: Data<App>, _: Admin) -> Result<HttpResponse, Problem> {
    let page = Page::of(&request)?;
    let after = page.after.as_ref().map_or("", |cursor| cursor.id.as_str());
    let mut people = directory::read(&app.store.query(&directory::holders(after, page.ask())).await?)?;
    let next = page.cut(&mut people, |last| Cursor {
        key: Vec::new(),
        id: last.id.clone(),
    });
    let entry = |person: &Listed| {
        json!({
            "id": person.id,
            "email": person.email,
            "name": person.profile.name(),
            "scopes": person.scopes,
        })
    };
    let users: Vec<_> = people.iter().map(entry).collect();
    Ok(HttpResponse::Ok().json(json!({ "users": users, "next": next })))
}

/// One scope of one person.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holding {
    user_id: String,
    scope: String,
}

/// Gives it. `member` and `admin` are not given here.
pub async fn add(
    app: Data<App>,
    With(Admin(caller), body): With<Admin, ApiJson<Holding>>,
) -> Result<HttpResponse, Problem> {
    set(&app, &caller, body.0, true).await
}

/// Takes it. `member` and `admin` are not taken here.
pub async fn remove(
    app: Data<App>,
    With(Admin(caller), body): With<Admin, ApiJson<Holding>>,
) -> Result<HttpResponse, Problem> {
    set(&app, &caller, body.0, false).await
}

async fn set(app: &App, caller: &Caller, holding: Holding, give: bool) -> Result<HttpResponse, Problem> {
    let id: Result<AccountId, _> = holding.user_id.parse();
    let account_id = id
        .map_err(|error| Problem::field("user_id", error.to_string()))?
        .to_string();
    let scope = holding.scope;
    let well_formed = scope.len() <= LONGEST && ScopeSet::parse(&scope).is_ok_and(|set| set.contains(&scope));
    if !well_formed {
        let what = format!("is no scope: 1 to {LONGEST} characters of printable ASCII without blanks and quotes");
        return Err(Problem::field("scope", what));
    }
    let message = SetScope {
        account_id: account_id.clone(),
        scope,
        give,
    };
    let scopes = members(app)?.ask(message).await??;
    note(caller, if give { "gave a scope" } else { "took a scope" }, &account_id);
    Ok(HttpResponse::Ok().json(json!({ "scopes": scopes })))
}
