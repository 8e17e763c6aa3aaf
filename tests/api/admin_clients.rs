//! `/admin/clients/`: administrators add, list, change and remove applications.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::api::{Api, application};
use crate::support::{Answer, Server};

async fn send(server: &Server, api: &Api<'_>, method: Method, path: &str, body: Option<&Value>) -> Answer {
    let mut request = server.http.request(method, server.url(path)).bearer_auth(&api.token);
    if let Some(body) = body {
        request = request.json(body);
    }
    server.send(request).await
}

#[actix_web::test]
async fn administrators_look_after_clients_and_a_changed_client_keeps_its_secret() {
    let server = Server::start();
    let client = application(&server);
    let (api, _) = Api::with_role(&server, &client, "ann@example.org", &["admin"]).await;
    let metadata = json!({
        "client_id": "shop", "client_name": "Shop", "redirect_uris": ["https://shop.example/cb"], "first_party": true,
    });
    let added = send(&server, &api, Method::POST, "/admin/clients/", Some(&metadata)).await;
    assert_eq!(added.status, 201, "{}", added.text);
    let secret = added.json()["client_secret"].as_str().expect("a secret").to_owned();
    let taken = send(&server, &api, Method::POST, "/admin/clients/", Some(&metadata)).await;
    assert_eq!((taken.status, &taken.json()["field"]), (400, &json!("client_id")));
    let listed = send(&server, &api, Method::GET, "/admin/clients/", None).await;
    assert!(!listed.text.contains(&secret) && !listed.text.contains("secret_hash"));
    let ids: Vec<_> = listed.json()["clients"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| one["client_id"].clone())
        .collect();
    assert!(ids.contains(&json!("shop")), "{ids:?}");

    let changed =
        json!({ "client_name": "Shop", "redirect_uris": ["https://shop.example/cb"], "required_scope": "staff" });
    let answer = send(&server, &api, Method::PUT, "/admin/clients/shop/", Some(&changed)).await;
    assert_eq!(
        (answer.status, &answer.json()["required_scope"]),
        (200, &json!("staff")),
        "{}",
        answer.text
    );
    assert!(answer.json().get("client_secret").is_none(), "it keeps its secret");
    let one = send(&server, &api, Method::GET, "/admin/clients/shop/", None)
        .await
        .json();
    assert_eq!(
        (&one["required_scope"], &one["first_party"]),
        (&json!("staff"), &json!(false))
    );
    let bad = json!({ "redirect_uris": ["http://shop.example/cb"] });
    let refused = send(&server, &api, Method::PUT, "/admin/clients/shop/", Some(&bad)).await;
    assert_eq!(
        (refused.status, &refused.json()["field"]),
        (400, &json!("redirect_uris[0]"))
    );

    assert_eq!(
        send(&server, &api, Method::DELETE, "/admin/clients/shop/", None)
            .await
            .status,
        204
    );
    for method in [Method::GET, Method::DELETE] {
        assert_eq!(
            send(&server, &api, method, "/admin/clients/shop/", None).await.status,
            404
        );
    }
    assert_eq!(
        send(&server, &api, Method::PUT, "/admin/clients/shop/", Some(&changed))
            .await
            .status,
        404
    );
}
