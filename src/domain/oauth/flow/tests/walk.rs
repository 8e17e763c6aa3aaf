//! Random walks: no sequence of steps leaves the graph that is drawn, or ends in a grant that it must not.

use std::time::Duration;

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

const GRAPH: &str = include_str!("../../../../../docs/fsm/flow.mmd");

/// One step that somebody tries.
#[derive(Clone, Debug)]
enum Act {
    LogIn(usize),
    Allow(usize),
    Deny(usize),
    HoldDenial(usize),
    Resume {
        session: Option<usize>,
        consented: bool,
        wait: i64,
    },
}

fn act() -> impl Strategy<Value = Act> {
    let who = 0_usize..3;
    prop_oneof![
        who.clone().prop_map(Act::LogIn),
        who.clone().prop_map(Act::Allow),
        who.clone().prop_map(Act::Deny),
        who.clone().prop_map(Act::HoldDenial),
        (prop::option::of(who), any::<bool>(), 0_i64..20).prop_map(|(session, consented, wait)| {
            Act::Resume {
                session,
                consented,
                wait,
            }
        }),
    ]
}

fn stage_name(flow: &Flow) -> &'static str {
    match flow.stage {
        Stage::AwaitLogin { .. } => "AwaitLogin",
        Stage::LoggedIn { .. } => "LoggedIn",
        Stage::AwaitConsent { .. } => "AwaitConsent",
        Stage::Allowed { .. } => "Allowed",
        Stage::Denied => "Denied",
    }
}

fn step_name(step: &Step) -> &'static str {
    match step {
        Step::Login(flow) | Step::Consent(flow) => stage_name(flow),
        Step::Grant(_) => "Granted",
        Step::Refuse(_) => "Refused",
    }
}

fn declared(from: &str, to: &str, method: &str) -> bool {
    GRAPH
        .lines()
        .any(|line| line.trim() == format!("{from} --> {to}: {method}"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn no_sequence_of_steps_leaves_the_graph_or_is_granted_without_session_and_consent(
        prompt in prop::sample::select(vec!["", "none", "login", "consent", "select_account", "login consent"]),
        max_age in prop::option::of(0_i64..20),
        hint in prop::option::of(prop::sample::select(vec!["a", "b"])),
        first_party: bool,
        acts in prop::collection::vec(act(), 1..12),
    ) {
        let sessions = [session("s1", "a", -3), session("s2", "b", 2), session("s3", "a", 4)];
        let client = Client { first_party, ..testing::public() };
        let mut world = World { client, ..World::new() };
        let mut logged_in: BTreeSet<&str> = BTreeSet::new();
        let mut allowed: BTreeSet<&str> = BTreeSet::new();
        let age = max_age.map(|s| format!("&max_age={s}")).unwrap_or_default();
        let hinted = hint.map_or(IdTokenHint::Absent, |account| IdTokenHint::Subject(account.to_owned()));
        let asked = request(&format!("&prompt={}{age}", prompt.replace(' ', "+")));
        let mut flow: Option<Flow> = None;
        for act in &acts {
            let (from, method) = (flow.as_ref().map_or("[*]", stage_name), act_name(act, flow.is_some()));
            let mut present = None;
            let step = match (flow.take(), act) {
                (Some(flow), Act::LogIn(who)) => {
                    logged_in.insert(&sessions[*who].sid);
                    Ok(flow.log_in(&sessions[*who].sid))
                }
                (Some(flow), Act::Allow(who)) => {
                    let Ok(next) = flow.allow(&sessions[*who]) else { return Ok(()) };
                    allowed.insert(&sessions[*who].sid);
                    Ok(next)
                }
                (Some(flow), Act::Deny(who)) => {
                    let Ok(refusal) = flow.deny(&sessions[*who]) else { return Ok(()) };
                    Err(Step::Refuse(refusal))
                }
                (Some(flow), Act::HoldDenial(who)) => {
                    let Ok(next) = flow.hold_denial(&sessions[*who]) else { return Ok(()) };
                    Ok(next)
                }
                (flow, Act::Resume { session, consented, wait }) => {
                    world.now = world.now.plus(Duration::from_secs(wait.unsigned_abs()));
                    world.consented = if *consented { ScopeSet::standard() } else { ScopeSet::default() };
                    present = session.map(|who| &sessions[who]);
                    let circumstances = world.with(present);
                    Err(match flow {
                        Some(flow) => flow.resume(circumstances),
                        None => Flow::begin(asked.clone(), hinted.clone(), circumstances),
                    })
                }
                (None, _) => continue,
            };
            let to = step.as_ref().map_or_else(step_name, stage_name);
            prop_assert!(declared(from, to, method), "{} --> {}: {}", from, to, method);
            match step {
                Ok(next) | Err(Step::Login(next) | Step::Consent(next)) => {
                    prop_assert!(prompt != "none", "a silent request shows nothing");
                    flow = Some(next);
                }
                Err(Step::Refuse(_)) => return Ok(()),
                Err(Step::Grant(grant)) => {
                    let sid = grant.session.sid.as_str();
                    let by_flow = logged_in.contains(sid);
                    let age = world.now.since(grant.session.authenticated_at);
                    prop_assert_eq!(Some(&grant.session), present);
                    let had_consent = first_party || world.consented.contains("openid");
                    prop_assert!(allowed.contains(sid) || had_consent && !prompt.contains("consent"));
                    prop_assert!(by_flow || !prompt.contains("login") && prompt != "select_account");
                    prop_assert!(hint.is_none_or(|account| account == grant.session.account_id));
                    let limit = max_age.map(|s| Duration::from_secs(s.unsigned_abs()));
                    prop_assert!(limit.is_none_or(|limit| by_flow || !limit.is_zero() && age <= limit));
                    return Ok(());
                }
            }
        }
    }
}

fn act_name(act: &Act, is_begun: bool) -> &'static str {
    match act {
        Act::LogIn(_) => "log_in",
        Act::Allow(_) => "allow",
        Act::Deny(_) => "deny",
        Act::HoldDenial(_) => "hold_denial",
        Act::Resume { .. } if is_begun => "resume",
        Act::Resume { .. } => "begin",
    }
}
