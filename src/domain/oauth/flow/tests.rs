//! How a flow goes, case by case.

mod walk;

use super::*;
use crate::domain::oauth::client::testing;
use crate::domain::oauth::parameters::Parameters;
use crate::domain::oauth::request::Proven;
use crate::domain::oauth::request::testing::rules;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_secs(1_000_000 + seconds)
}

fn session(sid: &str, account_id: &str, seconds: i64) -> SessionFacts {
    SessionFacts {
        account_id: account_id.to_owned(),
        sid: sid.to_owned(),
        authenticated_at: at(seconds),
    }
}

fn request(more: &str) -> AuthorizationRequest {
    let query = format!(
        "client_id=app&redirect_uri=https://app.example/cb&response_type=code&scope=openid+email&state=xyz\
         &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256{more}"
    );
    let parameters = Parameters::parse(query.as_bytes()).expect("parses");
    let client = testing::public();
    let proven = Proven::prove(&parameters, Some(&client)).expect("is proven");
    proven.validate(&parameters, &client, &rules()).expect("is valid")
}

/// The client, what it was allowed before, and the time.
struct World {
    client: Client,
    consented: ScopeSet,
    now: Timestamp,
}

impl World {
    fn new() -> Self {
        Self {
            client: testing::public(),
            consented: ScopeSet::default(),
            now: at(0),
        }
    }

    fn consented() -> Self {
        Self {
            consented: ScopeSet::of(["openid", "email", "phone"]),
            ..Self::new()
        }
    }

    fn with<'a>(&'a self, session: Option<&'a SessionFacts>) -> Circumstances<'a> {
        Circumstances {
            client: &self.client,
            session,
            subject: session.map(|session| session.account_id.as_str()),
            consented: &self.consented,
            now: self.now,
        }
    }

    fn begin(&self, more: &str, session: Option<&SessionFacts>) -> Step {
        Flow::begin(request(more), IdTokenHint::Absent, self.with(session))
    }
}

fn refused(step: &Step) -> Option<&'static str> {
    match step {
        Step::Refuse(refusal) => Some(refusal.error.code().as_str()),
        _ => None,
    }
}

fn login(step: Step) -> (Flow, LoginReason) {
    match step {
        Step::Login(flow) => match flow.stage {
            Stage::AwaitLogin { reason } => (flow, reason),
            _ => panic!("{flow:?}"),
        },
        _ => panic!("{step:?}"),
    }
}

fn consent(step: Step) -> Flow {
    match step {
        Step::Consent(flow) => flow,
        _ => panic!("{step:?}"),
    }
}

#[test]
fn az_46_login_then_consent_then_grant() {
    let world = World::new();
    let (flow, reason) = login(world.begin("", None));
    assert_eq!(reason, LoginReason::NoSession);
    let s1 = session("s1", "a", 5);
    let flow = consent(flow.log_in("s1").resume(world.with(Some(&s1))));
    let step = flow.allow(&s1).expect("was asked").resume(world.with(Some(&s1)));
    assert!(matches!(step, Step::Grant(grant) if *grant.session() == s1));
}

#[test]
fn az_46_denial_is_access_denied_with_state() {
    let s1 = session("s1", "a", -5);
    let refusal = consent(World::new().begin("", Some(&s1))).deny(&s1).expect("was asked");
    assert_eq!(
        (refusal.error.code(), refusal.state.as_deref()),
        (ErrorCode::AccessDenied, Some("xyz"))
    );
}

#[test]
fn a_second_application_does_not_ask_again_where_consent_stands() {
    let s1 = session("s1", "a", -5_000);
    assert!(matches!(World::consented().begin("", Some(&s1)), Step::Grant(_)));
    let first_party = World {
        client: Client {
            first_party: true,
            ..testing::public()
        },
        ..World::new()
    };
    assert!(matches!(first_party.begin("", Some(&s1)), Step::Grant(_)));
}

#[test]
fn consent_to_less_does_not_cover_more() {
    let s1 = session("s1", "a", -5);
    let world = World {
        consented: ScopeSet::of(["openid"]),
        ..World::new()
    };
    consent(world.begin("", Some(&s1)));
}

#[test]
fn se_01_az_11_a_silent_request_fails_instead_of_asking() {
    let s1 = session("s1", "a", -50);
    assert_eq!(
        refused(&World::consented().begin("&prompt=none", None)),
        Some("login_required")
    );
    assert_eq!(
        refused(&World::consented().begin("&prompt=none&max_age=49", Some(&s1))),
        Some("login_required")
    );
    assert_eq!(
        refused(&World::new().begin("&prompt=none", Some(&s1))),
        Some("consent_required")
    );
}

