//! What one browser and one application ask, step by step. Each step gives `None` where no answer came.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::header::SET_COOKIE;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{Answer, CLIENT, Enrolling, ISSUER, LoggingIn, REDIRECT_URI, Wire};

/// The code verifier of every request here (RFC 7636 appendix B).
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// The claims of a token, unverified.
pub fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).expect("a payload");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).expect("base64url")).expect("JSON")
}

/// The header of a token, unverified.
pub fn header(token: &str) -> Value {
    let header = token.split('.').next().expect("a header");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).expect("base64url")).expect("JSON")
}

/// A cookie jar.
#[derive(Clone, Debug, Default)]
pub struct Browser {
    /// Cookies by name.
    pub cookies: BTreeMap<String, String>,
}

impl Browser {
    /// POST of JSON as a page does it.
    pub async fn post(&mut self, wire: &Wire<'_>, path: &str, body: &Value) -> Option<Answer> {
        let request = wire.request(Method::POST, path).header("origin", ISSUER).json(body);
        self.send(wire, request).await
    }

    /// GET.
    pub async fn get(&mut self, wire: &Wire<'_>, path: &str) -> Option<Answer> {
        let request = wire.request(Method::GET, path);
        self.send(wire, request).await
    }

    async fn send(&mut self, wire: &Wire<'_>, request: RequestBuilder) -> Option<Answer> {
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
        let answer = wire.send(request).await?;
        for line in answer.headers.get_all(SET_COOKIE) {
            let pair = line.to_str().expect("text").split(';').next().expect("a pair");
            let (name, value) = pair.split_once('=').expect("a pair");
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        self.cookies.retain(|_, value| !value.is_empty());
        Some(answer)
    }

    /// Both halves of a registration or a reset; the answer to the last one that was sent.
    pub async fn enrol(
        &mut self,
        wire: &Wire<'_>,
        (start, finish): (&str, &str),
        token: &str,
        password: &str,
    ) -> Option<Answer> {
        let (message, enrolling) = Enrolling::start(password);
        let body = json!({ "token": token, "client_request": message });
        let started = self.post(wire, start, &body).await?;
        if started.status != 200 {
            return Some(started);
        }
        let started = started.json();
        let upload = enrolling.finish(password, started["server_message"].as_str().expect("a message"));
        let body = json!({ "auth_id": started["auth_id"], "client_request": upload });
        let finished = self.post(wire, finish, &body).await?;
        (!is_forgotten(wire, &finished)).then_some(finished)
    }

    /// Registers with a registration token.
    pub async fn register(&mut self, wire: &Wire<'_>, token: &str, password: &str) -> Option<Answer> {
        self.enrol(wire, ("/onboard/register/", "/onboard/finish/"), token, password)
            .await
    }

    /// Chooses another password with a token from a reset mail.
    pub async fn reset(&mut self, wire: &Wire<'_>, token: &str, password: &str) -> Option<Answer> {
        self.enrol(
            wire,
            ("/update/password/start/", "/update/password/finish/"),
            token,
            password,
        )
        .await
    }

    /// A login: `Some(true)` if it was acknowledged, `Some(false)` if it was refused or the password is wrong.
    pub async fn log_in(&mut self, wire: &Wire<'_>, email: &str, password: &str) -> Option<bool> {
        self.log_in_for(wire, email, password, None).await
    }

    /// The same for a change or an authorization request.
    pub async fn log_in_for(
        &mut self,
        wire: &Wire<'_>,
        email: &str,
        password: &str,
        flow_id: Option<&str>,
    ) -> Option<bool> {
        let (message, logging_in) = LoggingIn::start(password);
        let body = json!({ "email": email, "client_request": message });
        let started = self.post(wire, "/login/start/", &body).await?;
        if started.status != 200 {
            return Some(false);
        }
        let started = started.json();
        let Some(ke3) = logging_in.finish(password, started["server_message"].as_str().expect("a message")) else {
            return Some(false);
        };
        let body = json!({ "auth_id": started["auth_id"], "client_request": ke3, "flow_id": flow_id });
        let finished = self.post(wire, "/login/finish/", &body).await?;
        (!is_forgotten(wire, &finished)).then_some(finished.status == 200)
    }

    /// A code by the session of this browser.
    pub async fn authorize(&mut self, wire: &Wire<'_>, scope: &str) -> Option<Answer> {
        self.authorize_for(wire, CLIENT, scope).await
    }

    /// The same for another client.
    pub async fn authorize_for(&mut self, wire: &Wire<'_>, client: &str, scope: &str) -> Option<Answer> {
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", client)
            .append_pair("redirect_uri", REDIRECT_URI)
            .append_pair("response_type", "code")
            .append_pair("scope", scope)
            .append_pair("state", "the-state")
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256")
            .finish();
        self.get(wire, &format!("/oauth/authorize/?{query}")).await
    }
}

/// Whether the second half came to nothing because the key-value store has lost the first.
fn is_forgotten(wire: &Wire<'_>, finished: &Answer) -> bool {
    wire.forgives && finished.status == 410
}

impl Answer {
    /// The code in a redirect to the client.
    pub fn code(&self) -> Option<String> {
        let location = self.location()?.strip_prefix(REDIRECT_URI)?.strip_prefix('?')?;
        url::form_urlencoded::parse(location.as_bytes())
            .find(|(name, _)| name == "code")
            .map(|(_, code)| code.into_owned())
    }
}

impl Wire<'_> {
    /// A code for tokens.
    pub async fn redeem(&self, code: &str) -> Option<Answer> {
        self.redeem_for(CLIENT, code).await
    }

    /// The same for another client.
    pub async fn redeem_for(&self, client: &str, code: &str) -> Option<Answer> {
        let form = [
            ("client_id", client),
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT_URI),
            ("code_verifier", VERIFIER),
        ];
        self.send(self.filled("/oauth/token/", &form)).await
    }

    /// A refresh token for tokens.
    pub async fn refresh(&self, token: &str) -> Option<Answer> {
        self.form(
            "/oauth/token/",
            &[("grant_type", "refresh_token"), ("refresh_token", token)],
        )
        .await
    }

    /// Revokes a token.
    pub async fn revoke(&self, token: &str) -> Option<Answer> {
        self.form("/oauth/revoke/", &[("token", token)]).await
    }

    /// What userinfo says of an access token.
    pub async fn userinfo(&self, token: &str) -> Option<Answer> {
        self.send(self.request(Method::GET, "/oauth/userinfo/").bearer_auth(token))
            .await
    }

    async fn form(&self, path: &str, pairs: &[(&str, &str)]) -> Option<Answer> {
        let pairs = [&[("client_id", CLIENT)], pairs].concat();
        self.send(self.filled(path, &pairs)).await
    }

    /// A form to be sent, of any client.
    pub fn filled(&self, path: &str, pairs: &[(&str, &str)]) -> RequestBuilder {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs)
            .finish();
        self.request(Method::POST, path)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body)
    }
}
