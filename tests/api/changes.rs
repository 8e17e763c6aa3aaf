//! Changes of one's own account: address, password, profile, end; each proved by a login made for it.

use countersign::db::Statement;
use serde_json::json;

use crate::support::api::{Api, application, give};
use crate::support::steps::shape;
use crate::support::{Answer, Browser, Client, Person, Server};

const ANN: &str = "ann@example.org";
const NEW: &str = "new@example.org";

async fn signed_in(server: &Server, email: &str) -> Person {
    let mut person = Person::signed_up(server, email).await;
    person.log_in(None).await;
    person
}

/// The same person in another browser.
async fn elsewhere(server: &Server, person: &Person) -> Person {
    let mut other = person.clone();
    other.browser = Browser::new(server);
    other.log_in(None).await;
    other
}

async fn is_signed_in(person: &mut Person) -> bool {
    person.browser.get("/account/session/").await.status == 200
}

/// Asks for the mail to another address; the token in it.
async fn ask_address(server: &Server, person: &mut Person, new: &str) -> String {
    let asked = person
        .browser
        .post("/update/email/send/", &json!({ "new_email": new }))
        .await;
    assert_eq!((asked.status, asked.text.as_str()), (200, "{}"));
    let mut mailbox = Person::stranger(server, new);
    mailbox.mailed_token(server, "/email/").await
}

#[actix_web::test]
async fn an_account_moves_to_another_address_by_link_login_and_registration() {
    let server = Server::start();
    let mut ann = signed_in(&server, ANN).await;
    let mut phone = elsewhere(&server, &ann).await;
    let id = ann.account_id().await;
    let client = Client::public(&server);
    let tokens = client.tokens(&server, &mut phone).await;
    let flow_id = ask_address(&server, &mut ann, NEW).await;

    // The link alone, or with a session that was there before, is not enough.
    for person in [&mut Person::stranger(&server, ANN), &mut ann] {
        let refused = person.move_address(&flow_id).await;
        assert_eq!((refused.status, refused.problem().as_str()), (401, "login-required"));
    }
    // A login of somebody else made for it is not either.
    let mut bob = Person::signed_up(&server, "bob@example.org").await;
    bob.log_in(Some(&flow_id)).await;
    assert_eq!(bob.move_address(&flow_id).await.problem(), "login-required");

    ann.log_in(Some(&flow_id)).await;
    ann.password = "another password for the new address".to_owned();
    let moved = ann.move_address(&flow_id).await;
    assert_eq!((moved.status, moved.text.as_str()), (200, "{}"));

    let session = ann.browser.get("/account/session/").await.json();
    assert_eq!((&session["id"], &session["email"]), (&json!(id), &json!(NEW)));
    assert!(!is_signed_in(&mut phone).await, "other browsers are signed out");
    assert_eq!(
        client.refresh(&server, tokens.refresh()).await.status,
        400,
        "applications too"
    );
    let told = ann.mail_about(ANN, "was changed").await;
    assert!(!told.contains(NEW), "the old mailbox does not learn the new address");
    assert_eq!(ann.move_address(&flow_id).await.status, 410, "the link is spent");

    ann.email = NEW.to_owned();
    ann.browser = Browser::new(&server);
    ann.log_in(None).await;
    assert_eq!(ann.account_id().await, id);
    let mut old = Person::stranger(&server, ANN);
    let (started, logging_in) = old.start_login().await;
    assert!(
        Person::finish_body(&started, logging_in, None).is_none(),
        "the old address opens nothing"
    );
}

