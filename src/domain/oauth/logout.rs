//! RP-initiated logout (OIDC RP-Initiated Logout §2 to §4): whether the person is asked, and where it ends.
//!
//! Only an ID token of the very session that the browser holds ends it without a question; a bare link ends nothing. The
//! browser is sent back only to a URI registered for the client that the request proves or, asked, the person confirms.

use serde::{Deserialize, Serialize};

use super::client::{Client, ClientId};
use super::error::OAuthError;
use super::flow::SessionFacts;
use super::parameters::Parameters;
use super::redirect;
use super::request::MAX_STATE;

/// What a logout request says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogoutRequest {
    /// An ID token, not yet verified.
    pub id_token_hint: Option<String>,
    /// Who asks.
    pub client_id: Option<ClientId>,
    /// Where to go afterwards.
    pub post_logout_redirect_uri: Option<String>,
    /// Returned there as it came.
    pub state: Option<String>,
}

/// What the `id_token_hint` turned out to be. An expired ID token is a fine hint (§2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogoutHint {
    /// None was sent.
    Absent,
    /// Not an ID token that this server signed.
    Unverifiable,
    /// An ID token of this server.
    Verified {
        /// The client it was made for.
        audience: ClientId,
        /// The browser session it was made in.
        sid: Option<String>,
    },
}

/// Where the browser goes when all is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Destination {
    /// Our own page.
    SignedOut,
    /// This URL of the client, `state` and all.
    Client(String),
}

/// What comes of a logout request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Logout {
    /// End session `sid`, then go there.
    Now {
        /// The session.
        sid: String,
        /// Where to go.
        then: Destination,
    },
    /// Ask the person first.
    Ask(PendingLogout),
    /// No session is live; go there.
    Done {
        /// Where to go.
        then: Destination,
    },
}

/// A logout that waits for the person to confirm it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingLogout {
    sid: String,
    then: Destination,
}

impl PendingLogout {
    /// The person of `session` confirms: the session to end, if it is still the one that was asked about, and where to go.
    #[must_use]
    pub fn confirm(self, session: Option<&SessionFacts>) -> (Option<String>, Destination) {
        let same = session.is_some_and(|s| s.sid == self.sid);
        (same.then_some(self.sid), self.then)
    }
}

impl LogoutRequest {
    /// Reads the parameters.
    ///
    /// # Errors
    /// `invalid_request`, to be shown on a page.
    pub fn parse(parameters: &Parameters) -> Result<Self, OAuthError> {
        let text = |name| parameters.get(name).map(str::to_owned);
        let state = text("state");
        if state.as_ref().is_some_and(|s| s.len() > MAX_STATE) {
            return Err(OAuthError::invalid_request("parameter state is longer than 4096 bytes"));
        }
        let client_id = match parameters.get("client_id") {
            None => None,
            Some(id) => Some(ClientId::parse(id).ok_or_else(unknown_client)?),
        };
        Ok(Self {
            id_token_hint: text("id_token_hint"),
            client_id,
            post_logout_redirect_uri: text("post_logout_redirect_uri"),
            state,
        })
    }

    /// The client to look up: the one of `client_id`, else the one that the hint was made for.
    #[must_use]
    pub fn client_id<'a>(&'a self, hint: &'a LogoutHint) -> Option<&'a ClientId> {
        match hint {
            LogoutHint::Verified { audience, .. } => self.client_id.as_ref().or(Some(audience)),
            LogoutHint::Absent | LogoutHint::Unverifiable => self.client_id.as_ref(),
        }
    }

