//! Databases that are missing, old, foreign, of the other mode, or full.

use std::process::Command;

use crate::support::{Deployment, KEY, Running, on_data, run};

#[test]
fn reading_never_makes_or_migrates_a_database() {
    let deployment = Deployment::new();
    for arguments in [
        &["user", "list"][..],
        &["client", "list"],
        &["keys", "list"],
        &["migrate", "status"],
        &["keys", "rotate"],
    ] {
        deployment
            .run(arguments)
            .refused(&["there is no database", "countersign migrate up"]);
    }
    assert!(!deployment.path("c.db").exists());

    std::fs::write(deployment.path("c.db"), b"").expect("written");
    deployment.run(&["user", "list"]).refused(&["countersign migrate up"]);
    let status = deployment.run(&["migrate", "status"]).json();
    assert_eq!((&status["schema"], &status["up_to_date"]), (&0.into(), &false.into()));
    assert_eq!(deployment.run(&["migrate", "up"]).json()["up_to_date"], true);
    assert_eq!(deployment.run(&["migrate", "status"]).json()["up_to_date"], true);

    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("none");
    on_data(&data, &["user", "list"]).refused(&["countersign dev"]);
    assert!(!data.exists());
}

#[test]
fn a_database_that_is_not_ours_is_refused_and_stays_as_it_is() {
    let deployment = Deployment::new();
    let connection = rusqlite::Connection::open(deployment.path("c.db")).expect("opens");
    connection
        .execute_batch("CREATE TABLE notes (n TEXT)")
        .expect("makes it");
    drop(connection);
    let before = std::fs::read(deployment.path("c.db")).expect("reads");
    for arguments in [&["migrate", "up"][..], &["user", "list"]] {
        deployment
            .run(arguments)
            .refused(&["another application", "database_url"]);
    }
    deployment.serve().refused(&["another application"]);
    assert_eq!(std::fs::read(deployment.path("c.db")).expect("reads"), before);

    deployment.write("c.db", "This is a letter, and no database at all.");
    deployment
        .serve()
        .refused(&["is damaged or no SQLite database", "backup"]);
    deployment
        .run(&["user", "list"])
        .refused(&["is damaged or no SQLite database"]);
    std::fs::remove_file(deployment.path("c.db")).expect("removed");
    std::fs::create_dir(deployment.path("c.db")).expect("made");
    deployment.serve().refused(&["cannot open the database"]);
}

#[test]
fn dev_and_production_do_not_mix() {
    let deployment = Deployment::migrated();
    let data = deployment.path("data");
    let running = Running::dev(&data);
    drop(running);
    let config = deployment.config("https://id.example.org", "data/countersign.db");
    deployment.write("c.toml", &config);
    deployment.serve().refused(&["dev mode", "production mode"]);
    deployment.run(&["user", "list"]).refused(&["dev mode"]);

    let data = deployment.path("other");
    std::fs::create_dir(&data).expect("made");
    deployment.write("other/master.key", KEY);
    std::fs::copy(deployment.path("c.db"), data.join("countersign.db")).expect("copied");
    on_data(&data, &["dev", "--listen", "127.0.0.1:0"]).refused(&["production mode", "dev mode"]);
}

#[test]
fn a_full_disk_is_one_sentence_and_nothing_is_written() {
    let deployment = Deployment::migrated();
    let before = deployment.dump("clients");
    // Files may not grow beyond what the database has already: as a full disk, for this process alone.
    let mut command = Command::new("sh");
    command.args([
        "-c",
        "trap '' XFSZ; ulimit -f 1; exec \"$0\" \"$@\"",
        env!("CARGO_BIN_EXE_countersign"),
    ]);
    command.args([
        "client",
        "add",
        "--redirect-uri",
        "https://shop.example.org/",
        "--config",
    ]);
    command.arg(deployment.path("c.toml"));
    let told = run(command, b"");
    assert_eq!(
        (told.code, told.out.as_str(), told.err.lines().count()),
        (2, "", 1),
        "{told:?}"
    );
    assert_eq!(deployment.dump("clients"), before);
}
