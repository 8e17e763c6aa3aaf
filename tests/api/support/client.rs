//! An OAuth client: what an application does between its button and its tokens.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{Answer, Person, Server};

/// The code verifier of every request here (RFC 7636 appendix B).
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// A registered client.
#[derive(Clone)]
pub struct Client {
    /// Its id.
    pub id: String,
    /// Its secret, if it is confidential.
    pub secret: Option<String>,
    /// Where answers go.
    pub redirect_uri: String,
}

/// What the token endpoint gave.
#[derive(Clone, Debug)]
pub struct Tokens(pub Value);

impl Tokens {
    /// The access token.
    pub fn access(&self) -> &str {
        self.0["access_token"].as_str().expect("an access token")
    }

    /// The refresh token.
    pub fn refresh(&self) -> &str {
        self.0["refresh_token"].as_str().expect("a refresh token")
    }

    /// The ID token.
    pub fn id(&self) -> &str {
        self.0["id_token"].as_str().expect("an ID token")
    }

    /// The claims of a token, unverified.
    pub fn claims(token: &str) -> Value {
        let payload = token.split('.').nth(1).expect("a payload");
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).expect("base64url")).expect("JSON")
    }
}

/// The query of a URL by name.
pub fn query_of(url: &str) -> BTreeMap<String, String> {
    url::Url::parse(url)
        .expect("a URL")
        .query_pairs()
        .into_owned()
        .collect()
}

impl Person {
    /// Answers an authorization request: signs in and allows, and gives the URL that leads back to the client.
    pub async fn answer(&mut self, url: &str) -> String {
        let mut answer = self.browser.get(url).await;
        for _ in 0..4 {
            let location = answer.location().to_owned();
            let Some(flow_id) = location.split("flow_id=").nth(1).filter(|_| location.starts_with('/')) else {
                return location;
            };
            let next = if location.starts_with("/login/") {
                self.log_in(Some(flow_id)).await
            } else {
                let body = json!({ "flow_id": flow_id, "decision": "allow" });
                self.browser.post("/oauth/consent/", &body).await.json()["next"]
                    .as_str()
                    .expect("next")
                    .to_owned()
            };
            answer = self.browser.get(&next).await;
        }
        panic!("the sign-in does not end: {answer:?}");
    }
}

impl Client {
    /// A public client of our own: no consent is asked.
    pub fn public(server: &Server) -> Self {
        Self::register(
            server,
            json!({ "token_endpoint_auth_method": "none", "first_party": true }),
        )
    }

    /// A confidential client of our own with `client_secret_basic`.
    pub fn confidential(server: &Server) -> Self {
        Self::register(server, json!({ "first_party": true, "require_pkce": true }))
    }

    /// A public client of somebody else: consent is asked.
    pub fn third_party(server: &Server) -> Self {
        Self::register(
            server,
            json!({ "token_endpoint_auth_method": "none", "client_name": "Third Party" }),
        )
    }

    /// Any client; metadata that `extra` does not name is filled in.
    pub fn register(server: &Server, extra: Value) -> Self {
        let redirect_uri = format!("{}/cb", server.issuer.replace("127.0.0.1", "localhost"));
        let mut metadata = json!({
            "redirect_uris": [redirect_uri],
            "post_logout_redirect_uris": [format!("{redirect_uri}/bye")],
            "grant_types": ["authorization_code", "refresh_token"],
            "id_token_signed_response_alg": "EdDSA",
        });
        for (name, value) in extra.as_object().expect("an object") {
            metadata[name] = value.clone();
        }
        let registered = server.register(&metadata);
        Self {
            id: registered.client.id.to_string(),
            secret: registered.secret.map(|secret| secret.reveal().to_owned()),
            redirect_uri: registered.client.redirect_uris[0].clone(),
        }
    }

    /// An authorization request that is right in every way, as a path; `extra` parameters replace or add.
    pub fn authorize_path(&self, extra: &[(&str, &str)]) -> String {
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
        let mut parameters = BTreeMap::from([
            ("client_id", self.id.as_str()),
            ("redirect_uri", &self.redirect_uri),
            ("response_type", "code"),
            ("scope", "openid email offline_access"),
            ("state", "the-state"),
            ("nonce", "the-nonce"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ]);
        parameters.extend(extra.iter().copied());
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(parameters.into_iter().filter(|(_, value)| !value.is_empty()))
            .finish();
        format!("/oauth/authorize/?{query}")
    }

    /// From the button to the redirect back: signs in, allows, and gives the URL with the code.
    pub async fn sign_in(&self, person: &mut Person, extra: &[(&str, &str)]) -> String {
        person.answer(&self.authorize_path(extra)).await
    }

    /// The code of a whole sign-in.
    pub async fn code(&self, person: &mut Person, extra: &[(&str, &str)]) -> String {
        let location = self.sign_in(person, extra).await;
        query_of(&location)
            .remove("code")
            .unwrap_or_else(|| panic!("a code in {location}"))
    }

    /// The tokens of a whole sign-in.
    pub async fn tokens(&self, server: &Server, person: &mut Person) -> Tokens {
        let code = self.code(person, &[]).await;
        let answer = self.redeem(server, &code).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        Tokens(answer.json())
    }

    /// A code for tokens.
    pub async fn redeem(&self, server: &Server, code: &str) -> Answer {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect_uri),
            ("code_verifier", VERIFIER),
        ];
        self.post(server, "/oauth/token/", &form).await
    }

    /// A refresh token for tokens.
    pub async fn refresh(&self, server: &Server, token: &str) -> Answer {
        self.post(
            server,
            "/oauth/token/",
            &[("grant_type", "refresh_token"), ("refresh_token", token)],
        )
        .await
    }

    /// Revokes a token.
    pub async fn revoke(&self, server: &Server, token: &str) -> Answer {
        self.post(server, "/oauth/revoke/", &[("token", token)]).await
    }

    /// A form to an endpoint, authenticated as this client is registered.
    pub async fn post(&self, server: &Server, path: &str, form: &[(&str, &str)]) -> Answer {
        let mut request = server.http.post(server.url(path));
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(form);
        match &self.secret {
            Some(secret) => {
                let pair = STANDARD.encode(format!("{}:{secret}", self.id));
                request = request.header("authorization", format!("Basic {pair}"));
            }
            None => {
                body.append_pair("client_id", &self.id);
            }
        }
        let request = request
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.finish());
        Answer::read(request.send().await.expect("an answer")).await
    }

    /// Userinfo with a token.
    pub async fn userinfo(server: &Server, access_token: &str) -> Answer {
        let request = server
            .http
            .get(server.url("/oauth/userinfo/"))
            .bearer_auth(access_token);
        Answer::read(request.send().await.expect("an answer")).await
    }
}
