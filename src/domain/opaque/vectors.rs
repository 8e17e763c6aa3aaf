//! The test vectors of RFC 9807, Appendix C.
//!
//! They use context, identities and the Identity KSF, which ours does not; so they are run on the library with that
//! suite, and on our own types as far as those three play no part.

use std::collections::HashMap;
use std::sync::Mutex;

use opaque_ke::{
    CipherSuite, ClientLogin, ClientLoginFinishParameters, ClientRegistration, ClientRegistrationFinishParameters,
    CredentialRequest, Identifiers, Ristretto255, ServerLogin, ServerLoginParameters, ServerRegistration, ServerSetup,
    TripleDh, ksf::Identity,
};
use sha2::Sha512;

use crate::domain::random::{Random, Rng};

struct VectorSuite;

impl CipherSuite for VectorSuite {
    type OprfCs = Ristretto255;
    type KeyExchange = TripleDh<Ristretto255, Sha512>;
    type Ksf = Identity;
}

/// The values of one vector by name.
struct Vector(HashMap<&'static str, Vec<u8>>);

impl Vector {
    fn load(section: &str) -> Self {
        let text = include_str!("../../../tests/vectors/rfc9807.txt");
        let (_, rest) = text
            .split_once(&format!("[{section}]\n"))
            .expect("the section is there");
        let body = rest.split("\n[").next().expect("not empty");
        let mut values: HashMap<&str, String> = HashMap::new();
        let mut current = "";
        for line in body.lines().filter(|line| !line.is_empty()) {
            let digits = if let Some((name, digits)) = line.split_once(": ") {
                current = name;
                digits
            } else {
                line
            };
            values.entry(current).or_default().push_str(digits.trim());
        }
        let decoded = values.into_iter().map(|(name, digits)| (name, unhex(&digits)));
        Self(decoded.collect())
    }

    fn get(&self, name: &str) -> &[u8] {
        &self.0[name]
    }

    fn setup(&self, client_public_key: &str) -> Vec<u8> {
        let parts = ["oprf_seed", "server_private_key", client_public_key];
        parts.map(|name| self.get(name)).concat()
    }

    fn identifiers(&self) -> Identifiers<'_> {
        Identifiers {
            client: self.0.get("client_identity").map(Vec::as_slice),
            server: self.0.get("server_identity").map(Vec::as_slice),
        }
    }

    fn server_parameters(&self) -> ServerLoginParameters<'_, '_> {
        ServerLoginParameters {
            context: Some(self.get("context")),
            identifiers: self.identifiers(),
        }
    }
}

fn unhex(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks(2);
    pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).expect("ASCII"), 16).expect("hexadecimal"))
        .collect()
}

/// Gives out the vector's random values, one for each time it is asked, filled up with zeros.
struct Script(Mutex<Vec<Vec<u8>>>);

impl Script {
    fn new(values: &[&[u8]]) -> Self {
        Self(Mutex::new(values.iter().rev().map(|value| value.to_vec()).collect()))
    }
}

impl Random for Script {
    fn fill(&self, out: &mut [u8]) {
        let value = self
            .0
            .lock()
            .expect("not poisoned")
            .pop()
            .expect("asked once too often");
        let (start, rest) = out.split_at_mut(value.len());
        start.copy_from_slice(&value);
        rest.fill(0);
    }
}