#[test]
fn se_03_a_silent_request_succeeds_on_a_live_session() {
    let s1 = session("s1", "a", -50);
    for more in [
        "&prompt=none",
        "&prompt=none&max_age=50",
        "&prompt=none&max_age=99999999999999999999",
    ] {
        assert!(
            matches!(World::consented().begin(more, Some(&s1)), Step::Grant(_)),
            "{more}"
        );
    }
}

#[test]
fn se_05_prompt_login_takes_no_session_but_its_own() {
    for prompt in ["login", "select_account"] {
        let world = World::consented();
        let (old, elsewhere, own) = (session("s1", "a", -5), session("s2", "a", 5), session("s3", "a", 6));
        let (flow, reason) = login(world.begin(&format!("&prompt={prompt}"), Some(&old)));
        assert_eq!(reason, LoginReason::Prompt);
        let (flow, _) = login(flow.resume(world.with(Some(&elsewhere))));
        let (flow, _) = login(flow.log_in("s3").resume(world.with(Some(&elsewhere))));
        assert!(matches!(
            flow.log_in("s3").resume(world.with(Some(&own))),
            Step::Grant(_)
        ));
    }
}

#[test]
fn se_02_se_06_max_age_asks_for_a_login_when_the_session_is_older() {
    let world = World::consented();
    let s1 = session("s1", "a", -2);
    let (flow, reason) = login(world.begin("&max_age=1", Some(&s1)));
    assert_eq!(reason, LoginReason::MaxAge);
    // However long the person takes afterwards: this flow's own login is as fresh as was asked.
    let later = World { now: at(600), ..world };
    let s2 = session("s2", "a", 30);
    assert!(matches!(
        flow.log_in("s2").resume(later.with(Some(&s2))),
        Step::Grant(_)
    ));
}

#[test]
fn max_age_0_always_asks_for_a_login() {
    let (_, reason) = login(World::consented().begin("&max_age=0", Some(&session("s1", "a", 0))));
    assert_eq!(reason, LoginReason::MaxAge);
}

#[test]
fn prompt_consent_asks_again_first_party_or_not() {
    let s1 = session("s1", "a", -5);
    let world = World {
        client: Client {
            first_party: true,
            ..testing::public()
        },
        ..World::consented()
    };
    let flow = consent(world.begin("&prompt=consent", Some(&s1)));
    let flow = consent(flow.resume(world.with(Some(&s1))));
    let step = flow.allow(&s1).expect("was asked").resume(world.with(Some(&s1)));
    assert!(matches!(step, Step::Grant(_)));
}

#[test]
fn se_04_an_id_token_hint_must_name_the_one_who_is_signed_in() {
    let world = World::consented();
    let s1 = session("s1", "a", -5);
    let begin = |more, account: &str, session| {
        Flow::begin(
            request(more),
            IdTokenHint::Subject(account.to_owned()),
            world.with(session),
        )
    };
    assert!(matches!(begin("&prompt=none", "a", Some(&s1)), Step::Grant(_)));
    assert_eq!(refused(&begin("&prompt=none", "b", Some(&s1))), Some("login_required"));
    let (flow, reason) = login(begin("", "b", Some(&s1)));
    assert_eq!(reason, LoginReason::OtherAccount);
    let (right, wrong) = (session("s2", "b", 5), session("s3", "c", 5));
    assert!(matches!(
        flow.clone().log_in("s2").resume(world.with(Some(&right))),
        Step::Grant(_)
    ));
    assert_eq!(
        refused(&flow.log_in("s3").resume(world.with(Some(&wrong)))),
        Some("login_required")
    );
}

#[test]
fn a_hint_that_is_not_ours_fails_silent_requests_only() {
    let world = World::consented();
    let s1 = session("s1", "a", -5);
    let begin = |more| Flow::begin(request(more), IdTokenHint::Unverifiable, world.with(Some(&s1)));
    assert_eq!(refused(&begin("&prompt=none")), Some("login_required"));
    assert!(matches!(begin(""), Step::Grant(_)));
}

#[test]
fn cs_01_consent_counts_only_from_the_session_that_was_asked() {
    let world = World::new();
    let (s1, s2) = (session("s1", "a", -5), session("s2", "b", 5));
    let flow = consent(world.begin("", Some(&s1)));
    assert_eq!(flow.clone().allow(&s2), Err(IllegalStep::OtherSession));
    assert_eq!(flow.clone().deny(&s2), Err(IllegalStep::OtherSession));
    let allowed = flow.allow(&s1).expect("was asked");
    assert_eq!(allowed.clone().allow(&s1), Err(IllegalStep::NotAwaitingConsent));
    consent(allowed.resume(world.with(Some(&s2))));
}

#[test]
fn a_flow_comes_back_from_its_store() {
    let flow = consent(World::new().begin("&max_age=60&nonce=n&prompt=consent", Some(&session("s1", "a", -5))));
    let json = serde_json::to_vec(&flow).expect("serialises");
    assert_eq!(serde_json::from_slice::<Flow>(&json).expect("parses"), flow);
}
