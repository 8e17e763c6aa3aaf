//! What a client shows of itself at the token and revocation endpoints, and whether that is enough.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::client::{AuthMethod, Client, ClientId};
use super::client_secret::ClientSecret;
use super::error::OAuthError;
use super::parameters::{self, Parameters};

/// Parameters that each are a method of authentication of their own.
const IN_BODY: [&str; 2] = ["client_secret", "client_assertion"];

/// What a request shows of its client.
#[derive(Debug)]
pub struct Credentials {
    /// Who it says it is: the client to look up.
    pub client_id: ClientId,
    proof: Proof,
}

#[derive(Debug)]
enum Proof {
    /// Only the `client_id` parameter.
    Nothing,
    /// HTTP Basic.
    Basic(ClientSecret),
}

impl Credentials {
    /// Reads the `Authorization` header and the body of a request.
    ///
    /// # Errors
    /// `invalid_request` for more than one method (RFC 6749 §2.3) or for two different `client_id`s; `invalid_client` where
    /// there is none, or one that is malformed or not supported.
    pub fn read(authorization: Option<&str>, body: &Parameters) -> Result<Self, OAuthError> {
        let in_body = IN_BODY.iter().any(|name| body.get(name).is_some());
        match authorization {
            Some(_) if in_body => Err(OAuthError::invalid_request(
                "the client authenticates in more than one way",
            )),
            None if in_body => Err(OAuthError::invalid_client()),
            None => {
                let client_id = body.get("client_id").and_then(ClientId::parse);
                let client_id = client_id.ok_or_else(OAuthError::invalid_client)?;
                Ok(Self {
                    client_id,
                    proof: Proof::Nothing,
                })
            }
            Some(header) => {
                let (client_id, secret) = parse_basic(header).ok_or_else(OAuthError::invalid_client)?;
                if body.get("client_id").is_some_and(|id| id != client_id.as_str()) {
                    return Err(OAuthError::invalid_request(
                        "parameter client_id names another client than the Authorization header",
                    ));
                }
                Ok(Self {
                    client_id,
                    proof: Proof::Basic(secret),
                })
            }
        }
    }

    /// Checks them against the client that was found, by the one method it is registered with.
    ///
    /// # Errors
    /// `invalid_client`, in the same words for an unknown client and for a wrong secret.
    pub fn verify<'a>(&self, client: Option<&'a Client>) -> Result<&'a Client, OAuthError> {
        client
            .filter(|client| client.id == self.client_id)
            .filter(|client| match (&self.proof, client.auth_method) {
                (Proof::Nothing, AuthMethod::None) => true,
                (Proof::Basic(secret), AuthMethod::ClientSecretBasic) => client.knows_secret(secret),
                _ => false,
            })
            .ok_or_else(OAuthError::invalid_client)
    }
}

/// `Basic base64(form(id) ":" form(secret))` (RFC 6749 §2.3.1, RFC 7617 §2). The scheme's name has no case.
fn parse_basic(header: &str) -> Option<(ClientId, ClientSecret)> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = STANDARD.decode(encoded.trim_matches(' ')).ok()?;
    let colon = pair.iter().position(|b| *b == b':')?;
    let (id, secret) = pair.split_at_checked(colon)?;
    let id = parameters::decode(id).ok()?;
    let secret = parameters::decode(secret.strip_prefix(b":")?).ok()?;
    Some((ClientId::parse(&id)?, ClientSecret::new(secret)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::oauth::client::testing;
    use crate::domain::oauth::error::ErrorCode;

    fn read(authorization: Option<&str>, body: &str) -> Result<Credentials, OAuthError> {
        Credentials::read(authorization, &Parameters::parse(body.as_bytes()).expect("parses"))
    }

    fn basic(pair: &str) -> String {
        format!("Basic {}", STANDARD.encode(pair))
    }

    fn code(result: Result<Credentials, OAuthError>) -> ErrorCode {
        result.expect_err("refused").code()
    }

    #[test]
    fn a_public_client_names_itself_and_no_more() {
        let credentials = read(None, "client_id=app").expect("reads");
        assert!(credentials.verify(Some(&testing::public())).is_ok());
        assert!(credentials.verify(Some(&testing::confidential())).is_err());
        let with_secret = read(Some(&basic("app:")), "").expect("reads");
        assert!(with_secret.verify(Some(&testing::public())).is_err());
    }

    #[test]
    fn a_confidential_client_shows_its_secret_form_encoded() {
        for header in [
            basic("app:a secret of some length"),
            basic("app:a+secret%20of+some+length"),
            basic("app:a secret of some length").replace("Basic ", "bAsIc  "),
        ] {
            let credentials = read(Some(&header), "client_id=app").expect("reads");
            assert!(credentials.verify(Some(&testing::confidential())).is_ok(), "{header}");
        }
    }

    #[test]
    fn tk_an_unknown_client_and_a_wrong_secret_get_the_same_words() {
        let wrong = read(Some(&basic("app:wrong")), "").expect("reads");
        let unknown = read(Some(&basic("nobody:wrong")), "").expect("reads");
        let for_wrong = wrong.verify(Some(&testing::confidential())).expect_err("refused");
        assert_eq!(unknown.verify(None).expect_err("refused"), for_wrong);
        assert_eq!(
            unknown.verify(Some(&testing::confidential())).expect_err("refused"),
            for_wrong
        );
    }

    #[test]
    fn tk_two_methods_at_once_are_invalid_request() {
        assert_eq!(
            code(read(Some(&basic("app:x")), "client_secret=x")),
            ErrorCode::InvalidRequest
        );
        assert_eq!(
            code(read(Some(&basic("app:x")), "client_assertion=x")),
            ErrorCode::InvalidRequest
        );
        assert_eq!(
            code(read(Some(&basic("app:x")), "client_id=other")),
            ErrorCode::InvalidRequest
        );
    }

    #[test]
    fn tk_what_is_malformed_or_not_supported_is_invalid_client() {
        for header in [
            "",
            "Basic",
            "Basic ",
            "Basic !!!",
            "Bearer x",
            &basic("no colon"),
            &basic(":x"),
            &basic("a%:x"),
        ] {
            assert_eq!(
                code(read(Some(header), "client_id=app")),
                ErrorCode::InvalidClient,
                "{header:?}"
            );
        }
        for body in [
            "",
            "client_id=",
            "client_id=a+b",
            "client_id=app&client_secret=x",
            "client_id=app&client_assertion=x",
        ] {
            assert_eq!(code(read(None, body)), ErrorCode::InvalidClient, "{body}");
        }
    }

    #[test]
    fn lk_01_credentials_do_not_print_the_secret() {
        let credentials = read(Some(&basic("app:hushhush")), "").expect("reads");
        assert!(!format!("{credentials:?}").contains("hushhush"));
    }

    proptest::proptest! {
        #[test]
        fn any_header_is_read_or_refused_without_a_panic(text in "(Basic )?.{0,60}", pair in proptest::collection::vec(0_u8.., 0..60)) {
            let _ = read(Some(&text), "");
            let _ = read(Some(&format!("Basic {}", STANDARD.encode(pair))), "");
        }
    }
}
