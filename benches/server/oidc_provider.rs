//! The npm package oidc-provider beside Countersign: the same operations by the same callers, in the same run.

use std::path::Path;
use std::process::Command;
use std::sync::Mutex;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::http::Connection;
use crate::people::{Tokens, VERIFIER, address, challenge};
use crate::process::Process;

const SECRET: &str = "of-the-shop-and-of-forty-characters-at-least";

/// The server, and the application that is registered there.
pub struct OidcProvider {
    /// Node.
    pub process: Process,
    authorize: String,
    authorization: String,
    /// Tokens of those who signed in last. It keeps the newest thousand entries of all kinds in memory, no more.
    tokens: Mutex<Vec<Tokens>>,
}

impl OidcProvider {
    /// Installs it with npm if it is not there, and starts it.
    pub fn start() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/oidc-provider");
        if !folder.join("node_modules").exists() {
            let installed = Command::new("npm")
                .args(["ci", "--no-audit", "--no-fund", "--silent"])
                .current_dir(&folder)
                .status();
            assert!(installed.is_ok_and(|status| status.success()), "npm ci failed");
        }
        let mut command = Command::new("node");
        command
            .arg(folder.join("server.mjs"))
            .env("CLIENT_SECRET", SECRET)
            .env("NODE_ENV", "production");
        Self {
            process: Process::spawn(command, "/.well-known/openid-configuration"),
            authorize: format!(
                "/auth?response_type=code&client_id=shop&redirect_uri=https%3A%2F%2Fshop.example.org%2Fback\
                 &scope=openid%20email%20offline_access&state=af0ifjsldkj&nonce=n-0S6_WzA2Mj\
                 &code_challenge={}&code_challenge_method=S256",
                challenge()
            ),
            authorization: format!("Basic {}", STANDARD.encode(format!("shop:{SECRET}"))),
            tokens: Mutex::default(),
        }
    }

    /// Person `number` is taken at their word, and the application gets its tokens.
    pub async fn sign_in(&self, connection: &mut Connection, number: usize) {
        let asked = connection.get(&self.authorize, "").await.expect(303);
        let mut cookies = asked.cookies();
        let interaction = asked.header("location").expect("a location");
        let signed_in = connection
            .get(
                &format!("{interaction}?account={}", address(number)),
                &format!("Cookie: {cookies}\r\n"),
            )
            .await
            .expect(303);
        cookies.push_str(&signed_in.cookies());
        let resume = signed_in.header("location").expect("a location");
        let path = resume.strip_prefix("http://id.example.org").expect("the issuer");
        let back = connection
            .get(path, &format!("Cookie: {cookies}\r\n"))
            .await
            .expect(303);
        let (_, code) = back
            .header("location")
            .and_then(|to| to.split_once("code="))
            .expect("a code");
        let code = code.split('&').next().expect("one part at least");
        self.tokens_for(
            connection,
            &format!(
                "grant_type=authorization_code&code={code}&redirect_uri=https%3A%2F%2Fshop.example.org%2Fback\
                 &code_verifier={VERIFIER}"
            ),
        )
        .await;
    }

    /// The application refreshes the tokens of somebody.
    pub async fn refresh(&self, connection: &mut Connection) {
        let tokens = self
            .tokens
            .lock()
            .expect("nobody panics")
            .pop()
            .expect("somebody is signed in");
        let form = format!("grant_type=refresh_token&refresh_token={}", tokens.refresh);
        self.tokens_for(connection, &form).await;
    }

    async fn tokens_for(&self, connection: &mut Connection, form: &str) {
        let answer = connection
            .post_form("/token", &self.authorization, form)
            .await
            .expect(200);
        let tokens = Tokens::of(&answer.json());
        self.tokens.lock().expect("nobody panics").push(tokens);
    }

    /// The application gets a token for itself.
    pub async fn client_credentials(&self, connection: &mut Connection) {
        let answer = connection
            .post_form("/token", &self.authorization, "grant_type=client_credentials")
            .await
            .expect(200);
        let token = answer.json()["access_token"].as_str().map(str::to_owned);
        assert!(token.is_some_and(|token| token.starts_with("ey")), "no JWT");
    }

    /// The access token of who signed in last.
    fn access(&self) -> String {
        let tokens = self.tokens.lock().expect("nobody panics");
        tokens.last().expect("somebody is signed in").access.clone()
    }

    /// The application asks what a token is worth.
    pub async fn introspect(&self, connection: &mut Connection) {
        let form = format!("token={}", self.access());
        let answer = connection
            .post_form("/token/introspection", &self.authorization, &form)
            .await
            .expect(200);
        assert_eq!(answer.json()["active"], true, "the token is not good");
    }

    /// The application asks who it is.
    pub async fn userinfo(&self, connection: &mut Connection) {
        let header = format!("Authorization: Bearer {}\r\n", self.access());
        connection.get("/me", &header).await.expect(200);
    }
}