#[actix_web::test]
async fn two_people_move_to_one_address_one_wins_and_both_are_told() {
    let server = Server::start();
    let mut people = [
        signed_in(&server, ANN).await,
        signed_in(&server, "bob@example.org").await,
    ];
    let mut flows = Vec::new();
    for person in &mut people {
        let asked = person
            .browser
            .post("/update/email/send/", &json!({ "new_email": NEW }))
            .await;
        assert_eq!(asked.status, 200);
        let mut token = String::new();
        for _ in 0..100 {
            token = Person::stranger(&server, NEW).mailed_token(&server, "/email/").await;
            if !flows.contains(&token) {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        flows.push(token);
    }
    for (person, flow_id) in people.iter_mut().zip(&flows) {
        person.log_in(Some(flow_id)).await;
    }
    let [mut ann, mut bob] = people;
    let (first, second) = futures_util::future::join(ann.move_address(&flows[0]), bob.move_address(&flows[1])).await;
    let won = |answer: &Answer| answer.status == 200;
    assert!(won(&first) != won(&second), "{} {}", first.text, second.text);
    let (loser, lost) = if won(&first) {
        (&mut bob, second)
    } else {
        (&mut ann, first)
    };
    assert!([409, 410].contains(&lost.status), "{} {}", lost.status, lost.text);
    let email = loser.email.clone();
    loser.mail_about(&email, "was not changed").await;
    assert_eq!(
        loser.browser.get("/account/session/").await.json()["email"],
        email,
        "the loser's account is as it was"
    );
}

#[actix_web::test]
async fn en_asking_for_another_address_looks_the_same_whether_it_has_an_account() {
    let server = Server::start();
    let mut ann = signed_in(&server, ANN).await;
    Person::signed_up(&server, "bob@example.org").await;
    let taken = ann
        .browser
        .post("/update/email/send/", &json!({ "new_email": "bob@example.org" }))
        .await;
    let free = ann
        .browser
        .post("/update/email/send/", &json!({ "new_email": NEW }))
        .await;
    assert_eq!(shape(&taken), shape(&free));
    let text = ann.mail_about("bob@example.org", "Your address").await;
    assert!(!text.contains('#'), "no link that could move an account there: {text}");
    let bad = ann
        .browser
        .post("/update/email/send/", &json!({ "new_email": "nowhere" }))
        .await;
    assert_eq!((bad.status, bad.json()["field"].as_str()), (400, Some("new_email")));
}

#[actix_web::test]
async fn a_password_changes_while_signed_in_and_ends_everything_else() {
    let server = Server::start();
    let mut ann = signed_in(&server, ANN).await;
    let mut phone = elsewhere(&server, &ann).await;
    let client = Client::public(&server);
    let tokens = client.tokens(&server, &mut phone).await;
    let begun = ann.browser.post("/update/password/change/", &json!({})).await.json();
    let flow_id = begun["flow_id"].as_str().expect("a flow").to_owned();
    let refused = ann.reset(&flow_id).await;
    assert_eq!((refused.status, refused.problem().as_str()), (401, "login-required"));
    ann.log_in(Some(&flow_id)).await;
    let before = ann.password.clone();
    ann.password = "another long password".to_owned();
    let changed = ann.reset(&flow_id).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    assert!(is_signed_in(&mut ann).await, "the session that proved it goes on");
    assert!(!is_signed_in(&mut phone).await);
    assert_eq!(client.refresh(&server, tokens.refresh()).await.status, 400);
    assert_eq!(ann.reset(&flow_id).await.status, 410, "once");
    ann.mail_about(ANN, "password").await;
    ann.browser = Browser::new(&server);
    ann.log_in(None).await;
    ann.password = before;
    let (started, logging_in) = ann.start_login().await;
    assert!(
        Person::finish_body(&started, logging_in, None).is_none(),
        "the old password is void"
    );
}

#[actix_web::test]
async fn an_account_is_deleted_by_a_login_made_for_it_and_nothing_is_left() {
    let server = Server::start();
    let client = application(&server);
    let (api, mut ann) = Api::with_role(&server, &client, ANN, &["member"]).await;
    let edit = json!({ "given_name": "Ann", "phone": "+31612345678" });
    assert_eq!(ann.browser.post("/account/profile/", &edit).await.status, 200);
    let begun = ann.browser.post("/update/delete/url/", &json!({})).await.json();
    let flow_id = begun["flow_id"].as_str().expect("a flow").to_owned();
    assert_eq!(
        begun["delete_url"],
        format!("{}/account/delete/#{flow_id}", server.issuer)
    );
    let delete = json!({ "flow_id": flow_id });
    assert_eq!(
        ann.browser.post("/update/delete/check/", &delete).await.problem(),
        "login-required"
    );
    // A login for another change is none for this one.
    let other = ann.browser.post("/update/delete/url/", &json!({})).await.json();
    ann.log_in(other["flow_id"].as_str()).await;
    assert_eq!(
        ann.browser.post("/update/delete/check/", &delete).await.problem(),
        "login-required"
    );
    ann.log_in(Some(&flow_id)).await;
    let deleted = ann.browser.post("/update/delete/check/", &delete).await;
    assert_eq!(deleted.status, 200, "{}", deleted.text);
    assert!(!is_signed_in(&mut ann).await);
    assert_eq!(api.get("/res/profile/").await.status, 401);
    ann.mail_about(ANN, "deleted").await;
    let (store, _) = server.store().await;
    for table in [
        "accounts",
        "account_scopes",
        "account_terms",
        "profiles",
        "sessions",
        "consents",
        "families",
        "authorization_codes",
        "links",
        "known_browsers",
        "applicants",
    ] {
        let sql: &'static str = Box::leak(format!("SELECT COUNT(*) FROM {table}").into_boxed_str());
        let rows = store.query(&Statement::new(sql)).await.expect("reads");
        assert_eq!(rows[0].integer(0).expect("a number"), 0, "{table}");
    }
    let asked = ann.browser.post("/onboard/signup/", &json!({ "email": ANN })).await;
    assert_eq!(asked.status, 200);
    let mut confirmed = 0;
    for _ in 0..100 {
        let token = ann.mailed_token(&server, "/confirm/").await;
        confirmed = ann
            .browser
            .post("/onboard/email/", &json!({ "token": token }))
            .await
            .status;
        if confirmed == 200 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(confirmed, 200, "the address may sign up anew");
}

#[actix_web::test]
async fn the_last_administrator_stays() {
    let server = Server::start();
    let client = application(&server);
    let (api, mut ann) = Api::with_role(&server, &client, ANN, &["admin"]).await;
    let id = ann.account_id().await;
    let disable = |id: &str| format!("/admin/users/{id}/disable/");
    let refused = api.post(&disable(&id), &json!({})).await;
    assert_eq!((refused.status, refused.problem().as_str()), (409, "conflict"));
    let begun = ann.browser.post("/update/delete/url/", &json!({})).await.json();
    ann.log_in(begun["flow_id"].as_str()).await;
    let delete = json!({ "flow_id": begun["flow_id"] });
    let refused = ann.browser.post("/update/delete/check/", &delete).await;
    assert_eq!(
        (refused.status, refused.problem().as_str()),
        (409, "conflict"),
        "{}",
        refused.text
    );
    assert!(is_signed_in(&mut ann).await, "nothing was changed");

    // With a second one either may go; of both at once, one.
    let (other, mut bob) = Api::with_role(&server, &client, "bob@example.org", &["admin"]).await;
    let bob_id = bob.account_id().await;
    let (first, second) = futures_util::future::join(
        api.post(&disable(&bob_id), &json!({})),
        other.post(&disable(&id), &json!({})),
    )
    .await;
    let done = [&first, &second].iter().filter(|answer| answer.status == 200).count();
    assert_eq!(done, 1, "{} {}", first.text, second.text);
    give(&server, &id, "admin");
}

#[actix_web::test]
async fn sessions_are_listed_and_ended_one_by_one_or_all_others() {
    let server = Server::start();
    let mut ann = signed_in(&server, ANN).await;
    let mut phone = elsewhere(&server, &ann).await;
    let mut tablet = elsewhere(&server, &ann).await;
    let mut bob = signed_in(&server, "bob@example.org").await;
    let listed = ann.browser.get("/account/sessions/").await.json();
    let sessions = listed["sessions"].as_array().expect("a list");
    assert_eq!(sessions.len(), 3);
    assert_eq!(sessions.iter().filter(|session| session["current"] == true).count(), 1);
    let phones = phone.browser.get("/account/sessions/").await.json();
    let own = |session: &&serde_json::Value| session["current"] == true;
    let sid = phones["sessions"]
        .as_array()
        .expect("a list")
        .iter()
        .find(own)
        .expect("one")["sid"]
        .clone();

    let foreign = bob.browser.post("/account/sessions/end/", &json!({ "sid": sid })).await;
    assert_eq!(foreign.status, 404, "another person's is none of one's own");
    assert!(is_signed_in(&mut phone).await);
    let ended = ann.browser.post("/account/sessions/end/", &json!({ "sid": sid })).await;
    assert_eq!((ended.status, &ended.json()["ended"]), (200, &json!(1)));
    assert!(!is_signed_in(&mut phone).await && is_signed_in(&mut tablet).await);
    let ended = ann.browser.post("/account/sessions/end-others/", &json!({})).await;
    assert_eq!(ended.json()["ended"], 1);
    assert!(!is_signed_in(&mut tablet).await && is_signed_in(&mut ann).await && is_signed_in(&mut bob).await);
}

#[actix_web::test]
async fn an_applications_access_is_listed_and_ended() {
    let server = Server::start();
    let mut ann = signed_in(&server, ANN).await;
    let client = Client::third_party(&server);
    let tokens = client.tokens(&server, &mut ann).await;
    let listed = ann.browser.get("/account/applications/").await.json();
    assert_eq!(listed["applications"][0]["name"], "Third Party");
    let end = json!({ "client_id": client.id });
    assert_eq!(ann.browser.post("/account/applications/end/", &end).await.status, 200);
    assert_eq!(client.refresh(&server, tokens.refresh()).await.status, 400);
    assert_eq!(
        ann.browser.get("/account/applications/").await.json()["applications"],
        json!([])
    );
    let asks_again = ann.browser.get(&client.authorize_path(&[])).await;
    assert!(
        asks_again.location().starts_with("/consent/"),
        "{}",
        asks_again.location()
    );
}

#[actix_web::test]
async fn an_app_gives_its_grant_back() {
    let server = Server::start();
    let mut ann = signed_in(&server, ANN).await;
    let client = Client::public(&server);
    let tokens = client.tokens(&server, &mut ann).await;
    let give_back = async |token: &str| {
        let request = server
            .http
            .post(server.url("/logout/delete/"))
            .json(&json!({ "refresh_token": token }));
        Answer::read(request.send().await.expect("an answer")).await
    };
    let unknown = give_back("nothing").await;
    let known = give_back(tokens.refresh()).await;
    assert_eq!(shape(&unknown), shape(&known));
    assert_eq!(client.refresh(&server, tokens.refresh()).await.status, 400);
}
