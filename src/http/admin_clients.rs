//! `/admin/clients/`: the applications that people sign in to, in the names of RFC 7591.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use serde_json::{Value, json};

use super::app::App;
use super::bearer::{Admin, Caller};
use super::extract::{ApiJson, With};
use super::problem::{Kind, Problem};
use crate::actors::grants::administer_clients::{AddClient, ClientRefusal, RemoveClient, ReplaceClient};
use crate::db::clients;
use crate::domain::oauth::client::ClientId;
use crate::domain::oauth::metadata::{ClientMetadata, Registered, describe};
use crate::domain::oauth::parameters::Parameters;

/// Clients of a page.
const PAGE: i64 = 100;

/// A page of all clients by id, after the `after` of the query.
pub async fn list(request: HttpRequest, app: Data<App>, _: Admin) -> Result<HttpResponse, Problem> {
    let parameters = Parameters::parse(request.query_string().as_bytes())
        .map_err(|error| Problem::field("after", error.to_string()))?;
    let after = parameters.get("after").unwrap_or_default();
    let rows = app.store.query(&clients::page(after, PAGE)).await?;
    let found = rows.iter().map(clients::read).collect::<Result<Vec<_>, _>>()?;
    let next = found
        .last()
        .filter(|_| i64::try_from(found.len()) == Ok(PAGE))
        .map(|client| client.id.as_str());
    let described: Vec<Value> = found.iter().map(|client| Value::Object(describe(client))).collect();
    Ok(HttpResponse::Ok().json(json!({ "clients": described, "next": next })))
}

/// One client.
pub async fn one(app: Data<App>, _: Admin, id: Path<String>) -> Result<HttpResponse, Problem> {
    let not_found = || Problem::new(Kind::NotFound);
    let id = ClientId::parse(&id).ok_or_else(not_found)?;
    let row = app.store.query_one(&clients::by_id(&id)).await?.ok_or_else(not_found)?;
    Ok(HttpResponse::Ok().json(describe(&clients::read(&row)?)))
}

/// Registers a client. Its secret, if it has one, is in this answer and in no other.
pub async fn add(app: Data<App>, call: With<Admin, ApiJson<ClientMetadata>>) -> Result<HttpResponse, Problem> {
    let With(Admin(caller), ApiJson(metadata)) = call;
    let registered = app.actors.ask_grants(AddClient { metadata }).await??;
    note(
        &caller,
        "an administrator added a client",
        registered.client.id.as_str(),
    );
    Ok(tell(HttpResponse::Created(), &registered))
}

/// Replaces what a client is.
pub async fn replace(
    app: Data<App>,
    id: Path<String>,
    call: With<Admin, ApiJson<ClientMetadata>>,
) -> Result<HttpResponse, Problem> {
    let With(Admin(caller), ApiJson(metadata)) = call;
    let message = ReplaceClient {
        client_id: id.into_inner(),
        metadata,
    };
    let registered = app.actors.ask_grants(message).await??;
    note(
        &caller,
        "an administrator changed a client",
        registered.client.id.as_str(),
    );
    Ok(tell(HttpResponse::Ok(), &registered))
}

/// Removes a client with all that it was granted.
pub async fn remove(app: Data<App>, admin: Admin, id: Path<String>) -> Result<HttpResponse, Problem> {
    let client_id = id.into_inner();
    app.actors
        .ask_grants(RemoveClient {
            client_id: client_id.clone(),
        })
        .await??;
    note(&admin.0, "an administrator removed a client", &client_id);
    Ok(HttpResponse::NoContent().finish())
}

fn tell(mut response: HttpResponseBuilder, registered: &Registered) -> HttpResponse {
    let mut document = describe(&registered.client);
    if let Some(secret) = &registered.secret {
        document.insert("client_secret".to_owned(), json!(secret.reveal()));
    }
    response.json(document)
}

/// Who did what to which client, by ids.
fn note(caller: &Caller, what: &'static str, client: &str) {
    tracing::info!(administrator = caller.account_id, client, "{what}");
}

impl From<ClientRefusal> for Problem {
    fn from(refusal: ClientRefusal) -> Self {
        match refusal {
            ClientRefusal::NotFound => Self::new(Kind::NotFound),
            ClientRefusal::Taken => Self::field("client_id", "it is taken"),
            ClientRefusal::Metadata(error) => Self::field(&error.field, error.problem),
            ClientRefusal::Failure(failure) => failure.into(),
        }
    }
}
