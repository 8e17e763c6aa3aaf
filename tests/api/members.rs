//! The members' API: profiles, birthdays, people, scopes; and a walk in the manner of the web app's front end.

use countersign::config::Onboarding;
use serde_json::{Value, json};

use crate::support::api::{Api, application};
use crate::support::{Browser, Person, Server};

async fn people(server: &Server) -> (Api<'_>, Api<'_>, Person) {
    let client = application(server);
    let (admin, _) = Api::with_role(server, &client, "board@example.org", &["admin", "member"]).await;
    let (member, person) = Api::with_role(server, &client, "ann@example.org", &["member"]).await;
    (admin, member, person)
}

#[actix_web::test]
async fn a_member_sees_and_edits_their_own_profile() {
    let server = Server::start();
    let (_, ann, _) = people(&server).await;
    let edit = json!({
        "given_name": "Ann", "family_name": "王", "birth_date": "2004-02-29",
        "street_address": "Mill 1\nYard", "country": "NL", "locale": "nl-NL",
    });
    let edited = ann.post("/res/profile/", &edit).await;
    assert_eq!(
        (edited.status, &edited.json()["name"]),
        (200, &json!("Ann 王")),
        "{}",
        edited.text
    );
    assert_eq!(ann.get("/res/profile/").await.json(), edited.json());
    let cleared = ann.post("/res/profile/", &json!({ "birth_date": null })).await.json();
    assert_eq!(
        (cleared.get("birth_date"), &cleared["given_name"]),
        (None, &json!("Ann"))
    );
    for (field, value) in [
        ("birth_date", json!("2001-02-29")),
        ("birth_date", json!("2999-01-01")),
        ("given_name", json!("a".repeat(500))),
        ("given_name", json!("\u{202e}evil")),
        ("phone", json!("x")),
        ("membership_number", json!("1")),
        ("email", json!("other@example.org")),
    ] {
        let refused = ann.post("/res/profile/", &json!({ field: value })).await;
        assert_eq!(refused.status, 400, "{field}: {}", refused.text);
    }
    assert_eq!(ann.get("/res/profile/").await.json(), cleared, "nothing was changed");
}

#[actix_web::test]
async fn members_see_of_each_other_what_they_let_be_seen() {
    let server = Server::start();
    let (board, ann, mut person) = people(&server).await;
    let id = person.account_id().await;
    let said = json!({ "given_name": "Ann", "birth_date": "2004-02-29", "phone": "+31612345678" });
    ann.post("/res/profile/", &said).await;
    let seen = board.get(&format!("/members/profile/?id={id}")).await.json();
    assert_eq!(
        (&seen["given_name"], &seen["birth_date"]),
        (&json!("Ann"), &json!("2004-02-29"))
    );
    for private in ["phone", "email", "membership_number", "street_address"] {
        assert_eq!(seen.get(private), None, "{private}");
    }
    let birthdays = board.get("/members/birthdays/").await.json();
    assert_eq!(birthdays["birthdays"][0]["birth_date"], "2004-02-29");
    ann.post("/res/profile/", &json!({ "age_privacy": true })).await;
    assert_eq!(board.get("/members/birthdays/").await.json()["birthdays"], json!([]));
    let seen = board.get(&format!("/members/profile/?id={id}")).await.json();
    assert_eq!(seen.get("birth_date"), None);
    let stranger = Person::signed_up(&server, "stranger@example.org").await;
    drop(stranger);
    let missing = board
        .get("/members/profile/?id=ffffffff-ffff-4fff-bfff-ffffffffffff")
        .await;
    assert_eq!(missing.status, 404);
}

