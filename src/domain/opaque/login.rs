//! Login, the server's side: KE1 in, KE2 out, and later KE3 decides.
//!
//! An account that is not there is answered from a fake record, with the same work and bytes of the same kind (RFC 9807
//! §10.9). The state made from it is marked, and refuses even the right MAC: whoever could read the expected MAC out of
//! a store would else sign in as nobody.

use std::hint::black_box;

use opaque_ke::{ServerLogin, ServerLoginParameters};
use zeroize::Zeroizing;

use super::registration::{self, Record};
use super::setup::Setup;
use super::suite::Suite;
use super::wire::{Ke1, Ke2, Ke3};
use crate::domain::clock::Timestamp;
use crate::domain::email::Identifier;
use crate::domain::random::{Random, Rng};

/// Bytes of opaque-ke's state: session key and expected MAC.
const SERVER_STATE_BYTES: usize = 128;

/// Why a login could not be started. Neither depends on what a client sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// The stored record is not one.
    #[error("the stored registration record is damaged")]
    DamagedRecord,
    /// opaque-ke failed on input that was parsed.
    #[error("the OPAQUE evaluation failed")]
    EvaluationFailed,
}

/// The login is refused. Wrong password and unknown account are one answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("wrong e-mail or password")]
pub struct Refused;

/// Who may sign in: an account and the record it has now.
#[derive(Clone, Copy, Debug)]
pub struct Enrolled<'a> {
    /// The account's id.
    pub account: &'a str,
    /// The version of the record; a change of password counts it up.
    pub record_version: i64,
    /// The record.
    pub record: &'a Record,
}

/// The question put to a client.
pub struct Challenge;

impl Challenge {
    /// Answers KE1 (RFC 9807 §6.2.2). This evaluates the OPRF, so it is a guess that must have been charged before.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn start(
        setup: &Setup,
        enrolled: Option<Enrolled<'_>>,
        identifier: Identifier,
        request: Ke1,
        now: Timestamp,
        random: &dyn Random,
    ) -> Result<(Ke2, Challenged), StartError> {
        let bytes = enrolled.map_or(setup.fake_record(), |known| known.record.as_bytes());
        let decoded = registration::decode(black_box(bytes)).map_err(|_| StartError::DamagedRecord)?;
        // For a fake one opaque-ke fills in a fresh masking key, which is why the decoded one is only for the work.
        let record = black_box(Some(decoded)).filter(|_| enrolled.is_some());
        let started = ServerLogin::start(
            &mut Rng(random),
            setup.server(),
            record,
            request,
            &identifier.0,
            ServerLoginParameters::default(),
        )
        .map_err(|_| StartError::EvaluationFailed)?;
        let challenged = Challenged {
            subject: enrolled.map(|known| Subject {
                account: known.account.to_owned(),
                record_version: known.record_version,
            }),
            identifier,
            started_at: now,
            server: started.state,
        };
        Ok((started.message, challenged))
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Subject {
    account: String,
    record_version: i64,
}

/// A login that has been answered and waits for KE3.
///
/// It holds the expected MAC, so whoever reads it can finish it: it is stored only sealed, under a key that is not in
/// the same store, bound to its `auth_id` and browser. It does not print; its secrets are wiped on drop.
pub struct Challenged {
    /// None for an account that is not there.
    subject: Option<Subject>,
    identifier: Identifier,
    started_at: Timestamp,
    server: ServerLogin<Suite>,
}

/// What a finished login proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authenticated {
    /// The account.
    pub account: String,
    /// The version of the record that the login started from: it must still be the account's when the session is made.
    pub record_version: i64,
    /// The identifier that the guess was charged to.
    pub identifier: Identifier,
    /// When the login started.
    pub started_at: Timestamp,
}

impl Challenged {
    /// For whom, known or not.
    #[must_use]
    pub const fn identifier(&self) -> &Identifier {
        &self.identifier
    }

    /// Since when.
    #[must_use]
    pub const fn started_at(&self) -> Timestamp {
        self.started_at
    }

    /// Checks the client's MAC in constant time (RFC 9807 §6.4.4). The state is used up either way.
    ///
    /// # Errors
    /// [`Refused`]: wrong MAC, or nobody's account.
    pub fn finish(self, response: Ke3) -> Result<Authenticated, Refused> {
        let verified = self.server.finish(response, ServerLoginParameters::default());
        match (verified, self.subject) {
            (Ok(_), Some(subject)) => Ok(Authenticated {
                account: subject.account,
                record_version: subject.record_version,
                identifier: self.identifier,
                started_at: self.started_at,
            }),
            _ => Err(Refused),
        }
    }

    /// The state to be sealed: identifier, start, server state, then for a known account record version and id.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let account = self.subject.as_ref().map_or(0, |subject| 8 + subject.account.len());
        // The capacity is exact, so that no copy is left behind by a growing buffer.
        let mut bytes = Zeroizing::new(Vec::with_capacity(32 + 8 + SERVER_STATE_BYTES + account));
        bytes.extend_from_slice(&self.identifier.0);
        bytes.extend_from_slice(&self.started_at.as_millis().to_be_bytes());
        bytes.extend_from_slice(&Zeroizing::new(<[u8; SERVER_STATE_BYTES]>::from(self.server.serialize()))[..]);
        if let Some(subject) = &self.subject {
            bytes.extend_from_slice(&subject.record_version.to_be_bytes());
            bytes.extend_from_slice(subject.account.as_bytes());
        }
        bytes
    }

    /// Reads the state back; `None` if it is none.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (identifier, rest) = bytes.split_first_chunk()?;
        let (started_at, rest) = rest.split_first_chunk()?;
        let (server, rest) = rest.split_first_chunk::<SERVER_STATE_BYTES>()?;
        let subject = if rest.is_empty() {
            None
        } else {
            let (record_version, account) = rest.split_first_chunk()?;
            Some(Subject {
                account: std::str::from_utf8(account).ok()?.to_owned(),
                record_version: i64::from_be_bytes(*record_version),
            })
        };
        Some(Self {
            subject,
            identifier: Identifier(*identifier),
            started_at: Timestamp::from_millis(i64::from_be_bytes(*started_at)),
            server: ServerLogin::deserialize(server).ok()?,
        })
    }
}

impl std::fmt::Debug for Challenged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Challenged(..)")
    }
}
