//! Redirect URIs at the authorization endpoint: the same bytes, or no redirect (RFC 9700 §4.1.3).

use serde_json::json;

use crate::support::{Client, Server};

/// What others have let through: each is near `uri`, and none is it.
fn mutations(uri: &str) -> Vec<String> {
    let rest = uri.strip_prefix("https://").expect("https");
    let (host, path) = rest.split_once('/').expect("a path");
    let dashed = host.replacen('.', "-", 1);
    let upper_path = path.to_ascii_uppercase();
    vec![
        format!("{uri}/"),
        format!("{uri} "),
        format!(" {uri}"),
        format!("{uri}\n"),
        format!("{uri}\r\nSet-Cookie: a=b"),
        format!("{uri}\0"),
        format!("{uri}%00"),
        format!("{uri}%20"),
        format!("{uri}&x=1"),
        format!("{uri}?x=1"),
        format!("{uri}#"),
        format!("{uri}#x"),
        format!("{uri};x"),
        format!("{uri}/.."),
        format!("{uri}/../{path}"),
        format!("{uri}x"),
        format!("{uri}\u{feff}"),
        uri[..uri.len() - 1].to_owned(),
        format!("https://{host}"),
        format!("https://{host}/"),
        format!("https://{host}/./{path}"),
        format!("https://{host}//{path}"),
        format!("https://{host}/x/../{path}"),
        format!("https://{host}/%2e%2e/{path}"),
        format!("https://{host}/%63{}", &path[1..]),
        format!("https://{host}/{upper_path}"),
        format!("https://{host}\\{path}"),
        format!("https://{}/{path}", host.to_ascii_uppercase()),
        format!("HTTPS://{rest}"),
        format!("http://{rest}"),
        format!("ftp://{rest}"),
        format!("//{rest}"),
        format!("/{path}"),
        rest.to_owned(),
        format!("https:/{rest}"),
        format!("https:{rest}"),
        format!("https:///{rest}"),
        format!("https:\\\\{rest}"),
        format!("https://{host}\\@evil.example/{path}"),
        format!("https://{host}:443/{path}"),
        format!("https://{host}:8443/{path}"),
        format!("https://{host}:/{path}"),
        format!("https://{host}./{path}"),
        format!("https://{host}.evil.example/{path}"),
        format!("https://evil.example/{rest}"),
        format!("https://evil.example/?{uri}"),
        format!("https://evil.example/#{uri}"),
        format!("https://{host}@evil.example/{path}"),
        format!("https://{host}%40evil.example/{path}"),
        format!("https://evil.example%2f@{rest}"),
        format!("https://user@{rest}"),
        format!("https://sub.{rest}"),
        format!("https://x{rest}"),
        format!("https://{dashed}/{path}"),
        format!("https://\u{430}{}", &rest[1..]),
        format!("https://*.example/{path}"),
        format!("https://localhost/{path}"),
        format!("http://127.0.0.1/{path}"),
        format!("{uri},https://evil.example/"),
        format!("{uri} https://evil.example/"),
        format!("javascript:alert(1)//{uri}"),
        "data:text/html,x".to_owned(),
        "null".to_owned(),
        "*".to_owned(),
        uri.replace("://", "%3A%2F%2F"),
    ]
}

fn clients(server: &Server) -> [Client; 2] {
    [
        "https://app.example/cb",
        "https://login.client.example/deep/cb?tenant=1",
    ]
    .map(|uri| {
        let metadata = json!({ "token_endpoint_auth_method": "none", "redirect_uris": [uri], "first_party": true });
        Client::register(server, metadata)
    })
}

#[actix_web::test]
async fn az_05_redirect_uri_mutations_are_shown_not_redirected() {
    let server = Server::start();
    for client in clients(&server) {
        client.ask(&server, &[]).await.assert_login("the registered URI itself");
        let mutations = mutations(&client.redirect_uri);
        assert!(mutations.len() >= 45, "{}", mutations.len());
        for mutation in &mutations {
            assert_ne!(*mutation, client.redirect_uri);
            let answer = client.ask(&server, &[("redirect_uri", mutation)]).await;
            answer.assert_shown(mutation);
        }
    }
}