#[actix_web::test]
async fn people_are_listed_by_pages_found_by_words_and_shown_one_by_one() {
    let server = Server::start();
    let (board, ann, mut person) = people(&server).await;
    ann.post(
        "/res/profile/",
        &json!({ "given_name": "Ann", "family_name": "de Vries" }),
    )
    .await;
    for name in ["bob", "cem", "dee"] {
        Person::signed_up(&server, &format!("{name}@example.org")).await;
    }
    let mut seen = Vec::new();
    let mut path = "/admin/users/?limit=2".to_owned();
    loop {
        let page = board.get(&path).await.json();
        seen.extend(
            page["users"]
                .as_array()
                .expect("a list")
                .iter()
                .map(|user| user["email"].clone()),
        );
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/admin/users/?limit=2&cursor={next}");
    }
    let expected = ["ann", "board", "bob", "cem", "dee"].map(|name| json!(format!("{name}@example.org")));
    assert_eq!(seen, expected);
    for (asked, found) in [
        ("vri", vec!["ann"]),
        ("bob@example.org", vec!["bob"]),
        ("-", vec![]),
        ("zzz", vec![]),
    ] {
        let page = board.get(&format!("/admin/users/?q={asked}")).await.json();
        let emails: Vec<Value> = page["users"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|user| user["email"].clone())
            .collect();
        let found: Vec<Value> = found.iter().map(|name| json!(format!("{name}@example.org"))).collect();
        assert_eq!(emails, found, "{asked}");
    }
    let id = person.account_id().await;
    let one = board.get(&format!("/admin/users/{id}/")).await.json();
    assert_eq!(
        (&one["name"], &one["status"], &one["scopes"]),
        (&json!("Ann de Vries"), &json!("active"), &json!(["member"]))
    );
    assert_eq!(board.get("/admin/users/ids/?limit=1").await.json()["ids"], json!([id]));
    let names = board.get("/admin/users/names/?q=ann").await.json();
    assert_eq!(
        names["users"],
        json!([{ "id": id, "name": "Ann de Vries", "email": "ann@example.org" }])
    );
    for bad in ["limit=0", "limit=9999", "cursor=junk", "order=name", "q=%00"] {
        assert_eq!(board.get(&format!("/admin/users/?{bad}")).await.status, 400, "{bad}");
    }
    for missing in ["no-id", "ffffffff-ffff-4fff-bfff-ffffffffffff"] {
        assert_eq!(
            board.get(&format!("/admin/users/{missing}/")).await.status,
            404,
            "{missing}"
        );
    }
}

#[actix_web::test]
async fn scopes_are_given_and_taken_but_for_the_servers_own_roles() {
    let server = Server::start();
    let (board, _, mut person) = people(&server).await;
    let id = person.account_id().await;
    let change = |scope: &str| json!({ "user_id": id, "scope": scope });
    let given = board.post("/admin/scopes/add/", &change("editor")).await;
    assert_eq!(
        (given.status, &given.json()["scopes"]),
        (200, &json!(["editor", "member"]))
    );
    assert_eq!(
        board.post("/admin/scopes/add/", &change("editor")).await.status,
        200,
        "twice does no harm"
    );
    for scope in ["member", "admin", "openid"] {
        for path in ["/admin/scopes/add/", "/admin/scopes/remove/"] {
            let refused = board.post(path, &change(scope)).await;
            assert_eq!(
                (refused.status, refused.problem().as_str()),
                (409, "conflict"),
                "{path} {scope}"
            );
        }
    }
    for scope in ["", "two words", "q\"", &"a".repeat(65)] {
        assert_eq!(
            board.post("/admin/scopes/add/", &change(scope)).await.status,
            400,
            "{scope:?}"
        );
    }
    let holders = board.get("/admin/scopes/all/").await.json();
    let holders = holders["users"].as_array().expect("a list");
    assert_eq!(holders.len(), 2);
    let ann = holders
        .iter()
        .find(|user| user["id"] == id.as_str())
        .expect("she holds some");
    assert_eq!(ann["scopes"], json!(["editor", "member"]));
    let taken = board.post("/admin/scopes/remove/", &change("editor")).await;
    assert_eq!(taken.json()["scopes"], json!(["member"]));
}

#[actix_web::test]
async fn a_closed_account_loses_what_it_had_and_an_opened_one_gets_none_of_it_back() {
    let server = Server::start();
    let (board, ann, mut person) = people(&server).await;
    let id = person.account_id().await;
    assert_eq!(
        board
            .post(&format!("/admin/users/{id}/disable/"), &json!({}))
            .await
            .status,
        200
    );
    assert_eq!(ann.get("/res/profile/").await.status, 401);
    assert_eq!(person.browser.get("/account/session/").await.status, 401);
    assert_eq!(
        board.get(&format!("/admin/users/{id}/")).await.json()["status"],
        "disabled"
    );
    assert_eq!(
        board
            .post(&format!("/admin/users/{id}/enable/"), &json!({}))
            .await
            .status,
        200
    );
    assert_eq!(ann.get("/res/profile/").await.status, 401);
    assert_eq!(person.browser.get("/account/session/").await.status, 401);
    person.log_in(None).await;
}

