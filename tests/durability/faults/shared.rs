//! No truth lives in one process: what one begins another goes on with, and what one changes all know.

use std::time::Duration;

use countersign::domain::account::LinkPurpose;
use serde_json::{Value, json};

use super::House;
use super::house::{get, until};
use crate::kill::on_this_thread;
use crate::support::{Browser, Log, LoggingIn, Process, Wire};

/// How soon a server knows what a command has changed, or that another has died.
const SECONDS: Duration = Duration::from_secs(12);

/// Somebody with an account.
pub async fn sign_up(house: &House, wire: &Wire<'_>, email: &str) {
    let mut browser = Browser::default();
    let link = {
        let (folder, email) = (&house.folder, email.to_owned());
        std::thread::scope(|scope| {
            let plant = move || folder.plant(LinkPurpose::ConfirmEmail, &[(email, None)]).remove(0);
            scope.spawn(plant).join().expect("is planted")
        })
    };
    let confirmed = browser.post(wire, "/onboard/email/", &json!({ "token": link })).await;
    let token = confirmed.expect("an answer").json()["token"]
        .as_str()
        .expect("a token")
        .to_owned();
    let registered = browser.register(wire, &token, "a password").await.expect("an answer");
    assert_eq!(registered.status, 200, "{registered:?}");
}

#[test]
fn ds_06_every_step_of_a_sign_in_may_go_to_another_process() {
    let house = House::with(3);
    let addresses = house.addresses();
    let log = Log::default();
    on_this_thread(async {
        let [a, b, c] = [0, 1, 2].map(|index| Wire::to(&addresses[index], &log));
        sign_up(&house, &Wire::among(&addresses, &log), "ada@example.org").await;

        let mut browser = Browser::default();
        let (message, logging_in) = LoggingIn::start("a password");
        let body = json!({ "email": "ada@example.org", "client_request": message });
        let started = browser
            .post(&a, "/login/start/", &body)
            .await
            .expect("an answer")
            .json();
        let message = started["server_message"].as_str().expect("a message");
        let ke3 = logging_in.finish("a password", message).expect("the password is right");
        let body = json!({ "auth_id": started["auth_id"], "client_request": ke3 });
        let finished = browser.post(&b, "/login/finish/", &body).await.expect("an answer");
        assert_eq!(finished.status, 200, "{finished:?}");

        let answer = browser.authorize(&a, "openid email").await.expect("an answer");
        let code = answer.code().expect("a code");
        let tokens = c.redeem(&code).await.expect("an answer").json();
        let refreshed = a
            .refresh(tokens["refresh_token"].as_str().expect("one"))
            .await
            .expect("an answer");
        assert_eq!(refreshed.status, 200, "{refreshed:?}");
        let tokens = refreshed.json();
        let text = |name: &str| tokens[name].as_str().expect("one").to_owned();
        for wire in [&a, &b, &c] {
            assert_eq!(
                wire.userinfo(&text("access_token")).await.expect("an answer").status,
                200
            );
        }
        let ended = browser
            .clone()
            .post(&b, "/account/logout/", &json!({}))
            .await
            .expect("an answer");
        assert_eq!(ended.status, 200, "{ended:?}");
        for wire in [&c, &a, &b] {
            assert_eq!(
                browser
                    .clone()
                    .get(wire, "/account/session/")
                    .await
                    .expect("an answer")
                    .status,
                401
            );
            assert_eq!(
                wire.userinfo(&text("access_token")).await.expect("an answer").status,
                401
            );
            assert_eq!(
                wire.refresh(&text("refresh_token")).await.expect("an answer").status,
                400
            );
        }
    });
}

#[test]
fn bf_04_guesses_are_counted_over_all_processes() {
    let mut house = House::empty();
    house.tell("COUNTERSIGN_LIMITS__EMAIL_ADDRESS__BURST", "10");
    house.add(2);
    let log = Log::default();
    on_this_thread(async {
        let wire = Wire::among(&house.addresses(), &log);
        let mut statuses = Vec::new();
        for _ in 0..14 {
            let (message, _) = LoggingIn::start("a guess");
            let body = json!({ "email": "nobody@example.org", "client_request": message });
            let answer = Browser::default().post(&wire, "/login/start/", &body).await;
            statuses.push(answer.expect("an answer").status);
        }
        assert_eq!(
            statuses.iter().filter(|status| **status == 200).count(),
            10,
            "{statuses:?}"
        );
        assert_eq!(
            statuses.iter().filter(|status| **status == 429).count(),
            4,
            "{statuses:?}"
        );
    });
}

#[test]
fn what_a_command_changes_all_servers_notice_within_seconds() {
    let house = House::with(2);
    let kids = |server: &Process| -> Vec<String> {
        let (_, text) = get(server, "/.well-known/jwks.json").expect("an answer");
        let set: Value = serde_json::from_str(&text).expect("JSON");
        let keys = set["keys"].as_array().expect("keys").iter();
        let mut kids: Vec<_> = keys.map(|key| key["kid"].as_str().expect("a kid").to_owned()).collect();
        kids.sort();
        kids
    };
    let before = kids(&house.servers[0]);
    assert_eq!(kids(&house.servers[1]), before, "one key set from the start");
    house.command(&["keys", "rotate", "--purpose", "EdDSA", "--now"]);
    until(SECONDS, "both publish the new key", || {
        let (one, other) = (kids(&house.servers[0]), kids(&house.servers[1]));
        one == other && one != before
    });

    let log = Log::default();
    let addresses = house.addresses();
    on_this_thread(async {
        let [a, b] = [0, 1].map(|index| Wire::to(&addresses[index], &log));
        sign_up(&house, &Wire::among(&addresses, &log), "ada@example.org").await;
        let mut browser = Browser::default();
        assert_eq!(browser.log_in(&a, "ada@example.org", "a password").await, Some(true));
        let answer = browser.authorize(&b, "openid email").await.expect("an answer");
        let tokens = a
            .redeem(&answer.code().expect("a code"))
            .await
            .expect("an answer")
            .json();
        let access = tokens["access_token"].as_str().expect("one");
        assert_eq!(
            b.userinfo(access).await.expect("an answer").status,
            200,
            "signed by the new key"
        );
    });
    house.command(&["user", "disable", "ada@example.org"]);
    on_this_thread(async {
        for address in &addresses {
            let wire = Wire::to(address, &log);
            let done = Browser::default().log_in(&wire, "ada@example.org", "a password").await;
            assert_eq!(done, Some(false));
        }
    });
}

/// Whether a server says that it has the turn to sweep.
fn holds(server: &Process) -> bool {
    get(server, "/metrics").is_some_and(|(_, text)| text.contains("countersign_sweeper_is_holder 1"))
}

#[test]
fn the_turn_to_sweep_moves_on_when_its_process_dies_or_freezes_and_a_thawed_one_stops() {
    let mut house = House::with(2);
    let one_holds = |house: &House| house.servers.iter().filter(|server| holds(server)).count() == 1;
    until(SECONDS, "one has the turn", || one_holds(&house));
    let holder = house.servers.iter().position(holds).expect("one has it");

    house.servers[holder].signal("STOP");
    until(SECONDS, "the other has taken the turn from a frozen one", || {
        holds(&house.servers[1 - holder])
    });
    house.servers[holder].signal("CONT");
    until(SECONDS, "the thawed one has seen that", || {
        !holds(&house.servers[holder])
    });
    assert!(holds(&house.servers[1 - holder]));

    house.servers[1 - holder].kill();
    until(SECONDS, "the turn came from a dead one", || {
        holds(&house.servers[holder])
    });
}
