//! `dev` and `serve` as they start, and asking them how they are.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use crate::support::{Deployment, Running, binary, on_data, run};

#[test]
fn dev_prints_one_line_for_machines_and_mends_the_demo_client() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let redirect = || {
        let clients = on_data(&data, &["client", "list"]).json();
        assert_eq!(clients.as_array().expect("a list").len(), 1);
        assert_eq!(clients[0]["client_id"], "demo");
        assert_eq!(clients[0]["token_endpoint_auth_method"], "none");
        clients[0]["redirect_uris"][0].as_str().expect("a text").to_owned()
    };
    let first = Running::dev(&data);
    assert_eq!(first.ready["ready"], true);
    assert_eq!(first.text("issuer"), format!("http://{}", first.text("address")));
    assert_eq!(first.text("demo"), format!("{}/demo/", first.text("issuer")));
    // Beside a running server.
    assert_eq!(redirect(), first.text("demo"));
    let refused = on_data(&data, &["dev", "--listen", "127.0.0.1:0"]);
    refused.refused(&["another countersign server", "stop it"]);
    let first_demo = first.text("demo").to_owned();
    drop(first);
    let occupied = TcpListener::bind("127.0.0.1:0").expect("binds");
    let second = Running::dev(&data);
    assert_ne!(second.text("demo"), first_demo);
    assert_eq!(redirect(), second.text("demo"));
    drop((second, occupied));
}

#[test]
fn a_port_in_use_is_one_sentence() {
    let folder = tempfile::tempdir().expect("a folder");
    let occupied = TcpListener::bind("127.0.0.1:0").expect("binds");
    let address = occupied.local_addr().expect("has one").to_string();
    on_data(folder.path(), &["dev", "--listen", &address]).refused(&["cannot listen on", &address]);
}

#[test]
fn dev_listens_everywhere_only_with_an_issuer_and_keeps_its_master_key() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    on_data(&data, &["dev", "--listen", "0.0.0.0:0"]).refused(&["--issuer"]);
    on_data(&data, &["dev", "--listen", "0.0.0.0:0", "--issuer", "http://192.0.2.1"]).refused(&["https"]);
    assert!(!data.exists());
    drop(Running::dev(&data));
    std::fs::remove_file(data.join("master.key")).expect("removed");
    on_data(&data, &["dev", "--listen", "127.0.0.1:0"]).refused(&["master.key", "put the key back"]);
    assert!(!data.join("master.key").exists());
}

#[test]
fn healthcheck_tells_ready_from_not() {
    let ask = |status: &'static str| {
        let listener = TcpListener::bind("127.0.0.1:0").expect("binds");
        let address = listener.local_addr().expect("has one");
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("is asked");
            let mut request = [0; 64];
            let count = stream.read(&mut request).expect("reads");
            assert!(request[..count].starts_with(b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1:"));
            stream.write_all(status.as_bytes()).expect("answers");
        });
        let mut command = binary();
        command.args(["healthcheck", "--url", &format!("http://{address}")]);
        let told = run(command, b"");
        server.join().expect("was asked");
        told
    };
    assert_eq!(ask("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").code, 0);
    for bad in ["HTTP/1.1 503 Service Unavailable\r\n\r\n", "SSH-2.0-x\r\n", ""] {
        let told = ask(bad);
        assert_eq!((told.code, told.err.lines().count()), (1, 1), "{told:?}");
    }
    let closed = TcpListener::bind("127.0.0.1:0")
        .expect("binds")
        .local_addr()
        .expect("has one");
    let mut command = binary();
    command.args(["healthcheck", "--url", &format!("http://{closed}")]);
    assert_eq!(run(command, b"").code, 1);
    let mut command = binary();
    command.args(["healthcheck", "--url", "https://id.example.org"]);
    run(command, b"").refused(&["http://127.0.0.1:4242"]);
    Deployment::new().run(&["healthcheck"]).refused(&["--url"]);
}
