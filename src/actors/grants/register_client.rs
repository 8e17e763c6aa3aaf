//! Clients that register themselves (RFC 7591) and look after their registration (RFC 7592).
//!
//! An initial access token, made by the operator, lets so many clients in. It is used up in the transaction that registers.
//! What a client gets to look after itself is a token of its own, stored as a hash.

use super::{Deps, Grants};
use crate::actors::failure::Failure;
use crate::actors::sector::fetch_sector;
use crate::actors::supervise::{Answer, Myself, Request, Serve};
use crate::config::ClientRegistration;
use crate::db::{DbError, Decision, Row, clients, registrations};
use crate::domain::clock::Timestamp;
use crate::domain::oauth::client::{Client, ClientId};
use crate::domain::oauth::client_secret::ClientSecret;
use crate::domain::oauth::error::{ErrorCode, OAuthError};
use crate::domain::oauth::metadata::{ClientMetadata, MetadataError, Registered, Registrar};
use crate::domain::secret::Token;

/// A client would like to be registered.
pub struct RegisterClient {
    /// The initial access token.
    pub token: Option<String>,
    /// What it says of itself.
    pub metadata: ClientMetadata,
}

/// A client reads its registration, replaces it or ends it.
pub struct ManageClient {
    /// Which client.
    pub client_id: String,
    /// Its registration access token.
    pub token: Option<String>,
    /// What it would like.
    pub wish: Wish,
}

/// What is done with a registration.
pub enum Wish {
    /// RFC 7592 §2.1.
    Read,
    /// RFC 7592 §2.2.
    Replace(Box<ClientMetadata>),
    /// RFC 7592 §2.3.
    Remove,
}

/// A registration as its client is told of it.
pub struct Registration {
    /// The client.
    pub client: Client,
    /// Its secret, if it is new.
    pub secret: Option<ClientSecret>,
    /// What lets it look after its registration.
    pub token: Token,
    /// When it was registered, if that is now.
    pub issued_at: Option<Timestamp>,
}

/// Why nothing was registered, read or changed.
pub enum RegistrationRefusal {
    /// This server takes no registrations.
    Closed,
    /// The token is missing, unknown, used up or expired; or no such client registered itself.
    Token,
    /// What the client says of itself cannot be.
    Metadata(OAuthError),
    /// A failure of the server.
    Failure(Failure),
}

impl<E: Into<Failure>> From<E> for RegistrationRefusal {
    fn from(error: E) -> Self {
        Self::Failure(error.into())
    }
}

impl Request for RegisterClient {
    type Reply = Result<Registration, RegistrationRefusal>;
}

impl Serve<RegisterClient> for Grants {
    fn serve(
        &mut self,
        request: RegisterClient,
        _: &Myself<Self>,
    ) -> Answer<Result<Registration, RegistrationRefusal>> {
        let deps = self.deps.clone();
        Answer::later(async move { deps.register_client(request).await })
    }
}

impl Request for ManageClient {
    /// Nothing, where it was removed.
    type Reply = Result<Option<Registration>, RegistrationRefusal>;
}

impl Serve<ManageClient> for Grants {
    fn serve(
        &mut self,
        request: ManageClient,
        _: &Myself<Self>,
    ) -> Answer<Result<Option<Registration>, RegistrationRefusal>> {
        let deps = self.deps.clone();
        Answer::later(async move { deps.manage_client(request).await })
    }
}

impl Deps {
    async fn register_client(&self, request: RegisterClient) -> Result<Registration, RegistrationRefusal> {
        self.registration_is_open()?;
        let invitation = request.token.as_deref().and_then(Token::parse);
        let invitation = invitation.ok_or(RegistrationRefusal::Token)?.hash();
        let now = self.clock.now();
        // A stranger is told nothing about what could be registered.
        let is_invited = registrations::is_invited(&invitation, now);
        if self.store.query_one(&is_invited).await?.is_none() {
            return Err(RegistrationRefusal::Token);
        }
        let registered = self.register(request.metadata).await?;
        let token = Token::generate(self.random.as_ref());
        let steps = [
            registrations::spend(&invitation, now),
            clients::insert(&registered.client, now)?,
        ];
        let keep = registrations::keep(&registered.client.id, &token.hash());
        let done = self
            .writes
            .transact("register client", async move |transaction| {
                for step in &steps {
                    if transaction.query_one(step).await?.is_none() {
                        return Ok(Decision::Rollback(false));
                    }
                }
                transaction.query(&keep).await?;
                Ok(Decision::Commit(true))
            })
            .await?;
        if !done {
            return Err(RegistrationRefusal::Token);
        }
        Ok(Registration {
            client: registered.client,
            secret: registered.secret,
            token,
            issued_at: Some(now),
        })
    }

