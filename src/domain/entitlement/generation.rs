//! Generations: a person's payments change, and with each change the name under which proofs of that person go.

use blake2b_simd::Params;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::domain::random::{Random, bytes};

/// Hides how many generations there are: 16 random bytes, made once for the life of a ledger. It does not print.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct GenerationSalt([u8; 16]);

impl GenerationSalt {
    /// The salt of these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// A new salt, to be sealed and stored.
    #[must_use]
    pub fn generate(random: &dyn Random) -> Zeroizing<[u8; 16]> {
        Zeroizing::new(bytes(random))
    }

    /// The name of generation `index` in proofs and in the list of revocations. The salt is `BLAKE2b`'s own parameter.
    #[must_use]
    pub fn name(&self, index: u64) -> [u8; 32] {
        let digest = Params::new().hash_length(32).salt(&self.0).hash(&index.to_le_bytes());
        let mut name = [0; 32];
        for (to, from) in name.iter_mut().zip(digest.as_bytes()) {
            *to = *from;
        }
        name
    }
}

impl std::fmt::Debug for GenerationSalt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("GenerationSalt(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::entitlement::vectors::{cases, hex16, number, text};

    #[test]
    fn generations_are_named_as_clients_expect() {
        let cases = cases("gen_index_hash.json", "cases");
        assert_eq!(cases.len(), 45);
        for case in cases {
            let salt = GenerationSalt::from_bytes(hex16(&case["salt"]));
            assert_eq!(hex::encode(salt.name(number(&case["gen_index"]))), text(&case["hash"]));
        }
    }
}
