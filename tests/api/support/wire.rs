//! Requests that no well-behaved client sends, and what their answers must look like.

use std::collections::BTreeMap;

use super::client::VERIFIER;
use super::{Answer, Client, Server, query_of};

/// The media type of a form.
pub const FORM: &str = "application/x-www-form-urlencoded";

impl Server {
    /// GET without cookies.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.http.get(self.url(path))).await
    }

    /// POST of a form as it is written.
    pub async fn form(&self, path: &str, body: impl Into<Vec<u8>>) -> Answer {
        let request = self.http.post(self.url(path)).header("content-type", FORM);
        self.send(request.body(body.into())).await
    }

    /// Any request. It must be answered soon: a hang fails the test.
    pub async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let answer = async { Answer::read(request.send().await.expect("an answer")).await };
        tokio::time::timeout(std::time::Duration::from_mins(1), answer)
            .await
            .expect("an answer in time")
    }
}

impl Answer {
    /// The `error` of an OAuth error body.
    pub fn error(&self) -> String {
        self.json()["error"]
            .as_str()
            .unwrap_or_else(|| panic!("no error in {} {}", self.status, self.text))
            .to_owned()
    }

    /// Status and `error` of an answer of the token or revocation endpoint.
    pub fn refusal(&self) -> (u16, String) {
        (self.status, self.error())
    }

    /// An error that is shown here, with no way out to anybody.
    #[track_caller]
    pub fn assert_shown(&self, what: &str) {
        assert_eq!(self.status, 400, "{what}: {:?} {}", self.header("location"), self.text);
        assert_eq!(self.header("location"), None, "{what}");
        assert_eq!(self.header("refresh"), None, "{what}");
        assert_eq!(self.header("content-type"), Some("text/html; charset=utf-8"), "{what}");
        assert!(self.text.contains("name=\"countersign-error\""), "{what}");
    }

    /// What the client is told by redirect.
    #[track_caller]
    pub fn told(&self, client: &Client) -> BTreeMap<String, String> {
        assert_eq!(self.status, 303, "{}", self.text);
        let location = self.location();
        assert!(location.starts_with(&client.redirect_uri), "{location}");
        query_of(location)
    }

    /// The error that the client is told by redirect, which must bring `state` and `iss` along.
    #[track_caller]
    pub fn told_error(&self, client: &Client, server: &Server) -> String {
        let told = self.told(client);
        assert_eq!(told.get("code"), None, "{told:?}");
        assert_eq!(told.get("state").map(String::as_str), Some("the-state"), "{told:?}");
        assert_eq!(told.get("iss"), Some(&server.issuer), "{told:?}");
        told["error"].clone()
    }

    /// The browser is sent to the page where people sign in.
    #[track_caller]
    pub fn assert_login(&self, what: &str) {
        assert_eq!(self.status, 303, "{what}: {}", self.text);
        assert!(
            self.location().starts_with("/login/?flow_id="),
            "{what}: {}",
            self.location()
        );
    }
}

impl Client {
    /// An authorization request in a browser without cookies.
    pub async fn ask(&self, server: &Server, extra: &[(&str, &str)]) -> Answer {
        server.get(&self.authorize_path(extra)).await
    }

    /// A code for tokens; `extra` parameters replace or add, empty ones remove.
    pub async fn redeem_with(&self, server: &Server, code: &str, extra: &[(&str, &str)]) -> Answer {
        let mut form = BTreeMap::from([
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect_uri),
            ("code_verifier", VERIFIER),
        ]);
        form.extend(extra.iter().copied());
        let form: Vec<_> = form.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        self.post(server, "/oauth/token/", &form).await
    }

    /// A refresh with a `scope`.
    pub async fn refresh_scope(&self, server: &Server, token: &str, scope: &str) -> Answer {
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", token),
            ("scope", scope),
        ];
        self.post(server, "/oauth/token/", &form).await
    }
}
