//! What a client shows of itself at the token endpoint and its neighbours, and whether that is enough.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::client::{AuthMethod, Client, ClientId};
use super::client_assertion::{self, ClientAssertion, ProvenAssertion};
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
    /// The parameter `client_secret`.
    Post(ClientSecret),
    /// The parameter `client_assertion`.
    Assertion(ClientAssertion),
}

impl Credentials {
    /// Reads the `Authorization` header and the body of a request.
    ///
    /// # Errors
    /// `invalid_request` for more than one method (RFC 6749 §2.3) or for two different `client_id`s; `invalid_client` where
    /// there is none, or one that is malformed or not supported.
    pub fn read(authorization: Option<&str>, body: &Parameters) -> Result<Self, OAuthError> {
        let ways =
            IN_BODY.iter().filter(|name| body.get(name).is_some()).count() + usize::from(authorization.is_some());
        if ways > 1 {
            return Err(OAuthError::invalid_request(
                "the client authenticates in more than one way",
            ));
        }
        let named = body.get("client_id");
        let (client_id, proof) = match (authorization, body.get("client_secret"), body.get("client_assertion")) {
            (Some(header), ..) => parse_basic(header)
                .map(|(client_id, secret)| (client_id, Proof::Basic(secret)))
                .ok_or_else(OAuthError::invalid_client)?,
            (_, Some(secret), _) => (sent(named)?, Proof::Post(ClientSecret::new(secret.to_owned()))),
            (.., Some(assertion)) => {
                let assertion = Some(assertion)
                    .filter(|_| body.get("client_assertion_type") == Some(client_assertion::TYPE))
                    .and_then(ClientAssertion::read)
                    .ok_or_else(OAuthError::invalid_client)?;
                (assertion.client_id().clone(), Proof::Assertion(assertion))
            }
            _ => (sent(named)?, Proof::Nothing),
        };
        if named.is_some_and(|id| id != client_id.as_str()) {
            return Err(OAuthError::invalid_request(
                "parameter client_id names another client than the one that authenticates",
            ));
        }
        Ok(Self { client_id, proof })
    }

    /// The assertion, where they are one: it takes the client's keys to verify it.
    #[must_use]
    pub const fn assertion(&self) -> Option<&ClientAssertion> {
        match &self.proof {
            Proof::Assertion(assertion) => Some(assertion),
            _ => None,
        }
    }

    /// Checks them against the client that was found, by the one method it is registered with. `proven` is what became of
    /// the [assertion](Self::assertion).
    ///
    /// # Errors
    /// `invalid_client`, in the same words for an unknown client and for a wrong secret.
    pub fn verify<'a>(
        &self,
        client: Option<&'a Client>,
        proven: Option<&ProvenAssertion>,
    ) -> Result<&'a Client, OAuthError> {
        client
            .filter(|client| client.id == self.client_id)
            .filter(|client| match (&self.proof, client.auth_method) {
                (Proof::Nothing, AuthMethod::None) => true,
                (Proof::Basic(secret), AuthMethod::ClientSecretBasic)
                | (Proof::Post(secret), AuthMethod::ClientSecretPost) => client.knows_secret(secret),
                (Proof::Assertion(_), AuthMethod::PrivateKeyJwt) => proven.is_some(),
                _ => false,
            })
            .ok_or_else(OAuthError::invalid_client)
    }
}

fn sent(client_id: Option<&str>) -> Result<ClientId, OAuthError> {
    client_id
        .and_then(ClientId::parse)
        .ok_or_else(OAuthError::invalid_client)
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
        assert!(credentials.verify(Some(&testing::public()), None).is_ok());
        assert!(credentials.verify(Some(&testing::confidential()), None).is_err());
        let with_secret = read(Some(&basic("app:")), "").expect("reads");
        assert!(with_secret.verify(Some(&testing::public()), None).is_err());
    }

    #[test]
    fn a_confidential_client_shows_its_secret_form_encoded() {
        for header in [
            basic("app:a secret of some length"),
            basic("app:a+secret%20of+some+length"),
            basic("app:a secret of some length").replace("Basic ", "bAsIc  "),
        ] {
            let credentials = read(Some(&header), "client_id=app").expect("reads");
            assert!(
                credentials.verify(Some(&testing::confidential()), None).is_ok(),
                "{header}"
            );
        }
    }

    #[test]
    fn tk_12_each_method_opens_only_the_clients_that_are_registered_with_it() {
        let secret = "a secret of some length";
        let post = read(None, &format!("client_id=app&client_secret={secret}")).expect("reads");
        let basic = read(Some(&basic(&format!("app:{secret}"))), "").expect("reads");
        let nothing = read(None, "client_id=app").expect("reads");
        let assertion = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhcHAifQ.AA";
        let body = format!(
            "client_assertion={assertion}&client_assertion_type={}",
            client_assertion::TYPE
        );
        let assertion = read(None, &body).expect("reads");
        let proven = ProvenAssertion {
            jti_hash: [0; 32],
            expires_at: crate::domain::clock::Timestamp::from_secs(0),
        };
        let shown = [
            (&nothing, AuthMethod::None),
            (&basic, AuthMethod::ClientSecretBasic),
            (&post, AuthMethod::ClientSecretPost),
            (&assertion, AuthMethod::PrivateKeyJwt),
        ];
        for auth_method in AuthMethod::ALL {
            let client = Client {
                auth_method,
                ..testing::confidential()
            };
            for (credentials, own) in &shown {
                let verified = credentials.verify(Some(&client), Some(&proven));
                assert_eq!(verified.is_ok(), *own == auth_method, "{credentials:?} {auth_method:?}");
            }
        }
        let client = Client {
            auth_method: AuthMethod::PrivateKeyJwt,
            ..testing::confidential()
        };
        assert!(assertion.verify(Some(&client), None).is_err());
    }

    #[test]
    fn tk_an_unknown_client_and_a_wrong_secret_get_the_same_words() {
        let wrong = read(Some(&basic("app:wrong")), "").expect("reads");
        let unknown = read(Some(&basic("nobody:wrong")), "").expect("reads");
        let for_wrong = wrong.verify(Some(&testing::confidential()), None).expect_err("refused");
        assert_eq!(unknown.verify(None, None).expect_err("refused"), for_wrong);
        assert_eq!(
            unknown
                .verify(Some(&testing::confidential()), None)
                .expect_err("refused"),
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
            code(read(None, "client_id=app&client_secret=x&client_assertion=x")),
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
            "client_secret=x",
            "client_id=app&client_assertion=x",
            "client_id=app&client_assertion=eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhcHAifQ.AA",
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
