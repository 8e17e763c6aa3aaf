//! `countersign client`: the applications that people sign in to.

mod add;
mod list;
mod remove;

use serde_json::{Value, json};

use super::failure::Failure;
use crate::domain::oauth::client::{ApplicationType, Client, GrantType};

/// Registers, lists and removes clients.
#[derive(clap::Subcommand, Debug)]
pub(super) enum Command {
    /// Registers a client from options, or one or several from a file with RFC 7591 metadata
    Add(Box<add::Args>),
    /// Lists all clients
    List(list::Args),
    /// Removes a client with every consent and grant it holds
    Remove(remove::Args),
}

/// Runs the command.
pub(super) fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Add(args) => add::run(&args),
        Command::List(args) => list::run(&args),
        Command::Remove(args) => remove::run(&args),
    }
}

/// A client in the names of RFC 7591 §3.2.1, without its secret.
fn describe(client: &Client) -> Value {
    let grants: Vec<&str> = client.grant_types.iter().copied().map(GrantType::as_str).collect();
    let mut described = json!({
        "client_id": client.id.as_str(),
        "client_name": client.name,
        "redirect_uris": client.redirect_uris,
        "post_logout_redirect_uris": client.post_logout_redirect_uris,
        "grant_types": grants,
        "response_types": ["code"],
        "scope": client.scopes.to_string(),
        "token_endpoint_auth_method": client.auth_method.as_str(),
        "application_type": match client.application_type {
            ApplicationType::Web => "web",
            ApplicationType::Native => "native",
        },
        "id_token_signed_response_alg": client.id_token_alg.name(),
        "require_auth_time": client.require_auth_time,
        "require_pkce": client.require_pkce,
        "first_party": client.first_party,
    });
    if let Value::Object(members) = &mut described {
        members.extend(
            client
                .client_uri
                .clone()
                .map(|uri| ("client_uri".to_owned(), uri.into())),
        );
        members.extend(
            client
                .default_max_age
                .map(|age| ("default_max_age".to_owned(), age.into())),
        );
    }
    described
}
