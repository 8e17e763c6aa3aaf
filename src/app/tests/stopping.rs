//! A server that is told to stop: requests under way are answered, and what was acknowledged is there.

use futures_util::future::join_all;

use super::*;

#[actix_rt::test]
async fn requests_under_way_are_answered_and_acknowledged_writes_are_kept() {
    let mut server = Running::start();
    // Logins up to the last step, so that the last step of all is under way at once.
    let mut finishes = Vec::new();
    for _ in 0..50 {
        let (started, browser, logging_in) = server.start_login(EMAIL).await;
        let challenge = wire::read(started["server_message"].as_str().expect("text")).expect("parses");
        let finished = logging_in
            .finish(challenge, &SystemRandom)
            .expect("the password is right");
        let body = json!({ "auth_id": started["auth_id"], "client_request": wire::write(&finished.response) });
        finishes.push((format!("__Host-countersign-browser={browser}"), body));
    }
    // Connections are open before: what stops is told by the requests on them, not by the backlog of the socket.
    let host = server.base.trim_start_matches("http://").to_owned();
    let mut streams = Vec::new();
    for (cookie, body) in finishes {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let mut stream = tokio::net::TcpStream::connect(&host).await.expect("connects");
        let body = body.to_string();
        let request = format!(
            "POST /login/finish/ HTTP/1.1\r\nhost: {host}\r\norigin: {ISSUER}\r\ncookie: {cookie}\r\n\
             content-type: application/json\r\nexpect: 100-continue\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        // All but the last byte: each handler has begun and waits for it.
        let (most, last) = body.split_at(body.len() - 1);
        stream.write_all(request.as_bytes()).await.expect("writes");
        let mut go_on = [0; 25];
        stream.read_exact(&mut go_on).await.expect("the request has begun");
        assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
        stream.write_all(most.as_bytes()).await.expect("writes");
        streams.push((stream, last.to_owned()));
    }
    let _ = server.stop.take().expect("not stopped").send(());
    crate::testing::until("it stops accepting", async || !server.app.is_accepting()).await;
    let answers = join_all(streams.into_iter().map(|(mut stream, last)| async move {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        stream.write_all(last.as_bytes()).await.expect("writes");
        let mut answer = String::new();
        stream
            .read_to_string(&mut answer)
            .await
            .expect("an answer, then the end");
        answer
    }))
    .await;
    for answer in &answers {
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    let ended = server.stop().await;
    assert!(ended.is_ok(), "{ended:?}");
    assert!(
        tokio::net::TcpStream::connect(&host).await.is_err(),
        "nobody is let in any more"
    );

    let url = DatabaseUrl::SqliteFile(server.folder.path().join("countersign.db"));
    let (mode, sizes, now) = (server.app.config.mode, Connections::default(), server.app.clock.now());
    let opened = Store::open(&url, sizes, mode, Migrate::Never, now).await;
    let (store, _) = opened.expect("the database opens");
    let rows = store.query(&Statement::new("SELECT count(*) FROM sessions")).await;
    assert_eq!(rows.expect("reads")[0].integer(0).expect("a number"), 50);
}
