//! Public verifying keys. The algorithm is the key's own, never a token's.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use biscuit::jwk::{
    AlgorithmParameters, EllipticCurve, EllipticCurveKeyParameters, OctetKeyPairParameters, RSAKeyParameters,
};
use ring::signature::{ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey};
use serde_json::json;

use super::algorithm::SigningAlgorithm;

/// The signature is not one that this key made over this message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature is not valid")]
pub struct BadSignature;

/// The numbers of a public key do not make a JWK.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a public key")]
pub struct NotAKey;

enum Public {
    EdDsa(ed25519_dalek::VerifyingKey),
    /// The uncompressed point: 4, x, y.
    Es256([u8; 65]),
    Rs256(RsaPublicKeyComponents<Vec<u8>>),
}

/// A public key with its name.
pub struct VerifyingKey {
    public: Public,
    parameters: AlgorithmParameters,
    kid: String,
}

impl VerifyingKey {
    /// An Ed25519 key (RFC 8037).
    ///
    /// # Errors
    /// [`NotAKey`].
    pub fn ed25519(key: ed25519_dalek::VerifyingKey) -> Result<Self, NotAKey> {
        let parameters = AlgorithmParameters::OctetKeyPair(OctetKeyPairParameters {
            curve: EllipticCurve::Curve25519,
            x: key.to_bytes().to_vec(),
            ..Default::default()
        });
        Self::named(Public::EdDsa(key), parameters)
    }

    /// A P-256 key from its uncompressed point.
    ///
    /// # Errors
    /// [`NotAKey`].
    pub fn p256(point: [u8; 65]) -> Result<Self, NotAKey> {
        let [4, coordinates @ ..] = &point else {
            return Err(NotAKey);
        };
        let (x, y) = coordinates.split_at(32);
        let parameters = AlgorithmParameters::EllipticCurve(EllipticCurveKeyParameters {
            curve: EllipticCurve::P256,
            x: x.to_vec(),
            y: y.to_vec(),
            ..Default::default()
        });
        Self::named(Public::Es256(point), parameters)
    }

    /// An RSA key from modulus and exponent, big-endian.
    ///
    /// # Errors
    /// [`NotAKey`].
    pub fn rsa(key: RsaPublicKeyComponents<Vec<u8>>) -> Result<Self, NotAKey> {
        // biscuit's fields are of a big integer type that it does not re-export; its own reader fills them.
        let members = json!({"kty": "RSA", "n": URL_SAFE_NO_PAD.encode(&key.n), "e": URL_SAFE_NO_PAD.encode(&key.e)});
        let parameters: RSAKeyParameters = serde_json::from_value(members).map_err(|_| NotAKey)?;
        Self::named(Public::Rs256(key), AlgorithmParameters::RSA(parameters))
    }

    fn named(public: Public, parameters: AlgorithmParameters) -> Result<Self, NotAKey> {
        let kid = parameters.thumbprint(&biscuit::digest::SHA256).map_err(|_| NotAKey)?;
        Ok(Self {
            public,
            parameters,
            kid,
        })
    }

    /// The one algorithm it verifies.
    #[must_use]
    pub const fn algorithm(&self) -> SigningAlgorithm {
        match self.public {
            Public::EdDsa(_) => SigningAlgorithm::EdDsa,
            Public::Es256(_) => SigningAlgorithm::Es256,
            Public::Rs256(_) => SigningAlgorithm::Rs256,
        }
    }

    /// The RFC 7638 thumbprint: SHA-256 of the required JWK members, base64url.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The JWK members that make the key.
    #[must_use]
    pub const fn parameters(&self) -> &AlgorithmParameters {
        &self.parameters
    }

    /// Checks a signature in JWS form. Ed25519 is checked strictly: no small-order keys, no malleable signatures.
    ///
    /// # Errors
    /// [`BadSignature`].
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        match &self.public {
            Public::EdDsa(key) => {
                let signature = ed25519_dalek::Signature::from_slice(signature).map_err(|_| BadSignature)?;
                key.verify_strict(message, &signature).map_err(|_| BadSignature)
            }
            Public::Es256(point) => UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
                .verify(message, signature)
                .map_err(|_| BadSignature),
            Public::Rs256(key) => key
                .verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
                .map_err(|_| BadSignature),
        }
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({}, {})", self.algorithm(), self.kid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unbase64(text: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(text).expect("base64url")
    }

    fn check(key: &VerifyingKey, jws: &str) {
        let (message, signature) = jws.rsplit_once('.').expect("a JWS");
        assert_eq!(key.verify(message.as_bytes(), &unbase64(signature)), Ok(()));
        let mut bad = unbase64(signature);
        bad[9] ^= 1;
        assert_eq!(key.verify(message.as_bytes(), &bad), Err(BadSignature));
        assert_eq!(key.verify(message.as_bytes(), &[]), Err(BadSignature));
    }

    #[test]
    fn the_rfc_7638_thumbprint_of_section_3_1() {
        let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4\
                 n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zg\
                 dAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCu\
                 r-kEgU8awapJzKnqDKgw";
        let key = VerifyingKey::rsa(RsaPublicKeyComponents {
            n: unbase64(n),
            e: vec![1, 0, 1],
        })
        .expect("a key");
        assert_eq!(key.kid(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    }

    const PAYLOAD: &str =
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

    #[test]
    fn the_rs256_signature_of_rfc_7515_a_2() {
        let n = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2\
                 lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEM\
                 a2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PA\
                 cDTW9gb54h4FRWyuXpoQ";
        let key = VerifyingKey::rsa(RsaPublicKeyComponents {
            n: unbase64(n),
            e: vec![1, 0, 1],
        })
        .expect("a key");
        let signature = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds\
                         9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRm\
                         B_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98r\
                         qVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
        check(&key, &format!("eyJhbGciOiJSUzI1NiJ9.{PAYLOAD}.{signature}"));
    }

    #[test]
    fn the_es256_signature_of_rfc_7515_a_3() {
        let mut point = vec![4];
        point.extend(unbase64("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"));
        point.extend(unbase64("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"));
        let key = VerifyingKey::p256(point.try_into().expect("65 bytes")).expect("a key");
        let signature = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
        check(&key, &format!("eyJhbGciOiJFUzI1NiJ9.{PAYLOAD}.{signature}"));
    }

    #[test]
    fn a_compressed_point_is_no_key() {
        assert_eq!(VerifyingKey::p256([2; 65]).err(), Some(NotAKey));
    }
}
