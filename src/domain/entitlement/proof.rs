//! What a proof says: this device key is entitled until then, in this generation. Signed by the server, checked by
//! anybody, without asking.

use super::hash::{Hash, Hasher};
use super::key::{ProofKey, PublicKey};

const PERSONALISATION: &[u8; 16] = b"ProProof________";

/// The version of proofs and requests.
pub const VERSION: u8 = 0;

/// A proof without its signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The name of the generation, by which it is revoked.
    pub gen_index_hash: [u8; 32],
    /// The device it is for.
    pub rotating: PublicKey,
    /// When it ends, in ms since the Unix epoch.
    pub expiry_unix_ts_ms: u64,
}

/// A proof as it goes to the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedProof {
    /// What it says.
    pub proof: Proof,
    /// The server's signature over [`Proof::hash`].
    pub signature: [u8; 64],
}

impl Proof {
    /// What is signed.
    #[must_use]
    pub fn hash(&self) -> Hash {
        Hasher::new(PERSONALISATION)
            .add(&[VERSION])
            .add(&self.gen_index_hash)
            .add(self.rotating.as_bytes())
            .add(&self.expiry_unix_ts_ms.to_le_bytes())
            .finish()
    }

    /// Signs it.
    #[must_use]
    pub fn sign(self, key: &ProofKey) -> SignedProof {
        SignedProof {
            signature: key.sign(&self.hash()),
            proof: self,
        }
    }
}

impl SignedProof {
    /// Whether `key` has signed it. Its end and its revocation are for the caller to look at.
    #[must_use]
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        key.has_signed(&self.proof.hash(), &self.signature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::entitlement::generation::GenerationSalt;
    use crate::domain::entitlement::vectors::{cases, hex16, hex32, number, text};

    #[test]
    fn proofs_are_laid_out_and_signed_as_clients_expect() {
        let cases = cases("proofs.json", "cases");
        assert_eq!(cases.len(), 48);
        for case in cases {
            let key = ProofKey::from_seed(&hex32(&case["backend_seed"]));
            let salt = GenerationSalt::from_bytes(hex16(&case["gen_index_salt"]));
            let proof = Proof {
                gen_index_hash: salt.name(number(&case["gen_index"])),
                rotating: PublicKey::from_bytes(hex32(&case["rotating_pkey"])),
                expiry_unix_ts_ms: number(&case["expiry_unix_ts_ms"]),
            };
            assert_eq!(hex::encode(proof.gen_index_hash), text(&case["gen_index_hash"]));
            assert_eq!(hex::encode(proof.hash()), text(&case["hash"]));
            let signed = proof.sign(&key);
            assert_eq!(hex::encode(signed.signature), text(&case["sig"]));
            assert!(signed.is_signed_by(key.public()));
            let longer = Proof {
                expiry_unix_ts_ms: proof.expiry_unix_ts_ms.wrapping_add(1),
                ..proof
            };
            assert!(
                !SignedProof {
                    proof: longer,
                    ..signed
                }
                .is_signed_by(key.public())
            );
        }
    }
}
