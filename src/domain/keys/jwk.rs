//! The published JWK set (RFC 7517 §5): public halves only, written once and served as bytes.

use biscuit::jwk::{CommonParameters, JWK, JWKSet, PublicKeyUse};
use serde::{Deserialize, Serialize};

use super::algorithm::SigningAlgorithm;
use super::verifying::VerifyingKey;

/// The `alg` member. biscuit's own `alg` has no `EdDSA`, so it rides beside the common members, for every key alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alg {
    alg: SigningAlgorithm,
}

/// The public JWK: `kty`, the key's numbers, `use`, `alg`, `kid`.
#[must_use]
pub fn public(key: &VerifyingKey) -> JWK<Alg> {
    JWK {
        common: CommonParameters {
            public_key_use: Some(PublicKeyUse::Signature),
            key_id: Some(key.kid().to_owned()),
            ..Default::default()
        },
        algorithm: key.parameters().clone(),
        additional: Alg { alg: key.algorithm() },
    }
}

/// The JWK set document of `keys`, in their order.
///
/// # Errors
/// None in practice: every member is text or a number.
pub fn set<'a>(keys: impl IntoIterator<Item = &'a VerifyingKey>) -> Result<String, serde_json::Error> {
    serde_json::to_string(&JWKSet {
        keys: keys.into_iter().map(public).collect(),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;
    use crate::domain::keys::testing::signing_key;

    #[test]
    fn disc_10_only_public_members_and_distinct_kids_are_published() {
        let keys = SigningAlgorithm::ALL.map(signing_key);
        let document: Value =
            serde_json::from_str(&set(keys.iter().map(super::super::signing::SigningKey::public)).expect("writes"))
                .expect("JSON");
        let written = document["keys"].as_array().expect("an array");
        let expected = [
            ("EdDSA", "OKP", "alg crv kid kty use x"),
            ("ES256", "EC", "alg crv kid kty use x y"),
            ("RS256", "RSA", "alg e kid kty n use"),
        ];
        assert_eq!(written.len(), expected.len());
        for (jwk, (alg, kty, members)) in written.iter().zip(expected) {
            assert_eq!(
                (&jwk["alg"], &jwk["kty"], &jwk["use"]),
                (&alg.into(), &kty.into(), &"sig".into())
            );
            let names: BTreeSet<_> = jwk.as_object().expect("an object").keys().cloned().collect();
            assert_eq!(names.into_iter().collect::<Vec<_>>().join(" "), members);
        }
        let kids: BTreeSet<_> = written.iter().map(|jwk| jwk["kid"].to_string()).collect();
        assert_eq!(kids.len(), written.len());
    }

    #[test]
    fn an_ed25519_key_looks_as_in_rfc_8037_a_2() {
        let seed = [
            0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4, 0x44, 0x49,
            0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60,
        ];
        let key = super::super::signing::SigningKey::from_secret(SigningAlgorithm::EdDsa, &seed).expect("a key");
        let jwk = serde_json::to_value(public(key.public())).expect("writes");
        assert_eq!(jwk["crv"], "Ed25519");
        assert_eq!(jwk["x"], "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
    }
}
