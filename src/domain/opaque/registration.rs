//! Registration, the server's side: blinded password in, record out.

use opaque_ke::ServerRegistration;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::setup::Setup;
use super::suite::Suite;
use super::wire::{self, Message as _, RegistrationRequest, RegistrationResponse, RegistrationUpload, WireError};
use crate::domain::clock::Timestamp;
use crate::domain::email::Identifier;

/// Bytes of a stored record: public key 32, masking key 64, envelope 96.
pub const RECORD_BYTES: usize = 192;

/// The OPRF evaluation failed, which a parsed request cannot make it do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the OPAQUE evaluation failed")]
pub struct EvaluationFailed;

/// What the server keeps of an account's password: nothing that tells it, but enough for a dictionary attack by whoever
/// has the setup too. It does not print.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Record([u8; RECORD_BYTES]);

impl Record {
    /// A record from the store; `None` if the length is wrong. Its elements are decoded at login, so that a known and
    /// an unknown account cost the same there.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The bytes to store.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; RECORD_BYTES] {
        &self.0
    }
}

impl std::fmt::Debug for Record {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Record(..)")
    }
}

/// A registration that has been answered and waits for the client's upload.
///
/// OPAQUE itself keeps nothing between the two; this remembers for whom the password was evaluated, because a record is
/// good for that credential identifier alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    identifier: Identifier,
    started_at: Timestamp,
}

impl Registration {
    /// Bytes of [`Registration::to_bytes`].
    const BYTES: usize = 40;

    /// Evaluates the blinded password (RFC 9807 §5.2.2). This is a guess that must have been charged before.
    ///
    /// # Errors
    /// [`EvaluationFailed`].
    pub fn respond(
        setup: &Setup,
        identifier: Identifier,
        request: RegistrationRequest,
        now: Timestamp,
    ) -> Result<(RegistrationResponse, Self), EvaluationFailed> {
        let started =
            ServerRegistration::start(setup.server(), request, &identifier.0).map_err(|_| EvaluationFailed)?;
        let waiting = Self {
            identifier,
            started_at: now,
        };
        Ok((started.message, waiting))
    }

    /// Takes the upload (RFC 9807 §5.2.3). The record belongs to [`Registration::identifier`].
    #[must_use]
    pub fn finish(self, upload: RegistrationUpload) -> Record {
        let mut record = Record([0; RECORD_BYTES]);
        record
            .0
            .copy_from_slice(&ServerRegistration::<Suite>::finish(upload).serialize());
        record
    }

    /// For whom.
    #[must_use]
    pub const fn identifier(&self) -> &Identifier {
        &self.identifier
    }

    /// Since when.
    #[must_use]
    pub const fn started_at(&self) -> Timestamp {
        self.started_at
    }

    /// The state to be kept until the upload comes.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new([self.identifier.0.as_slice(), &self.started_at.as_millis().to_be_bytes()].concat())
    }

    /// Reads the state back; `None` if it is none.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        if bytes.len() != Self::BYTES {
            return None;
        }
        let (identifier, rest) = bytes.split_first_chunk()?;
        let (started_at, _) = rest.split_first_chunk()?;
        Some(Self {
            identifier: Identifier(*identifier),
            started_at: Timestamp::from_millis(i64::from_be_bytes(*started_at)),
        })
    }
}

/// The record in decoded form.
pub(super) fn decode(record: &[u8; RECORD_BYTES]) -> Result<ServerRegistration<Suite>, WireError> {
    wire::from_exact::<RegistrationUpload>(record).map(ServerRegistration::finish)
}

const _: () = assert!(RegistrationUpload::BYTES == RECORD_BYTES);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_reads_back() {
        let state = Registration {
            identifier: Identifier([7; 32]),
            started_at: Timestamp::from_millis(-5),
        };
        let bytes = state.to_bytes();
        assert_eq!(Registration::from_bytes(&bytes), Some(state));
        assert_eq!(Registration::from_bytes(&bytes[1..]), None);
        assert_eq!(Registration::from_bytes(&[bytes.as_slice(), &[0]].concat()), None);
    }

    #[test]
    fn a_record_has_one_length_and_does_not_print() {
        assert!(Record::from_bytes(&[0; 191]).is_none() && Record::from_bytes(&[0; 193]).is_none());
        let record = Record::from_bytes(&[1; 192]).expect("192 bytes");
        assert_eq!(format!("{record:?}"), "Record(..)");
    }
}
