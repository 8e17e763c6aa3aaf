//! Who shares a bucket: spellings of one address, the real place behind a header, recipients of mail, clients.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign::config::Bucket;
use serde_json::json;

use crate::support::steps::{ke1, post_from};
use crate::support::{Answer, Browser, Client, Person, Server};

const fn few(burst: u32) -> Bucket {
    Bucket {
        burst,
        refill_every: Duration::from_hours(1),
    }
}

async fn guess(server: &Server, from: &str, email: &str) -> u16 {
    let body = json!({ "email": email, "client_request": ke1("a guess") });
    post_from(server, &mut Browser::new(server), from, "/login/start/", &body)
        .await
        .status
}

async fn mail(server: &Server, from: &str, path: &str, email: &str) -> Answer {
    post_from(
        server,
        &mut Browser::new(server),
        from,
        path,
        &json!({ "email": email }),
    )
    .await
}

#[actix_web::test]
async fn bf_02_all_spellings_of_an_address_share_a_bucket() {
    let server = Server::start_with(|config| config.limits.email_address = few(5));
    for spelling in [
        "zoë@example.org",
        "zoe\u{308}@example.org",
        "ZOË@EXAMPLE.ORG",
        "  zoë@example.org\t",
        "Zoe\u{308}@Example.Org",
    ] {
        assert_eq!(guess(&server, "", spelling).await, 200, "{spelling}");
    }
    for spelling in ["zoë@example.org", " ZOE\u{308}@example.org"] {
        assert_eq!(guess(&server, "", spelling).await, 429, "{spelling}");
    }
    assert_eq!(guess(&server, "", "zoe@example.org").await, 200, "another person");
}

#[actix_web::test]
async fn bf_02_a_forwarded_address_is_not_believed_from_strangers() {
    let server = Server::start_with(|config| config.limits.address = few(3));
    for last in 0..3 {
        assert_eq!(guess(&server, &format!("192.0.2.{last}"), "a@example.org").await, 200);
    }
    assert_eq!(guess(&server, "192.0.2.77", "a@example.org").await, 429);
}

#[actix_web::test]
async fn bf_02_behind_a_trusted_proxy_only_what_the_proxy_wrote_counts() {
    let server = Server::start_with(|config| {
        config.trusted_proxies = vec!["127.0.0.0/8".parse().expect("a network")];
        config.limits.address = few(3);
    });
    for forged in ["203.0.113.1, 192.0.2.1", "10.0.0.1,192.0.2.1", "rubbish, 192.0.2.1"] {
        assert_eq!(guess(&server, forged, "a@example.org").await, 200, "{forged}");
    }
    assert_eq!(guess(&server, "203.0.113.9, 192.0.2.1", "a@example.org").await, 429);
    assert_eq!(guess(&server, "192.0.2.1, 127.0.0.9", "a@example.org").await, 429);
    assert_eq!(guess(&server, "192.0.2.2", "a@example.org").await, 200);
}

#[actix_web::test]
async fn bf_01_mail_to_one_recipient_is_limited_known_or_not_from_everywhere() {
    let server = Server::start_with(|config| {
        config.trusted_proxies = vec!["127.0.0.1/32".parse().expect("a network")];
    });
    Person::signed_up(&server, "ada@example.org").await;
    // The mail that signed her up does not count.
    let mut home = server.stop();
    home.forget();
    let server = Server::start_in(home, |config| {
        config.trusted_proxies = vec!["127.0.0.1/32".parse().expect("a network")];
        config.limits.mail_recipient = few(2);
    });
    for email in ["ada@example.org", "eve@example.org"] {
        for (from, path) in [
            ("192.0.2.1", "/onboard/signup/"),
            ("192.0.2.2", "/update/password/reset/"),
        ] {
            assert_eq!(mail(&server, from, path, email).await.status, 200, "{email} {path}");
        }
        for path in ["/onboard/signup/", "/update/password/reset/"] {
            let refused = mail(&server, "192.0.2.3", path, &email.to_uppercase()).await;
            assert_eq!((refused.status, refused.problem().as_str()), (429, "too-many-attempts"));
            assert!(refused.header("retry-after").is_some());
        }
    }
}

#[actix_web::test]
async fn bf_01_mail_asked_for_from_one_place_is_limited() {
    let server = Server::start_with(|config| config.limits.mail_address = few(3));
    for number in 0..3 {
        let email = format!("{number}@example.org");
        assert_eq!(mail(&server, "", "/onboard/signup/", &email).await.status, 200);
    }
    let refused = mail(&server, "", "/update/password/reset/", "9@example.org").await;
    assert_eq!(refused.status, 429);
}

#[actix_web::test]
async fn bf_01_failed_client_authentication_is_limited_by_client_and_place() {
    let server = Server::start_with(|config| {
        config.trusted_proxies = vec!["127.0.0.1/32".parse().expect("a network")];
        config.limits.client_address = few(3);
    });
    let client = Client::confidential(&server);
    let attempt = async |from: &str, client: &Client, secret: &str| {
        let pair = STANDARD.encode(format!("{}:{secret}", client.id));
        let request = server
            .http
            .post(server.url("/oauth/token/"))
            .header("authorization", format!("Basic {pair}"))
            .header("x-forwarded-for", from)
            .form(&[("grant_type", "refresh_token"), ("refresh_token", "x")]);
        Answer::read(request.send().await.expect("an answer")).await
    };
    let right = client.secret.clone().expect("a secret");
    for _ in 0..10 {
        // Authenticated, though the grant is not: success costs nothing.
        assert_eq!(attempt("192.0.2.1", &client, &right).await.status, 400);
    }
    for _ in 0..3 {
        assert_eq!(attempt("192.0.2.1", &client, "wrong").await.status, 401);
    }
    let refused = attempt("192.0.2.1", &client, "wrong").await;
    assert_eq!(refused.status, 429);
    assert!(refused.header("retry-after").is_some());
    assert_eq!(
        attempt("192.0.2.1", &client, &right).await.status,
        429,
        "nor is a right one tried"
    );
    assert_eq!(attempt("192.0.2.2", &client, &right).await.status, 400, "another place");
    let other = Client::confidential(&server);
    let secret = other.secret.clone().expect("a secret");
    assert_eq!(
        attempt("192.0.2.1", &other, &secret).await.status,
        400,
        "another client"
    );
}
