//! The device authorization grant (RFC 8628): a device without a keyboard shows a short code, a person types it elsewhere.
//!
//! A [`DeviceGrant`] is a row: the device asks after it by its long code, the person decides about it by the short one.

use std::fmt;
use std::time::Duration;

use super::client::{Client, ClientId, GrantType};
use super::error::{ErrorCode, OAuthError};
use super::flow::SessionFacts;
use super::scope::ScopeSet;
use crate::domain::clock::Timestamp;
use crate::domain::random::{Random, bytes};

/// How long a device waits between two questions, as it is told at first (RFC 8628 §3.2, `interval`).
pub const PAUSE: Duration = Duration::from_secs(5);

/// How much longer it must wait each time it asked too soon (§3.5).
const SLOWER: Duration = Duration::from_secs(5);
/// The longest it is made to wait.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);
/// A question that comes so little too soon was only quicker on its way than the one before.
const TOLERANCE: Duration = Duration::from_secs(1);

/// Letters that make no words and are not mistaken for others (§6.1): 20, so that eight of them are 34 bits.
const ALPHABET: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
const LENGTH: usize = 8;

/// The code that people type: eight letters. It is printed in two halves.
#[derive(Clone, PartialEq, Eq)]
pub struct UserCode([u8; LENGTH]);

impl UserCode {
    /// A fresh code; every one is as likely as every other.
    #[must_use]
    pub fn generate(random: &dyn Random) -> Self {
        let mut code = [0; LENGTH];
        for slot in &mut code {
            *slot = letter(random);
        }
        Self(code)
    }

    /// Reads what a person typed, in any case, with blanks and hyphens anywhere.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > 64 {
            return None;
        }
        let typed = text.bytes().filter(|byte| !b" -".contains(byte));
        let letters: Vec<u8> = typed.map(|byte| byte.to_ascii_uppercase()).collect();
        let known = letters.iter().all(|letter| ALPHABET.contains(letter));
        letters.try_into().ok().filter(|_| known).map(Self)
    }

    /// For a keyed hash.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; LENGTH] {
        &self.0
    }

    /// As it is shown: `BCDF-GHJK`.
    #[must_use]
    pub fn reveal(&self) -> String {
        let letters = String::from_utf8_lossy(&self.0);
        let (first, second) = letters.split_at(LENGTH / 2);
        format!("{first}-{second}")
    }
}

/// It does not print: whoever knows it can decide about it.
impl fmt::Debug for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserCode(..)")
    }
}

fn letter(random: &dyn Random) -> u8 {
    loop {
        let [byte] = bytes::<1>(random);
        // 240 is the largest multiple of 20 that a byte holds: what is above would favour some letters.
        if byte < 240
            && let Some(letter) = ALPHABET.get(usize::from(byte % 20))
        {
            return *letter;
        }
    }
}

/// What the person decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Yes, in this session.
    Allowed(SessionFacts),
    /// No.
    Denied,
}

/// A device authorization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceGrant {
    /// Whose device it is.
    pub client_id: ClientId,
    /// What it asks for.
    pub scope: ScopeSet,
    /// The resource servers that its tokens are for; none for this server alone.
    pub resources: Vec<String>,
    /// When it began.
    pub issued_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// How long the device must wait between two questions.
    pub pause: Duration,
    /// When it asked last.
    pub polled_at: Option<Timestamp>,
    /// What the person decided, if anything yet.
    pub decision: Option<Decision>,
    /// Whether tokens were given for it.
    pub spent: bool,
}

/// What a device that asks is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Poll {
    /// Mark it spent and give tokens, in one transaction.
    Grant(SessionFacts),
    /// Note when it asked and how long it must wait from now on, then answer this error.
    Wait {
        /// The pause from now on.
        pause: Duration,
        /// `authorization_pending` or `slow_down`.
        error: OAuthError,
    },
    /// Answer this error; nothing changes.
    Refuse(OAuthError),
}

