//! The client's side, in Rust: for `user add`, for tests and for benches. Browsers run the same protocol in WASM.

use opaque_ke::errors::ProtocolError;
use opaque_ke::{ClientLogin, ClientLoginFinishParameters, ClientRegistration, ClientRegistrationFinishParameters};
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use super::registration::{Record, Registration};
use super::setup::Setup;
use super::suite::Suite;
use super::wire::{Ke1, Ke2, Ke3, RegistrationRequest, RegistrationResponse, RegistrationUpload};
use crate::domain::clock::Timestamp;
use crate::domain::email::Identifier;
use crate::domain::random::{Random, Rng};

/// Why the client cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// The password is wrong, or there is no such account.
    #[error("wrong e-mail or password")]
    WrongPassword,
    /// The server's answer is not one, or the password is beyond what OPAQUE takes (65 535 bytes).
    #[error("the OPAQUE exchange failed")]
    Failed,
}

impl From<ProtocolError> for ClientError {
    fn from(error: ProtocolError) -> Self {
        match error {
            ProtocolError::InvalidLoginError => Self::WrongPassword,
            _ => Self::Failed,
        }
    }
}

/// A password in the form that all clients use: NFC, so that composed and decomposed letters are the same.
fn canonical(password: &str) -> Zeroizing<String> {
    // NFC can lengthen a text to three times its bytes; a buffer that never grows leaves no copies behind.
    let mut text = Zeroizing::new(String::with_capacity(password.len() * 3));
    text.extend(password.nfc());
    text
}

/// A registration that has sent its request.
pub struct Registering {
    state: ClientRegistration<Suite>,
    password: Zeroizing<String>,
}

impl Registering {
    /// Blinds the password.
    ///
    /// # Errors
    /// [`ClientError::Failed`].
    pub fn start(password: &str, random: &dyn Random) -> Result<(RegistrationRequest, Self), ClientError> {
        let password = canonical(password);
        let started = ClientRegistration::start(&mut Rng(random), password.as_bytes())?;
        let waiting = Self {
            state: started.state,
            password,
        };
        Ok((started.message, waiting))
    }

    /// Makes the upload from the server's answer.
    ///
    /// # Errors
    /// [`ClientError::Failed`].
    pub fn finish(
        self,
        response: RegistrationResponse,
        random: &dyn Random,
    ) -> Result<RegistrationUpload, ClientError> {
        let finished = self.state.finish(
            &mut Rng(random),
            self.password.as_bytes(),
            response,
            ClientRegistrationFinishParameters::default(),
        )?;
        Ok(finished.message)
    }
}

/// A login that has sent KE1.
pub struct LoggingIn {
    state: ClientLogin<Suite>,
    password: Zeroizing<String>,
}

/// A login that the client has finished.
pub struct LoggedIn {
    /// The message that convinces the server.
    pub response: Ke3,
    /// The key that both sides now share.
    pub session_key: Zeroizing<Vec<u8>>,
}

impl LoggingIn {
    /// Blinds the password and begins the key exchange.
    ///
    /// # Errors
    /// [`ClientError::Failed`].
    pub fn start(password: &str, random: &dyn Random) -> Result<(Ke1, Self), ClientError> {
        let password = canonical(password);
        let started = ClientLogin::start(&mut Rng(random), password.as_bytes())?;
        let waiting = Self {
            state: started.state,
            password,
        };
        Ok((started.message, waiting))
    }

    /// Opens the envelope and answers the server.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn finish(self, challenge: Ke2, random: &dyn Random) -> Result<LoggedIn, ClientError> {
        let finished = self.state.finish(
            &mut Rng(random),
            self.password.as_bytes(),
            challenge,
            ClientLoginFinishParameters::default(),
        )?;
        Ok(LoggedIn {
            response: finished.message,
            session_key: Zeroizing::new(finished.session_key.to_vec()),
        })
    }
}

/// Registers a password with both sides at once: what an administrator's `user add` does.
///
/// # Errors
/// [`ClientError::Failed`].
pub fn enrol(
    setup: &Setup,
    identifier: Identifier,
    password: &str,
    random: &dyn Random,
) -> Result<Record, ClientError> {
    let (request, client) = Registering::start(password, random)?;
    let (response, server) = Registration::respond(setup, identifier, request, Timestamp::from_millis(0))
        .map_err(|_| ClientError::Failed)?;
    Ok(server.finish(client.finish(response, random)?))
}
