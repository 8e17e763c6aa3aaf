//! Onion requests v4: a request inside a request, so that whoever carries it sees neither side.
//!
//! A body goes through [`OnionKey::open`], which ends at decryption: whoever fails there is answered in the clear. What
//! it opens is read by [`Opened::request`], and every answer from then on is sealed by [`Opened::seal`] under the same key.
//!
//! - `envelope`: ciphertext and the JSON behind it, with the client's ephemeral key
//! - `cipher`: the two ciphers and how each makes its key
//! - `bencode`: lists of byte strings
//! - `inner`: the request inside, and the answer

mod bencode;
mod cipher;
mod envelope;
mod inner;
#[cfg(test)]
mod vectors;

pub use inner::{InnerRequest, Invalid, Reply};

use x25519_dalek::{PublicKey, StaticSecret};

use crate::domain::entitlement::key::ProofKey;
use crate::domain::random::Random;
use cipher::Session;
use envelope::Envelope;

/// Largest request, in bytes, as it comes over HTTP.
pub const MAX_BYTES: usize = 10_485_760;

/// The envelope is broken, names no usable key or cipher, or does not open. Says no more: nobody is meant to learn which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the onion request does not open")]
pub struct DoesNotOpen;

/// The server's X25519 pair, made from the key that signs proofs. It does not print.
pub struct OnionKey {
    secret: StaticSecret,
    public: PublicKey,
}

impl OnionKey {
    /// The usual map from Ed25519 to Curve25519: clients know the signing key alone and take the same way.
    #[must_use]
    pub fn of(key: &ProofKey) -> Self {
        let secret = StaticSecret::from(*key.exchange_secret());
        let public = PublicKey::from(&secret);
        Self { secret, public }
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> [u8; 32] {
        self.public.to_bytes()
    }

    /// Opens the body of a request.
    ///
    /// # Errors
    /// [`DoesNotOpen`], for whatever is wrong up to and including decryption.
    pub fn open(&self, body: &[u8]) -> Result<Opened, DoesNotOpen> {
        let envelope = Envelope::parse(body).ok_or(DoesNotOpen)?;
        let client = PublicKey::from(envelope.client);
        let shared = self.secret.diffie_hellman(&client);
        // A key of small order gives the same secret to everybody.
        if !shared.was_contributory() {
            return Err(DoesNotOpen);
        }
        let session = Session::agree(
            envelope.cipher,
            shared.as_bytes(),
            client.as_bytes(),
            self.public.as_bytes(),
        );
        let plaintext = session.open(envelope.sealed).ok_or(DoesNotOpen)?;
        Ok(Opened { session, plaintext })
    }
}

impl std::fmt::Debug for OnionKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OnionKey(..)")
    }
}

/// A request that opened: its plaintext, and the key for the answer.
pub struct Opened {
    session: Session,
    plaintext: Vec<u8>,
}

impl Opened {
    /// The request inside.
    ///
    /// # Errors
    /// [`Invalid`], which is answered as [`Reply::invalid`].
    pub fn request(&self) -> Result<InnerRequest, Invalid> {
        InnerRequest::parse(&self.plaintext)
    }

    /// The body that carries `reply` back.
    #[must_use]
    pub fn seal(&self, random: &dyn Random, reply: &Reply) -> Vec<u8> {
        self.session.seal(random, &reply.to_bytes())
    }
}