impl DeviceGrant {
    /// A new one.
    #[must_use]
    pub fn begin(client: &Client, scope: ScopeSet, resources: Vec<String>, now: Timestamp, lifetime: Duration) -> Self {
        Self {
            client_id: client.id.clone(),
            scope,
            resources,
            issued_at: now,
            expires_at: now.plus(lifetime),
            pause: PAUSE,
            polled_at: None,
            decision: None,
            spent: false,
        }
    }

    /// Whether a person may still decide about it.
    #[must_use]
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.decision.is_none() && !self.spent && now < self.expires_at
    }

    /// Decides on a question of the device (RFC 8628 §3.5). The client has authenticated as it must.
    #[must_use]
    pub fn poll(&self, client: &Client, now: Timestamp) -> Poll {
        if !client.may_use(GrantType::DeviceCode) {
            return Poll::Refuse(OAuthError::new(
                ErrorCode::UnauthorizedClient,
                "this client may not use the device authorization grant",
            ));
        }
        if self.client_id != client.id || self.spent || self.issued_at < client.not_before {
            return Poll::Refuse(unknown());
        }
        if now >= self.expires_at {
            return Poll::Refuse(OAuthError::new(ErrorCode::ExpiredToken, "the device code has expired"));
        }
        match &self.decision {
            Some(Decision::Allowed(session)) => Poll::Grant(session.clone()),
            Some(Decision::Denied) => {
                Poll::Refuse(OAuthError::new(ErrorCode::AccessDenied, "the person did not allow it"))
            }
            None if self.asks_too_soon(now) => Poll::Wait {
                pause: (self.pause + SLOWER).min(LONGEST_PAUSE),
                error: OAuthError::new(ErrorCode::SlowDown, "wait five seconds longer between two questions"),
            },
            None => Poll::Wait {
                pause: self.pause,
                error: OAuthError::new(ErrorCode::AuthorizationPending, "the person has not decided yet"),
            },
        }
    }

    fn asks_too_soon(&self, now: Timestamp) -> bool {
        self.polled_at
            .is_some_and(|polled_at| now.since(polled_at) + TOLERANCE < self.pause)
    }
}

