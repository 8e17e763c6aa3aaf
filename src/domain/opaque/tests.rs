//! Whole registrations and logins, and what must go wrong.

use proptest::prelude::*;

use super::client::{ClientError, LoggedIn, LoggingIn, Registering, enrol};
use super::login::{Authenticated, Challenge, Challenged, Enrolled, Refused, StartError};
use super::registration::{Record, Registration};
use super::setup::Setup;
use super::wire::{
    self, Ke1, Ke2, Ke3, Message, RegistrationRequest, RegistrationResponse, RegistrationUpload, WireError, read, write,
};
use crate::domain::clock::Timestamp;
use crate::domain::email::Identifier;
use crate::domain::keys::testing::Seeded;

const WHO: Identifier = Identifier([1; 32]);
const NOW: Timestamp = Timestamp::from_secs(1_000);
const PASSWORD: &str = "correct horse";

struct Server {
    setup: Setup,
    record: Record,
    random: Seeded,
}

impl Server {
    fn new(seed: u64) -> Self {
        let random = Seeded::new(seed);
        let setup = Setup::from_secret(&Setup::generate_secret(&random)).expect("own setup");
        let record = enrol(&setup, WHO, PASSWORD, &random).expect("enrols");
        Self { setup, record, random }
    }

    fn start(&self, known: bool, identifier: Identifier, request: Ke1) -> (Ke2, Challenged) {
        let enrolled = Enrolled {
            account: "a1",
            record_version: 3,
            record: &self.record,
        };
        Challenge::start(
            &self.setup,
            known.then_some(enrolled),
            identifier,
            request,
            NOW,
            &self.random,
        )
        .expect("starts")
    }

    /// A login up to the client's last message.
    fn login(&self, known: bool, password: &str) -> (Challenged, Result<LoggedIn, ClientError>) {
        let (request, client) = LoggingIn::start(password, &self.random).expect("starts");
        let (challenge, waiting) = self.start(known, WHO, request);
        (waiting, client.finish(challenge, &self.random))
    }
}

fn evaluated(challenge: &Ke2) -> Vec<u8> {
    challenge.to_bytes()[..32].to_vec()
}

#[test]
fn the_right_password_signs_in_and_both_sides_share_a_key() {
    let server = Server::new(1);
    let (waiting, client) = server.login(true, PASSWORD);
    let client = client.expect("the password is right");
    let stored = waiting.to_bytes();
    // opaque-ke's state begins with the session key, after our identifier and time.
    assert_eq!(&stored[40..104], client.session_key.as_slice());
    let waiting = Challenged::from_bytes(&stored).expect("reads back");
    assert_eq!(
        waiting.finish(client.response),
        Ok(Authenticated {
            account: "a1".to_owned(),
            record_version: 3,
            identifier: WHO,
            started_at: NOW
        })
    );
}

#[test]
fn a_wrong_password_and_an_unknown_account_fail_alike_at_the_client() {
    let server = Server::new(2);
    for (known, password) in [(true, "wrong"), (false, PASSWORD)] {
        let (_, client) = server.login(known, password);
        assert_eq!(client.err(), Some(ClientError::WrongPassword));
    }
}

#[test]
fn op_01_a_changed_mac_is_refused() {
    let server = Server::new(3);
    let (waiting, client) = server.login(true, PASSWORD);
    let good = client.expect("the password is right").response.to_bytes();
    let state = waiting.to_bytes();
    for bit in [0, 7, 255, 511] {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        let waiting = Challenged::from_bytes(&state).expect("reads back");
        assert_eq!(
            waiting.finish(wire::from_exact::<Ke3>(&bad).expect("64 bytes")),
            Err(Refused)
        );
    }
}

#[test]
fn op_01_an_answer_to_one_challenge_does_not_finish_another() {
    let server = Server::new(4);
    let (_, client) = server.login(true, PASSWORD);
    let (other, _) = server.login(true, PASSWORD);
    assert_eq!(
        other.finish(client.expect("the password is right").response),
        Err(Refused)
    );
}

