//! The client's side of OPAQUE without its slow hash: the server never sees which one a client uses, and a load test
//! would otherwise spend its time in Argon2.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use opaque_ke::ksf::Identity;
use opaque_ke::{
    CipherSuite, ClientLogin, ClientLoginFinishParameters, ClientRegistration, ClientRegistrationFinishParameters,
    CredentialResponse, RegistrationResponse, Ristretto255, TripleDh,
};
use rand::rngs::OsRng;
use sha2::Sha512;

struct Quick;

impl CipherSuite for Quick {
    type OprfCs = Ristretto255;
    type KeyExchange = TripleDh<Ristretto255, Sha512>;
    type Ksf = Identity;
}

fn bytes(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).expect("base64url")
}

/// A registration that has sent its request.
pub struct Enrolling(ClientRegistration<Quick>);

impl Enrolling {
    /// The first message, and what waits for its answer.
    pub fn start(password: &str) -> (String, Self) {
        let started = ClientRegistration::start(&mut OsRng, password.as_bytes()).expect("starts");
        (URL_SAFE_NO_PAD.encode(started.message.serialize()), Self(started.state))
    }

    /// The last message.
    pub fn finish(self, password: &str, answer: &str) -> String {
        let answer = RegistrationResponse::deserialize(&bytes(answer)).expect("a response");
        let parameters = ClientRegistrationFinishParameters::default();
        let finished = self.0.finish(&mut OsRng, password.as_bytes(), answer, parameters);
        URL_SAFE_NO_PAD.encode(finished.expect("finishes").message.serialize())
    }
}

/// A login that has sent KE1.
pub struct LoggingIn(ClientLogin<Quick>);

impl LoggingIn {
    /// KE1, and what waits for KE2.
    pub fn start(password: &str) -> (String, Self) {
        let started = ClientLogin::start(&mut OsRng, password.as_bytes()).expect("starts");
        (URL_SAFE_NO_PAD.encode(started.message.serialize()), Self(started.state))
    }

    /// KE3; `None` if the password is not the one that was registered.
    pub fn finish(self, password: &str, answer: &str) -> Option<String> {
        let answer = CredentialResponse::deserialize(&bytes(answer)).expect("KE2");
        let parameters = ClientLoginFinishParameters::default();
        let finished = self
            .0
            .finish(&mut OsRng, password.as_bytes(), answer, parameters)
            .ok()?;
        Some(URL_SAFE_NO_PAD.encode(finished.message.serialize()))
    }
}