/// The answer to a device code that does not exist, was used, or is another client's.
#[must_use]
pub fn unknown() -> OAuthError {
    OAuthError::invalid_grant("the device code is unknown, was used, or was given to another client")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::keys::testing::Seeded;
    use crate::domain::oauth::client::testing;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_secs(1_000 + seconds)
    }

    fn client() -> Client {
        Client {
            grant_types: vec![GrantType::DeviceCode],
            ..testing::public()
        }
    }

    fn grant() -> DeviceGrant {
        let scope = ScopeSet::of(["openid"]);
        DeviceGrant::begin(&client(), scope, Vec::new(), at(0), Duration::from_mins(10))
    }

    fn code(poll: &Poll) -> Option<ErrorCode> {
        match poll {
            Poll::Grant(_) => None,
            Poll::Wait { error, .. } | Poll::Refuse(error) => Some(error.code()),
        }
    }

    fn session() -> SessionFacts {
        SessionFacts {
            account_id: "a".to_owned(),
            sid: "s".to_owned(),
            authenticated_at: at(-5),
        }
    }

    #[test]
    fn dv_01_a_user_code_is_read_as_people_type_it() {
        let code = UserCode::generate(&Seeded::new(1));
        let shown = code.reveal();
        assert_eq!((shown.len(), shown.as_bytes()[4]), (9, b'-'));
        for typed in [
            &shown,
            &shown.to_lowercase(),
            &shown.replace('-', ""),
            &format!(" {shown} "),
        ] {
            assert_eq!(UserCode::parse(typed), Some(code.clone()), "{typed}");
        }
        for bad in [
            "",
            "BCDF-GHJ",
            "BCDF-GHJKL",
            "ABCD-EFGH",
            "BCDF_GHJK",
            "\u{e4}CDF-GHJK",
            &"-".repeat(65),
        ] {
            assert_eq!(UserCode::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn dv_01_user_codes_use_the_whole_alphabet_and_do_not_repeat() {
        let random = Seeded::new(2);
        let codes: Vec<String> = (0..500).map(|_| UserCode::generate(&random).reveal()).collect();
        assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), codes.len());
        let letters: BTreeSet<char> = codes.iter().flat_map(|code| code.chars()).collect();
        assert_eq!(letters.len(), ALPHABET.len() + 1);
    }

    #[test]
    fn dv_02_a_device_waits_and_one_that_does_not_is_slowed_down() {
        let first = grant().poll(&client(), at(1));
        assert_eq!(code(&first), Some(ErrorCode::AuthorizationPending));
        let polled = |pause, seconds| DeviceGrant {
            polled_at: Some(at(seconds)),
            pause,
            ..grant()
        };
        assert_eq!(
            code(&polled(PAUSE, 1).poll(&client(), at(5))),
            Some(ErrorCode::AuthorizationPending)
        );
        let Poll::Wait { pause, error } = polled(PAUSE, 1).poll(&client(), at(3)) else {
            panic!("it waits");
        };
        assert_eq!((pause, error.code()), (Duration::from_secs(10), ErrorCode::SlowDown));
        assert_eq!(
            code(&polled(pause, 3).poll(&client(), at(8))),
            Some(ErrorCode::SlowDown)
        );
        assert_eq!(
            code(&polled(pause, 3).poll(&client(), at(13))),
            Some(ErrorCode::AuthorizationPending)
        );
        let Poll::Wait { pause, .. } = polled(LONGEST_PAUSE, 1).poll(&client(), at(2)) else {
            panic!("it waits");
        };
        assert_eq!(pause, LONGEST_PAUSE);
    }

    #[test]
    fn dv_03_the_decision_of_the_person_decides() {
        let allowed = DeviceGrant {
            decision: Some(Decision::Allowed(session())),
            polled_at: Some(at(4)),
            ..grant()
        };
        assert_eq!(allowed.poll(&client(), at(5)), Poll::Grant(session()));
        let denied = DeviceGrant {
            decision: Some(Decision::Denied),
            ..grant()
        };
        assert_eq!(code(&denied.poll(&client(), at(5))), Some(ErrorCode::AccessDenied));
        assert!(grant().is_open(at(1)) && !allowed.is_open(at(1)) && !denied.is_open(at(1)));
    }

    #[test]
    fn dv_04_spent_expired_and_foreign_codes_give_nothing() {
        let allowed = DeviceGrant {
            decision: Some(Decision::Allowed(session())),
            ..grant()
        };
        assert_eq!(code(&allowed.poll(&client(), at(600))), Some(ErrorCode::ExpiredToken));
        assert!(!grant().is_open(at(600)));
        let spent = DeviceGrant {
            spent: true,
            ..allowed.clone()
        };
        assert_eq!(code(&spent.poll(&client(), at(5))), Some(ErrorCode::InvalidGrant));
        let other = Client {
            id: ClientId::parse("other").expect("parses"),
            ..client()
        };
        assert_eq!(code(&allowed.poll(&other, at(5))), Some(ErrorCode::InvalidGrant));
        let ended = Client {
            not_before: at(1),
            ..client()
        };
        assert_eq!(code(&allowed.poll(&ended, at(5))), Some(ErrorCode::InvalidGrant));
        assert_eq!(
            code(&allowed.poll(&testing::public(), at(5))),
            Some(ErrorCode::UnauthorizedClient)
        );
    }

    #[test]
    fn lk_01_user_codes_do_not_print() {
        assert_eq!(format!("{:?}", UserCode::generate(&Seeded::new(3))), "UserCode(..)");
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused_without_a_panic(text in ".{0,80}") {
            if let Some(code) = UserCode::parse(&text) {
                proptest::prop_assert_eq!(UserCode::parse(&code.reveal()), Some(code));
            }
        }
    }
}
