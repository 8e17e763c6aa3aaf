//! `keys`.

use std::path::Path;

use serde_json::Value;

use crate::support::{Deployment, KEY, OTHER_KEY, Running, binary, on_data, run};

#[test]
fn keys_are_listed_and_rotated() {
    let deployment = Deployment::migrated();
    let states = || {
        let keys = deployment.run(&["keys", "list"]).json();
        let of = |key: &Value| format!("{} {}", key["purpose"], key["state"]).replace('"', "");
        let mut states: Vec<String> = keys.as_array().expect("a list").iter().map(of).collect();
        states.sort();
        states
    };
    let rotate = |arguments: &[&str]| {
        deployment
            .run(&[&["keys", "rotate", "--purpose"], arguments].concat())
            .json()
    };
    assert_eq!(rotate(&["EdDSA"])["created"], true);
    assert_eq!(rotate(&["EdDSA"])["created"], false);
    assert_eq!(states(), ["EdDSA pending"]);
    let answer = rotate(&["EdDSA", "--now"]);
    assert_eq!(answer["withdrawn"].as_array().expect("a list").len(), 1);
    assert_eq!(states(), ["EdDSA active", "EdDSA retired"]);
    deployment
        .run(&["keys", "rotate", "--purpose", "none"])
        .refused(&["EdDSA, ES256, RS256 or refresh"]);
    let mut command = binary();
    command
        .args(["keys", "rotate", "--purpose", "refresh", "--now", "--config"])
        .arg(deployment.path("c.toml"));
    let told = run(command, b"");
    assert!(told.out.contains("every refresh token has ended"), "{told:?}");
}

#[test]
fn a_wrong_master_key_writes_nothing() {
    let deployment = Deployment::migrated();
    deployment.add_ann();
    deployment.run(&["keys", "rotate", "--purpose", "refresh"]).json();
    let tables = || ["secrets", "rotating_keys", "accounts"].map(|table| deployment.dump(table));
    let before = tables();
    deployment.write("master.key", OTHER_KEY);
    let new = deployment.write("new.key", KEY);
    for arguments in [
        &["keys", "rotate", "--purpose", "EdDSA"][..],
        &["keys", "rotate", "--purpose", "EdDSA", "--now"],
        &["user", "disable", "ann@example.org"],
        &["user", "add", "bob@example.org", "--password-stdin"],
        &["keys", "reseal", "--new-master-key-file", new.to_str().expect("UTF-8")],
    ] {
        deployment
            .run_with(arguments, b"password")
            .refused(&["another master key"]);
    }
    deployment.serve().refused(&["another master key"]);
    assert_eq!(tables(), before);
}

#[test]
fn resealing_leaves_everything_to_the_new_master_key() {
    let deployment = Deployment::migrated();
    deployment.add_ann();
    deployment
        .run(&["keys", "rotate", "--purpose", "refresh", "--now"])
        .json();
    deployment
        .run(&["keys", "rotate", "--purpose", "refresh", "--now"])
        .json();
    let new = deployment.write("new.key", OTHER_KEY);
    let reseal = |path: &Path| {
        let path = path.to_str().expect("UTF-8");
        deployment.run(&["keys", "reseal", "--new-master-key-file", path])
    };
    reseal(&deployment.path("gone.key")).refused(&["gone.key", "cannot be read"]);
    reseal(&deployment.write("short.key", "abc")).refused(&["short.key", "openssl rand -hex 32"]);
    reseal(&deployment.path("master.key")).refused(&["in use"]);
    let count = deployment.dump("secrets").len() + 1;
    assert_eq!(reseal(&new).json()["resealed"], count);
    deployment
        .run(&["user", "disable", "ann@example.org"])
        .refused(&["another master key"]);
    deployment.write("master.key", OTHER_KEY);
    deployment.run(&["user", "disable", "ann@example.org"]).json();
    deployment.run(&["keys", "rotate", "--purpose", "refresh"]).json();
}

#[test]
fn resealing_under_a_running_server_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let new = folder.path().join("new.key");
    std::fs::write(&new, KEY).expect("written");
    let running = Running::dev(&data);
    let arguments = ["keys", "reseal", "--new-master-key-file", new.to_str().expect("UTF-8")];
    on_data(&data, &arguments).refused(&["a server is using", "stop it"]);
    drop(running);
    on_data(&data, &arguments).json();
}
