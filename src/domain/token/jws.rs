//! Compact JWS (RFC 7515 §7.1), signed and read back.
//!
//! All tokens read here are our own, so the header is exactly `alg`, `typ` and `kid`: whatever else it may hold (`crit`,
//! `jku`, `jwk`, `x5u`, …) is refused without being looked at, and so is a member that comes twice. The key, and with it
//! the algorithm, is found by `kid` among our own; the header's `alg` must agree and decides nothing.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::domain::keys::algorithm::SigningAlgorithm;
use crate::domain::keys::keyset::KeySet;
use crate::domain::keys::signing::{KeyError, SigningKey};

/// The longest token that is read, in bytes.
pub const MAX_BYTES: usize = 16 * 1024;

/// The kinds of tokens, told apart by `typ` so that none passes for another (RFC 8725 §3.11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenType {
    /// An access token (RFC 9068 §2.1).
    Access,
    /// An ID token.
    Id,
    /// A signed userinfo answer (OIDC Core §5.3.2).
    UserInfo,
    /// A logout token (OIDC Back-Channel Logout §2.4).
    Logout,
}

impl TokenType {
    /// The `typ` of its header.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Access => "at+jwt",
            Self::Id => "JWT",
            Self::UserInfo => "userinfo+jwt",
            Self::Logout => "logout+jwt",
        }
    }
}

/// Why a token is not accepted, or could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Over [`MAX_BYTES`].
    #[error("the token is too long")]
    TooLong,
    /// Not a compact JWS of ours: parts, base64url, header or claims.
    #[error("the token is malformed")]
    Malformed,
    /// A token of another kind.
    #[error("the token is of another type")]
    WrongType,
    /// No published key has this `kid`.
    #[error("the token names an unknown key")]
    UnknownKey,
    /// The header's `alg` is not that of the key.
    #[error("the token names an algorithm that its key does not have")]
    WrongAlgorithm,
    /// The signature does not verify.
    #[error("the signature of the token is not valid")]
    BadSignature,
    /// `iss` is somebody else.
    #[error("the token is from another issuer")]
    WrongIssuer,
    /// `aud` does not name us.
    #[error("the token is for another audience")]
    WrongAudience,
    /// `exp` has passed.
    #[error("the token has expired")]
    Expired,
    /// `iat` is yet to come.
    #[error("the token was issued in the future")]
    NotYetValid,
    /// Signing failed.
    #[error(transparent)]
    NotSigned(#[from] KeyError),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header<'a> {
    alg: SigningAlgorithm,
    typ: &'a str,
    kid: &'a str,
}

/// Signs `claims`. The result is `header.payload.signature`.
///
/// # Errors
/// [`TokenError::NotSigned`]; [`TokenError::Malformed`] if the claims are not JSON, which ours are.
pub fn sign<C: Serialize>(key: &SigningKey, kind: TokenType, claims: &C) -> Result<String, TokenError> {
    let header = Header {
        alg: key.algorithm(),
        typ: kind.name(),
        kid: key.kid(),
    };
    let mut json = Vec::with_capacity(512);
    let mut token = String::with_capacity(1024);
    serde_json::to_writer(&mut json, &header).map_err(|_| TokenError::Malformed)?;
    URL_SAFE_NO_PAD.encode_string(&json, &mut token);
    token.push('.');
    json.clear();
    serde_json::to_writer(&mut json, claims).map_err(|_| TokenError::Malformed)?;
    URL_SAFE_NO_PAD.encode_string(&json, &mut token);
    let signature = key.sign(token.as_bytes())?;
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    Ok(token)
}

