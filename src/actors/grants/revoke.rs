//! Revocation by the client (RFC 7009): at once, and for everything that hangs on it.

use std::time::Duration;

use super::authenticate::Presented;
use super::refusal::TokenRefusal;
use super::{Deps, Grants};
use crate::actors::supervise::{Answer, Myself, Request, Serve};
use crate::db::families;
use crate::domain::oauth::discovery::path;
use crate::domain::oauth::parameters::Parameters;
use crate::domain::throttle::ClientAddress;
use crate::domain::token::refresh::RefreshToken;
use crate::domain::token::verify::verify_own_access;

/// How long a token may still be honoured after its end, by a clock that is late.
const LEEWAY: Duration = Duration::from_mins(1);

/// A revocation request.
pub struct RevokeToken {
    /// The `Authorization` header.
    pub authorization: Option<String>,
    /// The body.
    pub parameters: Parameters,
    /// Where it comes from.
    pub address: ClientAddress,
}

impl Request for RevokeToken {
    type Reply = Result<(), TokenRefusal>;
}

impl Serve<RevokeToken> for Grants {
    fn serve(&mut self, request: RevokeToken, _: &Myself<Self>) -> Answer<Result<(), TokenRefusal>> {
        let deps = self.deps.clone();
        Answer::later(async move { deps.revoke(request).await })
    }
}

impl Deps {
    /// A token that is unknown, expired or another client's is answered as if it had been revoked (RFC 7009 §2.2), and
    /// nothing happens. `token_type_hint` is not needed: the two kinds look different.
    async fn revoke(&self, request: RevokeToken) -> Result<(), TokenRefusal> {
        let client = self
            .authenticate_at_once(Presented {
                authorization: request.authorization.as_deref(),
                parameters: &request.parameters,
                address: request.address,
                endpoint: path::REVOKE,
            })
            .await?;
        let token = request.parameters.require("token").map_err(TokenRefusal::OAuth)?;
        let keys = self.keys.current();
        let now = self.clock.now();
        if let Ok(refresh) = RefreshToken::open(token, &keys) {
            self.writes
                .execute(families::end_own(&refresh.family, &client.id, now))
                .await?;
            return Ok(());
        }
        // Whoever it is for: a token for another server is given back here too.
        if let Ok(access) = verify_own_access(token, &keys, self.issuer(), now, LEEWAY)
            && access.client_id == client.id.as_str()
        {
            let until = access.exp.plus(LEEWAY);
            self.writes.execute(families::revoke_token(&access.jti, until)).await?;
        }
        Ok(())
    }
}
