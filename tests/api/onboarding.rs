//! The way in: sign-up, admission, invitation, registration, under each policy.

use countersign::config::{Job, Onboarding};
use countersign::db::Statement;
use serde_json::{Value, json};

use crate::support::api::{Api, application};
use crate::support::steps::shape;
use crate::support::{Answer, Browser, Person, Server};

fn with(policy: Onboarding) -> Server {
    Server::start_with(|config| config.define.onboarding = policy)
}

/// Somebody who has signed up and opened the mailed link; what the page was told.
async fn apply(server: &Server, person: &mut Person, said: &Value) -> Answer {
    let mut body = said.clone();
    body["email"] = person.email.clone().into();
    let asked = person.browser.post("/onboard/signup/", &body).await;
    assert_eq!((asked.status, asked.text.as_str()), (200, "{}"));
    let token = person.mailed_token(server, "/confirm/").await;
    person.browser.post("/onboard/email/", &json!({ "token": token })).await
}

async fn admin(server: &Server) -> (Api<'_>, Person) {
    // The first administrator has an account from the command line: here it is planted.
    let mut person = Person::stranger(server, "board@example.org");
    let token = Person::plant_link(
        server,
        "board@example.org",
        countersign::domain::account::LinkPurpose::Register,
        None,
    );
    assert_eq!(person.register(&token).await.status, 200);
    person.log_in(None).await;
    let id = person.account_id().await;
    crate::support::api::give(server, &id, "admin");
    let client = application(server);
    (Api::sign_in(server, &client, &mut person).await, person)
}

#[actix_web::test]
async fn pages_say_who_may_sign_up() {
    for policy in [
        Onboarding::Open,
        Onboarding::Approval,
        Onboarding::Invite,
        Onboarding::Closed,
    ] {
        let server = with(policy);
        let meta = format!("<meta name=\"countersign-onboarding\" content=\"{}\">", policy.name());
        for path in ["/", "/login/", "/signup/"] {
            let page = server.get(path).await;
            assert!(page.text.contains(&meta), "{path}: {}", page.text);
        }
    }
}

#[actix_web::test]
async fn somebody_applies_is_admitted_registers_and_is_a_member() {
    let server = with(Onboarding::Approval);
    let (board, _) = admin(&server).await;
    let mut ann = Person::stranger(&server, "ann@example.org");
    let said = json!({ "given_name": "Ann", "family_name": "de Vries", "phone": "+31 6 1234 5678", "locale": "nl" });
    let confirmed = apply(&server, &mut ann, &said).await.json();
    assert_eq!(confirmed, json!({ "email": "ann@example.org", "next": "wait" }));

    let waiting = board.get("/onboard/get/").await.json();
    let [applicant] = waiting["applicants"].as_array().expect("a list").as_slice() else {
        panic!("{waiting}");
    };
    assert_eq!(
        (&applicant["given_name"], &applicant["phone"]),
        (&json!("Ann"), &json!("+31612345678"))
    );

    let body = json!({ "email": "ann@example.org", "membership_number": "A-17", "joined": "2026-09-01" });
    assert_eq!(board.post("/onboard/confirm/", &body).await.status, 200);
    let again = board.post("/onboard/confirm/", &body).await;
    assert_eq!((again.status, again.problem().as_str()), (409, "conflict"));
    assert_eq!(board.get("/onboard/get/").await.json()["applicants"], json!([]));

    let text = ann.mail_about("ann@example.org", "registratie").await;
    assert!(text.contains("toegelaten"), "she reads Dutch: {text}");
    let token = ann.mailed_token(&server, "/register/").await;
    let wrong = json!({ "birth_date": "2001-02-29" });
    let refused = ann.register_as(&token, &wrong).await;
    assert_eq!(
        (refused.status, refused.json()["field"].as_str()),
        (400, Some("birth_date"))
    );
    let said = json!({ "call_name": "Annie", "birth_date": "2001-02-28", "education": "Physics", "age_privacy": true });
    let registered = ann.register_as(&token, &said).await;
    assert_eq!(registered.status, 200, "{}", registered.text);
    assert_eq!(ann.register_as(&token, &said).await.status, 410, "the link is spent");
    ann.mail_about("ann@example.org", "Welkom").await;

    ann.log_in(None).await;
    let client = application(&server);
    let own = Api::sign_in(&server, &client, &mut ann)
        .await
        .get("/res/profile/")
        .await;
    let profile = own.json();
    for (field, value) in [
        ("given_name", json!("Ann")),
        ("family_name", json!("de Vries")),
        ("call_name", json!("Annie")),
        ("phone", json!("+31612345678")),
        ("birth_date", json!("2001-02-28")),
        ("education", json!("Physics")),
        ("age_privacy", json!(true)),
        ("membership_number", json!("A-17")),
        ("joined", json!("2026-09-01")),
        ("email", json!("ann@example.org")),
    ] {
        assert_eq!(profile[field], value, "{field} of {profile}");
    }
}

