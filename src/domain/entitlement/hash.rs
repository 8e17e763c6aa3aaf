//! The hashes that clients sign: `BLAKE2b` with 32 bytes of digest and a personalisation of 16 bytes. Integers are
//! little-endian, texts raw UTF-8, nothing is between the parts.

use blake2b_simd::{Params, State};

use super::ids::ClaimIds;
use super::key::PublicKey;

/// A hash to be signed.
pub type Hash = [u8; 32];

const ADD_PAYMENT: &[u8; 16] = b"ProAddPayment___";
const GENERATE_PROOF: &[u8; 16] = b"ProGenerateProof";
const DETAILS: &[u8; 16] = b"ProGetProDetReq_";
const REFUND: &[u8; 16] = b"ProSetRefundReq_";

/// A hash under way.
pub(super) struct Hasher(State);

impl Hasher {
    pub(super) fn new(personalisation: &[u8; 16]) -> Self {
        Self(Params::new().hash_length(32).personal(personalisation).to_state())
    }

    pub(super) fn add(mut self, part: &[u8]) -> Self {
        self.0.update(part);
        self
    }

    fn ids(self, ids: &ClaimIds) -> Self {
        let this = self.add(&[ids.provider().number()]);
        match ids {
            ClaimIds::Google { token, order } => this.add(token.as_bytes()).add(order.as_bytes()),
            ClaimIds::Apple { tx } => this.add(tx.as_bytes()),
            ClaimIds::Rangeproof { order } => this.add(order.as_bytes()),
        }
    }

    pub(super) fn finish(self) -> Hash {
        let mut hash = [0; 32];
        for (to, from) in hash.iter_mut().zip(self.0.finalize().as_bytes()) {
            *to = *from;
        }
        hash
    }
}

/// What master and rotating key sign to claim a payment.
#[must_use]
pub fn add_payment(version: u8, master: &PublicKey, rotating: &PublicKey, ids: &ClaimIds) -> Hash {
    Hasher::new(ADD_PAYMENT)
        .add(&[version])
        .add(master.as_bytes())
        .add(rotating.as_bytes())
        .ids(ids)
        .finish()
}

/// What master and rotating key sign to get a proof.
#[must_use]
pub fn generate_proof(version: u8, master: &PublicKey, rotating: &PublicKey, unix_ts_ms: u64) -> Hash {
    Hasher::new(GENERATE_PROOF)
        .add(&[version])
        .add(master.as_bytes())
        .add(rotating.as_bytes())
        .add(&unix_ts_ms.to_le_bytes())
        .finish()
}

/// What the master key signs to see its payments.
#[must_use]
pub fn details(version: u8, master: &PublicKey, unix_ts_ms: u64, count: u32) -> Hash {
    Hasher::new(DETAILS)
        .add(&[version])
        .add(master.as_bytes())
        .add(&unix_ts_ms.to_le_bytes())
        .add(&count.to_le_bytes())
        .finish()
}

/// What the master key signs to note that it asked a store for its money back.
#[must_use]
pub fn refund_requested(version: u8, master: &PublicKey, unix_ts_ms: u64, requested_ms: u64, ids: &ClaimIds) -> Hash {
    Hasher::new(REFUND)
        .add(&[version])
        .add(master.as_bytes())
        .add(&unix_ts_ms.to_le_bytes())
        .add(&requested_ms.to_le_bytes())
        .ids(ids)
        .finish()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::domain::entitlement::key::ProofKey;
    use crate::domain::entitlement::vectors::{cases, hex32, number, text};

    fn ids(case: &Value) -> ClaimIds {
        let tx = &case["payment_tx"];
        match number(&tx["provider"]) {
            1 => ClaimIds::Google {
                token: text(&tx["google_payment_token"]),
                order: text(&tx["google_order_id"]),
            },
            2 => ClaimIds::Apple {
                tx: text(&tx["apple_tx_id"]),
            },
            _ => ClaimIds::Rangeproof {
                order: text(&tx["rangeproof_order_id"]),
            },
        }
    }

    #[test]
    fn every_request_hashes_and_is_signed_as_clients_do_it() {
        let mut seen = 0;
        for case in cases("hashes.json", "cases") {
            let version = u8::try_from(number(&case["version"])).expect("a byte");
            let master = PublicKey::from_bytes(hex32(&case["master_pkey"]));
            let rotating = || PublicKey::from_bytes(hex32(&case["rotating_pkey"]));
            let time = || number(&case["unix_ts_ms"]);
            let hash = match text(&case["request"]).as_str() {
                "add_pro_payment" => add_payment(version, &master, &rotating(), &ids(&case)),
                "generate_pro_proof" => generate_proof(version, &master, &rotating(), time()),
                "get_pro_details" => {
                    let count = u32::try_from(number(&case["count"])).expect("fits");
                    details(version, &master, time(), count)
                }
                _ => {
                    let requested = number(&case["refund_requested_unix_ts_ms"]);
                    refund_requested(version, &master, time(), requested, &ids(&case))
                }
            };
            assert_eq!(hex::encode(hash), text(&case["hash"]), "{case}");
            for who in ["master", "rotating"] {
                let Some(wanted) = case[format!("{who}_sig")].as_str() else {
                    continue;
                };
                let key = ProofKey::from_seed(&hex32(&case[format!("{who}_seed")]));
                let signature = key.sign(&hash);
                assert_eq!(hex::encode(signature), wanted);
                assert!(key.public().has_signed(&hash, &signature));
            }
            seen += 1;
        }
        assert_eq!(seen, 33);
    }
}