    /// Decides. `client` is the one of [`LogoutRequest::client_id`], if it exists.
    ///
    /// # Errors
    /// What to show on a page: a client that does not exist, a hint made for another one, or a URI that is not registered.
    pub fn decide(
        self,
        hint: &LogoutHint,
        client: Option<&Client>,
        session: Option<&SessionFacts>,
    ) -> Result<Logout, OAuthError> {
        if self.client_id.is_some() && client.is_none() {
            return Err(unknown_client());
        }
        if let (LogoutHint::Verified { audience, .. }, Some(client_id)) = (hint, &self.client_id)
            && audience != client_id
        {
            return Err(OAuthError::invalid_request(
                "parameter id_token_hint was made for another client than client_id",
            ));
        }
        let then = self.destination(hint, client)?;
        let Some(session) = session else {
            return Ok(Logout::Done {
                then: unasked(hint, then),
            });
        };
        let sid = session.sid.clone();
        let is_own = matches!(hint, LogoutHint::Verified { sid: Some(hinted), .. } if *hinted == sid);
        Ok(if is_own {
            Logout::Now { sid, then }
        } else {
            Logout::Ask(PendingLogout { sid, then })
        })
    }

    /// Where to go if the person agrees. A hint that is not ours proves nothing, and spoils what stands beside it.
    fn destination(&self, hint: &LogoutHint, client: Option<&Client>) -> Result<Destination, OAuthError> {
        let (Some(uri), Some(client)) = (&self.post_logout_redirect_uri, client) else {
            return Ok(Destination::SignedOut);
        };
        if !client.allows_post_logout_redirect(uri) {
            return Err(OAuthError::invalid_request(
                "parameter post_logout_redirect_uri is not one that this client has registered",
            ));
        }
        if *hint == LogoutHint::Unverifiable {
            return Ok(Destination::SignedOut);
        }
        let state = self.state.as_deref().map(|s| ("state", s));
        Ok(Destination::Client(redirect::with_query(uri, state)))
    }
}

/// Where to go if there is nobody to ask: back to the client only if the hint vouches for it.
fn unasked(hint: &LogoutHint, then: Destination) -> Destination {
    match hint {
        LogoutHint::Verified { .. } => then,
        LogoutHint::Absent | LogoutHint::Unverifiable => Destination::SignedOut,
    }
}