#[actix_web::test]
async fn az_05_no_other_error_of_a_request_sends_an_unproven_uri_anywhere() {
    let server = Server::start();
    let client = Client::public(&server);
    let others: [(&str, &str); 14] = [
        ("response_type", ""),
        ("response_type", "token"),
        ("response_type", "code id_token"),
        ("scope", "\"bad\""),
        ("scope", ""),
        ("code_challenge", ""),
        ("code_challenge_method", "plain"),
        ("prompt", "none"),
        ("prompt", "none login"),
        ("max_age", "-1"),
        ("request", "eyJhbGciOiJub25lIn0.e30."),
        ("request_uri", "https://evil.example/r"),
        ("response_mode", "fragment"),
        ("nonce", "n"),
    ];
    for uri in ["https://evil.example/cb", ""] {
        for other in others {
            let answer = client.ask(&server, &[("redirect_uri", uri), other]).await;
            answer.assert_shown(&format!("{uri} {other:?}"));
        }
    }
}

#[actix_web::test]
async fn az_05_a_repeated_redirect_uri_or_client_id_is_shown_whichever_comes_first() {
    let server = Server::start();
    let client = Client::public(&server);
    let path = client.authorize_path(&[]);
    let evil = "https%3A%2F%2Fevil.example%2F";
    for path in [
        format!("{path}&redirect_uri={evil}"),
        path.replacen('?', &format!("?redirect_uri={evil}&"), 1),
        format!("{path}&redirect%5Furi={evil}"),
        format!("{path}&client_id=other"),
        path.replacen('?', "?client_id=other&", 1),
    ] {
        let answer = server.get(&path).await;
        answer.assert_shown(&path);
        assert!(answer.text.contains("more than once"), "{}", answer.text);
    }
}

#[actix_web::test]
async fn az_05_a_client_cannot_use_the_uri_of_another() {
    let server = Server::start();
    let [one, other] = clients(&server);
    one.ask(&server, &[("redirect_uri", &other.redirect_uri)])
        .await
        .assert_shown("the other's");
    for unknown in ["nobody", &one.id.to_uppercase(), &format!("{} ", one.id), "\u{430}"] {
        one.ask(&server, &[("client_id", unknown)]).await.assert_shown(unknown);
    }
    one.ask(&server, &[("client_id", "")]).await.assert_shown("none");
}

#[actix_web::test]
async fn az_51_an_unregistered_redirect_uri_is_an_error_page_that_names_the_parameter() {
    let server = Server::start();
    let client = Client::public(&server);
    for extra in [
        &[("redirect_uri", "https://evil.example/cb")][..],
        &[("redirect_uri", "")],
        &[("redirect_uri", "https://evil.example/cb"), ("prompt", "none")],
    ] {
        let answer = client.ask(&server, extra).await;
        answer.assert_shown("unregistered");
        assert!(answer.text.contains("redirect_uri"), "{}", answer.text);
    }
}

#[actix_web::test]
async fn az_05f_a_native_client_on_a_loopback_address_may_vary_the_port_alone() {
    let server = Server::start();
    let native = |uri: &str| {
        let metadata = json!({
            "token_endpoint_auth_method": "none",
            "application_type": "native",
            "redirect_uris": [uri],
            "first_party": true,
        });
        Client::register(&server, metadata)
    };
    for (host, registered) in [
        ("http://127.0.0.1", native("http://127.0.0.1:7000/cb")),
        ("http://[::1]", native("http://[::1]/cb")),
    ] {
        for port in [":1", ":51004", ":65535", ""] {
            let uri = format!("{host}{port}/cb");
            registered
                .ask(&server, &[("redirect_uri", &uri)])
                .await
                .assert_login(&uri);
        }
        for tail in [
            ":0/cb",
            ":65536/cb",
            ":/cb",
            ":+80/cb",
            ":80x/cb",
            ":80@evil.example/cb",
            ":51004/cb/",
            ":51004/cb?x",
            ":51004/other",
            ":51004",
            ".evil.example/cb",
            "@evil.example/cb",
            ":51004/cb#",
            ":5 1/cb",
        ] {
            let uri = format!("{host}{tail}");
            registered
                .ask(&server, &[("redirect_uri", &uri)])
                .await
                .assert_shown(&uri);
        }
    }
    let localhost = native("http://localhost:7000/cb");
    let uri = "http://localhost:7001/cb";
    localhost.ask(&server, &[("redirect_uri", uri)]).await.assert_shown(uri);
    let web = Client::register(
        &server,
        json!({ "token_endpoint_auth_method": "none", "redirect_uris": ["http://127.0.0.1:7000/cb"] }),
    );
    let uri = "http://127.0.0.1:7001/cb";
    web.ask(&server, &[("redirect_uri", uri)]).await.assert_shown(uri);
}
