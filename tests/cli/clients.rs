//! `client`.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use crate::support::{Deployment, Running, on_data};

#[test]
fn clients_are_added_listed_and_removed() {
    let deployment = Deployment::migrated();
    let redirect = ["--redirect-uri", "https://shop.example.org/back"];
    let added = deployment.run(&[&["client", "add", "--id", "shop", "--name", "Shop"], &redirect[..]].concat());
    let added = added.json();
    let secret = added["client_secret"].as_str().expect("a secret");
    assert_eq!(
        (&added["require_pkce"], &added["id_token_signed_response_alg"]),
        (&true.into(), &"EdDSA".into())
    );
    let public = deployment
        .run(&[&["client", "add", "--public", "--no-refresh"], &redirect[..]].concat())
        .json();
    assert!(public.get("client_secret").is_none());
    assert_eq!(public["grant_types"], serde_json::json!(["authorization_code"]));

    let listed = deployment.run(&["client", "list"]);
    assert!(!listed.out.contains(secret) && !listed.out.contains("secret_hash"));
    assert_eq!(listed.json().as_array().expect("a list").len(), 2);

    let before = deployment.dump("clients");
    deployment
        .run(&[&["client", "add", "--id", "shop"], &redirect[..]].concat())
        .refused(&["shop", "taken"]);
    deployment
        .run(&["client", "add", "--redirect-uri", "http://shop.example.org/"])
        .refused(&["redirect_uris[0]"]);
    deployment.run(&["client", "add"]).refused(&["--redirect-uri"]);
    deployment
        .run(&["client", "remove", "shopp"])
        .refused(&["shopp", "client list"]);
    deployment
        .run(&["client", "remove", "two words"])
        .refused(&["two words"]);
    assert_eq!(deployment.dump("clients"), before);
    assert_eq!(deployment.run(&["client", "remove", "shop"]).json()["removed"], "shop");
    assert_eq!(deployment.dump("clients").len(), 1);
}

#[test]
fn a_file_of_clients_is_registered_whole_or_not_at_all() {
    let deployment = Deployment::migrated();
    let add = |text: &str| {
        let file = deployment.write("clients.json", text);
        deployment.run(&["client", "add", "--file", file.to_str().expect("UTF-8")])
    };
    let kept = r#"{"client_id":"mine","client_secret":"0123456789abcdef","redirect_uris":["https://a.example/b"]}"#;
    let one = add(kept).json();
    assert_eq!(
        (&one["client_id"], &one["client_secret"]),
        (&"mine".into(), &"0123456789abcdef".into())
    );
    assert_eq!(one["id_token_signed_response_alg"], "RS256");
    assert_eq!(one["require_pkce"], false);
    let fresh = r#"{"client_id":"fresh","redirect_uris":["https://a.example/b"]}"#;
    for (text, words) in [
        (format!("[{fresh}, {kept}]"), ["mine", "taken"]),
        (format!("[{fresh}, {fresh}]"), ["fresh", "given twice"]),
        (
            format!("[{fresh}, {{\"redirect_uris\":[\"/b\"]}}]"),
            ["client 2", "redirect_uris[0]"],
        ),
        (format!("[{fresh}, 3]"), ["RFC 7591", "nothing was registered"]),
        (format!("[{fresh}"), ["RFC 7591", "line 1"]),
        ("[]".to_owned(), ["holds no client", "nothing was registered"]),
        (" ".repeat(2 << 20), ["larger than 1 MiB", "nothing was registered"]),
    ] {
        add(&text).refused(&words);
        assert_eq!(deployment.dump("clients").len(), 1, "{words:?}");
    }
    let file = deployment.path("gone.json");
    let gone = file.to_str().expect("UTF-8");
    deployment
        .run(&["client", "add", "--file", gone])
        .refused(&["gone.json", "cannot be read"]);
    deployment
        .run(&["client", "add", "--file", gone, "--name", "x"])
        .refused(&["--name", "--file"]);
    let both = add(&format!("[{fresh}]")).json();
    assert_eq!(both.as_array().expect("an array in, an array out").len(), 1);
    let piped = deployment.run_with(
        &["client", "add", "--file", "-"],
        fresh.replace("fresh", "piped").as_bytes(),
    );
    assert_eq!(piped.json()["client_id"], "piped");
}

