//! Requests whose signatures have been checked. Nothing else may be asked of the ledger, because nothing else has this
//! type.

use super::hash;
use super::ids::ClaimIds;
use super::key::PublicKey;
use super::proof::VERSION;

/// A signature of a client.
pub type Signature = [u8; 64];

/// What is wrong with the keys or signatures of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSigned {
    /// By the master key.
    #[error("master_sig is not a signature of master_pkey over this request")]
    Master,
    /// By the rotating key.
    #[error("rotating_sig is not a signature of rotating_pkey over this request")]
    Rotating,
    /// A key of the client is the server's own.
    #[error("{0} is the key of the server")]
    IsServer(&'static str),
    /// One key in both places.
    #[error("master_pkey and rotating_pkey are the same key")]
    SameKey,
    /// A key of zeros.
    #[error("{0} is all zero")]
    Zero(&'static str),
    /// One signature in both places.
    #[error("master_sig and rotating_sig are the same signature")]
    SameSignature,
}

/// A request that was signed by whom it says.
#[derive(Clone, Debug)]
pub struct Signed<T>(T);

impl<T> Signed<T> {
    /// What was asked.
    pub const fn get(&self) -> &T {
        &self.0
    }

    /// What was asked.
    pub fn into_inner(self) -> T {
        self.0
    }
}

/// The keys of a person and of one of that person's devices, with a signature of each.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The person's.
    pub master: PublicKey,
    /// The device's.
    pub rotating: PublicKey,
    /// Of the person's key.
    pub master_signature: Signature,
    /// Of the device's key.
    pub rotating_signature: Signature,
}

impl Pair {
    fn check(&self, hash: &hash::Hash, server: &PublicKey) -> Result<(), Vec<NotSigned>> {
        // One after the other: whoever does not hold the master key learns nothing about the rest.
        if !self.master.has_signed(hash, &self.master_signature) {
            return Err(vec![NotSigned::Master]);
        }
        if !self.rotating.has_signed(hash, &self.rotating_signature) {
            return Err(vec![NotSigned::Rotating]);
        }
        let wrong: Vec<NotSigned> = [
            (self.master == *server, NotSigned::IsServer("master_pkey")),
            (self.rotating == *server, NotSigned::IsServer("rotating_pkey")),
            (self.master == self.rotating, NotSigned::SameKey),
            (self.master.is_zero(), NotSigned::Zero("master_pkey")),
            (self.rotating.is_zero(), NotSigned::Zero("rotating_pkey")),
            (
                self.master_signature == self.rotating_signature,
                NotSigned::SameSignature,
            ),
        ]
        .into_iter()
        .filter_map(|(is_wrong, what)| is_wrong.then_some(what))
        .collect();
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }
}

/// Somebody claims a payment.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Who, and for which device the first proof is.
    pub keys: Pair,
    /// Which payment.
    pub ids: ClaimIds,
}

impl Claim {
    /// Checks both signatures against each other and the `server`'s key.
    ///
    /// # Errors
    /// [`NotSigned`], at least one.
    pub fn verify(self, server: &PublicKey) -> Result<Signed<Self>, Vec<NotSigned>> {
        let hash = hash::add_payment(VERSION, &self.keys.master, &self.keys.rotating, &self.ids);
        self.keys.check(&hash, server)?;
        Ok(Signed(self))
    }
}

/// Somebody asks for a proof.
#[derive(Clone, Debug)]
pub struct ProofRequest {
    /// Who, and for which device.
    pub keys: Pair,
    /// The client's time, in ms since the Unix epoch.
    pub unix_ts_ms: u64,
}

impl ProofRequest {
    /// As [`Claim::verify`].
    ///
    /// # Errors
    /// As [`Claim::verify`].
    pub fn verify(self, server: &PublicKey) -> Result<Signed<Self>, Vec<NotSigned>> {
        let hash = hash::generate_proof(VERSION, &self.keys.master, &self.keys.rotating, self.unix_ts_ms);
        self.keys.check(&hash, server)?;
        Ok(Signed(self))
    }
}

/// Somebody asks what is known of them.
#[derive(Clone, Copy, Debug)]
pub struct DetailsRequest {
    /// Who.
    pub master: PublicKey,
    /// The client's time, in ms since the Unix epoch.
    pub unix_ts_ms: u64,
    /// How many payments to show at most.
    pub count: u32,
}

impl DetailsRequest {
    /// Checks the signature.
    ///
    /// # Errors
    /// [`NotSigned::Master`].
    pub fn verify(self, signature: &Signature) -> Result<Signed<Self>, NotSigned> {
        let hash = hash::details(VERSION, &self.master, self.unix_ts_ms, self.count);
        if !self.master.has_signed(&hash, signature) {
            return Err(NotSigned::Master);
        }
        Ok(Signed(self))
    }
}

/// Somebody says to have asked a store for a refund, or not to ask any more.
#[derive(Clone, Debug)]
pub struct RefundRequest {
    /// Who.
    pub master: PublicKey,
    /// The client's time, in ms since the Unix epoch.
    pub unix_ts_ms: u64,
    /// When the store was asked, in ms since the Unix epoch; 0 for no more.
    pub requested_ms: u64,
    /// For which payment.
    pub ids: ClaimIds,
}

impl RefundRequest {
    /// Checks the signature.
    ///
    /// # Errors
    /// [`NotSigned::Master`].
    pub fn verify(self, signature: &Signature) -> Result<Signed<Self>, NotSigned> {
        let (time, requested) = (self.unix_ts_ms, self.requested_ms);
        let hash = hash::refund_requested(VERSION, &self.master, time, requested, &self.ids);
        if !self.master.has_signed(&hash, signature) {
            return Err(NotSigned::Master);
        }
        Ok(Signed(self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::entitlement::key::ProofKey;

    fn request(master: &ProofKey, rotating: &ProofKey) -> ProofRequest {
        let hash = hash::generate_proof(VERSION, master.public(), rotating.public(), 5);
        ProofRequest {
            keys: Pair {
                master: *master.public(),
                rotating: *rotating.public(),
                master_signature: master.sign(&hash),
                rotating_signature: rotating.sign(&hash),
            },
            unix_ts_ms: 5,
        }
    }

    #[test]
    fn both_keys_must_sign_and_be_of_two_who_are_not_the_server() {
        let [server, master, rotating] = [1, 2, 3].map(|seed| ProofKey::from_seed(&[seed; 32]));
        let check = |request: ProofRequest| request.verify(server.public()).map(|_| ());
        assert_eq!(check(request(&master, &rotating)), Ok(()));

        let mut forged = request(&master, &rotating);
        forged.keys.master_signature[0] ^= 1;
        forged.keys.rotating_signature[0] ^= 1;
        assert_eq!(check(forged), Err(vec![NotSigned::Master]));
        let mut forged = request(&master, &rotating);
        forged.keys.rotating_signature = forged.keys.master_signature;
        assert_eq!(check(forged), Err(vec![NotSigned::Rotating]));
        let mut later = request(&master, &rotating);
        later.unix_ts_ms += 1;
        assert_eq!(check(later), Err(vec![NotSigned::Master]));

        assert_eq!(
            check(request(&server, &rotating)),
            Err(vec![NotSigned::IsServer("master_pkey")])
        );
        assert_eq!(
            check(request(&master, &server)),
            Err(vec![NotSigned::IsServer("rotating_pkey")])
        );
        let twice = Err(vec![NotSigned::SameKey, NotSigned::SameSignature]);
        assert_eq!(check(request(&master, &master)), twice);
    }
}
