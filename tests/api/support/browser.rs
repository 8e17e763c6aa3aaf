//! A browser as far as the protocol sees it: cookies, an origin, and redirects followed by hand.

use std::collections::BTreeMap;

use reqwest::header::{HeaderMap, LOCATION, SET_COOKIE};
use serde_json::Value;

use super::Server;

/// A cookie jar that talks to one server.
#[derive(Clone)]
pub struct Browser {
    issuer: String,
    http: reqwest::Client,
    /// Cookies by name.
    pub cookies: BTreeMap<String, String>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as text.
    pub text: String,
}

impl Answer {
    /// Reads a response.
    pub async fn read(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self {
            status,
            headers,
            text: response.text().await.expect("a body"),
        }
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.text))
    }

    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("text"))
    }

    /// Where it redirects to.
    pub fn location(&self) -> &str {
        self.headers
            .get(LOCATION)
            .unwrap_or_else(|| panic!("a redirect, not {} {}", self.status, self.text))
            .to_str()
            .expect("text")
    }

    /// The kind of a problem document.
    pub fn problem(&self) -> String {
        let kind = self.json()["type"].as_str().expect("a type").to_owned();
        kind.trim_start_matches("urn:countersign:problem:").to_owned()
    }
}

impl Browser {
    /// One without cookies.
    pub fn new(server: &Server) -> Self {
        Self {
            issuer: server.issuer.clone(),
            http: server.http.clone(),
            cookies: BTreeMap::new(),
        }
    }

    /// GET of a path or of a URL of this server.
    pub async fn get(&mut self, path: &str) -> Answer {
        let url = if path.starts_with('/') {
            format!("{}{path}", self.issuer)
        } else {
            path.to_owned()
        };
        let request = self.http.get(url);
        self.send(request).await
    }

    /// POST of JSON as a page of ours does it.
    pub async fn post(&mut self, path: &str, body: &Value) -> Answer {
        let request = self
            .http
            .post(format!("{}{path}", self.issuer))
            .header("origin", &self.issuer)
            .json(body);
        self.send(request).await
    }

    /// Sends any request with the cookies, and keeps those that come back.
    pub async fn send(&mut self, request: reqwest::RequestBuilder) -> Answer {
        let cookies: Vec<_> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = if cookies.is_empty() {
            request
        } else {
            request.header("cookie", cookies.join("; "))
        };
        let answer = Answer::read(request.send().await.expect("an answer")).await;
        for line in answer.headers.get_all(SET_COOKIE) {
            let line = line.to_str().expect("text");
            let (pair, attributes) = line.split_once(';').expect("attributes");
            let (name, value) = pair.split_once('=').expect("a pair");
            if attributes.contains("Max-Age=0;") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }
}