fn real_vector(section: &str) {
    let vector = Vector::load(section);
    let password = vector.get("password");
    let identifier = vector.get("credential_identifier");
    let setup = ServerSetup::<VectorSuite>::deserialize(&vector.setup("server_public_key")).expect("a setup");
    assert_eq!(
        setup.keypair().public().serialize().as_slice(),
        vector.get("server_public_key")
    );

    let script = Script::new(&[vector.get("blind_registration")]);
    let client = ClientRegistration::<VectorSuite>::start(&mut Rng(&script), password).expect("starts");
    assert_eq!(
        client.message.serialize().as_slice(),
        vector.get("registration_request")
    );
    let server = ServerRegistration::start(&setup, client.message, identifier).expect("responds");
    assert_eq!(
        server.message.serialize().as_slice(),
        vector.get("registration_response")
    );
    let script = Script::new(&[vector.get("envelope_nonce")]);
    let parameters = ClientRegistrationFinishParameters::new(vector.identifiers(), None);
    let upload = client
        .state
        .finish(&mut Rng(&script), password, server.message, parameters)
        .expect("finishes");
    assert_eq!(upload.message.serialize().as_slice(), vector.get("registration_upload"));
    assert_eq!(upload.export_key.as_slice(), vector.get("export_key"));
    let record = ServerRegistration::finish(upload.message);

    let names = ["blind_login", "client_keyshare_seed", "client_nonce"];
    let script = Script::new(&names.map(|name| vector.get(name)));
    let client = ClientLogin::<VectorSuite>::start(&mut Rng(&script), password).expect("starts");
    assert_eq!(client.message.serialize().as_slice(), vector.get("KE1"));
    // The library draws a fake masking key first, whether or not it needs one.
    let fake_masking_key = [0; 64];
    let mut values = vec![fake_masking_key.as_slice()];
    values.extend(["masking_nonce", "server_keyshare_seed", "server_nonce"].map(|name| vector.get(name)));
    let script = Script::new(&values);
    let server = ServerLogin::start(
        &mut Rng(&script),
        &setup,
        Some(record),
        client.message,
        identifier,
        vector.server_parameters(),
    )
    .expect("responds");
    assert_eq!(server.message.serialize().as_slice(), vector.get("KE2"));
    let parameters = ClientLoginFinishParameters::new(Some(vector.get("context")), vector.identifiers(), None);
    let finished = client
        .state
        .finish(&mut Rng(&Script::new(&[])), password, server.message, parameters)
        .expect("finishes");
    assert_eq!(finished.message.serialize().as_slice(), vector.get("KE3"));
    assert_eq!(finished.session_key.as_slice(), vector.get("session_key"));
    assert_eq!(finished.export_key.as_slice(), vector.get("export_key"));
    let agreed = server
        .state
        .finish(finished.message, vector.server_parameters())
        .expect("the MAC is right");
    assert_eq!(agreed.session_key.as_slice(), vector.get("session_key"));
}

#[test]
fn rfc_9807_c_1_1_without_identities() {
    real_vector("C.1.1");
}

#[test]
fn rfc_9807_c_1_2_with_identities() {
    real_vector("C.1.2");
}

#[test]
fn rfc_9807_c_2_1_a_fake_record() {
    let vector = Vector::load("C.2.1");
    let setup = ServerSetup::<VectorSuite>::deserialize(&vector.setup("client_public_key")).expect("a setup");
    let names = ["masking_key", "masking_nonce", "server_keyshare_seed", "server_nonce"];
    let script = Script::new(&names.map(|name| vector.get(name)));
    let server = ServerLogin::start(
        &mut Rng(&script),
        &setup,
        None,
        CredentialRequest::deserialize(vector.get("KE1")).expect("a KE1"),
        vector.get("credential_identifier"),
        vector.server_parameters(),
    )
    .expect("responds");
    assert_eq!(server.message.serialize().as_slice(), vector.get("KE2"));
}

#[test]
fn our_own_types_read_and_write_the_messages_of_the_vectors() {
    use super::wire::{
        Ke1, Ke2, Ke3, Message, RegistrationRequest, RegistrationResponse, RegistrationUpload, from_exact,
    };
    fn same<M: Message>(bytes: &[u8]) {
        assert_eq!(
            from_exact::<M>(bytes).map(|message| message.to_bytes()),
            Ok(bytes.to_vec())
        );
    }
    for section in ["C.1.1", "C.1.2"] {
        let vector = Vector::load(section);
        same::<RegistrationRequest>(vector.get("registration_request"));
        same::<RegistrationResponse>(vector.get("registration_response"));
        same::<RegistrationUpload>(vector.get("registration_upload"));
        same::<Ke1>(vector.get("KE1"));
        same::<Ke2>(vector.get("KE2"));
        same::<Ke3>(vector.get("KE3"));
        let secret = vector.setup("server_public_key");
        assert!(super::setup::Setup::from_secret(&secret).is_ok());
    }
}
