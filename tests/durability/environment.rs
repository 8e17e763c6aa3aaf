//! A bad environment: each start failure is one sentence with its mend and exit code 2, and a full disk loses nothing.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use countersign::domain::account::LinkPurpose;
use serde_json::json;

use crate::support::{Answer, Browser, Folder, Log, Process, Told, Wire, binary, limits_raised, run};

fn start(data: &Path) -> Told {
    run(Process::command(data), "")
}

#[test]
fn a_port_in_use_is_refused() {
    let folder = Folder::new();
    let taken = TcpListener::bind("127.0.0.1:0").expect("binds");
    let address = taken.local_addr().expect("an address").to_string();
    let mut command = binary();
    command.args(["dev", "--listen", &address, "--data"]).arg(folder.path());
    run(command, "").refused(&["cannot listen on", &address, "--listen"]);
}

#[test]
fn a_file_that_is_no_database_is_refused_and_stays_as_it_is() {
    let folder = Folder::bare();
    let file = folder.database();
    let letter = "Dear Sir or Madam, ".repeat(1000);
    std::fs::write(&file, &letter).expect("writes");
    start(&folder.path()).refused(&["is damaged or no SQLite database", "backup"]);
    assert_eq!(std::fs::read_to_string(&file).expect("reads"), letter);
}

#[test]
fn a_database_of_another_application_is_refused_and_stays_as_it_is() {
    let folder = Folder::bare();
    let file = folder.database();
    let other = rusqlite::Connection::open(&file).expect("opens");
    other.execute_batch("CREATE TABLE notes (n TEXT)").expect("makes it");
    drop(other);
    let before = std::fs::read(&file).expect("reads");
    start(&folder.path()).refused(&["belongs to another application", "database_url"]);
    assert_eq!(std::fs::read(&file).expect("reads"), before);
}

#[test]
fn a_database_with_a_destroyed_page_is_refused() {
    let folder = Folder::new();
    let mut server = Process::dev(&folder.path());
    server.kill();
    rusqlite::Connection::open(folder.database())
        .expect("opens")
        .execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")
        .expect("checkpoints");
    let mut bytes = std::fs::read(folder.database()).expect("reads");
    bytes[100..4096].fill(0xA5);
    std::fs::write(folder.database(), bytes).expect("writes");
    start(&folder.path()).refused(&["is damaged", "backup"]);
}

#[test]
fn a_directory_in_place_of_the_database_is_refused() {
    let folder = Folder::bare();
    std::fs::create_dir(folder.database()).expect("is made");
    start(&folder.path()).refused(&["cannot open the database", "this user may write there"]);
}

#[test]
fn a_folder_that_cannot_be_made_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    std::fs::write(&file, "").expect("writes");
    start(&file).refused(&["cannot be made", "--data"]);
    // Nobody writes there, whoever runs the test.
    start(Path::new("/proc/countersign-data")).refused(&["cannot be made", "--data"]);
}

#[test]
fn on_a_full_disk_writes_answer_503_and_go_on_when_there_is_room() {
    let folder = Folder::new();
    let addresses: Vec<_> = (0..40).map(|n| (format!("p{n}@example.org"), None)).collect();
    let links = folder.plant(LinkPurpose::ConfirmEmail, &addresses);
    let mut server = start_without_file_size_signal(&folder);
    let log = Log::default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let wire = Wire::to(server.address(), &log);
    let confirm = |link: &str| -> Answer {
        let body = json!({ "token": link });
        let answer = runtime.block_on(async { Browser::default().post(&wire, "/onboard/email/", &body).await });
        answer.expect("the server lives")
    };
    let health = || {
        let answer = runtime.block_on(async { Browser::default().get(&wire, "/healthz").await });
        answer.expect("the server lives").status
    };

    let (before, rest) = links.split_at(10);
    for link in before {
        assert_eq!(confirm(link).status, 200);
    }
    let wal = folder.path().join("countersign.db-wal");
    let size = std::fs::metadata(wal).expect("is there").len();
    limit_file_size(&server, &size.to_string());
    let (during, after) = rest.split_at(20);
    for link in during {
        let answer = confirm(link);
        assert_eq!(answer.status, 503, "{answer:?}");
        assert!(answer.headers.contains_key("retry-after"), "{answer:?}");
    }
    assert_eq!(health(), 200);

    limit_file_size(&server, "unlimited");
    for link in during.iter().chain(after) {
        let answer = confirm(link);
        assert_eq!(answer.status, 200, "what was refused was not done: {answer:?}");
    }
    server.kill();

    let server = Process::dev(&folder.path());
    let wire = Wire::to(server.address(), &log);
    runtime.block_on(async {
        for link in &links {
            let body = json!({ "token": link });
            let again = Browser::default()
                .post(&wire, "/onboard/email/", &body)
                .await
                .expect("an answer");
            assert_eq!(again.status, 410, "an acknowledged use is kept: {again:?}");
        }
    });
    let verdict: String = folder
        .reader()
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .expect("checks");
    assert_eq!(verdict, "ok");
}

/// A server that gets an error where it writes beyond the limit, as on a full disk, and not a signal.
fn start_without_file_size_signal(folder: &Folder) -> Process {
    let mut plain = Process::command(&folder.path());
    limits_raised(&mut plain);
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]);
    shell.arg(plain.get_program()).args(plain.get_args());
    for (name, value) in plain.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    Process::start(shell, &folder.path())
}

/// Sets how long a file may become by what the server writes; only the soft limit, so that it can be raised again.
fn limit_file_size(server: &Process, bytes: &str) {
    let set = Command::new("prlimit")
        .args(["--pid", &server.id().to_string(), &format!("--fsize={bytes}:")])
        .status()
        .expect("prlimit is there");
    assert!(set.success(), "{set}");
}