/// Answers each request with this list; its address.
fn serve_list(list: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                list.len()
            );
            let _ = stream
                .write_all(head.as_bytes())
                .and_then(|()| stream.write_all(list.as_bytes()));
        }
    });
    format!("http://{address}/sector.json")
}

#[test]
fn id_12_a_sector_is_read_from_its_list_and_must_have_every_redirect_uri() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let _server = Running::dev(&data);
    let add = |list: &'static str| {
        let metadata = serde_json::json!({
            "redirect_uris": ["https://a.example/cb", "https://b.example/cb"], "subject_type": "pairwise",
            "sector_identifier_uri": serve_list(list),
        });
        let file = folder.path().join("client.json");
        std::fs::write(&file, metadata.to_string()).expect("writes");
        on_data(&data, &["client", "add", "--file", file.to_str().expect("UTF-8")])
    };
    let added = add(r#"["https://a.example/cb","https://b.example/cb"]"#).json();
    assert_eq!(added["subject_type"], "pairwise");
    add(r#"["https://a.example/cb"]"#).refused(&["sector_identifier_uri", "https://b.example/cb"]);
    add("no list").refused(&["sector_identifier_uri"]);
}

#[test]
fn machines_and_clients_with_keys_are_added_from_options() {
    let deployment = Deployment::migrated();
    let machine = deployment
        .run(&[
            "client",
            "add",
            "--grant",
            "client_credentials",
            "--grant",
            "token-exchange",
            "--scope",
            "jobs",
            "--resource",
            "https://api.example",
        ])
        .json();
    let exchange = "urn:ietf:params:oauth:grant-type:token-exchange";
    assert_eq!(
        machine["grant_types"],
        serde_json::json!(["client_credentials", exchange])
    );
    assert_eq!(machine["resources"], serde_json::json!(["https://api.example"]));
    let television = deployment
        .run(&["client", "add", "--public", "--grant", "device_code"])
        .json();
    let device = "urn:ietf:params:oauth:grant-type:device_code";
    assert_eq!(television["grant_types"], serde_json::json!([device, "refresh_token"]));

    let keys = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
    let file = deployment.write("keys.json", keys);
    let file = file.to_str().expect("UTF-8");
    let redirect = [
        "--redirect-uri",
        "https://shop.example.org/back",
        "--required-scope",
        "staff",
    ];
    let signing = ["client", "add", "--auth", "private_key_jwt", "--jwks", file];
    let keyed = deployment.run(&[&signing[..], &redirect].concat()).json();
    assert!(keyed.get("client_secret").is_none());
    assert_eq!(
        (&keyed["jwks"]["keys"][0]["kty"], &keyed["required_scope"]),
        (&"OKP".into(), &"staff".into())
    );
    deployment
        .run(&[&["client", "add", "--auth", "private_key_jwt"], &redirect[..]].concat())
        .refused(&["jwks"]);
    deployment
        .run(&["client", "add", "--grant", "client_credentials", "--public"])
        .refused(&["grant_types"]);
    let empty = deployment.write("empty.json", "{}");
    let empty = empty.to_str().expect("UTF-8");
    deployment
        .run(&[&["client", "add", "--jwks", empty], &redirect[..]].concat())
        .refused(&["jwks", "JWK set"]);
}

#[test]
fn clients_are_invited_only_where_they_may_register_themselves() {
    let deployment = Deployment::migrated();
    deployment.run(&["client", "invite"]).refused(&["client_registration"]);
}