#[actix_web::test]
async fn a_membership_number_is_one_persons_alone() {
    let server = Server::start();
    let (board, _, mut person) = people(&server).await;
    let id = person.account_id().await;
    let number = json!({ "membership_number": "7", "joined": "2020-09-01" });
    let set = board.post(&format!("/admin/users/{id}/membership/"), &number).await;
    assert_eq!(
        (set.status, &set.json()["membership_number"]),
        (200, &json!("7")),
        "{}",
        set.text
    );
    let mut bob = Person::signed_up(&server, "bob@example.org").await;
    bob.log_in(None).await;
    let bobs = bob.account_id().await;
    let refused = board.post(&format!("/admin/users/{bobs}/membership/"), &number).await;
    assert_eq!((refused.status, refused.problem().as_str()), (409, "conflict"));
    let day = json!({ "joined": "2020-02-30" });
    assert_eq!(
        board
            .post(&format!("/admin/users/{bobs}/membership/"), &day)
            .await
            .json()["field"],
        "joined"
    );
}

/// In the manner of the web app's front end: sign-up, admission, registration, sign-in, profile, change, end.
#[actix_web::test]
async fn a_member_comes_changes_and_goes() {
    let server = Server::start_with(|config| config.define.onboarding = Onboarding::Approval);
    let mut board = Person::stranger(&server, "board@example.org");
    let planted = countersign::domain::account::LinkPurpose::Register;
    let token = Person::plant_link(&server, "board@example.org", planted, None);
    board.register(&token).await;
    board.log_in(None).await;
    let id = board.account_id().await;
    crate::support::api::give(&server, &id, "admin");
    let client = application(&server);
    let board = Api::sign_in(&server, &client, &mut board).await;

    let mut ann = Person::stranger(&server, "ann@example.org");
    let signup = json!({ "email": "ann@example.org", "given_name": "Ann", "family_name": "A", "phone": "0612345678" });
    assert_eq!(ann.browser.post("/onboard/signup/", &signup).await.status, 200);
    let token = ann.mailed_token(&server, "/confirm/").await;
    assert_eq!(
        ann.browser
            .post("/onboard/email/", &json!({ "token": token }))
            .await
            .json()["next"],
        "wait"
    );
    let waiting = board.get("/onboard/get/").await.json();
    let confirm = json!({ "id": waiting["applicants"][0]["id"], "membership_number": "1", "joined": "2026-01-01" });
    assert_eq!(board.post("/onboard/confirm/", &confirm).await.status, 200);
    let token = ann.mailed_token(&server, "/register/").await;
    let said = json!({ "call_name": "An", "birth_date": "2000-01-01", "education": "Arts", "age_privacy": false });
    assert_eq!(ann.register_as(&token, &said).await.status, 200);

    let api = Api::sign_in(&server, &client, &mut ann).await;
    assert_eq!(api.get("/res/profile/").await.json()["education"], "Arts");
    assert_eq!(
        api.post("/res/profile/", &json!({ "education": "Law" })).await.json()["education"],
        "Law"
    );
    assert_eq!(
        api.get("/members/birthdays/").await.json()["birthdays"][0]["call_name"],
        "An"
    );
    assert_eq!(
        board.get("/admin/users/?q=an").await.json()["users"][0]["membership_number"],
        "1"
    );

    ann.browser
        .post("/update/email/send/", &json!({ "new_email": "an@example.net" }))
        .await;
    let flow_id = Person::stranger(&server, "an@example.net")
        .mailed_token(&server, "/email/")
        .await;
    ann.log_in(Some(&flow_id)).await;
    assert_eq!(ann.move_address(&flow_id).await.status, 200);
    ann.email = "an@example.net".to_owned();
    ann.browser = Browser::new(&server);
    let api = Api::sign_in(&server, &client, &mut ann).await;
    assert_eq!(
        api.get("/res/profile/").await.json()["education"],
        "Law",
        "it is the same account"
    );

    let begun = ann.browser.post("/update/delete/url/", &json!({})).await.json();
    ann.log_in(begun["flow_id"].as_str()).await;
    let gone = ann
        .browser
        .post("/update/delete/check/", &json!({ "flow_id": begun["flow_id"] }))
        .await;
    assert_eq!(gone.status, 200, "{}", gone.text);
    assert_eq!(api.get("/res/profile/").await.status, 401);
    assert_eq!(board.get("/admin/users/?q=an").await.json()["users"], json!([]));
}
