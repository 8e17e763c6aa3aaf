//! Who can read a login state can finish it, but not one that nobody's record was behind.

use zeroize::Zeroizing;

use super::*;
use crate::db::kv::Kind;
use crate::domain::secret::Token;

/// The opened state of a login that was started: identifier, start, session key, expected MAC, and whose it is.
pub(super) async fn opened_state(server: &Running, auth_id: &str, browser: &str) -> Zeroizing<Vec<u8>> {
    let auth_id = Token::parse(auth_id).expect("a token").hash();
    let browser = Token::parse(browser).expect("a token").hash();
    let sealed = server.app.kv.get(Kind::Login, &auth_id.to_text()).await;
    let sealed = sealed.expect("answers").expect("is there");
    let place = [b"login".as_slice(), auth_id.as_bytes(), browser.as_bytes()].concat();
    server.secrets.states.open(&place, &sealed).expect("opens")
}

#[actix_rt::test]
async fn op_01_the_right_mac_of_a_fake_record_finishes_nothing() {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let server = Running::start();
    let mut statuses = Vec::new();
    for email in [EMAIL, "eve@example.org"] {
        let (started, browser, _) = server.start_login(email).await;
        let auth_id = started["auth_id"].as_str().expect("text");
        let state = opened_state(&server, auth_id, &browser).await;
        let mac = state.get(104..168).expect("the expected MAC");
        let body = json!({ "auth_id": auth_id, "client_request": URL_SAFE_NO_PAD.encode(mac) });
        let cookie = format!("__Host-countersign-browser={browser}");
        let answer = server.post("/login/finish/", &cookie, &body).await;
        assert_eq!(answer.cookies.len(), usize::from(answer.status == 200));
        statuses.push(answer.status);
    }
    // The first shows that it is the right MAC.
    assert_eq!(statuses, [200, 401]);
}
