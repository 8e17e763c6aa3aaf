//! Arguments and configuration.

use std::io::Read as _;
use std::process::Stdio;

use crate::support::{Deployment, KEY, binary, run};

#[test]
fn help_is_no_error_and_wrong_arguments_are_one_sentence() {
    let with = |arguments: &[&str]| {
        let mut command = binary();
        command.args(arguments);
        run(command, b"")
    };
    assert_eq!(with(&["--help"]).code, 0);
    assert!(
        with(&["keys", "reseal", "--help"])
            .out
            .contains("Example: countersign keys reseal")
    );
    assert!(with(&["--version"]).out.starts_with("countersign "));
    assert_eq!(with(&[]).code, 2);
    with(&["frobnicate"]).refused(&["frobnicate", "--help"]);
    with(&["user", "list", "--limit", "0", "--data", "x"]).refused(&["--limit", "countersign user list --help"]);
    with(&["user", "list", "--data", "x", "--config", "y"]).refused(&["--data", "--config"]);
    with(&["user", "list"]).refused(&["--config", "--data"]);
    with(&["dev", "--listen", "localhost"]).refused(&["127.0.0.1:4242"]);
}

#[test]
fn a_configuration_is_checked_and_printed_without_its_secrets() {
    let deployment = Deployment::new();
    assert_eq!(deployment.run(&["config", "check"]).json()["ok"], true);
    let printed = deployment.run(&["config", "print"]).json();
    assert_eq!(printed["define"]["issuer"], "https://id.example.org");
    assert!(!printed.to_string().contains(KEY));
}

#[test]
fn a_bad_configuration_is_refused_by_every_command_with_key_and_mend() {
    let deployment = Deployment::new();
    let good = deployment.config("https://id.example.org", "c.db");
    for (text, words) in [
        (format!("listem = 1\n{good}"), ["listem", "did you mean listen?"]),
        (good.replace("https://id", "http://id"), ["define.issuer", "https"]),
        (
            good.replace("sqlite:", "sqlite//"),
            ["database_url", "sqlite:data/countersign.db"],
        ),
        (good.replace("127.0.0.1:0", "nowhere"), ["listen", "127.0.0.1:4242"]),
        (
            good.replace("master.key", "gone.key"),
            ["master_key_file", "cannot be read"],
        ),
        (good.replace("listen =", "listen"), ["is not TOML", "line 1"]),
    ] {
        deployment.write("c.toml", &text);
        deployment.run(&["config", "check"]).refused(&words);
        deployment.serve().refused(&words);
        deployment.run(&["migrate", "up"]).refused(&words);
    }
    deployment.write("c.toml", &good.replace("master_key_file", "# "));
    deployment.serve().refused(&["master_key", "openssl rand -hex 32"]);
    assert!(!deployment.path("c.db").exists());
    std::fs::remove_file(deployment.path("c.toml")).expect("removed");
    deployment.run(&["user", "list"]).refused(&["c.toml", "--config"]);
}

#[test]
fn a_reader_that_has_had_enough_is_no_error() {
    let deployment = Deployment::migrated();
    let mut command = binary();
    command
        .args(["config", "print", "--config"])
        .arg(deployment.path("c.toml"));
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    drop(child.stdout.take());
    let mut said = String::new();
    child
        .stderr
        .take()
        .expect("piped")
        .read_to_string(&mut said)
        .expect("reads");
    assert_eq!((child.wait().expect("ends").code(), said.as_str()), (Some(0), ""));
}
