//! What administrators do with clients: add, replace, remove.

use super::{Deps, Grants};
use crate::actors::failure::Failure;
use crate::actors::sector::fetch_sector;
use crate::actors::supervise::{Answer, Myself, Request, Serve};
use crate::db::{Decision, clients};
use crate::domain::oauth::client::{Client, ClientId};
use crate::domain::oauth::metadata::{ClientMetadata, MetadataError, Registered, Registrar};

/// Registers a client.
pub struct AddClient {
    /// What it is.
    pub metadata: ClientMetadata,
}

/// Replaces what a client is; what it was granted stays, and so does its secret where it still needs one and none is given.
pub struct ReplaceClient {
    /// Which client.
    pub client_id: String,
    /// What it is from now on.
    pub metadata: ClientMetadata,
}

/// Removes a client with all that it was granted.
pub struct RemoveClient {
    /// Which client.
    pub client_id: String,
}

/// Why nothing was done.
pub enum ClientRefusal {
    /// There is no such client.
    NotFound,
    /// The id is taken.
    Taken,
    /// What it shall be cannot be.
    Metadata(MetadataError),
    /// A failure of the server.
    Failure(Failure),
}

impl<E: Into<Failure>> From<E> for ClientRefusal {
    fn from(error: E) -> Self {
        Self::Failure(error.into())
    }
}

impl Request for AddClient {
    type Reply = Result<Registered, ClientRefusal>;
}

impl Serve<AddClient> for Grants {
    fn serve(&mut self, request: AddClient, _: &Myself<Self>) -> Answer<Result<Registered, ClientRefusal>> {
        let deps = self.deps.clone();
        Answer::later(async move { deps.add_client(request.metadata).await })
    }
}

impl Request for ReplaceClient {
    type Reply = Result<Registered, ClientRefusal>;
}

impl Serve<ReplaceClient> for Grants {
    fn serve(&mut self, request: ReplaceClient, _: &Myself<Self>) -> Answer<Result<Registered, ClientRefusal>> {
        let deps = self.deps.clone();
        Answer::later(async move { deps.replace_client(request).await })
    }
}

impl Request for RemoveClient {
    type Reply = Result<(), ClientRefusal>;
}

impl Serve<RemoveClient> for Grants {
    fn serve(&mut self, request: RemoveClient, _: &Myself<Self>) -> Answer<Result<(), ClientRefusal>> {
        let deps = self.deps.clone();
        Answer::later(async move { deps.remove_client(&request.client_id).await })
    }
}

impl Deps {
    async fn add_client(&self, metadata: ClientMetadata) -> Result<Registered, ClientRefusal> {
        let registered = self.described(metadata).await?;
        let insert = clients::insert(&registered.client, self.clock.now())?;
        if self.writes.execute(insert).await?.is_empty() {
            return Err(ClientRefusal::Taken);
        }
        Ok(registered)
    }

    /// The old record is read in the same transaction that replaces it, so that of two changes none is half of each.
    async fn replace_client(&self, request: ReplaceClient) -> Result<Registered, ClientRefusal> {
        let id = ClientId::parse(&request.client_id).ok_or(ClientRefusal::NotFound)?;
        let given_secret = request.metadata.client_secret.is_some();
        let metadata = ClientMetadata {
            client_id: Some(id.to_string()),
            ..request.metadata
        };
        let Registered { client, secret } = self.described(metadata).await?;
        let now = self.clock.now();
        let fresh = client.clone();
        let replaced = self
            .writes
            .transact("replace client", async move |transaction| {
                let Some(row) = transaction.query_one(&clients::by_id(&id)).await? else {
                    return Ok(Decision::Rollback(None));
                };
                let old = clients::read(&row)?;
                let keeps_secret = !given_secret && old.secret_hash.is_some() && fresh.secret_hash.is_some();
                let next = Client {
                    secret_hash: if keeps_secret {
                        old.secret_hash
                    } else {
                        fresh.secret_hash
                    },
                    not_before: old.not_before,
                    ..fresh.clone()
                };
                transaction.query(&clients::put(&next, now)?).await?;
                Ok(Decision::Commit(Some((next, keeps_secret))))
            })
            .await?;
        let (client, keeps_secret) = replaced.ok_or(ClientRefusal::NotFound)?;
        self.clients.forget(&client.id);
        Ok(Registered {
            client,
            secret: secret.filter(|_| !keeps_secret),
        })
    }

    async fn remove_client(&self, client_id: &str) -> Result<(), ClientRefusal> {
        let id = ClientId::parse(client_id).ok_or(ClientRefusal::NotFound)?;
        if self.writes.execute(clients::remove(&id)).await?.is_empty() {
            return Err(ClientRefusal::NotFound);
        }
        self.clients.forget(&id);
        Ok(())
    }

    async fn described(&self, mut metadata: ClientMetadata) -> Result<Registered, ClientRefusal> {
        fetch_sector(&self.outgoing, &mut metadata).await;
        let registrar = Registrar {
            random: self.random.as_ref(),
            loopback_issuer: self.config.define.issuer.is_loopback_http(),
            by_operator: true,
        };
        metadata.register(registrar).map_err(ClientRefusal::Metadata)
    }
}
