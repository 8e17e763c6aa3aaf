//! Proof Key for Code Exchange (RFC 7636), S256 only.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::error::OAuthError;
use super::parameters::Parameters;

/// An S256 challenge: the SHA-256 hash of the verifier that will be shown at the token endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CodeChallenge([u8; 32]);

impl CodeChallenge {
    /// Reads `code_challenge` and `code_challenge_method` of an authorization request; `None` if it has neither.
    ///
    /// # Errors
    /// `invalid_request`, if the method is missing (it would mean `plain`, RFC 7636 §4.3) or not `S256`, or if the challenge
    /// is not 32 bytes in base64url.
    pub fn from_parameters(parameters: &Parameters) -> Result<Option<Self>, OAuthError> {
        match (
            parameters.get("code_challenge"),
            parameters.get("code_challenge_method"),
        ) {
            (None, None) => Ok(None),
            (None, Some(_)) => Err(OAuthError::invalid_request(
                "parameter code_challenge_method is there without code_challenge",
            )),
            (Some(challenge), Some("S256")) => Self::parse(challenge).map(Some),
            (Some(_), _) => Err(OAuthError::invalid_request(
                "parameter code_challenge_method must be S256",
            )),
        }
    }

    /// Reads the 43 characters of an S256 challenge.
    ///
    /// # Errors
    /// `invalid_request`, if it is anything else.
    pub fn parse(text: &str) -> Result<Self, OAuthError> {
        let invalid = || OAuthError::invalid_request("parameter code_challenge must be 43 characters of base64url");
        let raw = URL_SAFE_NO_PAD.decode(text).map_err(|_| invalid())?;
        raw.try_into().map(Self).map_err(|_| invalid())
    }

    /// Whether `verifier` is well formed (RFC 7636 §4.1: 43 to 128 unreserved characters) and hashes to this challenge.
    /// The comparison takes the same time wherever the hashes differ.
    #[must_use]
    pub fn is_met_by(&self, verifier: &str) -> bool {
        let well_formed = (43..=128).contains(&verifier.len())
            && verifier
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b));
        let hash: [u8; 32] = Sha256::digest(verifier.as_bytes()).into();
        well_formed && bool::from(hash.ct_eq(&self.0))
    }
}

/// Whether the `code_verifier` of a token request fits the challenge its code was asked with. A verifier for a code asked
/// without a challenge is refused: somebody may have stripped the challenge on its way (RFC 9700 §4.8.2).
#[must_use]
pub fn verifies(challenge: Option<&CodeChallenge>, verifier: Option<&str>) -> bool {
    match (challenge, verifier) {
        (None, None) => true,
        (Some(challenge), Some(verifier)) => challenge.is_met_by(verifier),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    // RFC 7636 appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn from(query: &str) -> Result<Option<CodeChallenge>, OAuthError> {
        CodeChallenge::from_parameters(&Parameters::parse(query.as_bytes()).expect("parses"))
    }

    #[test]
    fn the_example_of_rfc_7636_verifies() {
        assert!(CodeChallenge::parse(CHALLENGE).expect("parses").is_met_by(VERIFIER));
    }

    #[test]
    fn az_08_plain_and_a_missing_method_are_refused() {
        assert_eq!(from(""), Ok(None));
        assert!(from(&format!("code_challenge={CHALLENGE}&code_challenge_method=S256")).is_ok_and(|c| c.is_some()));
        for method in [
            "",
            "&code_challenge_method=plain",
            "&code_challenge_method=s256",
            "&code_challenge_method=S512",
        ] {
            assert!(
                from(&format!("code_challenge={CHALLENGE}{method}")).is_err(),
                "{method}"
            );
        }
        assert!(from("code_challenge_method=S256").is_err());
    }

    #[test]
    fn a_challenge_that_is_no_sha_256_hash_is_refused() {
        for bad in [
            "",
            "abc",
            &CHALLENGE[1..],
            &format!("{CHALLENGE}A"),
            &format!("{CHALLENGE}="),
            &"+".repeat(43),
        ] {
            assert!(CodeChallenge::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn co_01_a_missing_wrong_or_malformed_verifier_fails() {
        let challenge = CodeChallenge::parse(CHALLENGE).expect("parses");
        for bad in [
            VERIFIER[1..].to_owned(),
            format!("{VERIFIER}A"),
            VERIFIER.to_lowercase(),
            CHALLENGE.to_owned(),
        ] {
            assert!(!challenge.is_met_by(&bad), "{bad}");
        }
        for (length, fits) in [(42, false), (43, true), (128, true), (129, false)] {
            let verifier = "a".repeat(length);
            let hash = CodeChallenge(Sha256::digest(verifier.as_bytes()).into());
            assert_eq!(hash.is_met_by(&verifier), fits, "{length}");
        }
        assert!(!verifies(Some(&challenge), None));
    }

    #[test]
    fn co_03_a_verifier_for_a_code_without_challenge_is_refused() {
        assert!(!verifies(None, Some(VERIFIER)));
        assert!(verifies(None, None));
    }

    proptest! {
        #[test]
        fn only_the_verifier_that_was_hashed_verifies(verifier in "[A-Za-z0-9._~-]{43,128}", other in ".{0,140}") {
            let challenge = CodeChallenge(Sha256::digest(verifier.as_bytes()).into());
            prop_assert!(challenge.is_met_by(&verifier));
            prop_assert_eq!(challenge.is_met_by(&other), verifier == other);
        }
    }
}