/// The claims of a token of this kind that one of `keys` signed. Times and names are not judged here.
///
/// # Errors
/// [`TokenError`], in the order of its variants.
pub fn verify<C: DeserializeOwned>(token: &str, kind: TokenType, keys: &KeySet) -> Result<C, TokenError> {
    if token.len() > MAX_BYTES {
        return Err(TokenError::TooLong);
    }
    let (message, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
    let (header, payload) = message.split_once('.').ok_or(TokenError::Malformed)?;
    let header = decode(header)?;
    let header: Header<'_> = serde_json::from_slice(&header).map_err(|_| TokenError::Malformed)?;
    if header.typ != kind.name() {
        return Err(TokenError::WrongType);
    }
    let key = keys.verifying_key(header.kid).ok_or(TokenError::UnknownKey)?;
    if header.alg != key.algorithm() {
        return Err(TokenError::WrongAlgorithm);
    }
    key.verify(message.as_bytes(), &decode(signature)?)
        .map_err(|_| TokenError::BadSignature)?;
    serde_json::from_slice(&decode(payload)?).map_err(|_| TokenError::Malformed)
}

/// base64url without padding; the last character's spare bits must be zero, so that one text is one value.
fn decode(part: &str) -> Result<Vec<u8>, TokenError> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenError::Malformed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::keys::testing::{key_set, signing_key};

    const KIND: TokenType = TokenType::Access;

    fn eddsa() -> SigningKey {
        signing_key(SigningAlgorithm::EdDsa)
    }

    fn read(token: &str) -> Result<Value, TokenError> {
        verify(token, KIND, &key_set())
    }

    /// A token whose header is this text, correctly signed with our own Ed25519 key.
    fn with_header(header: &str) -> String {
        let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode("{}"));
        let signature = eddsa().sign(message.as_bytes()).expect("signs");
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    #[test]
    fn what_is_signed_is_read_back_with_every_algorithm() {
        for algorithm in SigningAlgorithm::ALL {
            let token = sign(&signing_key(algorithm), KIND, &json!({"sub": "u1"})).expect("signs");
            assert_eq!(read(&token), Ok(json!({"sub": "u1"})));
        }
    }

    #[test]
    fn biscuit_accepts_our_rs256_and_es256_tokens() {
        use biscuit::jwa::SignatureAlgorithm;
        use biscuit::jwk::AlgorithmParameters;
        for (ours, theirs) in [
            (SigningAlgorithm::Rs256, SignatureAlgorithm::RS256),
            (SigningAlgorithm::Es256, SignatureAlgorithm::ES256),
        ] {
            let key = signing_key(ours);
            let token = sign(&key, KIND, &json!({"iss": "us"})).expect("signs");
            let secret = match key.public().parameters() {
                AlgorithmParameters::RSA(key) => key.jws_public_key_secret(),
                AlgorithmParameters::EllipticCurve(key) => key.jws_public_key_secret(),
                _ => unreachable!("only these two were asked for"),
            };
            let decoded = biscuit::JWT::<biscuit::Empty, biscuit::Empty>::new_encoded(&token)
                .into_decoded(&secret, theirs)
                .expect("biscuit verifies it");
            assert_eq!(
                decoded.payload().expect("decoded").registered.issuer.as_deref(),
                Some("us")
            );
        }
    }

    #[test]
    fn forged_headers_are_refused_even_with_a_good_signature() {
        let kid = eddsa().kid().to_owned();
        let rsa = signing_key(SigningAlgorithm::Rs256).kid().to_owned();
        let good = format!(r#"{{"alg":"EdDSA","typ":"at+jwt","kid":"{kid}"}}"#);
        assert_eq!(read(&with_header(&good)), Ok(json!({})));
        let add = |member: &str| good.replace('}', &format!(",{member}}}"));
        for (header, error) in [
            (good.replace("EdDSA", "none"), TokenError::Malformed),
            (good.replace("EdDSA", "None"), TokenError::Malformed),
            (good.replace("EdDSA", "HS256"), TokenError::Malformed),
            (good.replace("EdDSA", "RS256"), TokenError::WrongAlgorithm),
            (good.replace("EdDSA", "ES256"), TokenError::WrongAlgorithm),
            (good.replace(&kid, &rsa), TokenError::WrongAlgorithm),
            (
                good.replace("EdDSA", "RS256").replace(&kid, &rsa),
                TokenError::BadSignature,
            ),
            (good.replace(&kid, "foreign"), TokenError::UnknownKey),
            (good.replace(&kid, ""), TokenError::UnknownKey),
            (good.replace("at+jwt", "JWT"), TokenError::WrongType),
            (good.replace("at+jwt", "refresh+jwe"), TokenError::WrongType),
            (good.replace("at+jwt", "AT+JWT"), TokenError::WrongType),
            (add(r#""crit":["exp"]"#), TokenError::Malformed),
            (add(r#""crit":[]"#), TokenError::Malformed),
            (add(r#""jku":"https://evil.example/jwks""#), TokenError::Malformed),
            (add(r#""x5u":"https://evil.example/x5u""#), TokenError::Malformed),
            (add(r#""x5c":[]"#), TokenError::Malformed),
            (add(r#""jwk":{"kty":"OKP"}"#), TokenError::Malformed),
            (add(r#""b64":false"#), TokenError::Malformed),
            (add(r#""zip":"DEF""#), TokenError::Malformed),
            (add(r#""alg":"EdDSA""#), TokenError::Malformed),
            (add(&format!(r#""kid":"{kid}""#)), TokenError::Malformed),
            (good.replace(r#""typ":"at+jwt","#, ""), TokenError::Malformed),
            (good.replace(r#""alg":"EdDSA","#, ""), TokenError::Malformed),
            (good.replace("\"EdDSA\"", "[\"EdDSA\"]"), TokenError::Malformed),
            (format!("{good}{good}"), TokenError::Malformed),
            (String::new(), TokenError::Malformed),
            ("[]".to_owned(), TokenError::Malformed),
        ] {
            assert_eq!(read(&with_header(&header)), Err(error), "{header}");
        }
    }

    #[test]
    fn an_hmac_under_the_public_key_is_no_signature() {
        let key = signing_key(SigningAlgorithm::Rs256);
        let header = json!({"alg": "RS256", "typ": "at+jwt", "kid": key.kid()}).to_string();
        let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode("{}"));
        let public = serde_json::to_vec(key.public().parameters()).expect("writes");
        let mac = ring::hmac::sign(
            &ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &public),
            message.as_bytes(),
        );
        for signature in [mac.as_ref(), &[], &[0; 256]] {
            let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature));
            assert_eq!(read(&token), Err(TokenError::BadSignature));
        }
    }

    #[test]
    fn other_texts_for_the_same_token_are_refused() {
        let token = sign(&eddsa(), KIND, &json!({"a": 1})).expect("signs");
        let (message, signature) = token.rsplit_once('.').expect("three parts");
        // 64 bytes leave four spare bits in the last of 86 characters; canonical means zero.
        let last = signature.chars().next_back().expect("not empty");
        for spare in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".chars() {
            let other = format!("{message}.{}{spare}", &signature[..signature.len() - 1]);
            assert_eq!(read(&other).is_ok(), spare == last);
        }
        for other in [
            format!("{token}="),
            format!("{token}=="),
            format!("{token}."),
            format!(".{token}"),
            format!("{token}.AAAA"),
            format!(" {token}"),
            format!("{token}\n"),
            token.replace('.', ".."),
            message.to_owned(),
            format!("{message}."),
            String::new(),
            ".".to_owned(),
            "..".to_owned(),
        ] {
            assert!(read(&other).is_err(), "{other:?}");
        }
    }

    #[test]
    fn an_oversized_token_is_refused_before_it_is_read() {
        let token = sign(&eddsa(), KIND, &json!({"a": "x".repeat(MAX_BYTES)})).expect("signs");
        assert_eq!(read(&token), Err(TokenError::TooLong));
    }

    #[test]
    fn a_claim_that_comes_twice_is_refused() {
        #[derive(Debug, PartialEq, Deserialize)]
        struct Claims {
            sub: String,
        }
        let header = json!({"alg": "EdDSA", "typ": "at+jwt", "kid": eddsa().kid()}).to_string();
        let payload = r#"{"sub":"a","sub":"b"}"#;
        let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
        let signature = eddsa().sign(message.as_bytes()).expect("signs");
        let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature));
        assert_eq!(verify::<Claims>(&token, KIND, &key_set()), Err(TokenError::Malformed));
    }

    proptest! {
        #[test]
        fn any_text_is_refused_without_a_panic(text in "\\PC{0,200}", parts in "[A-Za-z0-9_.-]{0,200}") {
            prop_assert!(read(&text).is_err());
            prop_assert!(read(&parts).is_err());
        }

        #[test]
        fn any_changed_byte_is_noticed(position in 0_usize..10_000, byte in any::<u8>()) {
            let token = sign(&eddsa(), KIND, &json!({"sub": "u1"})).expect("signs");
            let mut bytes = token.clone().into_bytes();
            let position = position % bytes.len();
            prop_assume!(bytes[position] != byte);
            bytes[position] = byte;
            if let Ok(changed) = String::from_utf8(bytes) {
                prop_assert!(read(&changed).is_err());
            }
        }

        #[test]
        fn any_header_and_payload_under_a_good_signature_is_read_or_refused(header in "\\PC{0,80}") {
            prop_assert!(read(&with_header(&header)).is_err());
        }
    }
}