fn unknown_client() -> OAuthError {
    OAuthError::invalid_request("parameter client_id names no client that is registered here")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::Timestamp;
    use crate::domain::oauth::client::testing;

    const BYE: &str = "post_logout_redirect_uri=https://app.example/bye";

    fn session() -> SessionFacts {
        SessionFacts {
            account_id: "a".to_owned(),
            sid: "s1".to_owned(),
            authenticated_at: Timestamp::from_secs(1),
        }
    }

    fn hint(client: &str, sid: &str) -> LogoutHint {
        LogoutHint::Verified {
            audience: ClientId::parse(client).expect("parses"),
            sid: Some(sid.to_owned()),
        }
    }

    fn decide(query: &str, hint: &LogoutHint, session: Option<&SessionFacts>) -> Result<Logout, OAuthError> {
        let request = LogoutRequest::parse(&Parameters::parse(query.as_bytes()).expect("parses"))?;
        let app = testing::public();
        let client = request.client_id(hint).filter(|id| **id == app.id).map(|_| &app);
        request.decide(hint, client, session)
    }

    fn ask(then: Destination) -> Logout {
        Logout::Ask(PendingLogout {
            sid: "s1".to_owned(),
            then,
        })
    }

    fn client(uri: &str) -> Destination {
        Destination::Client(uri.to_owned())
    }

    #[test]
    fn lo_01_a_hint_of_this_very_session_logs_out_and_goes_back_with_state() {
        let then = client("https://app.example/bye?state=x%20y");
        assert_eq!(
            decide(&format!("{BYE}&state=x+y"), &hint("app", "s1"), Some(&session())),
            Ok(Logout::Now {
                sid: "s1".to_owned(),
                then
            })
        );
    }

    #[test]
    fn lo_04_without_state_the_uri_is_left_as_it_is() {
        let then = client("https://app.example/bye");
        let now = Logout::Now {
            sid: "s1".to_owned(),
            then,
        };
        assert_eq!(
            decide(&format!("{BYE}&client_id=app"), &hint("app", "s1"), Some(&session())),
            Ok(now)
        );
    }

    #[test]
    fn lo_05_an_unregistered_uri_is_an_error_page() {
        for uri in [
            "https://app.example/bye?x=1",
            "https://app.example/bye/",
            "https://app.example/cb",
            "https://evil.example/",
        ] {
            let query = format!("post_logout_redirect_uri={uri}");
            for session in [None, Some(&session())] {
                assert!(decide(&query, &hint("app", "s1"), session).is_err(), "{uri}");
                assert!(
                    decide(&format!("{query}&client_id=app"), &LogoutHint::Absent, session).is_err(),
                    "{uri}"
                );
            }
        }
    }

    #[test]
    fn lo_06_lo_07_a_hint_that_is_not_ours_asks_and_never_goes_back() {
        for query in [BYE.to_owned(), format!("{BYE}&client_id=app")] {
            assert_eq!(
                decide(&query, &LogoutHint::Unverifiable, Some(&session())),
                Ok(ask(Destination::SignedOut))
            );
            let done = Logout::Done {
                then: Destination::SignedOut,
            };
            assert_eq!(decide(&query, &LogoutHint::Unverifiable, None), Ok(done));
        }
    }

    #[test]
    fn lo_08_without_a_hint_the_person_is_asked() {
        assert_eq!(
            decide(BYE, &LogoutHint::Absent, Some(&session())),
            Ok(ask(Destination::SignedOut))
        );
        let named = format!("{BYE}&client_id=app");
        assert_eq!(
            decide(&named, &LogoutHint::Absent, Some(&session())),
            Ok(ask(client("https://app.example/bye")))
        );
        assert_eq!(
            decide(&named, &LogoutHint::Absent, None),
            Ok(Logout::Done {
                then: Destination::SignedOut
            })
        );
    }

    #[test]
    fn lo_08b_lo_09_lo_11_a_bare_link_logs_nobody_out() {
        for query in ["", "state=x", "client_id=app"] {
            assert_eq!(
                decide(query, &LogoutHint::Absent, Some(&session())),
                Ok(ask(Destination::SignedOut)),
                "{query}"
            );
        }
    }

    #[test]
    fn lo_10_a_hint_without_a_uri_ends_on_our_page() {
        let now = Logout::Now {
            sid: "s1".to_owned(),
            then: Destination::SignedOut,
        };
        assert_eq!(decide("", &hint("app", "s1"), Some(&session())), Ok(now));
    }

    #[test]
    fn lo_12_the_hint_must_be_made_for_the_client_that_asks() {
        let query = format!("{BYE}&client_id=app");
        assert!(decide(&query, &hint("other", "s1"), Some(&session())).is_err());
        assert!(decide(&query, &hint("other", "s1"), None).is_err());
    }

    #[test]
    fn a_hint_of_another_session_asks_before_it_ends_this_one() {
        assert_eq!(
            decide(BYE, &hint("app", "s0"), Some(&session())),
            Ok(ask(client("https://app.example/bye")))
        );
    }

    #[test]
    fn with_no_session_left_a_verified_hint_goes_straight_back() {
        let done = Logout::Done {
            then: client("https://app.example/bye"),
        };
        assert_eq!(decide(BYE, &hint("app", "s0"), None), Ok(done));
    }

    #[test]
    fn an_unknown_client_is_an_error_page() {
        assert!(decide("client_id=nobody", &LogoutHint::Absent, None).is_err());
        assert_eq!(
            decide(BYE, &hint("gone", "s1"), Some(&session())),
            Ok(Logout::Now {
                sid: "s1".to_owned(),
                then: Destination::SignedOut
            })
        );
    }

    #[test]
    fn a_confirmation_ends_only_the_session_that_was_asked_about() {
        let pending = PendingLogout {
            sid: "s1".to_owned(),
            then: Destination::SignedOut,
        };
        assert_eq!(pending.clone().confirm(Some(&session())).0, Some("s1".to_owned()));
        let other = SessionFacts {
            sid: "s2".to_owned(),
            ..session()
        };
        assert_eq!(pending.clone().confirm(Some(&other)).0, None);
        assert_eq!(pending.confirm(None).0, None);
    }
}
