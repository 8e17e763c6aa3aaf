//! Introspection (RFC 7662): what a token is worth at this moment, for servers that are asked to honour it.

use std::time::Duration;

use biscuit::SingleOrMultiple;

use super::authenticate::Presented;
use super::refusal::{TokenRefusal, oauth};
use super::{Deps, Grants};
use crate::actors::supervise::{Answer, Myself, Request, Serve};
use crate::db::{families, introspection};
use crate::domain::clock::Timestamp;
use crate::domain::oauth::client::Client;
use crate::domain::oauth::discovery::path;
use crate::domain::oauth::error::OAuthError;
use crate::domain::oauth::parameters::Parameters;
use crate::domain::throttle::ClientAddress;
use crate::domain::token::claims::AccessClaims;
use crate::domain::token::refresh::RefreshToken;
use crate::domain::token::verify::verify_own_access;

/// How far ahead the clock of another process of ours may be that issued the token.
const LEEWAY: Duration = Duration::from_secs(5);

/// An introspection request.
pub struct IntrospectToken {
    /// The `Authorization` header.
    pub authorization: Option<String>,
    /// The body.
    pub parameters: Parameters,
    /// Where it comes from.
    pub address: ClientAddress,
}

/// A token that is good now.
pub enum ActiveToken {
    /// An access token: all that it says.
    Access(Box<AccessClaims>),
    /// A refresh token.
    Refresh {
        /// Whose it is.
        client_id: String,
        /// The account that it speaks for.
        subject: String,
        /// What was granted.
        scope: String,
        /// When it was made.
        issued_at: Timestamp,
        /// When it ends unless it is used.
        expires_at: Timestamp,
    },
}

/// What is said of a token; of one that is not good, nothing.
pub type Introspection = Option<ActiveToken>;

impl Request for IntrospectToken {
    type Reply = Result<Introspection, TokenRefusal>;
}

impl Serve<IntrospectToken> for Grants {
    fn serve(&mut self, request: IntrospectToken, _: &Myself<Self>) -> Answer<Result<Introspection, TokenRefusal>> {
        let deps = self.deps.clone();
        Answer::later(async move { deps.introspect(request).await })
    }
}

impl Deps {
    /// Only clients that prove themselves may ask (RFC 7662 §2.1); `token_type_hint` is not needed, as the two kinds look
    /// different.
    async fn introspect(&self, request: IntrospectToken) -> Result<Introspection, TokenRefusal> {
        let client = self
            .authenticate_at_once(Presented {
                authorization: request.authorization.as_deref(),
                parameters: &request.parameters,
                address: request.address,
                endpoint: path::INTROSPECT,
            })
            .await?;
        if client.is_public() {
            return oauth(OAuthError::invalid_client());
        }
        let token = request.parameters.require("token").map_err(TokenRefusal::OAuth)?;
        let keys = self.keys.current();
        if let Ok(refresh) = RefreshToken::open(token, &keys) {
            return self.introspect_refresh(&client, &refresh).await;
        }
        let now = self.clock.now();
        let Ok(claims) = verify_own_access(token, &keys, self.issuer(), now, LEEWAY) else {
            return Ok(None);
        };
        let stands = claims.exp > now && self.stands(&claims, now).await?;
        Ok(stands.then(|| ActiveToken::Access(Box::new(claims))))
    }

    /// Whether everything that an access token rests on is still there: one indexed read.
    pub(super) async fn stands(&self, claims: &AccessClaims, now: Timestamp) -> Result<bool, TokenRefusal> {
        let root = claims.root.as_deref().unwrap_or(&claims.jti);
        let names = [claims.jti.as_str(), root];
        let statement = match &claims.fam {
            Some(family) => introspection::of_person(family, &claims.client_id, names, claims.iat, now),
            None => introspection::of_client(&claims.client_id, names, claims.iat),
        };
        Ok(self.store.query_one(&statement).await?.is_some())
    }

    /// A refresh token is the business of its own client, and only the one that is live now.
    async fn introspect_refresh(&self, client: &Client, token: &RefreshToken) -> Result<Introspection, TokenRefusal> {
        let by_id = families::by_id(&token.family, client.required_scope.as_deref());
        let Some(row) = self.store.query_one(&by_id).await? else {
            return Ok(None);
        };
        let family = families::read(&row)?;
        let good = family.is_live(client, self.clock.now()) && family.sequence == token.sequence;
        Ok(good.then(|| ActiveToken::Refresh {
            client_id: family.client_id.to_string(),
            subject: self.subject(client, &family.session.account_id).into_owned(),
            scope: family.scope.to_string(),
            issued_at: family.rotated_at,
            expires_at: family.idle_expires_at,
        }))
    }
}

/// The audiences of a token as a list.
#[must_use]
pub fn audiences(aud: &SingleOrMultiple<String>) -> Vec<&str> {
    match aud {
        SingleOrMultiple::Single(one) => vec![one],
        SingleOrMultiple::Multiple(many) => many.iter().map(String::as_str).collect(),
    }
}
