//! A full dump of database and key-value store, with a reset mail queued, lets its holder neither sign in nor refresh.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};

use super::fake_record::opened_state;
use super::*;
use crate::db::{clients, keys};
use crate::domain::oauth::metadata::{ClientMetadata, Registrar};

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// Something that opens a door, by name.
type Secrets = Vec<(&'static str, Vec<u8>)>;

fn beside(server: &Running) -> (Store, WriteConnection) {
    let url = DatabaseUrl::SqliteFile(server.folder.path().join("countersign.db"));
    let (mode, sizes, now) = (server.app.config.mode, Connections::default(), server.app.clock.now());
    let opened = Store::open(&url, sizes, mode, Migrate::Never, now).now_or_never();
    opened.expect("SQLite does not wait").expect("the database opens")
}

/// A public client of our own; the path of its authorization request.
fn client(server: &Running) -> (String, String) {
    let metadata: ClientMetadata = serde_json::from_value(json!({
        "redirect_uris": ["https://app.example.org/cb"],
        "grant_types": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_method": "none",
        "first_party": true,
    }))
    .expect("metadata");
    let registrar = Registrar {
        random: &SystemRandom,
        loopback_issuer: false,
        by_operator: true,
    };
    let registered = metadata.register(registrar).expect("is registered");
    let insert = clients::insert(&registered.client, server.app.clock.now()).expect("a statement");
    write(&mut beside(server).1, insert);
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
    let id = registered.client.id.to_string();
    let path = format!(
        "/oauth/authorize/?client_id={id}&redirect_uri=https%3A%2F%2Fapp.example.org%2Fcb&response_type=code\
         &scope=openid%20offline_access&code_challenge={challenge}&code_challenge_method=S256"
    );
    (id, path)
}

fn after(text: &str, mark: &str) -> String {
    let rest = text.split(mark).nth(1).unwrap_or_else(|| panic!("{mark} in {text}"));
    rest.split(['&', '#', '"', '\\', ' '])
        .next()
        .unwrap_or_default()
        .to_owned()
}

async fn token(server: &Running, form: &[(&str, &str)]) -> Answer {
    let request = server.http.post(format!("{}/oauth/token/", server.base)).form(form);
    server.send(request).await
}

async fn redeem(server: &Running, client_id: &str, code: &str) -> Answer {
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", client_id),
        ("code", code),
        ("redirect_uri", "https://app.example.org/cb"),
        ("code_verifier", VERIFIER),
    ];
    token(server, &form).await
}

async fn refresh(server: &Running, client_id: &str, refresh_token: &str) -> Answer {
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", client_id),
        ("refresh_token", refresh_token),
    ];
    token(server, &form).await
}

/// The link in the mail that waits for the mail server.
async fn queued_link(server: &Running) -> String {
    let (store, _) = beside(server);
    let rows = store
        .query(&Statement::new("SELECT id, sealed FROM mails"))
        .await
        .expect("reads");
    let row = rows.first().expect("a mail is queued");
    let place = format!("mails/{}", row.text(0).expect("an id"));
    let plain = server
        .secrets
        .mail
        .open(place.as_bytes(), row.blob(1).expect("bytes"))
        .expect("opens");
    after(&String::from_utf8_lossy(&plain), "/reset/#")
        .chars()
        .take(43)
        .collect()
}

/// Everything that is sealed at rest, opened.
async fn keys_at_rest(server: &Running) -> Secrets {
    let (store, _) = beside(server);
    let vault = Vault::new(server.app.config.master_key.expose());
    let mut found: Secrets = vec![("the master key", server.app.config.master_key.expose().to_vec())];
    for row in store.query(&keys::secrets()).await.expect("reads") {
        let place = keys::place_of_secret(row.text(0).expect("a name"));
        found.push((
            "a secret",
            vault.open(&place, row.blob(1).expect("bytes")).expect("opens").to_vec(),
        ));
    }
    for row in store.query(&keys::all()).await.expect("reads") {
        let place = keys::place_of_key(row.text(0).expect("a name"));
        found.push((
            "a rotating key",
            vault.open(&place, row.blob(3).expect("bytes")).expect("opens").to_vec(),
        ));
    }
    assert!(found.len() > 6);
    found
}

fn contains(dump: &[u8], needle: &[u8]) -> bool {
    dump.windows(needle.len()).any(|window| window == needle)
}

