//! The list at a sector identifier (OIDC Registration §5), fetched when a client is registered.

use super::outgoing::Outgoing;
use crate::domain::oauth::client_options::sector_list;
use crate::domain::oauth::metadata::ClientMetadata;

/// Reads the list that the metadata points to, if it points to one. Where there is none to be read, registration refuses
/// the metadata; why is for the log.
pub async fn fetch_sector(outgoing: &Outgoing, metadata: &mut ClientMetadata) {
    let Some(uri) = &metadata.options.sector_identifier_uri else {
        return;
    };
    metadata.options.sector_uris = match outgoing.get(uri, "application/json").await {
        Ok(body) => sector_list(&body),
        Err(cause) => {
            tracing::warn!(%cause, "the list of a sector identifier could not be fetched");
            None
        }
    };
}
