//! `/members/…`: what members see of each other.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use super::page::{Cursor, Page};
use super::shape::MemberProfile;
use crate::db::{directory, profiles};
use crate::http::app::App;
use crate::http::bearer::Member;
use crate::http::problem::{Kind, Problem};

/// A member as members see them: the one of the query, else the caller.
pub async fn profile(request: HttpRequest, app: Data<App>, Member(caller): Member) -> Result<HttpResponse, Problem> {
    let id = Page::of(&request)?.id.unwrap_or(caller.account_id);
    let row = app.store.query_one(&directory::member(&id)).await?;
    let row = row.ok_or_else(|| Problem::new(Kind::NotFound).detail("there is no such member"))?;
    let (profile, _) = profiles::read(&row, 0)?;
    Ok(HttpResponse::Ok().json(MemberProfile::of(&id, &profile)))
}

/// Birthdays in the order of the calendar. Members who keep their age private are not in it.
pub async fn birthdays(request: HttpRequest, app: Data<App>, _: Member) -> Result<HttpResponse, Problem> {
    let page = Page::of(&request)?;
    let (key, id) = match &page.after {
        Some(cursor) => (cursor.number()?, cursor.id.as_str()),
        None => (0, ""),
    };
    let mut rows = app.store.query(&directory::birthdays((key, id), page.ask())).await?;
    // What cannot be read is found out below; here it only begins the next page at the start.
    let next = page.cut(&mut rows, |row| Cursor {
        key: row.integer(5).unwrap_or_default().to_string().into_bytes(),
        id: row.text(0).unwrap_or_default().to_owned(),
    });
    let mut listed = Vec::with_capacity(rows.len());
    for row in &rows {
        listed.push(json!({
            "id": row.text(0)?,
            "given_name": row.optional_text(1)?,
            "family_name": row.optional_text(2)?,
            "call_name": row.optional_text(3)?,
            "birth_date": row.optional_text(4)?,
        }));
    }
    Ok(HttpResponse::Ok().json(json!({ "birthdays": listed, "next": next })))
}
