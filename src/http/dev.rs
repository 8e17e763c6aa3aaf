//! What only a development server shows: the demo application, and the mailbox that mail goes to.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header;
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{HttpResponse, ResponseError as _};
use serde_json::json;

use super::app::App;
use super::pages;
use super::problem::Problem;
use crate::actors::mailer::mailbox::ListMailbox;

/// The demo application.
pub async fn demo() -> Result<HttpResponse, Problem> {
    pages::html("demo.html")
}

/// The mailbox page.
pub async fn mailbox() -> Result<HttpResponse, Problem> {
    pages::html("mailbox.html")
}

/// The mails, newest first.
pub async fn mails(app: Data<App>) -> Result<HttpResponse, Problem> {
    let mails = app.identity()?.mailer.ask(ListMailbox).await?;
    let mails: Vec<_> = mails
        .into_iter()
        .map(|mail| {
            json!({
                "id": mail.id,
                "to": mail.to,
                "subject": mail.subject,
                "text": mail.text,
                "html": mail.html,
                "sent_at": mail.sent_at.as_millis(),
            })
        })
        .collect();
    Ok(HttpResponse::Ok().json(mails))
}

/// Refuses requests for another host: a name that an attacker points at 127.0.0.1 must not make this server his own.
pub async fn check_host(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let known = request.app_data::<Data<App>>().is_some_and(|app| {
        let issuer = app.issuer();
        let authority = issuer.split_once("://").map_or(issuer, |(_, authority)| authority);
        let host = request.headers().get(header::HOST);
        host.is_some_and(|host| host.as_bytes() == authority.as_bytes())
    });
    if !known {
        let detail = "the Host header must be the one of the issuer; open the address that was printed at start";
        let refusal = Problem::field("Host", detail).error_response();
        return Ok(request.into_response(refusal).map_into_right_body());
    }
    Ok(next.call(request).await?.map_into_left_body())
}
