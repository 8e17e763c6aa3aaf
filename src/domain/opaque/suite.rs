//! The cipher suite: the one that `@serenity-kit/opaque` speaks at its defaults.

use argon2::{Algorithm, Argon2, Params, Version};
use opaque_ke::generic_array::{ArrayLength, GenericArray};
use opaque_ke::{CipherSuite, Ristretto255, TripleDh, errors::InternalError, ksf::Ksf};
use sha2::Sha512;

/// OPAQUE-3DH with ristretto255, SHA-512 and [`Stretching`] (RFC 9807 §7).
pub struct Suite;

impl CipherSuite for Suite {
    type OprfCs = Ristretto255;
    type KeyExchange = TripleDh<Ristretto255, Sha512>;
    type Ksf = Stretching;
}

/// Argon2id, version 0x13, 64 MiB, 3 passes, 4 lanes, a salt of zeros (RFC 9807 §7; the OPRF output it hashes is salted
/// already). Only clients run it. One set of parameters serves all accounts: parameters in the record would tell
/// which accounts exist, and others at login are simply a wrong password.
#[derive(Default)]
pub struct Stretching;

const MEMORY_KIB: u32 = 65_536;
const PASSES: u32 = 3;
const LANES: u32 = 4;

impl Ksf for Stretching {
    fn hash<L: ArrayLength<u8>>(&self, input: GenericArray<u8, L>) -> Result<GenericArray<u8, L>, InternalError> {
        let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|_| InternalError::KsfError)?;
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params).hash(input)
    }
}
