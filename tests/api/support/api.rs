//! The web app's own API, as an application calls it for a person.

use countersign::db::accounts;
use countersign::domain::clock::Clock as _;
use serde_json::{Value, json};

use super::{Answer, Client, Person, Server};

/// Scopes that the application asks for.
pub const ASKED: &str = "openid profile email offline_access member admin editor";

/// An application that may ask for every role.
pub fn application(server: &Server) -> Client {
    Client::register(
        server,
        json!({ "token_endpoint_auth_method": "none", "first_party": true, "scope": ASKED }),
    )
}

/// Gives an account a scope beside the server, as the command does.
pub fn give(server: &Server, account_id: &str, scope: &str) {
    server.write(accounts::add_scope(account_id, scope, server.clock.now()));
}

/// An application that acts for somebody.
pub struct Api<'a> {
    server: &'a Server,
    /// The access token.
    pub token: String,
}

impl<'a> Api<'a> {
    /// Signs `person` in to `client` and asks for every role.
    pub async fn sign_in(server: &'a Server, client: &Client, person: &mut Person) -> Self {
        let code = client.code(person, &[("scope", ASKED)]).await;
        let answer = client.redeem(server, &code).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        Self {
            server,
            token: answer.json()["access_token"].as_str().expect("a token").to_owned(),
        }
    }

    /// Somebody with an account, a role and an application that acts for them.
    pub async fn with_role(server: &'a Server, client: &Client, email: &str, roles: &[&str]) -> (Self, Person) {
        let mut person = Person::signed_up(server, email).await;
        person.log_in(None).await;
        let id = person.account_id().await;
        for role in roles {
            give(server, &id, role);
        }
        (Self::sign_in(server, client, &mut person).await, person)
    }

    /// An application that holds this token.
    pub fn holding(server: &'a Server, token: &str) -> Self {
        Self {
            server,
            token: token.to_owned(),
        }
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        let request = self.server.http.get(self.server.url(path)).bearer_auth(&self.token);
        Answer::read(request.send().await.expect("an answer")).await
    }

    /// POST from a page of another origin.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        let request = self
            .server
            .http
            .post(self.server.url(path))
            .bearer_auth(&self.token)
            .header("origin", "https://app.example")
            .json(body);
        Answer::read(request.send().await.expect("an answer")).await
    }
}
