//! What a grant was made under beside its scope. Most grants have none of it.

use serde::{Deserialize, Serialize};

use super::claims_request::AskedClaims;

/// Resources, key and claims of a grant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// The resource servers that access tokens are for (RFC 8707); none for this server's own API alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
    /// The thumbprint of the key that refresh tokens are bound to (RFC 9449 §5): those of a public client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jkt: Option<String>,
    /// Claims that userinfo gives beside those that scopes open (OIDC Core §5.5).
    #[serde(default, skip_serializing_if = "AskedClaims::is_empty")]
    pub userinfo: AskedClaims,
}

impl Terms {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.resources.is_empty() && self.jkt.is_none() && self.userinfo.is_empty()
    }
}