    async fn manage_client(&self, request: ManageClient) -> Result<Option<Registration>, RegistrationRefusal> {
        self.registration_is_open()?;
        let id = ClientId::parse(&request.client_id).ok_or(RegistrationRefusal::Token)?;
        let token = request.token.as_deref().and_then(Token::parse);
        let token = token.ok_or(RegistrationRefusal::Token)?;
        let row = self.store.query_one(&registrations::of_client(&id)).await?;
        let client = row.as_ref().map(|row| own(row, &token)).transpose()?.flatten();
        let client = client.ok_or(RegistrationRefusal::Token)?;
        let registration = |client, secret| {
            Some(Registration {
                client,
                secret,
                token: token.clone(),
                issued_at: None,
            })
        };
        match request.wish {
            Wish::Read => Ok(registration(client, None)),
            Wish::Replace(metadata) => {
                let replaced = self.replaced(&client, *metadata).await?;
                let put = clients::put(&replaced.client, self.clock.now())?;
                self.if_still_there(&id, &token, put).await?;
                self.clients.forget(&id);
                Ok(registration(replaced.client, replaced.secret))
            }
            Wish::Remove => {
                self.if_still_there(&id, &token, clients::remove(&id)).await?;
                self.clients.forget(&id);
                Ok(None)
            }
        }
    }

    /// Writes for a client only while its registration is there and this is its token.
    async fn if_still_there(
        &self,
        id: &ClientId,
        token: &Token,
        statement: crate::db::Statement,
    ) -> Result<(), RegistrationRefusal> {
        let (look, token) = (registrations::of_client(id), token.clone());
        let done = self
            .writes
            .transact("change registration", async move |transaction| {
                let row = transaction.query_one(&look).await?;
                if row
                    .as_ref()
                    .map(|row| own(row, &token))
                    .transpose()?
                    .flatten()
                    .is_none()
                {
                    return Ok(Decision::Rollback(false));
                }
                transaction.query(&statement).await?;
                Ok(Decision::Commit(true))
            })
            .await?;
        if done { Ok(()) } else { Err(RegistrationRefusal::Token) }
    }

    fn registration_is_open(&self) -> Result<(), RegistrationRefusal> {
        match self.config.define.client_registration {
            ClientRegistration::Off => Err(RegistrationRefusal::Closed),
            ClientRegistration::Token => Ok(()),
        }
    }

    async fn register(&self, mut metadata: ClientMetadata) -> Result<Registered, RegistrationRefusal> {
        fetch_sector(&self.outgoing, &mut metadata).await;
        let registrar = Registrar {
            random: self.random.as_ref(),
            loopback_issuer: self.config.define.issuer.is_loopback_http(),
            by_operator: false,
        };
        metadata.register(registrar).map_err(|error| refuse(&error))
    }

    /// The client that new metadata makes of an old one: it keeps its id, its secret where it still needs one, and whatever
    /// the operator has set.
    async fn replaced(&self, old: &Client, mut metadata: ClientMetadata) -> Result<Registered, RegistrationRefusal> {
        let cannot_be = |description| {
            let error = OAuthError::new(ErrorCode::InvalidClientMetadata, description);
            Err(RegistrationRefusal::Metadata(error))
        };
        if metadata.client_id.take().as_deref() != Some(old.id.as_str()) {
            return cannot_be("client_id: it must be the one of this registration");
        }
        if metadata
            .client_secret
            .take()
            .is_some_and(|secret| !old.knows_secret(&secret))
        {
            return cannot_be("client_secret: it must be the one of this registration, or left out");
        }
        metadata.first_party = false;
        metadata.resources = Vec::new();
        metadata.required_scope = None;
        let Registered { client, secret } = self.register(metadata).await?;
        let keeps_secret = old.secret_hash.is_some() && client.secret_hash.is_some();
        Ok(Registered {
            secret: secret.filter(|_| !keeps_secret),
            client: Client {
                id: old.id.clone(),
                secret_hash: if keeps_secret {
                    old.secret_hash
                } else {
                    client.secret_hash
                },
                first_party: old.first_party,
                resources: old.resources.clone(),
                required_scope: old.required_scope.clone(),
                not_before: old.not_before,
                ..client
            },
        })
    }
}

/// The client of a row of [`registrations::of_client`], if `token` is the one it was given; compared in constant time.
fn own(row: &Row, token: &Token) -> Result<Option<Client>, DbError> {
    if registrations::token(row)? != token.hash() {
        return Ok(None);
    }
    clients::read_at(row, 1).map(Some)
}

/// RFC 7591 §3.2.2.
fn refuse(error: &MetadataError) -> RegistrationRefusal {
    let code = if error.field.starts_with("redirect_uris") {
        ErrorCode::InvalidRedirectUri
    } else {
        ErrorCode::InvalidClientMetadata
    };
    RegistrationRefusal::Metadata(OAuthError::new(code, &error.to_string()))
}