#[test]
fn en_01_a_state_made_from_a_fake_record_never_finishes_even_with_the_right_mac() {
    let server = Server::new(5);
    let (waiting, _) = server.login(false, PASSWORD);
    let state = waiting.to_bytes();
    let expected_mac = wire::from_exact::<Ke3>(&state[104..168]).expect("64 bytes");
    assert!(
        Challenged::from_bytes(&state)
            .expect("reads back")
            .finish(expected_mac.clone())
            .is_err()
    );
    assert_eq!(waiting.finish(expected_mac), Err(Refused));
    // The same trick on a real state does finish: the mark is what refuses, not the MAC.
    let (waiting, _) = server.login(true, PASSWORD);
    let expected_mac = wire::from_exact::<Ke3>(&waiting.to_bytes()[104..168]).expect("64 bytes");
    assert!(waiting.finish(expected_mac).is_ok());
}

#[test]
fn en_10_the_evaluated_element_depends_on_identifier_and_password_only() {
    let server = Server::new(6);
    let (request, _) = LoggingIn::start(PASSWORD, &server.random).expect("starts");
    let request = || wire::from_exact::<Ke1>(&request.to_bytes()).expect("own message");
    let answers: Vec<_> = [true, false, false]
        .map(|known| server.start(known, WHO, request()).0)
        .into();
    assert!(answers.iter().all(|answer| evaluated(answer) == evaluated(&answers[0])));
    let nonces: Vec<_> = answers
        .iter()
        .map(|answer| answer.to_bytes()[32..64].to_vec())
        .collect();
    assert!(
        nonces[0] != nonces[1] && nonces[1] != nonces[2],
        "masking nonces are fresh"
    );
    assert!(answers.iter().all(|answer| answer.to_bytes().len() == Ke2::BYTES));
    let (other, _) = server.start(false, Identifier([2; 32]), request());
    assert_ne!(evaluated(&other), evaluated(&answers[0]));
}

#[test]
fn a_record_is_good_for_its_identifier_and_setup_only() {
    let server = Server::new(7);
    let (request, client) = LoggingIn::start(PASSWORD, &server.random).expect("starts");
    let (challenge, _) = server.start(true, Identifier([2; 32]), request);
    assert_eq!(
        client.finish(challenge, &server.random).err(),
        Some(ClientError::WrongPassword)
    );
    let other = Server {
        record: server.record.clone(),
        ..Server::new(8)
    };
    assert_eq!(other.login(true, PASSWORD).1.err(), Some(ClientError::WrongPassword));
}

#[test]
fn composed_and_decomposed_passwords_are_the_same() {
    let random = Seeded::new(9);
    let setup = Setup::from_secret(&Setup::generate_secret(&random)).expect("own setup");
    let record = enrol(&setup, WHO, "Andr\u{e9}", &random).expect("enrols");
    let server = Server { setup, record, random };
    assert!(server.login(true, "Andre\u{301}").1.is_ok());
}

#[test]
fn a_damaged_record_is_said_to_be_damaged() {
    let server = Server {
        record: Record::from_bytes(&[255; 192]).expect("192 bytes"),
        ..Server::new(10)
    };
    let (request, _) = LoggingIn::start(PASSWORD, &server.random).expect("starts");
    let enrolled = Enrolled {
        account: "a1",
        record_version: 1,
        record: &server.record,
    };
    let started = Challenge::start(&server.setup, Some(enrolled), WHO, request, NOW, &server.random);
    assert_eq!(started.err(), Some(StartError::DamagedRecord));
}

#[test]
fn a_registration_goes_through_text_and_store() {
    let server = Server::new(11);
    let (request, client) = Registering::start("new", &server.random).expect("starts");
    let request: RegistrationRequest = read(&write(&request)).expect("own message");
    let (response, waiting) = Registration::respond(&server.setup, WHO, request, NOW).expect("responds");
    assert_eq!((waiting.identifier(), waiting.started_at()), (&WHO, NOW));
    let response: RegistrationResponse = read(&write(&response)).expect("own message");
    let upload: RegistrationUpload =
        read(&write(&client.finish(response, &server.random).expect("finishes"))).expect("own message");
    let waiting = Registration::from_bytes(&waiting.to_bytes()).expect("reads back");
    let record = waiting.finish(upload);
    let server = Server {
        record: Record::from_bytes(record.as_bytes()).expect("192 bytes"),
        ..server
    };
    assert!(server.login(true, "new").1.is_ok());
}

/// One valid message of each kind that a client sends: registration request, KE1, upload.
fn client_messages() -> (Vec<u8>, Vec<u8>, Vec<u8>) {
    let server = Server::new(12);
    let (request, _) = Registering::start(PASSWORD, &server.random).expect("starts");
    let (ke1, _) = LoggingIn::start(PASSWORD, &server.random).expect("starts");
    (request.to_bytes(), ke1.to_bytes(), server.record.as_bytes().to_vec())
}

