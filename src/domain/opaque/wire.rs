//! OPAQUE messages as they travel: base64url without padding, of exactly the right length.
//!
//! opaque-ke ignores trailing bytes, so lengths are compared here first. Group elements that are not canonical, or are
//! the identity, do not parse (RFC 9807 §6.4, RFC 9497 §4.1).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use opaque_ke::errors::ProtocolError;
use opaque_ke::{CredentialFinalization, CredentialRequest, CredentialResponse};

use super::suite::Suite;

/// First message of a registration, from the client: the blinded password.
pub type RegistrationRequest = opaque_ke::RegistrationRequest<Suite>;
/// Second message of a registration, from the server.
pub type RegistrationResponse = opaque_ke::RegistrationResponse<Suite>;
/// Third message of a registration, from the client: what becomes the record.
pub type RegistrationUpload = opaque_ke::RegistrationUpload<Suite>;
/// First message of a login, from the client.
pub type Ke1 = CredentialRequest<Suite>;
/// Second message of a login, from the server.
pub type Ke2 = CredentialResponse<Suite>;
/// Third message of a login, from the client: its MAC.
pub type Ke3 = CredentialFinalization<Suite>;

/// Why a text is no such message. The same for every account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// Another number of characters.
    #[error("must be {expected} characters of base64url without padding")]
    Length {
        /// The right number.
        expected: usize,
    },
    /// Not base64url, padded, or with spare bits set.
    #[error("is not base64url without padding")]
    Encoding,
    /// Right in form, but not made of valid group elements.
    #[error("is not a valid OPAQUE message")]
    Element,
}

/// A message with its exact length.
pub trait Message: Sized {
    /// Bytes on the wire.
    const BYTES: usize;

    /// The message of exactly these bytes.
    ///
    /// # Errors
    /// opaque-ke's own; trailing bytes may pass, so [`read`] is the door.
    fn from_bytes(bytes: &[u8]) -> Result<Self, ProtocolError>;

    /// Its bytes.
    fn to_bytes(&self) -> Vec<u8>;
}

macro_rules! message {
    ($name:ty, $bytes:literal) => {
        impl Message for $name {
            const BYTES: usize = $bytes;

            fn from_bytes(bytes: &[u8]) -> Result<Self, ProtocolError> {
                Self::deserialize(bytes)
            }

            fn to_bytes(&self) -> Vec<u8> {
                self.serialize().to_vec()
            }
        }
    };
}

message!(RegistrationRequest, 32);
message!(RegistrationResponse, 64);
message!(RegistrationUpload, 192);
message!(Ke1, 96);
message!(Ke2, 320);
message!(Ke3, 64);

/// Reads a message.
///
/// # Errors
/// [`WireError`], to be shown with the name of the field.
pub fn read<M: Message>(text: &str) -> Result<M, WireError> {
    let expected = (M::BYTES * 4).div_ceil(3);
    if text.len() != expected {
        return Err(WireError::Length { expected });
    }
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| WireError::Encoding)?;
    from_exact(&bytes)
}

/// Writes a message.
#[must_use]
pub fn write<M: Message>(message: &M) -> String {
    URL_SAFE_NO_PAD.encode(message.to_bytes())
}

/// The message of exactly these bytes.
pub(super) fn from_exact<M: Message>(bytes: &[u8]) -> Result<M, WireError> {
    if bytes.len() != M::BYTES {
        return Err(WireError::Element);
    }
    M::from_bytes(bytes).map_err(|_| WireError::Element)
}