#[actix_web::test]
async fn an_open_house_lets_people_in_without_making_them_members() {
    let server = with(Onboarding::Open);
    let mut ann = Person::stranger(&server, "ann@example.org");
    let confirmed = apply(&server, &mut ann, &json!({ "given_name": "Ann" })).await.json();
    assert_eq!(confirmed["next"], "register");
    let token = confirmed["token"].as_str().expect("a token");
    assert_eq!(ann.register(token).await.status, 200);
    ann.log_in(None).await;
    let profile = ann.browser.get("/account/profile/").await.json();
    assert_eq!(
        (&profile["given_name"], &profile["email"]),
        (&json!("Ann"), &json!("ann@example.org"))
    );
    assert_eq!(ann.browser.get("/account/session/").await.json()["scopes"], json!([]));
}

#[actix_web::test]
async fn who_is_invited_gets_in_and_nobody_else() {
    let server = with(Onboarding::Invite);
    let (board, mut browser) = admin(&server).await;
    for path in ["/onboard/signup/"] {
        let known = Browser::new(&server)
            .post(path, &json!({ "email": "board@example.org" }))
            .await;
        let unknown = Browser::new(&server)
            .post(path, &json!({ "email": "eve@example.org" }))
            .await;
        assert_eq!((known.status, known.problem().as_str()), (403, "closed"));
        assert_eq!(shape(&known), shape(&unknown));
    }
    let invite = |email: &str| json!({ "email": email, "given_name": "Ann", "membership_number": "1" });
    assert_eq!(
        board.post("/onboard/invite/", &invite("ann@example.org")).await.status,
        200
    );
    for (email, says) in [
        ("ann@example.org", "invited already"),
        ("ANN@Example.org", "invited already"),
        ("board@example.org", "has an account"),
        ("bob@example.org", "membership number"),
    ] {
        let answer = board.post("/onboard/invite/", &invite(email)).await;
        assert_eq!(answer.status, 409, "{email}");
        assert!(answer.text.contains(says), "{email}: {}", answer.text);
    }

    // Sent again: the first link no longer counts. Taken back: none does.
    let mut ann = Person::stranger(&server, "ann@example.org");
    let first = ann.mailed_token(&server, "/register/").await;
    let listed = board.get("/onboard/get/?stage=admitted").await.json();
    let id = listed["applicants"][0]["id"].clone();
    assert_eq!(board.post("/onboard/resend/", &json!({ "id": id })).await.status, 200);
    let mut second = first.clone();
    for _ in 0..100 {
        second = ann.mailed_token(&server, "/register/").await;
        if second != first {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_ne!(first, second);
    assert_eq!(ann.register(&first).await.status, 410);
    assert_eq!(board.post("/onboard/withdraw/", &json!({ "id": id })).await.status, 200);
    assert_eq!(ann.register(&second).await.status, 410);
    assert_eq!(board.post("/onboard/withdraw/", &json!({ "id": id })).await.status, 404);
    assert_eq!(
        board.get("/onboard/get/?stage=admitted").await.json()["applicants"],
        json!([])
    );

    // Invited anew, and in.
    assert_eq!(
        board.post("/onboard/invite/", &invite("ann@example.org")).await.status,
        200
    );
    for _ in 0..100 {
        let third = ann.mailed_token(&server, "/register/").await;
        if third != second {
            assert_eq!(ann.register(&third).await.status, 200);
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    ann.log_in(None).await;
    assert_eq!(
        ann.browser.get("/account/session/").await.json()["scopes"],
        json!(["member"])
    );
    drop(browser.browser.get("/account/session/").await);
}

#[actix_web::test]
async fn a_closed_house_takes_nobody() {
    let server = with(Onboarding::Closed);
    let (board, _) = admin(&server).await;
    let asked = Browser::new(&server)
        .post("/onboard/signup/", &json!({ "email": "a@example.org" }))
        .await;
    assert_eq!(asked.problem(), "closed");
    let invited = board
        .post("/onboard/invite/", &json!({ "email": "a@example.org" }))
        .await;
    assert_eq!(invited.problem(), "conflict");
}

#[actix_web::test]
async fn en_applying_looks_the_same_for_known_waiting_and_unknown_addresses() {
    let server = with(Onboarding::Approval);
    let (_, _) = admin(&server).await;
    let mut waiting = Person::stranger(&server, "waiting@example.org");
    apply(&server, &mut waiting, &json!({})).await;
    let ask = async |email: &str| {
        Browser::new(&server)
            .post("/onboard/signup/", &json!({ "email": email }))
            .await
    };
    let unknown = ask("eve@example.org").await;
    for known in ["board@example.org", "waiting@example.org"] {
        assert_eq!(shape(&unknown), shape(&ask(known).await), "{known}");
    }
}

#[actix_web::test]
async fn a_registration_link_ends_with_its_time() {
    let server = with(Onboarding::Invite);
    let (board, _) = admin(&server).await;
    board
        .post("/onboard/invite/", &json!({ "email": "ann@example.org" }))
        .await;
    let mut ann = Person::stranger(&server, "ann@example.org");
    let token = ann.mailed_token(&server, "/register/").await;
    server.clock.advance(std::time::Duration::from_hours(24 * 14 + 1));
    assert_eq!(ann.register(&token).await.status, 410);
}

#[actix_web::test]
async fn what_people_say_at_sign_up_is_checked_and_changes_nothing_where_it_does_not_fit() {
    let server = with(Onboarding::Approval);
    let long = "\u{1f600}".repeat(500);
    for (field, value) in [
        ("given_name", json!(long)),
        ("family_name", json!("a\u{202e}b")),
        ("given_name", json!("a\nb")),
        ("given_name", json!("a\u{0}b")),
        ("phone", json!("call me")),
        ("locale", json!("the Dutch one")),
        ("given_name", json!(7)),
        ("email", json!("no address")),
    ] {
        let mut body = json!({ "email": "ann@example.org" });
        body[field] = value.clone();
        let answer = Browser::new(&server).post("/onboard/signup/", &body).await;
        assert_eq!(answer.status, 400, "{field} {value}");
        assert_eq!(answer.json()["field"], field, "{}", answer.text);
    }
    for name in ["王小明", "مريم", "אביגיל", "👩‍🔬", "O'Neil-Smith", "e\u{301}"] {
        let body = json!({ "email": "ann@example.org", "given_name": name });
        let answer = Browser::new(&server).post("/onboard/signup/", &body).await;
        assert_eq!(answer.status, 200, "{name}: {}", answer.text);
    }
    let (store, _) = server.store().await;
    let count = Statement::new("SELECT COUNT(*) FROM links WHERE details LIKE '%202e%'");
    let rows = store.query(&count).await.expect("reads");
    assert_eq!(rows[0].integer(0).expect("a number"), 0);
}

#[actix_web::test]
async fn addresses_that_are_one_address_are_one_applicant() {
    let server = with(Onboarding::Approval);
    let (board, _) = admin(&server).await;
    for email in [
        "Andr\u{e9}+club@Example.org",
        "andre\u{301}+club@example.org",
        "ANDR\u{c9}+CLUB@EXAMPLE.ORG",
    ] {
        let mut person = Person::stranger(&server, email);
        let body = json!({ "email": person.email });
        assert_eq!(person.browser.post("/onboard/signup/", &body).await.status, 200);
        person.email = "andr\u{e9}+club@example.org".to_owned();
        let token = person.mailed_token(&server, "/confirm/").await;
        let answer = person.browser.post("/onboard/email/", &json!({ "token": token })).await;
        assert!([200, 410].contains(&answer.status), "{}", answer.text);
    }
    let waiting = board.get("/onboard/get/").await.json();
    assert_eq!(waiting["applicants"].as_array().expect("a list").len(), 1, "{waiting}");
    assert_eq!(waiting["applicants"][0]["email"], "andr\u{e9}+club@example.org");
}

#[actix_web::test]
async fn a_server_without_the_job_members_has_none_of_its_routes() {
    let server = Server::start_with(|config| config.define.jobs = vec![Job::Identity]);
    let mut ann = Person::signed_up(&server, "ann@example.org").await;
    ann.log_in(None).await;
    for path in [
        "/res/profile/",
        "/members/birthdays/",
        "/admin/users/",
        "/onboard/get/",
        "/account/profile/",
    ] {
        let answer = ann.browser.get(path).await;
        assert_eq!((answer.status, answer.problem().as_str()), (404, "not-found"), "{path}");
    }
    let ready = ann.browser.get("/readyz").await;
    assert_eq!(ready.status, 200);
    assert!(!ready.text.contains("members"), "{}", ready.text);
}