#[test]
fn en_08_identity_and_non_canonical_elements_are_refused() {
    let (request, ke1, upload) = client_messages();
    let identity = [0; 32];
    let negative_one = [
        0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
    ];
    let mut above_the_field = negative_one;
    above_the_field[0] = 0xee;
    let mut odd = [0; 32];
    odd[0] = 1;
    for bad in [identity, negative_one, above_the_field, odd, [255; 32]] {
        let put = |message: &[u8], at: usize| {
            let mut message = message.to_vec();
            message[at..at + 32].copy_from_slice(&bad);
            message
        };
        assert!(wire::from_exact::<RegistrationRequest>(&put(&request, 0)).is_err());
        assert!(wire::from_exact::<Ke1>(&put(&ke1, 0)).is_err());
        assert!(wire::from_exact::<Ke1>(&put(&ke1, 64)).is_err());
        assert!(wire::from_exact::<RegistrationUpload>(&put(&upload, 0)).is_err());
    }
}

#[test]
fn only_the_exact_length_in_canonical_base64url_is_read() {
    let (request, _, _) = client_messages();
    let request: RegistrationRequest = wire::from_exact(&request).expect("own message");
    let text = write(&request);
    let length = Err(WireError::Length { expected: 43 });
    let seen = |text: &str| read::<RegistrationRequest>(text).map(|message| write(&message));
    assert_eq!(seen(&text), Ok(text.clone()));
    for bad in [
        &text[..42],
        &format!("{text}A"),
        &format!("{text}="),
        &format!(" {text}"),
        "",
    ] {
        assert_eq!(seen(bad), length, "{bad:?}");
    }
    // 32 bytes leave two spare bits in the last of 43 characters.
    assert_eq!(seen(&format!("{}B", &text[..42])), Err(WireError::Encoding));
    for bad in ["+", "/", "=", " "] {
        assert_eq!(seen(&format!("{}{bad}", &text[..42])), Err(WireError::Encoding));
    }
    assert_eq!(RegistrationResponse::BYTES + Ke2::BYTES + Ke3::BYTES, 64 + 320 + 64);
}

#[test]
fn trailing_bytes_are_refused() {
    let (request, ke1, upload) = client_messages();
    let longer = |message: &[u8]| [message, &[0]].concat();
    assert!(wire::from_exact::<RegistrationRequest>(&longer(&request)).is_err());
    assert!(wire::from_exact::<Ke1>(&longer(&ke1)).is_err());
    assert!(wire::from_exact::<RegistrationUpload>(&longer(&upload)).is_err());
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_without_a_panic(text in "[A-Za-z0-9_-]{0,450}", wild in "\\PC{0,130}") {
        fn canonical<M: Message>(text: &str) -> bool {
            read::<M>(text).is_ok_and(|message| write(&message) != text)
        }
        for text in [&text, &wild] {
            prop_assert!(!canonical::<RegistrationRequest>(text));
            prop_assert!(!canonical::<RegistrationResponse>(text));
            prop_assert!(!canonical::<RegistrationUpload>(text));
            prop_assert!(!canonical::<Ke1>(text));
            prop_assert!(!canonical::<Ke2>(text));
            prop_assert!(!canonical::<Ke3>(text));
        }
    }

    #[test]
    fn any_bytes_of_the_right_length_are_read_or_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 320)) {
        let _ = wire::from_exact::<RegistrationRequest>(&bytes[..32]);
        let _ = wire::from_exact::<RegistrationUpload>(&bytes[..192]);
        let _ = wire::from_exact::<Ke1>(&bytes[..96]);
        let _ = wire::from_exact::<Ke2>(&bytes);
        prop_assert!(wire::from_exact::<Ke3>(&bytes[..64]).is_ok());
    }

    #[test]
    fn any_stored_state_reads_back_the_same_or_not_at_all(bytes in prop::collection::vec(any::<u8>(), 0..260)) {
        if let Some(state) = Challenged::from_bytes(&bytes) {
            prop_assert!(state.to_bytes().as_slice() == bytes.as_slice());
        }
        if let Some(state) = Registration::from_bytes(&bytes) {
            prop_assert!(state.to_bytes().as_slice() == bytes.as_slice());
        }
    }
}