fn assert_absent(dump: &[u8], secrets: &Secrets) {
    for (name, secret) in secrets {
        let mut forms = vec![secret.clone()];
        // A token is 32 bytes, whatever it looks like on the wire.
        forms.extend(URL_SAFE_NO_PAD.decode(secret));
        for raw in forms {
            assert!(raw.len() >= 16, "{name} is too short to look for");
            let digit = |digit: u8| char::from_digit(digit.into(), 16).expect("a digit");
            let hex: String = raw
                .iter()
                .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
                .collect();
            for form in [
                raw.clone(),
                hex.to_uppercase().into_bytes(),
                hex.into_bytes(),
                STANDARD.encode(&raw).into_bytes(),
                STANDARD_NO_PAD.encode(&raw).into_bytes(),
                URL_SAFE.encode(&raw).into_bytes(),
                URL_SAFE_NO_PAD.encode(&raw).into_bytes(),
            ] {
                assert!(!contains(dump, &form), "{name} lies open in the dump");
            }
        }
    }
}

#[actix_rt::test]
async fn st_01_a_full_dump_lets_its_holder_neither_sign_in_nor_refresh() {
    let server = Running::start();
    let (client_id, authorize) = client(&server);
    let (browser, session) = server.log_in().await;
    let cookies = format!("__Host-countersign-browser={browser}; __Host-countersign-session={session}");
    let code = after(&server.get(&authorize, &cookies).await.location, "code=");
    let tokens = redeem(&server, &client_id, &code).await.json();
    let refresh_token = tokens["refresh_token"].as_str().expect("a refresh token").to_owned();
    let code = after(&server.get(&authorize, &cookies).await.location, "code=");
    let flow_id = after(
        &server
            .get(&format!("{authorize}&prompt=login"), &cookies)
            .await
            .location,
        "flow_id=",
    );
    let logout_id = after(&server.get("/oauth/logout/", &cookies).await.location, "logout_id=");
    let (started, begun_in, _) = server.start_login(EMAIL).await;
    let auth_id = started["auth_id"].as_str().expect("text").to_owned();
    let state = opened_state(&server, &auth_id, &begun_in).await;
    let asked = server
        .post("/update/password/reset/", "", &json!({ "email": EMAIL }))
        .await;
    assert_eq!(asked.status, 200, "{}", asked.text);
    let link = queued_link(&server).await;

    let mut secrets: Secrets = vec![
        (
            "the session key of a login",
            state.get(40..104).expect("64 bytes").to_vec(),
        ),
        ("the expected MAC", state.get(104..168).expect("64 bytes").to_vec()),
        ("the password", PASSWORD.as_bytes().to_vec()),
    ];
    for (name, text) in [
        ("the browser cookie", &browser),
        ("the session cookie", &session),
        ("the code", &code),
        ("the flow", &flow_id),
        ("the logout question", &logout_id),
        ("the login", &auth_id),
        ("the reset link", &link),
        ("the refresh token", &refresh_token),
    ] {
        secrets.push((name, text.as_bytes().to_vec()));
    }
    secrets.extend(keys_at_rest(&server).await);

    let files = std::fs::read_dir(server.folder.path()).expect("lists");
    let mut dump: Vec<u8> = files
        .flat_map(|file| std::fs::read(file.expect("a file").path()).expect("reads"))
        .collect();
    dump.extend(server.app.kv.dump().await);
    assert!(contains(&dump, EMAIL.as_bytes()), "the dump is one");
    assert_absent(&dump, &secrets);

    // Every hash in the dump, presented as what it is the hash of.
    let (store, _) = beside(&server);
    let statement = Statement::new(
        "SELECT id_hash FROM sessions UNION ALL SELECT code_hash FROM authorization_codes UNION ALL \
         SELECT token_hash FROM links UNION ALL SELECT browser_hash FROM known_browsers",
    );
    let rows = store.query(&statement).await.expect("reads");
    assert!(rows.len() >= 5, "{}", rows.len());
    for row in rows {
        let forged = URL_SAFE_NO_PAD.encode(row.blob(0).expect("bytes"));
        let stolen = format!("__Host-countersign-browser={browser}; __Host-countersign-session={forged}");
        assert_eq!(server.get("/account/session/", &stolen).await.status, 401);
        assert_eq!(redeem(&server, &client_id, &forged).await.status, 400);
        assert_eq!(refresh(&server, &client_id, &forged).await.status, 400);
        for path in ["/update/password/start/", "/onboard/register/"] {
            let (request, _) = crate::domain::opaque::client::Registering::start("x", &SystemRandom).expect("starts");
            let body = json!({ "token": forged, "client_request": wire::write(&request) });
            assert_eq!(server.post(path, "", &body).await.status, 410, "{path}");
        }
    }
    // What was not in the dump still opens its door.
    assert_eq!(redeem(&server, &client_id, &code).await.status, 200);
    assert_eq!(refresh(&server, &client_id, &refresh_token).await.status, 200);
    assert_eq!(server.get("/account/session/", &cookies).await.status, 200);
}
