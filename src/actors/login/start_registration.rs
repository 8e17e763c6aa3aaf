//! First message of a registration, for a new account or a new password (RFC 9807 §5.2.2).

use super::proof::{self, Proof};
use super::states::Exchange;
use super::{Delayed, Deps, Login, LoginError};
use crate::actors::failure::Failure;
use crate::actors::supervise::{Answer, Myself, Request, Serve};
use crate::domain::account::LinkPurpose;
use crate::domain::opaque::registration::Registration;
use crate::domain::opaque::wire::{RegistrationRequest, RegistrationResponse};
use crate::domain::secret::Token;
use crate::domain::throttle::ClientAddress;

/// Starts a registration. Only who holds a link for an address may: an evaluation of the OPRF is a guess.
pub struct StartRegistration {
    /// The link's token.
    pub token: Token,
    /// What the link must be for.
    pub occasion: Occasion,
    /// The client's first message.
    pub request: RegistrationRequest,
    /// Where it comes from.
    pub address: ClientAddress,
    /// What proves a fresh login, where the link alone is not enough.
    pub proof: Proof,
}

/// Why somebody registers a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// For a new account.
    NewAccount,
    /// In place of another one, forgotten or not.
    NewPassword,
    /// Because the account moves to another address: a record opens at one address alone.
    NewAddress,
}

impl Occasion {
    /// The purposes of the links that allow it.
    pub(super) const fn purposes(self) -> &'static [LinkPurpose] {
        match self {
            Self::NewAccount => &[LinkPurpose::Register],
            Self::NewPassword => &[LinkPurpose::ResetPassword, LinkPurpose::ChangePassword],
            Self::NewAddress => &[LinkPurpose::ChangeEmail],
        }
    }
}

/// A registration that waits for the upload.
pub struct RegistrationStarted {
    /// The server's message.
    pub response: RegistrationResponse,
    /// Under which the state waits.
    pub auth_id: Token,
    /// Whose password it will be.
    pub email: String,
}

impl Request for StartRegistration {
    type Reply = Result<Delayed<RegistrationStarted>, LoginError>;
}

impl Serve<StartRegistration> for Login {
    fn serve(
        &mut self,
        request: StartRegistration,
        _: &Myself<Self>,
    ) -> Answer<Result<Delayed<RegistrationStarted>, LoginError>> {
        let deps = self.deps.clone();
        Answer::later(async move { deps.start_registration(request).await })
    }
}

impl Deps {
    async fn start_registration(&self, request: StartRegistration) -> Result<Delayed<RegistrationStarted>, LoginError> {
        let token_hash = request.token.hash();
        let link = self.find_link(&token_hash, request.occasion.purposes()).await?;
        let now = self.clock.now();
        if link.link.purpose.needs_login() {
            let proves = proof::statement(request.proof.shown().as_ref(), &token_hash, &link, now)?;
            self.store.query_one(&proves).await?.ok_or(LoginError::NotProven)?;
        }
        let delay = self.charge(&link.identifier, request.address, None).await?;
        let (response, registration) =
            Registration::respond(&self.secrets.opaque, link.identifier, request.request, now)
                .map_err(|error| Failure::Internal(error.to_string()))?;
        // The link goes with the state: it is spent when the upload comes.
        let state = [token_hash.as_bytes().as_slice(), &registration.to_bytes()].concat();
        let auth_id = self.keep(Exchange::Registration, &state).await?;
        Ok(Delayed {
            answer: RegistrationStarted {
                response,
                auth_id,
                email: link.email,
            },
            delay,
        })
    }
}
